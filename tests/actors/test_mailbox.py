"""The mailbox: its lanes, its one lock, its one reader."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.lanes import Lane, Message, Stop
from actors.mailbox import Envelope, Mailbox, Put
from actors.messages import QuoteUpdate
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from tests.actors.conftest import LIMIT, Fact, Order, Question

READER = object()


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can, so that races come about."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def read_box(**options: Any) -> Mailbox:
    box = Mailbox(**options)
    box.seat_reader(READER)
    return box


def put(box: Mailbox, message: Message, **more: Any) -> Put:
    return box.put(Envelope(message, **more))


def drain(box: Mailbox) -> list[Any]:
    taken = []
    while (envelope := box.take(READER)) is not None:
        taken.append(envelope.message)
    return taken


def quote(base: str, bid: float | None, ask: float | None) -> QuoteUpdate:
    return QuoteUpdate(
        "ib",
        Quote(
            symbol=Symbol(base, "AUD"),
            time=datetime(2026, 1, 5, tzinfo=UTC),
            received=1.0,
            bid=bid,
            ask=ask,
            bid_size=None,
            ask_size=None,
            last=None,
            last_size=None,
            volume=None,
            close=None,
            data_type=DataType.LIVE,
        ),
    )


def test_lanes_are_served_in_their_order_and_each_in_its_own() -> None:
    box = read_box()
    tick, orders = quote("BHP", 1.0, 2.0), [Order(1.0, "a"), Order(1.0, "b")]
    facts, questions = [Fact("a"), Fact("b")], [Question("a"), Question("b")]
    for message in (tick, *questions, *orders, *facts, Stop()):
        put(box, message)
    assert drain(box) == [Stop(), *facts, *orders, *questions, tick]


def test_what_is_put_back_is_served_before_the_rest_of_its_lane() -> None:
    box = read_box()
    put(box, Fact("first"))
    first = box.take(READER)
    assert first is not None
    put(box, Fact("second"))
    box.put_back(first)
    assert drain(box) == [Fact("first"), Fact("second")]


def test_what_is_set_aside_counts_as_waiting_and_is_given_out_when_it_is_brought_back() -> None:
    box = read_box()
    for text in ("a", "b"):
        put(box, Fact(text))
        taken = box.take(READER)
        assert taken is not None
        box.set_aside(taken)
    put(box, Fact("c"))
    put(box, Question("?"))
    assert (box.depth(Lane.FACT), box.depths()["fact"], box.fact_peak) == (3, 3, 3)
    assert drain(box) == [Fact("c"), Question("?")]
    assert not box.has_any(), "nothing to wake up for"
    assert box.oldest() is not None
    put(box, Fact("d"))
    box.bring_back()
    assert drain(box) == [Fact("a"), Fact("b"), Fact("d")]
    assert box.depth(Lane.FACT) == 0


def test_one_that_is_held_gives_out_control_alone() -> None:
    box = read_box()
    put(box, Fact("a"))
    box.hold()
    assert not box.has_any()
    put(box, Fact("b"))
    put(box, Stop())
    assert box.has_any()
    assert drain(box) == [Stop()]
    box.bring_back()
    assert drain(box) == [Fact("a"), Fact("b")]


def test_the_next_incarnation_gets_what_was_held_and_set_aside() -> None:
    box = read_box()
    put(box, Fact("a"))
    taken = box.take(READER)
    assert taken is not None
    box.set_aside(taken)
    put(box, Fact("b"))
    box.hold()
    box.seat_reader(READER)
    assert drain(box) == [Fact("a"), Fact("b")]
    taken = Envelope(Fact("c"))
    box.set_aside(taken)
    assert box.close() == [taken], "nor is it forgotten when the seat is closed"


def test_questions_are_refused_beyond_their_number_and_facts_never() -> None:
    box = read_box(query_limit=3)
    puts = [put(box, Question(str(number))) for number in range(5)]
    assert puts == [Put.TAKEN] * 3 + [Put.REFUSED] * 2
    assert {put(box, Fact("x")) for _ in range(20_000)} == {Put.TAKEN}
    assert box.depth(Lane.FACT) == box.fact_peak == 20_000
    assert put(box, Order(1.0, "x")) is Put.TAKEN


def test_one_slot_an_instrument_with_the_extremes_in_its_first_place() -> None:
    box = read_box()
    for update in (
        quote("BHP", 10.0, 10.2),
        quote("CBA", 1.0, 2.0),
        quote("BHP", 9.0, 9.2),
        quote("BHP", 11.0, 11.5),
        quote("BHP", None, 11.1),
        quote("BHP", 10.5, 10.6),
    ):
        put(box, update)
    bhp, cba = drain(box)
    assert (bhp.quote.symbol.base, cba.quote.symbol.base) == ("BHP", "CBA")
    assert (bhp.quote.bid, bhp.quote.ask) == (10.5, 10.6)
    assert (bhp.quote.low_bid, bhp.quote.high_ask) == (9.0, 11.5)
    assert box.conflated == 4
    put(box, quote("BHP", 10.5, 10.6))
    [fresh] = drain(box)
    assert (fresh.quote.low_bid, fresh.quote.high_ask) == (None, None)


def test_a_command_expires_after_its_deadline_and_a_fact_never() -> None:
    assert not Envelope(Order(10.0, "x")).expired(10.0)
    assert Envelope(Order(10.0, "x")).expired(10.001)
    assert not Envelope(Fact("x")).expired(1e12)


def test_depths_and_the_oldest_are_told() -> None:
    box = read_box()
    assert box.oldest() is None
    put(box, quote("BHP", 1.0, 2.0), put_at=3.0)
    put(box, Fact("a"), put_at=5.0)
    put(box, Fact("b"), put_at=6.0)
    assert box.oldest() == 3.0
    assert box.depths() == {"control": 0, "fact": 2, "command": 0, "query": 0, "quote": 1}


def test_an_end_clears_what_has_lost_its_meaning_and_keeps_facts_and_commands() -> None:
    box = read_box()
    asked: Any = threading.Event()
    for message, reply in (
        (Stop(), None),
        (Question("q"), asked),
        (Fact("f"), None),
        (Order(1.0, "o"), None),
        (quote("BHP", 1.0, 2.0), None),
    ):
        put(box, message, reply_to=reply)
    assert box.clear_for_restart(object()) == [], "only the one who reads may clear"
    assert [envelope.message for envelope in box.clear_for_restart(READER)] == [Question("q")]
    assert drain(box) == [Fact("f"), Order(1.0, "o")]


def test_a_closed_one_takes_nothing_and_gives_back_what_nobody_read() -> None:
    box = read_box()
    put(box, Fact("f"))
    put(box, quote("BHP", 1.0, 2.0))
    assert len(box.close()) == 2
    assert put(box, Fact("g")) is Put.CLOSED
    assert not box.has_any()
    box.open()
    assert put(box, Fact("h")) is Put.TAKEN


def test_a_new_reader_is_told_what_the_last_one_had_in_hand() -> None:
    box = read_box()
    put(box, Fact("f"))
    in_hand = box.take(READER)
    other = object()
    assert box.seat_reader(other) is in_hand
    put(box, Fact("g"))
    assert box.take(READER) is None
    taken = box.take(other)
    assert taken is not None and taken.message == Fact("g")


def test_what_is_done_with_is_in_nobodys_hands() -> None:
    box = read_box()
    put(box, Fact("f"))
    box.take(READER)
    assert box.done(READER)
    assert box.seat_reader(object()) is None
    assert not box.done(READER)


def test_a_reader_who_waits_is_woken_by_a_put_and_by_a_change_of_readers() -> None:
    box = read_box()
    for wake in (lambda: put(box, Fact("f")), lambda: box.seat_reader(None)):
        drain(box)
        woken, waiting = threading.Event(), threading.Event()

        def wait(waiting: threading.Event = waiting, woken: threading.Event = woken) -> None:
            waiting.set()
            box.wait(READER)
            woken.set()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        assert waiting.wait(LIMIT)
        wake()
        assert woken.wait(LIMIT)
        thread.join(LIMIT)


def test_each_of_many_puts_while_it_closes_is_read_or_given_back(hurried: None) -> None:
    box, each, threads = read_box(), 25_000, 4
    closed, taken, given_back = Counter[str](), Counter[str](), Counter[str]()
    ends = threading.Event()

    def puts(who: int) -> None:
        mine = Counter[str]()
        for number in range(each):
            if put(box, Fact(f"{who} {number}")) is Put.CLOSED:
                mine[f"{who} {number}"] += 1
        closed.update(mine)

    def reads() -> None:
        while not ends.is_set() or box.has_any():
            envelope = box.take(READER)
            if envelope is not None:
                taken[envelope.message.text] += 1

    def closes() -> None:
        while not ends.is_set():
            given_back.update(envelope.message.text for envelope in box.close())
            box.open()

    putters = [threading.Thread(target=puts, args=(who,)) for who in range(threads)]
    others = [threading.Thread(target=reads), threading.Thread(target=closes)]
    for thread in putters + others:
        thread.start()
    for thread in putters:
        thread.join()
    ends.set()
    for thread in others:
        thread.join()

    given_back.update(envelope.message.text for envelope in box.close())
    total = closed + taken + given_back
    assert len(total) == each * threads and set(total.values()) == {1}
    assert closed and taken and given_back, "there was no race"


def test_nothing_is_taken_by_one_who_no_longer_reads(hurried: None) -> None:
    box, number = Mailbox(), 20_000
    seated: list[object] = [object()]
    box.seat_reader(seated[0])
    taken: list[tuple[object, str]] = []
    in_hand: list[str] = []
    changing = threading.Lock()
    done = threading.Event()

    def reads(reader: object) -> None:
        while not done.is_set():
            with changing:
                now = seated[0]
                envelope = box.take(reader)
            if envelope is not None:
                assert reader is now
                taken.append((reader, envelope.message.text))
            elif reader is not now:
                return

    def changes(threads: list[threading.Thread]) -> None:
        for _ in range(50):
            successor = object()
            with changing:
                seated[0] = successor
                envelope = box.seat_reader(successor)
            if envelope is not None:
                in_hand.append(envelope.message.text)
            threads.append(threading.Thread(target=reads, args=(successor,)))
            threads[-1].start()

    threads = [threading.Thread(target=reads, args=(seated[0],))]
    threads[0].start()
    changer = threading.Thread(target=changes, args=(threads,))
    changer.start()
    for each in range(number):
        put(box, Fact(str(each)))
    changer.join()
    drained = threading.Event()
    while box.has_any():
        drained.wait(0.001)
    done.set()
    for thread in threads:
        thread.join(LIMIT)
    assert Counter(text for _, text in taken) == Counter(str(each) for each in range(number))
    assert set(in_hand) <= {text for _, text in taken}

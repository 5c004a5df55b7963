"""Pain 14: whatever the order, repetition or absence of the venue's words, one end.

The real orders, resync and ledger with its book on disk; the connection answers by the test's
hand. In the end the broker's lists are asked for, and the book is held against its truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import names
from actors.ledger import Ledger
from actors.messages import AskRound, LinkUp, LoadBook, Reconciled, RoundEnded, VenueFact
from actors.orders import Orders
from actors.resync import Resync
from adapters.store import SqliteBook, open_book
from adapters.venue import LinkOpened
from domain.orders import OrderState
from domain.venue import ExecutionReport, OrderFact, OrderReport, PositionReport, Round
from tests.actors.broker_stories import STORIES, Story, symbol_of
from tests.actors.company import Company, gathered
from tests.store.material import ACCOUNT, NOON, StandingClock, intent

ORDERS, LEDGER, RESYNC = names.orders(names.IB), names.LEDGER, names.resync(names.IB)
CONNECTION, QUOTES = names.connection(names.IB), names.quotes(names.IB)
READER = "reader"
Word = Callable[[str], OrderFact]
Telling = Sequence[Word]


class Play:
    """Many orders of one story at once, each told in its own way."""

    def __init__(self, folder: Path, story: Story, tellings: Sequence[Telling]) -> None:
        self._folder = folder
        self._story = story
        self._tellings = {f"K-{number}": telling for number, telling in enumerate(tellings)}

    def run(self, *, restart: bool = False) -> None:
        """Tell everything, ask for the lists until nothing is open, and hold the book to it."""
        self._sent()
        actors = {
            LEDGER: lambda s, seat: Ledger(
                s, seat, open_book=self._book, readers=(READER, names.DESK)
            ),
            ORDERS: lambda s, seat: Orders(s, seat, venue=names.IB),
            RESYNC: lambda s, seat: Resync(s, seat, venue=names.IB, readers=(names.DESK,)),
        }
        with gathered(actors, CONNECTION, QUOTES, READER, names.DESK) as company:
            loaded(company)
            for name, telling in self._tellings.items():
                company.put(ORDERS, *(VenueFact(names.IB, word(name)) for word in telling))
            settle(company)
            if restart:
                for number, seat in enumerate((LEDGER, ORDERS), start=2):
                    company.restart(seat)
                    loaded(company, number)
            self._reconcile(company)
        self._compare()

    def _book(self) -> SqliteBook:
        return open_book(self._folder, "demo", ACCOUNT, StandingClock())

    def _sent(self) -> None:
        book = self._book()
        with book.group():
            for name in self._tellings:
                book.record_intent(intent(name, symbol=symbol_of(name)), "c")
                book.record_state(name, OrderState.SENT, NOON, sent_at=NOON)
        book.close()

    def _reconcile(self, company: Company) -> None:
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), NOON)
        company.tell(RESYNC, LinkUp(names.IB, 1, opened))
        company.tell(ORDERS, LinkUp(names.IB, 1, opened))
        answered = 0
        company.heard.wait_for(AskRound)
        while len(company.heard.of(AskRound)) > answered:
            answered += 1
            assert answered <= 4, "it asks round upon round"
            self._answer(company, company.heard.of(AskRound)[answered - 1], answered)
            company.heard.wait_for(Reconciled, times=answered)
            settle(company)
        [*_, last] = company.heard.of(Reconciled)
        assert (last.mismatches, last.in_doubt) == ((), ())

    def _answer(self, company: Company, ask: AskRound, number: int) -> None:
        """As the wire has it: the facts come one by one, and then the lists are gathered."""
        facts = [word(name) for name in self._tellings for word in self._story.lists]
        company.put(ORDERS, *(VenueFact(names.IB, fact) for fact in facts))
        at = NOON + timedelta(minutes=number)
        reports = [fact for fact in facts if isinstance(fact, OrderReport)]
        held = Decimal(self._story.truth.filled)
        answers = Round(
            ask.number,
            at,
            at,
            (),
            open_orders=tuple(each for each in reports if not each.completed),
            completed_orders=tuple(each for each in reports if each.completed),
            executions=tuple(fact for fact in facts if isinstance(fact, ExecutionReport)),
            positions=tuple(
                PositionReport(ACCOUNT, symbol_of(name), "", held, Decimal(10))
                for name in self._tellings
            ),
        )
        company.tell(RESYNC, RoundEnded(ask.epoch, answers))

    def _compare(self) -> None:
        truth = self._story.truth
        filled = Decimal(truth.filled)
        book = self._book()
        try:
            positions = {position.symbol: position for position in book.positions()}
            for name, telling in self._tellings.items():
                told = [
                    getattr(word(name), "status", type(word(name)).__name__) for word in telling
                ]
                order = book.order(name)
                assert order is not None
                assert (order.state, order.filled) == (truth.state, filled), told
                assert order.pending_change in (None, "CANCEL"), told
                if filled:
                    assert order.average_price == Decimal(truth.price), told
                position = positions[symbol_of(name)]
                assert position.quantity == filled, told
                fills = book.fills(client_order_id=name)
                assert sum(fill.quantity for fill in fills) == filled, told
                if truth.commission is not None:
                    assert all(fill.commission_final for fill in fills), told
                    assert position.commissions == (
                        ("AUD", Decimal(truth.commission).normalize()),
                    ), told
        finally:
            book.close()


def loaded(company: Company, incarnation: int = 1) -> None:
    """Wait until the orders of this incarnation know the book."""
    for number in range(10_000):
        company.state("root")
        seat = company.system.seat(ORDERS)
        if seat.incarnation and company.state(ORDERS)["loaded"]:
            return
        company.tell(LEDGER, LoadBook(READER, number))
    raise AssertionError(f"incarnation {incarnation} never had its book")


def settle(company: Company) -> None:
    """Wait until what was told has gone round and nobody has anything to do."""
    quiet = 0
    for _ in range(1_000_000):
        waiting = 0
        for name in (ORDERS, LEDGER, RESYNC):
            waiting += sum(company.system.seat(name).mailbox.depths().values())
            company.state(name)  # answered between two messages
            waiting += sum(company.system.seat(name).mailbox.depths().values())
        quiet = quiet + 1 if not waiting else 0
        if quiet == 20:  # no chain of messages is longer
            return
    raise AssertionError("they never come to rest")


def some_in_every_order(words: Telling) -> Iterable[Telling]:
    """Each word there or not, in every order."""
    for count in range(len(words) + 1):
        yield from itertools.permutations(words, count)


def batched(tellings: Iterable[Telling], size: int) -> Iterable[Sequence[Telling]]:
    """So many at a time."""
    rest = iter(tellings)
    while batch := list(itertools.islice(rest, size)):
        yield batch


@pytest.mark.parametrize("story", STORIES)
def test_every_order_of_any_of_the_words_ends_at_the_brokers_truth(
    story: str, tmp_path: Path
) -> None:
    played = STORIES[story]
    # Of orders that ended, the last thousand are at hand.
    for number, tellings in enumerate(batched(some_in_every_order(played.words), 900)):
        Play(tmp_path / str(number), played, tellings).run()


@pytest.mark.parametrize("story", STORIES)
def test_so_it_does_when_ledger_and_orders_begin_anew_before_the_lists_come(
    story: str, tmp_path: Path
) -> None:
    played = STORIES[story]
    Play(tmp_path, played, list(itertools.permutations(played.words))[::7]).run(restart=True)


@st.composite
def with_repetitions(draw: st.DrawFn) -> tuple[str, list[Telling]]:
    story = draw(st.sampled_from(sorted(STORIES)))
    words = STORIES[story].words
    telling = st.lists(st.sampled_from(words), max_size=3 * len(words))
    return story, draw(st.lists(telling, min_size=1, max_size=40))


@settings(max_examples=15, deadline=None)
@given(with_repetitions())
def test_any_number_of_repetitions_in_any_place(played: tuple[str, list[Telling]]) -> None:
    story, tellings = played
    with TemporaryDirectory() as folder:
        Play(Path(folder), STORIES[story], tellings).run()


def test_what_the_lists_bring_is_all_that_is_needed(tmp_path: Path) -> None:
    """Nothing was heard live, and the lists come in any order."""
    story = STORIES["cancelled after a part"]
    for number, lists in enumerate(itertools.permutations(story.lists)):
        if number % 10 == 0:
            folder = tmp_path / str(number)
            Play(folder, replace(story, lists=lists), [()]).run()

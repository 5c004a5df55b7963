"""The connection's instruments: a real link to a peer that says what a test tells it to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actors import names
from actors.connection import Connection, ConnectionOptions
from actors.instruments import EXIT_SETTINGS, FirstLook
from actors.messages import (
    BookLoaded,
    DataFlows,
    DataTrouble,
    InstrumentFailed,
    InstrumentKnown,
    LinkUp,
    LoadBook,
    Subscribe,
)
from adapters.book import ManagedPosition
from adapters.ib.link import IBLink, IBLinkOptions
from domain.orders import Order
from domain.symbols import Symbol
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.ib.messages import error
from tests.ib.peer import Peer, frame, listening
from tests.ib.test_instruments import DETAILS, MATCHING, QUOTES, gateway
from tests.store.material import BHP, intent
from tests.tree.waiting import until

CONNECTION, DESK = names.connection(names.IB), names.DESK
AROUND = (
    *(n for n in names.of_venue(names.IB) if n != CONNECTION),
    DESK,
    names.LEDGER,
    names.STRATEGIST,
    names.PROTECTION,
    names.PLAN_MONITOR,
)
OPENED = datetime(2026, 11, 23, tzinfo=UTC)
CBA, BPH = Symbol("CBA", "AUD"), Symbol("BPH", "AUD")


@contextmanager
def served(peer: Peer) -> Iterator[None]:
    """The peer, on a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    stop, open_now = asyncio.Event(), threading.Event()

    async def serve() -> None:
        async with listening(peer):
            open_now.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert open_now.wait(LIMIT)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(LIMIT)
        loop.close()


@contextmanager
def connected(
    peer: Peer,
    *symbols: Symbol,
    first_look: FirstLook | None = None,
    traders: tuple[str, ...] = (DESK, names.STRATEGIST),
) -> Iterator[Company]:
    """A connection to the peer, with listeners on the seats around it."""
    options = ConnectionOptions(
        venue=names.IB,
        symbols=symbols,
        traders=traders,
        heartbeat_seconds=3600.0,
        first_look=first_look or FirstLook(),
    )
    with served(peer):
        link = IBLinkOptions("127.0.0.1", peer.port, 1, step_seconds=LIMIT, known_symbols=symbols)
        actors = {
            CONNECTION: lambda s, seat: Connection(
                s,
                seat,
                options=options,
                make_link=lambda loop, sink: IBLink(loop, sink, s.runtime.clock, link),
            )
        }
        with gathered(actors, *AROUND) as company:
            company.heard.wait_for(LinkUp, seat=DESK)
            yield company


def asked(peer: Peer, code: str) -> int:
    return sum(1 for fields in list(peer.received) if fields[0] == DETAILS and fields[4] == code)


def unknown(peer: Peer, is_so: Callable[[list[str]], bool]) -> None:
    """Have it know nothing of those for which it is so, and have no suggestion."""
    usual = peer.on[DETAILS]
    peer.on[DETAILS] = lambda fields: (
        (error(int(fields[2]), 200, "No security definition"),) if is_so(fields) else usual(fields)
    )
    peer.on[MATCHING] = lambda fields: (frame(79, fields[1], 0),)


def both_refusals(company: Company, peer: Peer, code: str) -> None:
    """Let the first refusal come, and the time go by after which it is looked at again."""
    until(lambda: "instrument " + code in _timers(company), f"{code} is asked for again")
    company.leap(5.0)
    until(lambda: asked(peer, code.partition("/")[0]) == 2, "it has been")


def _timers(company: Company) -> set[str]:
    actor = company.system.seat(CONNECTION).occupant
    return set(actor._timers) if actor is not None else set()


def test_a_refusal_counts_when_it_is_the_same_a_second_time() -> None:
    """The venue's own lists may have been out of reach: then it knows nothing for a moment."""
    peer = gateway()
    unknown(peer, lambda fields: asked(peer, "BHP") == 1)
    with connected(peer, BHP) as company:
        both_refusals(company, peer, "BHP/AUD")
        company.heard.wait_for(InstrumentKnown, seat=DESK)
        assert company.heard.of(InstrumentFailed) == []
        assert judgements(company) == []


def test_all_that_is_wrong_is_judged_once_all_have_been_told_of() -> None:
    peer = gateway()
    unknown(peer, lambda fields: fields[4] == "BPH")
    with connected(peer, CBA, BPH) as company:
        both_refusals(company, peer, "BPH/AUD")
        company.heard.wait_for(LoadBook, judges, seat=names.LEDGER)
        company.heard.wait_for(InstrumentFailed, seat=DESK)
        [failed] = company.heard.of(InstrumentFailed, DESK)
        assert (failed.refused.symbol, failed.refused.code) == (BPH, "UNKNOWN_SYMBOL")
        told = company.heard.wait_for(DataTrouble, seat=names.IB)
        assert (told.symbol, told.code, told.sentence) == (
            BPH,
            "UNKNOWN_SYMBOL",
            failed.refused.sentence,
        )
        assert not company.system.ending
        # Nothing is held and nothing works: the settings are wrong, and nobody is to restart it.
        company.put(CONNECTION, BookLoaded((), (), ()))
        assert company.system.wait_for_end(LIMIT) == EXIT_SETTINGS == 78


def judges(asked: LoadBook) -> bool:
    """Asked for to judge the owner's list by; at its start the link asks what is held."""
    return asked.reply_to == CONNECTION and not asked.ticket


def judgements(company: Company) -> list[LoadBook]:
    return [asked for asked in company.heard.of(LoadBook) if judges(asked)]


def _held(quantity: int) -> ManagedPosition:
    return ManagedPosition(CBA, names.IB, Decimal(quantity), Decimal(150), OPENED, Decimal(0), ())


@pytest.mark.parametrize(
    ("orders", "positions"),
    [((intent("K-1"),), ()), ((), (_held(10),)), ((), (_held(-10),))],
    ids=["an order works", "held", "short"],
)
def test_with_anything_held_or_working_the_process_stays(
    orders: tuple[Order, ...], positions: tuple[ManagedPosition, ...]
) -> None:
    peer = gateway()
    unknown(peer, lambda fields: fields[4] == "BPH")
    with connected(peer, CBA, BPH) as company:
        both_refusals(company, peer, "BPH/AUD")
        company.heard.wait_for(LoadBook, judges, seat=names.LEDGER)
        company.tell(CONNECTION, BookLoaded(orders, positions, ()))
        assert company.system.parting_code == 0 and not company.system.ending


def test_the_list_is_judged_once_in_the_life_of_a_process() -> None:
    """Whoever has run for a day does not end in the night because a symbol is refused then."""
    peer, look = gateway(), FirstLook()
    with connected(peer, CBA, first_look=look) as company:
        company.heard.wait_for(InstrumentKnown, seat=DESK)
        until(lambda: look.over, "it has been looked at")
    peer = gateway()
    unknown(peer, lambda fields: fields[4] == "BPH")
    with connected(peer, CBA, BPH, first_look=look) as company:
        both_refusals(company, peer, "BPH/AUD")
        company.heard.wait_for(InstrumentFailed, seat=DESK)
        assert judgements(company) == []


def test_what_the_venue_refuses_for_a_while_is_known_again_within_minutes() -> None:
    """Its lists may be out of reach for longer, and what is held is not sold meanwhile."""
    peer, look = gateway(), FirstLook()
    look.over = True
    refusing = True
    unknown(peer, lambda fields: refusing)
    with connected(peer, BHP, first_look=look) as company:
        both_refusals(company, peer, "BHP/AUD")
        company.heard.wait_for(InstrumentFailed, seat=DESK)
        company.heard.wait_for(DataTrouble, seat=names.IB)
        refusing = False
        company.leap(601.0)
        company.heard.wait_for(InstrumentKnown, seat=DESK)
        assert company.heard.wait_for(DataFlows, seat=names.IB).symbol == BHP, "the alert is over"


def test_a_storm_of_refusals_is_one_question() -> None:
    peer = gateway()
    with connected(peer, BHP) as company:
        company.heard.wait_for(InstrumentKnown, seat=DESK)
        epoch = company.system.seat(CONNECTION).incarnation
        deadline = company.clock.monotonic() + 60
        peer.on[QUOTES] = lambda fields: [error(int(fields[2]), 200, "nothing")] * 5
        company.tell(CONNECTION, Subscribe(deadline, BHP, epoch))
        company.heard.wait_for(InstrumentKnown, seat=DESK, times=2)
        company.leap(30.0)
        company.tell(CONNECTION, Subscribe(deadline, BHP, epoch))
        until(lambda: peer.count(QUOTES) == 2, "it is subscribed to once more")
        company.state(CONNECTION)
        assert asked(peer, "BHP") == 2
        company.leap(31.0)
        company.tell(CONNECTION, Subscribe(deadline + 60, BHP, epoch))
        company.heard.wait_for(InstrumentKnown, seat=DESK, times=3)
        assert asked(peer, "BHP") == 3


def test_what_is_held_is_known_to_whoever_can_leave_it_and_to_nobody_who_proposes() -> None:
    """The list has lost it; its plan, its stop and a person's exit still want its terms."""
    peer, look = gateway(), FirstLook()
    with connected(peer, BHP, first_look=look) as company:
        asked = company.heard.wait_for(LoadBook, lambda m: m.ticket > 0, seat=names.LEDGER)
        company.tell(CONNECTION, BookLoaded((), (_held(10),), (), asked.ticket))
        company.heard.wait_for(InstrumentKnown, lambda m: m.details.symbol == CBA, seat=DESK)
        company.state(CONNECTION)
        company.drain(names.STRATEGIST)
        told = [m.details.symbol for m in company.heard.of(InstrumentKnown, names.STRATEGIST)]
        assert told == [BHP]
        assert judgements(company) == []

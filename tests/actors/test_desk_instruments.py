"""What the desk says of instruments: phase, next opening and closing, and where hours differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from loguru import logger

from actors import names
from actors.desk import Desk
from actors.desk_instruments import DeskInstruments
from actors.messages import InstrumentKnown, LoadBook
from adapters.ib.decoding import sessions_of
from domain.phases import Phase
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, InstrumentRefused, PriceStep
from domain.xasx import XASX
from tests.actors.company import gathered
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS
from tests.store.material import BHP

CBA, AUDUSD = Symbol("CBA", "AUD"), Symbol("AUD", "USD")
NOON = datetime(2026, 11, 23, 1, tzinfo=UTC)
"""Of a Monday in Sydney."""
WITHOUT_TUESDAY = sessions_of(
    "20261123:0959-20261123:1611;20261124:CLOSED;20261125:0959-20261125:1611",
    "20261123:0959-20261123:1600;20261124:CLOSED;20261125:0959-20261125:1600",
    "Australia/NSW",
)


def share(symbol: Symbol = BHP) -> InstrumentDetails:
    step = PriceStep(Decimal(0), Decimal("0.01"))
    return InstrumentDetails(
        symbol, "A SHARE", "STK", "ASX", "Australia/NSW", (step,), Decimal(1), WITHOUT_TUESDAY
    )


def test_an_instrument_is_shown_with_its_phase_and_the_next_opening_and_closing() -> None:
    board = DeskInstruments({"ASX": XASX})
    board.take(share())
    board.refuse(InstrumentRefused(CBA, "UNKNOWN_SYMBOL", "The venue knows no CBA/AUD."))
    venue_of = dict.fromkeys((BHP, CBA, AUDUSD), names.IB)
    [described, shut, unheard] = sorted(
        board.views(venue_of, {}, NOON)[names.IB],
        key=lambda view: (view.type == "", view.refused_code == ""),
    )
    assert (described.symbol, described.phase, described.type) == (BHP, Phase.OPEN, "STK")
    assert described.next_close == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert described.next_open == datetime(2026, 11, 24, 23, tzinfo=UTC), "not on Tuesday"
    assert "no session on Tue 24 November 2026" in described.hours_differ[0]
    assert (shut.symbol, shut.refused_code, shut.phase) == (CBA, "UNKNOWN_SYMBOL", Phase.UNKNOWN)
    assert (unheard.symbol, unheard.refused_code, unheard.next_open) == (AUDUSD, "", None)


def test_a_halted_quote_shows_in_the_phase() -> None:
    board = DeskInstruments({})
    board.take(share())
    quote = Quote(BHP, NOON, 0.0, 45.0, 45.1, 1, 1, None, None, None, None, DataType.LIVE)
    for halted, phase in ((False, Phase.OPEN), (True, Phase.HALTED)):
        quotes = {BHP: replace(quote, halted=halted)}
        [view] = board.views({BHP: names.IB}, quotes, NOON)[names.IB]
        assert view.phase is phase


def test_a_symbol_that_is_refused_is_known_no_more_and_comes_back() -> None:
    board = DeskInstruments({})
    board.take(share())
    assert board.get(BHP) == share()
    board.refuse(InstrumentRefused(BHP, "INSTRUMENT_CHANGED", "Another one."))
    assert board.get(BHP) is None
    board.take(share())
    [view] = board.views({BHP: names.IB}, {}, NOON)[names.IB]
    assert (board.get(BHP), view.refused_code) == (share(), "")


def test_a_difference_is_told_once_a_day_whichever_share_shows_it() -> None:
    board = DeskInstruments({"ASX": XASX})
    monday = date(2026, 11, 23)
    assert len(board.to_tell(share(), monday)) == 1
    assert board.to_tell(share(CBA), monday) == []
    assert len(board.to_tell(share(CBA), date(2026, 11, 24))) == 1
    assert DeskInstruments({}).to_tell(share(), monday) == []


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    lines: list[str] = []
    handler = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    yield lines
    logger.remove(handler)


def test_the_desk_warns_of_hours_that_differ(warnings: list[str]) -> None:
    options = replace(OPTIONS, calendars={"ASX": XASX})
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, names.LEDGER, MONITOR, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        known = [InstrumentKnown(names.IB, share(symbol)) for symbol in (BHP, CBA, BHP)]
        company.tell(DESK, *known)
    [line] = [line for line in warnings if "no session" in line]
    assert "Tue 24 November 2026" in line and "XASX" in line and "more" not in line


def test_a_market_with_hours_of_its_own_is_one_line(warnings: list[str]) -> None:
    round_the_clock = ";".join(f"202611{day}:0100-202611{day}:2300" for day in range(21, 28))
    sessions = sessions_of(round_the_clock, round_the_clock, "Australia/NSW")
    options = replace(OPTIONS, calendars={"ASX": XASX})
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, names.LEDGER, MONITOR, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        company.tell(DESK, InstrumentKnown(names.IB, replace(share(), sessions=sessions)))
    [line] = [line for line in warnings if "XASX" in line]
    assert line.count("The venue ") == 2 and "And 10 more" in line

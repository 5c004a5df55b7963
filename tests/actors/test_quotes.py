"""The seat of the quotes: what it asks for, when it asks again, and whom it tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.messages import (
    BookLoaded,
    DataFlows,
    DataTrouble,
    GetQuotes,
    InstrumentKnown,
    LinkUp,
    QuoteUpdate,
    Resubscribe,
    Subscribe,
    VenueSaid,
)
from actors.quotes import Quotes, QuotesOptions
from adapters.ib.errors import error_table
from adapters.venue import LinkOpened
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession, VenueNotice
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT

BHP, PAIR = Symbol.parse("BHP/AUD"), Symbol.parse("AUD/USD")
QUOTES, CONNECTION = names.quotes(names.IB), names.connection(names.IB)
OPTIONS = QuotesOptions(names.IB, 15.0, share_silence_seconds=300.0, pair_silence_seconds=60.0)


@pytest.fixture
def company() -> Iterator[Company]:
    seats = (CONNECTION, names.IB, names.DESK)
    built = {QUOTES: lambda s, at: Quotes(s, at, options=OPTIONS, readers=(names.DESK,))}
    with gathered(built, *seats) as gathering:
        yield gathering


def connect(company: Company, *symbols: Symbol, is_open: bool = True) -> None:
    """A link, and instruments whose market trades all day, or is shut for a day yet."""
    opened = LinkOpened(176, "DU1", ("DU1",), None)
    company.put(QUOTES, LinkUp(names.IB, 1, opened))
    begins = company.clock.now() + timedelta(hours=-1 if is_open else 24)
    session = TradingSession(begins, begins + timedelta(hours=48), None, None)
    for symbol in symbols:
        kind = "CASH" if symbol.is_currency_pair else "STK"
        steps = (PriceStep(Decimal(0), Decimal("0.01")),)
        details = InstrumentDetails(symbol, "", kind, "ASX", "UTC", steps, Decimal(1), (session,))
        company.put(QUOTES, InstrumentKnown(names.IB, details))
    for symbol in symbols:
        until_asked(company, symbol)


def until_asked(company: Company, symbol: Symbol) -> None:
    company.heard.wait_for(Subscribe, lambda message: message.symbol == symbol)


def tick(company: Company, symbol: Symbol = BHP, data_type: DataType = DataType.LIVE) -> None:
    clock = company.clock
    now, monotonic = clock.now(), clock.monotonic()
    quote = Quote(symbol, now, monotonic, 1.0, 1.1, 5.0, 5.0, 1.0, 1.0, 9.0, 1.0, data_type)
    company.put(QUOTES, QuoteUpdate(names.IB, quote))
    settle(company)


def settle(company: Company) -> None:
    """Quotes come last: wait until nothing waits, then until the last of it is handled."""
    mailbox = company.system.seat(QUOTES).mailbox
    for _ in range(1000):
        company.state(QUOTES)
        if not any(mailbox.depths().values()):
            break
    company.state(QUOTES)
    for name in (CONNECTION, names.IB):
        company.drain(name)


def leap(company: Company, seconds: float) -> None:
    company.leap(seconds)
    settle(company)


def asked(company: Company, symbol: Symbol = BHP) -> int:
    return sum(each.symbol == symbol for each in company.heard.of(Subscribe, CONNECTION))


def says(company: Company, code: int, symbol: Symbol = BHP) -> VenueNotice:
    notice = error_table().notice(code, "words of the venue", symbol=symbol)
    company.put(QUOTES, VenueSaid(names.IB, 1, notice))
    settle(company)
    return notice


def stale(company: Company) -> list[bool]:
    rows = company.system.ask(QUOTES, GetQuotes()).get(timeout=LIMIT)
    return [is_stale for _, is_stale in rows]


def test_pain_3_silent_in_an_open_market_it_is_asked_for_again_and_then_reported(
    company: Company,
) -> None:
    connect(company, BHP)
    tick(company)
    assert stale(company) == [False]
    leap(company, 16.0)
    assert stale(company) == [True]
    leap(company, 299.0)
    assert asked(company) == 2, "asked for again"
    assert company.heard.of(DataTrouble) == []
    leap(company, 301.0)
    trouble = company.heard.wait_for(DataTrouble, seat=names.IB)
    assert (trouble.code, trouble.symbol, trouble.epoch) == ("DATA_SILENT", BHP, 1)
    assert asked(company) == 3
    tick(company)
    assert company.heard.wait_for(DataFlows, times=2).symbol == BHP, "at the start, and now"


def test_a_pair_is_given_less_time_than_a_share(company: Company) -> None:
    connect(company, BHP, PAIR)
    leap(company, 61.0)
    assert (asked(company, BHP), asked(company, PAIR)) == (1, 2)


def test_in_a_closed_market_silence_is_fine(company: Company) -> None:
    connect(company, BHP, is_open=False)
    for _ in range(3):
        leap(company, 3600.0)
    assert asked(company) == 1
    assert company.heard.of(DataTrouble) == []


def test_1101_has_everything_asked_for_again(company: Company) -> None:
    connect(company, BHP, PAIR)
    company.tell(QUOTES, Resubscribe(names.IB, "1101"))
    settle(company)
    assert (asked(company, BHP), asked(company, PAIR)) == (2, 2)


def test_pain_3_a_competing_session_is_told_once_and_waited_out(company: Company) -> None:
    connect(company, BHP, PAIR)
    tick(company)
    for _ in range(5):
        says(company, 10197)
    assert stale(company) == [True], "at once, not after its time"
    told = company.heard.of(DataTrouble)
    assert [(each.code, each.symbol) for each in told] == [("IB10197", BHP)]
    assert asked(company) == 1
    leap(company, 601.0)
    assert asked(company) == 2, "slowly"
    tick(company)
    company.heard.wait_for(DataFlows, times=2)
    assert stale(company) == [False]


# Pain 17: per code, whether the stream goes on; facts 4.4.
@pytest.mark.parametrize(
    ("code", "ends"),
    [
        (101, True),
        (300, False),
        (354, True),
        (2117, False),
        (10089, True),
        (10090, False),
        (10091, False),
        (10167, False),
        (10168, True),
        (10186, True),
        (10197, True),
    ],
)
def test_pain_17_a_code_ends_the_stream_or_does_not(
    company: Company, code: int, ends: bool
) -> None:
    connect(company, BHP)
    tick(company)
    says(company, code)
    assert stale(company) == [ends]
    assert (str(BHP) in company.state(QUOTES)["refused"]) is ends
    leap(company, 5.0)
    assert asked(company) == 1, "and no code has it asked for at once"


def test_pain_17_delayed_quotes_are_stale_however_young(company: Company) -> None:
    connect(company, BHP)
    tick(company, data_type=DataType.DELAYED)
    assert stale(company) == [True]
    tick(company, data_type=DataType.FROZEN)
    assert stale(company) == [True]


def test_hundreds_of_refusals_make_no_storm(company: Company) -> None:
    connect(company, BHP)
    for _ in range(200):
        says(company, 101)
        company.put(QUOTES, BookLoaded((), (), ()))  # the ledger's answer, whatever its ticket
        company.put(QUOTES, BookLoaded((), (), (), ticket=1))
        leap(company, 6.0)
    assert asked(company) <= 3, "in twenty minutes"
    assert len(company.heard.of(DataTrouble)) == 1


def test_a_quote_that_waited_behind_a_refusal_does_not_bring_its_prices_back(
    company: Company,
) -> None:
    """Facts are served before quotes, so the older quote is handled after the refusal."""
    connect(company, BHP)
    tick(company)
    clock = company.clock
    at, received = clock.now(), clock.monotonic()
    older = Quote(BHP, at, received, 1.0, 1.1, 5.0, 5.0, 1.0, 1.0, 9.0, 1.0, DataType.LIVE)
    company.leap(1.0)
    says(company, 10197)
    company.put(QUOTES, QuoteUpdate(names.IB, older))
    settle(company)
    assert stale(company) == [True]
    assert company.state(QUOTES)["refused"] == {"BHP/AUD": "words of the venue"}
    leap(company, 1.0)
    tick(company)
    assert stale(company) == [False]


@pytest.mark.parametrize("code", [100, 200, 321, 322])
def test_a_request_that_the_venue_refuses_is_told_and_made_again(
    company: Company, code: int
) -> None:
    connect(company, BHP)
    tick(company)
    says(company, code)
    assert stale(company) == [True], "at once: no more will come"
    told = company.heard.wait_for(DataTrouble, seat=names.IB)
    assert told.code == f"IB{code}", "no silence, for which the link would be made anew"
    leap(company, 66.0)
    assert asked(company) == 2

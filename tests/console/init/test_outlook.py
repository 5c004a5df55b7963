"""What is said to happen next, in Sydney time, and what a round trip is reckoned to cost."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from config.settings import Settings
from console.init.costs import RoundTrip, fees_of, round_trip
from console.init.outlook import ahead, assumed, first_entry, local
from domain.symbols import Symbol
from runtime.clocks import SystemClock

PAPER = {"MODE": "paper", "IB_ACCOUNT_ID": "DU1234567", "ALLOWED_SYMBOLS": "BHP/AUD,VAS/AUD"}


def settings(**more: str) -> Settings:
    return Settings.load(PAPER | more, env_file=None)


def earliest(now: datetime, **more: str) -> str:
    chosen = settings(**more)
    at = first_entry(chosen, [assumed(symbol) for symbol in chosen.allowed_symbols], now)
    return "" if at is None else local(at)


#: UTC → when a share could be bought, in Sydney.
SOONEST = {
    "after the close": (datetime(2026, 11, 23, 5, 54, tzinfo=UTC), "Tue 24 Nov 10:00"),
    "while it trades": (datetime(2026, 11, 24, 1, 30, tzinfo=UTC), "Tue 24 Nov 12:30"),
    "at the weekend": (datetime(2026, 11, 28, 3, 0, tzinfo=UTC), "Mon 30 Nov 10:00"),
    "before Christmas": (datetime(2026, 12, 24, 5, 0, tzinfo=UTC), "Tue 29 Dec 10:00"),
    "in winter": (datetime(2026, 7, 6, 22, 0, tzinfo=UTC), "Tue 07 Jul 10:00"),
}


@pytest.mark.parametrize("moment", SOONEST)
def test_when_something_could_be_bought_at_the_earliest(moment: str) -> None:
    now, expected = SOONEST[moment]
    assert earliest(now) == expected


def test_a_restart_in_the_session_holds_the_first_entry_back() -> None:
    now = datetime(2026, 11, 23, 5, 54, tzinfo=UTC)
    assert earliest(now, IB_RESTART_TIME="10:02") == "Tue 24 Nov 10:07"
    assert earliest(now, IB_RESTART_TIME="10:02", IB_WINDOWS="none") == "Tue 24 Nov 10:00"


def test_what_is_ahead_of_a_monday_evening() -> None:
    now = datetime(2026, 11, 23, 5, 54, tzinfo=UTC)
    lines = [each.line() for each in ahead(settings(), {}, now)]
    assert [line[:16] for line in lines] == [
        "Mon 23 Nov 23:45",
        "Tue 24 Nov 10:00",
        "Sun 29 Nov 17:00",
    ]
    assert "Nothing will be bought before Tue 24 Nov 10:00" in lines[1]
    assert "weekly login" in lines[2]


def test_with_no_strategy_nothing_is_said_to_be_bought() -> None:
    now = datetime(2026, 11, 23, 5, 54, tzinfo=UTC)
    lines = [each.line() for each in ahead(settings(STRATEGY="none"), {}, now)]
    assert lines[-1] == "Nothing is proposed by itself, for STRATEGY is none."
    assert "bought" not in " ".join(lines)


def trip(symbol: str, value: str, price: str | None, **rates: str) -> RoundTrip:
    chosen = settings(ALLOWED_SYMBOLS=symbol)
    instrument = assumed(Symbol.parse(symbol))
    told = {currency: Decimal(rate) for currency, rate in {"AUD": "1", **rates}.items()}
    fees = fees_of(chosen, instrument, {}, told, SystemClock())
    known = None if price is None else Decimal(price)
    return round_trip(instrument, fees, known, Decimal(value), chosen)


def test_an_australian_share_costs_its_minimum_twice() -> None:
    small = trip("BHP/AUD", "1000", None)
    assert (small.cost, small.percent, small.passes) == (Decimal("13.20"), Decimal("1.32"), False)
    assert small.passing_value == Decimal(1320)
    assert "A$1,000 in and out again costs A$13.20, 1.32 % of it" in small.sentence(Decimal(1))
    assert "from A$1,320 on" in small.sentence(Decimal(1))
    assert trip("BHP/AUD", "3000", "40").passes


def test_an_american_share_is_reckoned_by_its_price_and_the_rate() -> None:
    # 3,000 A$ are 2,000 US$: 20 shares of 100, twice the minimum of 1.00 + 10 % GST.
    cost = trip("AAPL/USD", "3000", "100", USD="1.5")
    assert (cost.cost, cost.percent) == (Decimal("3.30"), Decimal("0.11"))
    assert "no price" in trip("AAPL/USD", "3000", None, USD="1.5").unknown
    assert "exchange rate of USD" in trip("AAPL/USD", "3000", "100").unknown
    assert "not reach" in trip("AAPL/USD", "300", "500", USD="1.5").unknown


def test_a_pair_below_what_the_market_takes_is_remarked_on() -> None:
    assert "US$25,000" in trip("AUD/USD", "3000", "0.66", USD="1.5").remark
    assert trip("AUD/USD", "60000", "0.66", USD="1.5").remark == ""

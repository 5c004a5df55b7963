"""Levels: reached by two readings or by a trade through them, never by one print."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Side
from domain.phases import Phase
from domain.plan_terms import PlanTerms
from domain.plans import Plan
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.triggers import NONE_SEEN, Hit, Reading, look, reading_of

BHP = Symbol("BHP", "AUD")
NOON = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LONG = Plan(
    "K-1",
    1,
    BHP,
    "ib",
    Side.BUY,
    Decimal(100),
    PlanTerms(Decimal(44), Decimal(47)),
    Decimal(44),
    Decimal(47),
    NOON,
    "",
)
SHORT = replace(LONG, side=Side.SELL, stop=Decimal(47), target=Decimal(44))


def hits(plan: Plan, *readings: Reading) -> list[Hit | None]:
    """What each reading makes of it, one after the other."""
    seen, found = NONE_SEEN, []
    for reading in readings:
        seen, hit = look(seen, reading, plan)
        found.append(hit)
    return found


def at(seconds: float, price: str, trade: str | None = None) -> Reading:
    return Reading(Decimal(price), seconds, None if trade is None else Decimal(trade))


@pytest.mark.parametrize(
    ("plan", "readings", "found"),
    [
        (LONG, [at(0, "44"), at(0.25, "44")], [None, Hit.STOP]),
        (LONG, [at(0, "44"), at(0.249, "43")], [None, None]),
        (LONG, [at(0, "44"), at(0.1, "44"), at(0.25, "44")], [None, None, Hit.STOP]),
        (LONG, [at(0, "43"), at(0.2, "44.01"), at(0.4, "43")], [None, None, None]),
        (LONG, [at(0, "43.99", "43.99")], [Hit.STOP]),
        (LONG, [at(0, "43.99", "44")], [None]),  # at it is not through it
        (LONG, [at(0, "44.01", "43")], [None]),  # a trade alone, and the side that fills stands
        (LONG, [at(0, "47"), at(1, "48")], [None, Hit.TARGET]),
        (LONG, [at(0, "46.99"), at(1, "46.99")], [None, None]),
        (LONG, [at(0, "47.01", "47.01")], [Hit.TARGET]),
        (SHORT, [at(0, "47"), at(0.25, "47")], [None, Hit.STOP]),
        (SHORT, [at(0, "47.01", "47.01")], [Hit.STOP]),
        (SHORT, [at(0, "44"), at(9, "43")], [None, Hit.TARGET]),
        (replace(LONG, target=None), [at(0, "99"), at(1, "99")], [None, None]),
    ],
)
def test_what_readings_make_of_levels(
    plan: Plan, readings: list[Reading], found: list[Hit | None]
) -> None:
    assert hits(plan, *readings) == found


def test_a_level_that_has_moved_is_seen_anew() -> None:
    seen, hit = look(NONE_SEEN, at(0, "44"), LONG)
    seen, hit = look(seen, at(1, "44"), replace(LONG, stop=Decimal("44.5")))
    assert hit is None
    assert look(seen, at(1.3, "44"), replace(LONG, stop=Decimal("44.5")))[1] is Hit.STOP


PRICES = st.decimals(min_value=40, max_value=50, places=2)


@given(st.lists(st.tuples(st.floats(0.001, 2), PRICES), min_size=1, max_size=12))
def test_no_level_is_reached_without_two_readings_beyond_it(
    steps: list[tuple[float, Decimal]],
) -> None:
    now, readings = 0.0, []
    for wait, price in steps:
        now += wait
        readings.append(Reading(price, now))
    for number, hit in enumerate(hits(LONG, *readings)):
        if hit is None:
            continue
        beyond = []
        for reading in reversed(readings[: number + 1]):
            if hit is Hit.STOP and reading.price > LONG.stop:
                break
            if hit is Hit.TARGET and reading.price < Decimal(47):
                break
            beyond.append(reading.at)
        assert len(beyond) >= 2
        assert beyond[0] - beyond[-1] >= 0.25


# -- readings ------------------------------------------------------------------------------


def quote(
    bid: float | None = 45.0,
    ask: float | None = 45.1,
    *,
    last: float | None = 45.0,
    volume: float | None = 100.0,
    data: DataType = DataType.LIVE,
    halted: bool = False,
) -> Quote:
    return Quote(BHP, NOON, 10.0, bid, ask, 1, 1, last, 1, volume, None, data, halted)


def read(
    quote: Quote,
    before: Quote | None = None,
    *,
    phase: Phase = Phase.OPEN,
    now: float = 10.0,
    leaving: Side = Side.SELL,
) -> Reading | None:
    return reading_of(quote, before, leaving, phase, now=now, stale_after_seconds=15.0)


def test_it_reads_the_side_that_would_fill() -> None:
    assert read(quote()) == Reading(Decimal("45.0"), 10.0)
    assert read(quote(), leaving=Side.BUY) == Reading(Decimal("45.1"), 10.0)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.OPEN])
def test_nothing_is_read_outside_of_continuous_trading(phase: Phase) -> None:
    assert read(quote(), phase=phase) is None


@pytest.mark.parametrize(
    "bad",
    [
        quote(halted=True),
        quote(data=DataType.DELAYED),
        quote(data=DataType.FROZEN),
        quote(bid=None),
        quote(ask=None),
        quote(bid=46.0, ask=45.0),
    ],
    ids=["halted", "delayed", "frozen", "no bid", "no ask", "crossed"],
)
def test_nothing_is_read_from_a_quote_that_is_no_price(bad: Quote) -> None:
    assert read(bad) is None


def test_nothing_is_read_from_a_stale_quote() -> None:
    assert read(quote(), now=25.0) is not None
    assert read(quote(), now=25.1) is None


def test_only_a_trade_that_was_not_there_before_is_new() -> None:
    def trade(before: Quote | None) -> Decimal | None:
        reading = read(quote(last=43.0), before)
        assert reading is not None
        return reading.trade

    assert trade(None) is None, "of the first quote nobody knows when it traded so"
    assert trade(quote(last=None)) is None
    assert trade(quote(last=43.0)) is None
    assert trade(quote(last=45.0)) == Decimal("43.0")
    assert trade(quote(last=43.0, volume=90.0)) == Decimal("43.0")
    assert trade(quote(last=43.0, volume=None)) is None

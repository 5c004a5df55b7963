"""Price steps at the edges of their bands, and sessions over both changes of Sydney's clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hours import may_enter, open_session
from domain.price_steps import ceil_to_step, floor_to_step, on_step, step_at
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import PriceStep, TradingSession

ASX = (
    PriceStep(Decimal("0"), Decimal("0.001")),
    PriceStep(Decimal("0.10"), Decimal("0.005")),
    PriceStep(Decimal("2.00"), Decimal("0.01")),
)
BHP = Symbol("BHP", "AUD")
SYDNEY = ZoneInfo("Australia/Sydney")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("price", "step", "below", "above"),
    [
        ("0.0991", "0.001", "0.099", "0.100"),
        ("0.099", "0.001", "0.099", "0.099"),
        ("0.0999", "0.001", "0.099", "0.100"),
        ("0.10", "0.005", "0.10", "0.10"),
        ("0.101", "0.005", "0.100", "0.105"),
        ("1.995", "0.005", "1.995", "1.995"),
        ("1.9951", "0.005", "1.995", "2.00"),
        ("1.999", "0.005", "1.995", "2.00"),
        ("2.00", "0.01", "2.00", "2.00"),
        ("2.005", "0.01", "2.00", "2.01"),
        ("38.005", "0.01", "38.00", "38.01"),
    ],
)
def test_steps_at_the_edges_of_the_bands(price: str, step: str, below: str, above: str) -> None:
    assert step_at(Decimal(price), ASX) == Decimal(step)
    assert floor_to_step(Decimal(price), ASX) == Decimal(below)
    assert ceil_to_step(Decimal(price), ASX) == Decimal(above)
    assert on_step(Decimal(price), ASX) is (below == above or Decimal(below) == Decimal(above))


@given(st.decimals(min_value="0.001", max_value="500", places=5), st.permutations(ASX))
def test_rounding_lands_on_the_nearest_step_of_its_side(
    price: Decimal, steps: list[PriceStep]
) -> None:
    below, above = floor_to_step(price, steps), ceil_to_step(price, steps)
    assert below <= price <= above
    assert (below, above) == (floor_to_step(price, ASX), ceil_to_step(price, ASX))
    assert on_step(below, steps) and on_step(above, steps)
    if on_step(price, steps):
        assert below == price == above
    else:
        # No price between the two is on a step.
        finest, between = Decimal("0.001"), below + Decimal("0.001")
        while between < above:
            assert not on_step(between, steps)
            between += finest


def test_rounding_up_into_a_band_of_other_steps_goes_on() -> None:
    steps = (PriceStep(Decimal(0), Decimal("0.3")), PriceStep(Decimal(1), Decimal("0.5")))
    assert ceil_to_step(Decimal("0.95"), steps) == Decimal("1.5")


def test_without_steps_nothing_is_priced() -> None:
    with pytest.raises(ValueError, match="price steps"):
        step_at(Decimal(1), ())


# -- quotes ------------------------------------------------------------------------------


def quote(bid: float | None, ask: float | None) -> Quote:
    return Quote(BHP, NOW, 0.0, bid, ask, None, None, None, None, None, None, DataType.LIVE)


PRICES = st.none() | st.floats(min_value=0.01, max_value=100)


@given(st.lists(st.tuples(PRICES, PRICES), min_size=1, max_size=8))
def test_a_quote_carries_the_extremes_of_those_nobody_read(
    sides: list[tuple[float | None, float | None]],
) -> None:
    newest = quote(*sides[0])
    for side in sides[1:]:
        newest = quote(*side).after(newest)
    assert (newest.bid, newest.ask) == sides[-1]
    if len(sides) > 1:
        assert newest.low_bid == min((b for b, _ in sides if b is not None), default=None)
        assert newest.high_ask == max((a for _, a in sides if a is not None), default=None)


@pytest.mark.parametrize(
    ("bid", "ask", "mid"),
    [(1.0, 3.0, 2.0), (2.0, 2.0, 2.0), (3.0, 1.0, None), (None, 1.0, None), (1.0, None, None)],
)
def test_the_mid_needs_both_sides_uncrossed(
    bid: float | None, ask: float | None, mid: float | None
) -> None:
    assert quote(bid, ask).mid == mid
    assert quote(bid, ask).two_sided is (mid is not None)


# -- hours -------------------------------------------------------------------------------


def asx_day(year: int, month: int, day: int) -> TradingSession:
    def at(hour: int, minute: int) -> datetime:
        return datetime(year, month, day, hour, minute, tzinfo=SYDNEY).astimezone(UTC)

    return TradingSession(at(7, 0), at(16, 12), at(10, 0), at(16, 0))


# Sydney's clocks go back on 5 April 2026 and forward on 4 October 2026, both Sundays.
WEEKS = [
    ((2026, 4, 3), (2026, 4, 6), "23:00", "00:00"),
    ((2026, 10, 2), (2026, 10, 5), "00:00", "23:00"),
]


@pytest.mark.parametrize(("before", "after", "opened", "opens"), WEEKS)
def test_the_hours_follow_sydneys_clocks_over_both_changes(
    before: tuple[int, int, int], after: tuple[int, int, int], opened: str, opens: str
) -> None:
    friday, monday = asx_day(*before), asx_day(*after)
    sessions = (friday, monday)
    assert friday.liquid_opens is not None and monday.liquid_opens is not None
    assert friday.liquid_opens.strftime("%H:%M") == opened
    assert monday.liquid_opens.strftime("%H:%M") == opens
    for session in sessions:
        assert session.liquid_opens is not None and session.liquid_closes is not None
        instant = timedelta(microseconds=1)
        assert open_session(sessions, session.liquid_opens) is session
        assert open_session(sessions, session.liquid_opens - instant) is None
        assert open_session(sessions, session.liquid_closes - instant) is session
        assert open_session(sessions, session.liquid_closes) is None, "the closing auction"
    assert friday.liquid_closes is not None
    gap = monday.liquid_opens - friday.liquid_opens
    assert gap == timedelta(days=3, hours=1 if opens == "00:00" else -1)


def test_no_entry_shortly_before_the_close() -> None:
    session = asx_day(2026, 1, 5)
    assert session.liquid_closes is not None
    quarter = timedelta(minutes=15)
    just = timedelta(seconds=1)
    assert may_enter((session,), session.liquid_closes - quarter - just, leave_out=quarter)
    assert not may_enter((session,), session.liquid_closes - quarter, leave_out=quarter)
    assert may_enter((session,), session.liquid_closes - just)
    assert not may_enter((session,), session.liquid_closes)


def test_without_liquid_hours_the_session_itself_counts() -> None:
    session = TradingSession(NOW, NOW + timedelta(hours=2), None, None)
    assert may_enter((session,), NOW)
    assert not may_enter((session,), NOW + timedelta(hours=2))
    assert not may_enter((), NOW)

"""Phases of the ASX and of the currencies, from announced hours and from the fall-backs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.ib.decoding import sessions_of
from domain.calendar import differences
from domain.phases import ALLOWED, Action, Phase, next_close, next_open, phase_at
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from domain.xasx import XASX

SYDNEY, NEW_YORK = ZoneInfo("Australia/Sydney"), ZoneInfo("America/New_York")
STEPS = (PriceStep(Decimal(0), Decimal("0.01")),)


def instrument(
    sessions: tuple[TradingSession, ...] = (), *, exchange: str = "ASX", kind: str = "STK"
) -> InstrumentDetails:
    symbol = Symbol("AUD", "USD") if kind == "CASH" else Symbol("BHP", "AUD")
    return InstrumentDetails(symbol, "", kind, exchange, "", STEPS, Decimal(1), sessions)


def announced(*days: str, closes: str = "1600", auction: str = "1611") -> InstrumentDetails:
    """What IB says of an ASX share: `20260909:0959-20260909:1611`, and `1600` as liquid."""
    trading = ";".join(f"{day}:0959-{day}:{auction}" for day in days)
    liquid = ";".join(f"{day}:0959-{day}:{closes}" for day in days)
    return instrument(sessions_of(trading, liquid, "Australia/NSW"))


def at(day: str, clock: str, zone: ZoneInfo = SYDNEY) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone).astimezone(UTC)


FULL_DAY = [
    ("06:59:59", Phase.CLOSED),
    ("07:00:00", Phase.PRE_OPEN),
    ("09:58:59", Phase.PRE_OPEN),
    ("09:59:00", Phase.OPENING_AUCTION),
    ("09:59:59", Phase.OPENING_AUCTION),
    ("10:00:00", Phase.OPEN),
    ("15:59:59", Phase.OPEN),
    ("16:00:00", Phase.PRE_CLOSE),
    ("16:09:59", Phase.PRE_CLOSE),
    ("16:10:00", Phase.CLOSING_AUCTION),
    ("16:10:59", Phase.CLOSING_AUCTION),
    ("16:11:00", Phase.POST_CLOSE),
    ("16:21:29", Phase.POST_CLOSE),
    ("16:21:30", Phase.CLOSED),
]
HALF_DAY = [
    ("09:59:30", Phase.OPENING_AUCTION),
    ("14:09:59", Phase.OPEN),
    ("14:10:00", Phase.PRE_CLOSE),
    ("14:20:00", Phase.CLOSING_AUCTION),
    ("14:21:00", Phase.POST_CLOSE),
    ("16:00:00", Phase.CLOSED),
]


@pytest.mark.parametrize(("clock", "phase"), FULL_DAY)
@pytest.mark.parametrize(
    ("source", "day"),
    [
        (announced("20260909", "20260910"), "2026-09-09"),
        (announced("20261123", "20261124"), "2026-11-23"),  # opens on the 22nd in UTC
        (instrument(), "2026-09-09"),
        (instrument(), "2026-11-23"),
    ],
    ids=["announced, winter", "announced, summer", "calendar, winter", "calendar, summer"],
)
def test_the_phases_of_a_day(source: InstrumentDetails, day: str, clock: str, phase: Phase) -> None:
    assert phase_at(source, XASX, at(day, clock)) is phase


@pytest.mark.parametrize(("clock", "phase"), HALF_DAY)
@pytest.mark.parametrize("day", sorted(XASX.early_closes))
def test_the_phases_of_every_half_day(day: date, clock: str, phase: Phase) -> None:
    said = announced(f"{day:%Y%m%d}", closes="1410", auction="1421")
    for source in (said, instrument()):
        assert phase_at(source, XASX, at(str(day), clock)) is phase
        morning = at(str(day), "06:00:00")
        assert next_close(source, XASX, morning) == at(str(day), "14:10:00")
    assert differences(said, XASX) == ()


@pytest.mark.parametrize("day", sorted(XASX.holidays))
def test_on_every_holiday_the_market_is_closed_all_day(day: date) -> None:
    for clock in ("08:00:00", "09:59:30", "12:00:00", "16:05:00"):
        assert phase_at(instrument(), XASX, at(str(day), clock)) is Phase.CLOSED


def test_without_a_word_from_anybody_the_phase_is_not_known() -> None:
    noon = at("2026-11-23", "12:00:00")
    assert phase_at(instrument(), None, noon) is Phase.UNKNOWN
    assert next_open(instrument(), None, noon) is next_close(instrument(), None, noon) is None
    # The calendar's last day has passed, and so has all that the venue ever announced.
    beyond = at("2029-02-01", "12:00:00")
    assert phase_at(announced("20260909"), XASX, beyond) is Phase.UNKNOWN


def test_sessions_that_are_long_over_give_way_to_the_calendar() -> None:
    old = announced("20261102", "20261103")
    assert phase_at(old, XASX, at("2026-11-23", "12:00:00")) is Phase.OPEN
    assert phase_at(old, None, at("2026-11-23", "12:00:00")) is Phase.UNKNOWN


def test_what_the_venue_announces_is_the_truth_where_the_calendar_disagrees() -> None:
    early = announced("20261123", "20261124", closes="1200", auction="1211")
    assert phase_at(early, XASX, at("2026-11-23", "12:05:00")) is Phase.PRE_CLOSE
    # A Tuesday between two announced days: the venue has left it out.
    gap = announced("20261123", "20261125")
    assert phase_at(gap, XASX, at("2026-11-24", "12:00:00")) is Phase.CLOSED
    boxing = announced("20261224", "20261228")
    assert phase_at(boxing, XASX, at("2026-12-28", "12:00:00")) is Phase.OPEN


def test_a_halt_shows_while_the_market_is_not_closed() -> None:
    share = announced("20261123")
    for clock, phase in (("12:00:00", Phase.HALTED), ("09:59:30", Phase.HALTED)):
        assert phase_at(share, XASX, at("2026-11-23", clock), halted=True) is phase
    for clock, phase in (("16:15:00", Phase.POST_CLOSE), ("20:00:00", Phase.CLOSED)):
        assert phase_at(share, XASX, at("2026-11-23", clock), halted=True) is phase


def test_what_may_be_done_in_each_phase() -> None:
    assert set(ALLOWED) == set(Phase)
    assert all(Action.CANCEL in actions for actions in ALLOWED.values())
    taking = {phase for phase, actions in ALLOWED.items() if Action.AMEND in actions}
    assert taking == {Phase.PRE_OPEN, Phase.OPEN, Phase.PRE_CLOSE}
    assert taking == {phase for phase, actions in ALLOWED.items() if Action.ENTER in actions}


def test_a_market_with_hours_of_its_own_is_taken_as_announced() -> None:
    """US shares have hours around their liquid ones; the demo's shares trade round the clock."""
    hours = sessions_of("20261123:0400-20261123:2000", "20261123:0930-20261123:1600", "US/Eastern")
    share = instrument(hours, exchange="NASDAQ")
    expected = {
        "03:59:00": Phase.CLOSED,
        "04:00:00": Phase.PRE_OPEN,
        "09:30:00": Phase.OPEN,
        "16:00:00": Phase.POST_CLOSE,
        "20:00:00": Phase.UNKNOWN,  # the last that was announced is over
    }
    for clock, phase in expected.items():
        assert phase_at(share, None, at("2026-11-23", clock, NEW_YORK)) is phase
    clock_round = sessions_of(
        "20261123:0000-20261123:0200;20261123:0200-20261123:0400",
        "20261123:0000-20261123:0200;20261123:0200-20261123:0400",
        "UTC",
    )
    demo = instrument(clock_round)
    assert phase_at(demo, None, datetime(2026, 11, 23, 1, 59, 59, tzinfo=UTC)) is Phase.OPEN
    assert phase_at(demo, None, datetime(2026, 11, 23, 2, tzinfo=UTC)) is Phase.OPEN


# -- around the changes of the clocks ----------------------------------------------------

#: Sydney: first Sundays of April and October. New York: second Sunday of March, first of November.
CHANGES = [
    datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 10, 4, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2027, 3, 14, tzinfo=UTC), datetime(2027, 4, 4, tzinfo=UTC),
    datetime(2027, 10, 3, tzinfo=UTC), datetime(2027, 11, 7, tzinfo=UTC),
]  # fmt: skip
AROUND_A_CHANGE = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-6 * 1440, 6 * 1440),
)


def _by_the_wall_clock(now: datetime) -> Phase:
    """An ASX day told by what a clock on a wall in Sydney shows, and by nothing else."""
    wall = now.astimezone(SYDNEY)
    if wall.weekday() >= 5 or wall.date() in XASX.holidays:
        return Phase.CLOSED
    rows = [(time.fromisoformat(clock), phase) for clock, phase in FULL_DAY]
    return [Phase.CLOSED, *(phase for begins, phase in rows if begins <= wall.time())][-1]


@given(AROUND_A_CHANGE)
def test_the_asx_follows_sydneys_wall_clock_over_every_change(now: datetime) -> None:
    assert phase_at(instrument(), XASX, now) is _by_the_wall_clock(now)
    first = (now - timedelta(days=2)).astimezone(SYDNEY).date()
    days = [first + timedelta(days=number) for number in range(10)]
    open_days = [f"{day:%Y%m%d}" for day in days if XASX.continuous(day) is not None]
    assert phase_at(announced(*open_days), None, now) is _by_the_wall_clock(now)


@given(AROUND_A_CHANGE)
@example(datetime(2026, 3, 7, 4, 30, tzinfo=UTC))  # 24-hour steps from here leap over Sunday
def test_currencies_follow_new_yorks_wall_clock_over_every_change(now: datetime) -> None:
    pair = instrument(exchange="IDEALPRO", kind="CASH")
    wall = now.astimezone(NEW_YORK)
    weekday, clock = wall.weekday(), wall.time()
    open_now = not time(17) <= clock < time(17, 15)
    if weekday == 5 or (weekday == 4 and clock >= time(17)):
        open_now = False
    if weekday == 6 and clock < time(17, 15):
        open_now = False
    assert phase_at(pair, None, now) is (Phase.OPEN if open_now else Phase.CLOSED)
    opens, closes = next_open(pair, None, now), next_close(pair, None, now)
    assert opens is not None and closes is not None
    evenings = (
        datetime.combine(wall.date() + timedelta(days=number), time(17, 15), NEW_YORK)
        for number in range(4)
    )
    assert opens == min(each for each in evenings if each > now and each.weekday() not in (4, 5))
    assert closes.astimezone(NEW_YORK).time() == time(17)
    assert (closes < opens) is open_now


@given(AROUND_A_CHANGE)
def test_the_next_opening_and_closing_are_where_the_phase_changes(now: datetime) -> None:
    share = instrument()
    opens, closes = next_open(share, XASX, now), next_close(share, XASX, now)
    assert opens is not None and closes is not None and opens > now and closes > now
    instant = timedelta(microseconds=1)
    assert phase_at(share, XASX, opens) is Phase.OPEN
    assert phase_at(share, XASX, opens - instant) is Phase.OPENING_AUCTION
    assert phase_at(share, XASX, closes - instant) is Phase.OPEN
    assert phase_at(share, XASX, closes) is Phase.PRE_CLOSE
    assert (closes < opens) is (phase_at(share, XASX, now) is Phase.OPEN)


@pytest.mark.parametrize(
    ("day", "in_sydney"),
    # As written down for people: 07:15, 08:15 or 09:15 on a Monday, by the two summer times.
    [("2026-07-05", "07:15"), ("2026-10-11", "08:15"), ("2026-11-22", "09:15")],
)
def test_currencies_open_on_monday_morning_in_sydney(day: str, in_sydney: str) -> None:
    pair = instrument(exchange="IDEALPRO", kind="CASH")
    opens = next_open(pair, None, at(day, "12:00:00", NEW_YORK))
    assert opens is not None
    assert f"{opens.astimezone(SYDNEY):%a %H:%M}" == f"Mon {in_sydney}"


# -- the two sources against each other --------------------------------------------------


def test_where_both_agree_there_is_nothing_to_say() -> None:
    week = announced("20261123", "20261124", "20261125", "20261126", "20261127", "20261130")
    assert differences(week, XASX) == ()
    without_auctions = sessions_of("20261123:1000-20261123:1600", "", "Australia/NSW")
    assert differences(instrument(without_auctions), XASX) == ()
    assert differences(instrument(), XASX) == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (announced("20261123", "20261125"), ("no session on Tue 24 November 2026",)),
        (announced("20261224", "20261225"), ("closes at 16:00", "Fri 25 December 2026, when")),
        (announced("20261123", closes="1410", auction="1421"), ("closes at 14:10", "16:00")),
        (announced("20290102"), ("2028-12-31",)),
    ],
)
def test_a_difference_is_a_sentence(said: InstrumentDetails, words: tuple[str, ...]) -> None:
    text = " ".join(differences(said, XASX))
    assert all(each in text for each in words), text


def test_a_late_opening_is_a_difference() -> None:
    late = sessions_of(
        "20261123:1130-20261123:1611", "20261123:1130-20261123:1600", "Australia/NSW"
    )
    (sentence,) = differences(instrument(late), XASX)
    assert "opens at 11:30" in sentence and "10:00" in sentence
    assert phase_at(instrument(late), XASX, at("2026-11-23", "11:00:00")) is Phase.CLOSED

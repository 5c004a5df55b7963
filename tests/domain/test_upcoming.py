"""What comes next, in Sydney's time: each row a week at its edge; logins over two whole years."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.away import Turn
from domain.maintenance import Schedule, WindowKind, announced
from domain.orders import Side
from domain.phases import Phase
from domain.plan_terms import Overnight, PlanTerms
from domain.plans import Plan, PlanState
from domain.symbols import Symbol
from domain.upcoming import MOST, WITHIN, Coming, Kind, upcoming
from domain.views import InstrumentView
from domain.xasx import XASX

SYDNEY = ZoneInfo("Australia/Sydney")
BHP, AUDUSD = Symbol.parse("BHP/AUD"), Symbol.parse("AUD/USD")
ALL = announced(tuple(WindowKind), time(23, 45), SYDNEY, timedelta(minutes=5))
LOGINS = announced((WindowKind.LOGIN,), time(23, 45), SYDNEY, timedelta(0))


def sydney(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SYDNEY).astimezone(UTC)


def told(coming: Coming, now: str) -> list[tuple[str, str]]:
    """`Mon 11-23 10:00` and the sentence of each."""
    return [
        (f"{each.at.astimezone(SYDNEY):%a %m-%d %H:%M}", each.sentence)
        for each in upcoming(coming, sydney(now))
    ]


def asx(next_open: str | None, next_close: str | None) -> InstrumentView:
    return InstrumentView(
        BHP,
        exchange="ASX",
        phase=Phase.OPEN,
        next_open=None if next_open is None else sydney(next_open),
        next_close=None if next_close is None else sydney(next_close),
    )


def plan(overnight: Overnight, lot: int = 100) -> Plan:
    terms = PlanTerms(Decimal(44), None, None, None, overnight)
    return Plan(
        *("K-1", 1, BHP, "ib", Side.BUY, Decimal(100), terms, Decimal(44), None),
        created_at=sydney("2026-11-23T09:00"),
        reason="",
        state=PlanState.OPEN,
        lot=Decimal(lot),
    )


# -- the weekly login ----------------------------------------------------------------------


def first_sunday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7)


def hour_of_login(sunday: date) -> int:
    """1:00 in New York, by the rules of both summer times written down by hand."""
    year = sunday.year
    new_york = first_sunday(year, 3) + timedelta(days=7) < sunday <= first_sunday(year, 11)
    ours = not first_sunday(year, 4) <= sunday < first_sunday(year, 10)
    return 1 + (4 if new_york else 5) + (11 if ours else 10)


def test_the_weekly_login_of_every_sunday_of_two_years() -> None:
    sunday = date(2026, 11, 29)
    hours = set()
    for _ in range(105):
        saturday = datetime.combine(sunday - timedelta(days=1), time(12), SYDNEY).astimezone(UTC)
        (login,) = [
            e for e in upcoming(Coming(schedules=[LOGINS]), saturday) if e.kind is Kind.LOGIN
        ]
        local = login.at.astimezone(SYDNEY)
        assert (local.date(), local.minute) == (sunday, 0)
        assert local.hour == hour_of_login(sunday), sunday
        assert "log in anew" in login.sentence
        hours.add(local.hour)
        sunday += timedelta(days=7)
    assert hours == {15, 16, 17}


def test_the_login_is_never_crowded_out_by_what_comes_every_day() -> None:
    coming = Coming(
        [asx("2026-11-23T10:00", "2026-11-23T16:00")],
        {"ASX": XASX},
        [ALL],
        backup_at=sydney("2026-11-23T09:30"),
        drill_at=sydney("2026-11-24T09:30"),
    )
    assert told(coming, "2026-11-23T09:00") == [
        ("Mon 11-23 10:00", "ASX opens."),
        ("Mon 11-23 16:00", "ASX closes."),
        ("Mon 11-23 23:45", "The gateway restarts, as every night."),
        ("Sat 11-28 15:00", "IB is down for its weekly maintenance."),
        ("Sun 11-29 17:00", "IB ends the weekly login: log in anew and approve it."),
    ]


# -- markets -------------------------------------------------------------------------------


def test_half_days_and_holidays_around_christmas() -> None:
    coming = Coming([asx("2026-12-24T10:00", "2026-12-24T14:10")], {"ASX": XASX})
    assert told(coming, "2026-12-23T18:00") == [
        ("Thu 12-24 10:00", "ASX opens."),
        ("Thu 12-24 14:10", "ASX closes early: a half day."),
        ("Fri 12-25 10:00", "ASX stays closed all day: a holiday."),
    ]
    # On the holiday itself the next one is Monday's.
    assert [at for at, _ in told(Coming([asx(None, None)], {"ASX": XASX}), "2026-12-25T11:00")] == [
        "Mon 12-28 10:00",
        "Thu 12-31 14:10",
    ]


@pytest.mark.parametrize("day", ["2026-10-05", "2026-08-03"])
def test_the_asx_does_not_close_for_the_holidays_of_a_state(day: str) -> None:
    """New South Wales' Labour Day and its bank holiday."""
    before = sydney(f"{day}T00:00") - timedelta(hours=12)
    kinds = {e.kind for e in upcoming(Coming([asx(None, None)], {"ASX": XASX}), before)}
    assert Kind.HOLIDAY not in kinds


# Monday 07:15, 08:15 and 09:15 in Sydney, by both summer times.
@pytest.mark.parametrize(
    ("friday", "closes", "opens"),
    [
        ("2026-07-10T12:00", "Sat 07-11 07:00", "Mon 07-13 07:15"),
        ("2026-10-09T12:00", "Sat 10-10 08:00", "Mon 10-12 08:15"),
        ("2026-12-04T12:00", "Sat 12-05 09:00", "Mon 12-07 09:15"),
    ],
)
def test_the_week_of_the_currencies(friday: str, closes: str, opens: str) -> None:
    week_ends = datetime.fromisoformat(f"2026-{closes[4:9]}T{closes[-5:]}").replace(tzinfo=SYDNEY)
    pair = InstrumentView(AUDUSD, exchange="IDEALPRO", next_close=week_ends.astimezone(UTC))
    assert told(Coming([pair]), friday) == [
        (closes, "Currencies close for the weekend."),
        (opens, "Currencies open for the week."),
    ]


def test_of_a_simulated_market_the_week_of_the_real_one_is_not_told() -> None:
    pair = InstrumentView(AUDUSD, exchange="IDEALPRO", next_close=sydney("2026-12-04T14:00"))
    assert told(Coming([pair]), "2026-12-04T12:00") == []


def test_of_a_market_of_unknown_hours_nothing_is_said() -> None:
    assert told(Coming([InstrumentView(BHP), asx(None, None)]), "2026-12-04T12:00") == []


# -- what Kelpie does, and the clocks ------------------------------------------------------


def test_what_is_not_held_overnight_leaves_a_quarter_before_the_close() -> None:
    market = asx(None, "2026-12-24T14:10")
    coming = Coming([market], plans=[plan(Overnight.CLOSE)])
    assert told(coming, "2026-12-24T11:00")[0] == (
        "Thu 12-24 13:55",
        "Kelpie leaves what is not held overnight: BHP/AUD.",
    )
    for other in (plan(Overnight.HOLD), plan(Overnight.CLOSE, lot=0)):
        kinds = {
            e.kind for e in upcoming(Coming([market], plans=[other]), sydney("2026-12-24T11:00"))
        }
        assert Kind.DAY_END not in kinds


def test_what_follows_from_being_away_comes_with_the_login() -> None:
    turn = Turn(BHP, False, False, sydney("2026-11-27T10:00"), sydney("2026-11-27T14:00"))
    later = Turn(AUDUSD, False, False, sydney("2026-11-28T01:00"), None)
    coming = Coming(schedules=[LOGINS], away=[later, turn, Turn(BHP, True, False, None, None)])
    assert told(coming, "2026-11-23T09:00") == [
        ("Fri 11-27 10:00", "You are away: nothing new is bought, market by market from here."),
        ("Fri 11-27 14:00", "You are away: what is held is left from here."),
        ("Sun 11-29 17:00", "IB ends the weekly login: log in anew and approve it."),
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-09-30T12:00", ("Sun 10-04 03:00", "Summer time begins: clocks go forward an hour.")),
        ("2027-04-01T12:00", ("Sun 04-04 02:00", "Summer time ends: clocks go back an hour.")),
        ("2027-06-27T09:00", ("Thu 07-01 00:00", "A new tax year begins (2027-28).")),
        ("2027-06-30T23:59", ("Thu 07-01 00:00", "A new tax year begins (2027-28).")),
    ],
)
def test_clocks_and_years(now: str, expected: tuple[str, str]) -> None:
    assert told(Coming(), now) == [expected]


def test_each_day_of_a_year_has_its_change_of_the_clocks_within_the_week_before() -> None:
    day, seen = sydney("2026-07-02T09:00"), []
    while day < sydney("2027-07-02T09:00"):
        seen += [e.at for e in upcoming(Coming(), day) if e.kind is Kind.SUMMER_TIME]
        day += timedelta(days=1)
    assert set(seen) == {sydney("2026-10-04T03:00"), datetime(2027, 4, 3, 16, tzinfo=UTC)}
    assert len(seen) == 14


def test_what_is_known_of_the_future_ends_within_the_week() -> None:
    coming = Coming(
        backup_at=sydney("2026-12-01T10:00"),
        drill_at=sydney("2026-12-08T12:00"),
        disarmed_at=sydney("2026-12-01T09:00"),
    )
    assert told(coming, "2026-12-01T09:00") == [("Tue 12-01 10:00", "The book is backed up.")]


@given(
    now=st.datetimes(datetime(2026, 1, 2), datetime(2028, 12, 20), timezones=st.just(UTC)),
    schedule=st.sampled_from([ALL, LOGINS, Schedule()]),
    ahead=st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_whenever_it_is_there_are_at_most_five_in_order_and_ahead(
    now: datetime, schedule: Schedule, ahead: timedelta
) -> None:
    market = InstrumentView(BHP, exchange="ASX", next_open=now + ahead, next_close=now + ahead)
    coming = Coming([market], {"ASX": XASX}, [schedule], [plan(Overnight.CLOSE)], now + ahead)
    events = upcoming(coming, now)
    assert len(events) <= MOST
    assert all(now < each.at <= now + WITHIN for each in events)
    assert list(events) == sorted(events, key=lambda each: each.at)
    windows = schedule.ahead(now, WITHIN)
    logins = [w.starts for w in windows if w.kind is WindowKind.LOGIN and now < w.starts]
    assert [each.at for each in events if each.kind is Kind.LOGIN] == logins[:1]

"""The owner is away: what holds before each weekly login, over every Sunday of two years."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.admission import Refusal
from domain.away import (
    Away,
    AwayError,
    Login,
    Then,
    Turn,
    check,
    logins_in,
    next_missed,
    read_away,
    turn_of,
    written,
)
from domain.gates import decide, survey
from domain.maintenance import WindowKind, announced, of_ib
from domain.venue import InstrumentDetails
from domain.xasx import XASX
from simulators.sessions import ASX_HOLIDAYS
from tests.domain.risk_cases import BUY, CALM
from tests.domain.test_phases import announced as announced_days
from tests.domain.test_phases import instrument

SYDNEY, NEW_YORK = ZoneInfo("Australia/Sydney"), ZoneInfo("America/New_York")
LOGINS = of_ib((WindowKind.LOGIN,))
SCHEDULE = announced(tuple(WindowKind), time(23, 45), SYDNEY, timedelta(minutes=5))
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
SUNDAYS = [date(2026, 1, 4) + timedelta(weeks=n) for n in range(104)]
HALF_DAYS = {(12, 24), (12, 31)}


def sydney(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), SYDNEY).astimezone(UTC)


def login_of(sunday: date) -> datetime:
    """One in the morning in New York, on the day that is Sunday there."""
    return datetime.combine(sunday, time(1), NEW_YORK).astimezone(UTC)


def last_session(sunday: date) -> date:
    """By the ASX's own list of days without trading."""
    day = sunday - 2 * _DAY
    while day.weekday() >= 5 or day in ASX_HOLIDAYS:
        day -= _DAY
    return day


def over(sunday: date, then: Then) -> Away:
    since = sydney(sunday - _DAY, "08:00")
    return Away(since, sydney(sunday + 4 * _DAY, "08:00"), then, "a person", since)


def turn(
    away: Away,
    now: datetime,
    linked_at: datetime | None = None,
    what: InstrumentDetails | None = None,
) -> Turn | None:
    missed = next_missed(away, logins_in(away, LOGINS, SCHEDULE), linked_at, now)
    return None if missed is None else turn_of(away, missed, what or instrument(), XASX, now)


@pytest.mark.parametrize("sunday", SUNDAYS, ids=str)
def test_around_each_sunday_of_two_years(sunday: date) -> None:
    day, due = last_session(sunday), login_of(sunday)
    closes = "14:10" if (day.month, day.day) in HALF_DAYS else "16:00"
    leaves = sydney(day, closes) - timedelta(hours=2)
    linked = sydney(day - _DAY, "08:00")
    for then in (Then.EXITS_ONLY, Then.WIND_DOWN):
        away = over(sunday, then)
        [login] = logins_in(away, LOGINS, SCHEDULE)
        assert login.window.starts == due

        def at(now: datetime, away: Away = away) -> tuple[bool, bool]:
            found = turn(away, now, linked)
            assert found is not None
            return found.held, found.leaves

        winds = then is Then.WIND_DOWN
        opens = sydney(day, "10:00")
        assert at(opens - _SECOND) == (False, False)
        assert at(opens) == (True, False)
        assert at(leaves - _SECOND) == (True, False)
        assert at(leaves) == (True, winds)
        assert at(sydney(day, closes) - _SECOND) == (True, winds)
        assert at(sydney(day, closes)) == (True, False)
        assert at(sydney(sunday - _DAY, "12:00")) == (True, False)
        assert at(due) == at(due + timedelta(hours=30)) == (True, False)
        auction_ends = sydney(day, closes) + timedelta(minutes=11)
        for moment, over_by_then in ((auction_ends - _SECOND, False), (auction_ends, True)):
            closing = turn(away, moment, linked)
            assert closing is not None and closing.over is over_by_then
        told = turn(away, opens - _SECOND, linked)
        assert told is not None and told.held_from == opens
        assert told.leaves_from == (leaves if winds else None)
        assert turn(away, away.until, linked) is None, "it ends by itself"


@pytest.mark.parametrize("sunday", SUNDAYS, ids=str)
def test_it_is_held_until_the_login_has_shown_itself(sunday: date) -> None:
    """A link that was made before the gateway's next restart lives on the old login."""
    away, restart = over(sunday, Then.EXITS_ONLY), sydney(sunday, "23:45")
    monday = sydney(sunday + _DAY, "10:30")
    for linked in (None, login_of(sunday) + timedelta(minutes=30), restart - _SECOND):
        held = turn(away, monday, linked)
        assert held is not None and held.held, linked
    assert turn(away, monday, restart) is None
    assert turn(away, monday, restart + timedelta(hours=9)) is None


def test_without_a_restart_of_its_own_any_link_after_the_login_shows_it() -> None:
    away = over(SUNDAYS[40], Then.EXITS_ONLY)
    without = announced((WindowKind.LOGIN,), time(23, 45), SYDNEY, timedelta())
    [login] = logins_in(away, LOGINS, without)
    assert login.shown_from == login.window.ends


def test_of_several_weeks_each_login_counts() -> None:
    first = date(2026, 12, 6)
    away = Away(
        sydney(first - _DAY, "08:00"),
        sydney(first + 15 * _DAY, "08:00"),
        Then.WIND_DOWN,
        "a person",
        sydney(first - _DAY, "08:00"),
    )
    logins = logins_in(away, LOGINS, SCHEDULE)
    assert [each.window.starts for each in logins] == [
        login_of(first + timedelta(weeks=n)) for n in range(3)
    ]
    made = sydney(first + _DAY, "07:00")
    wednesday = sydney(first + 3 * _DAY, "12:00")
    free = turn(away, wednesday, made)
    assert free is not None and not free.held, "somebody has made the first one"
    assert free.held_from == sydney(first + 5 * _DAY, "10:00")
    again = turn(away, sydney(first + 5 * _DAY, "14:00"), made)
    assert again is not None and again.held and again.leaves, "and not the second"


def test_nothing_is_nothing_and_no_login_is_nothing() -> None:
    sunday = SUNDAYS[20]
    friday = sydney(sunday - 2 * _DAY, "14:30")
    assert turn(over(sunday, Then.NOTHING), friday) is None
    weekdays = Away(
        sydney(sunday + _DAY, "08:00"),
        sydney(sunday + 5 * _DAY, "08:00"),
        Then.WIND_DOWN,
        "a person",
        friday,
    )
    assert logins_in(weekdays, LOGINS, SCHEDULE) == ()
    assert turn(weekdays, friday) is None
    assert logins_in(over(sunday, Then.WIND_DOWN), (), SCHEDULE) == (), "a demo has no login"


def test_at_both_ends_the_login_itself_decides() -> None:
    due = login_of(SUNDAYS[10])

    def logins(since: datetime, until: datetime) -> tuple[Login, ...]:
        away = Away(since, until, Then.EXITS_ONLY, "a person", since)
        return logins_in(away, LOGINS, SCHEDULE)

    assert len(logins(due, due + _SECOND)) == 1
    assert logins(due - _DAY, due) == ()
    assert logins(due + _SECOND, due + _DAY) == ()


def test_what_the_venue_announces_counts_before_the_calendar() -> None:
    """IB says that Friday is no session: the last one is Thursday's."""
    sunday = date(2026, 11, 29)
    thursday_only = announced_days("20261125", "20261126", "20261130")
    away = over(sunday, Then.WIND_DOWN)
    held = turn(away, sydney(date(2026, 11, 26), "10:00"), what=thursday_only)
    assert held is not None and held.held
    leaves = turn(away, sydney(date(2026, 11, 26), "14:00"), what=thursday_only)
    assert leaves is not None and leaves.leaves


def test_a_pair_is_left_before_new_york_closes_on_friday() -> None:
    sunday = date(2026, 11, 29)
    pair = instrument(exchange="IDEALPRO", kind="CASH")
    away = over(sunday, Then.WIND_DOWN)

    def at(day: str, clock: str) -> tuple[bool, bool]:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)
        found = turn(away, moment.astimezone(UTC), what=pair)
        assert found is not None
        return found.held, found.leaves

    assert at("2026-11-26", "17:14:59") == (False, False)
    assert at("2026-11-26", "17:15:00") == (True, False)
    assert at("2026-11-27", "14:59:59") == (True, False)
    assert at("2026-11-27", "15:00:00") == (True, True)
    assert at("2026-11-27", "17:00:00") == (True, False)


def test_where_no_hours_are_known_it_is_held_for_five_days_and_nothing_is_left() -> None:
    sunday = SUNDAYS[30]
    unknown = instrument(exchange="NYSE")
    away, due = over(sunday, Then.WIND_DOWN), login_of(sunday)
    before = turn(away, due - 5 * _DAY - _SECOND, what=unknown)
    held = turn(away, due - 5 * _DAY, what=unknown)
    assert before is not None and not before.held
    assert held is not None and held.held and not held.leaves and held.held_from is None


def test_what_is_no_absence_is_refused() -> None:
    now = sydney(date(2026, 11, 23), "12:00")

    def of(since: timedelta, until: timedelta) -> Away:
        return Away(now + since, now + until, Then.NOTHING, "a person", now)

    check(of(-_DAY, _DAY), now)
    for since, until, words in (
        (_DAY, _DAY, "before it begins"),
        (-2 * _DAY, -_DAY, "over already"),
        (_DAY, 400 * _DAY, "more than a year"),
    ):
        with pytest.raises(AwayError, match=words) as caught:
            check(of(since, until), now)
        assert caught.value.code == "AWAY_NOT_A_TIME"


def test_it_is_read_as_it_was_written() -> None:
    away = over(SUNDAYS[0], Then.WIND_DOWN)
    assert read_away(written(away)) == away


def test_at_the_desk_it_is_a_gate_of_its_own_for_entries_alone() -> None:
    figures = replace(CALM, away="nobody will make the login")
    words = {word.gate: word for word in survey(BUY, figures)}
    assert not words["AWAY"].open and "nobody will make the login" in words["AWAY"].sentence
    refused = decide(BUY, figures)
    assert isinstance(refused, Refusal) and refused.code == "AWAY"
    assert "kelpie away --cancel" in refused.cure
    calm = {word.gate: word for word in survey(BUY, CALM)}
    assert calm["AWAY"].open

"""The announced windows, in Sydney's time, through the summer times of both hemispheres."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.maintenance import Schedule, Window, WindowKind, announced

SYDNEY = ZoneInfo("Australia/Sydney")
LEAD = timedelta(minutes=5)
ALL = announced(tuple(WindowKind), time(23, 45), SYDNEY, LEAD)


def only(*kinds: WindowKind) -> Schedule:
    return announced(kinds, time(23, 45), SYDNEY, LEAD)


def sydney(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SYDNEY).astimezone(UTC)


def local(window: Window | None) -> tuple[str, str]:
    assert window is not None
    return (
        f"{window.starts.astimezone(SYDNEY):%a %m-%d %H:%M}",
        f"{window.ends.astimezone(SYDNEY):%a %m-%d %H:%M}",
    )


# The four hours of IB's facts (2.3): AEST with US summer time, AEDT with US standard time, and
# both weeks in between, when only one of the two has changed.
@pytest.mark.parametrize(
    ("day", "login", "weekend"),
    [
        ("2026-07-10", "Sun 07-12 15:00", ("Sat 07-11 13:00", "Sat 07-11 17:00")),
        ("2026-12-04", "Sun 12-06 17:00", ("Sat 12-05 15:00", "Sat 12-05 19:00")),
        ("2026-10-09", "Sun 10-11 16:00", ("Sat 10-10 14:00", "Sat 10-10 18:00")),
        ("2027-03-19", "Sun 03-21 16:00", ("Sat 03-20 14:00", "Sat 03-20 18:00")),
    ],
)
def test_the_weekly_login_and_the_weekend_outage(
    day: str, login: str, weekend: tuple[str, str]
) -> None:
    now = sydney(f"{day}T12:00")
    assert local(only(WindowKind.LOGIN).next_window(now))[0] == login
    assert local(only(WindowKind.WEEKEND).next_window(now)) == weekend


@pytest.mark.parametrize(
    ("day", "first", "second"),
    [
        ("2026-07-14", ("06:45", "08:05"), ("22:15", "23:15")),
        ("2026-12-01", ("07:45", "09:05"), ("23:15", "00:15")),
    ],
)
def test_the_resets_of_asia(day: str, first: tuple[str, str], second: tuple[str, str]) -> None:
    ahead = only(WindowKind.RESET).ahead(sydney(f"{day}T05:00"), timedelta(hours=19))
    times = [tuple(each[-5:] for each in local(window)) for window in ahead]
    assert times == [first, second]


def test_there_is_no_reset_on_saturday_in_hong_kong() -> None:
    saturday = sydney("2026-07-18T03:00")
    assert local(only(WindowKind.RESET).next_window(saturday))[0] == "Sun 07-19 06:45"


def test_the_restart_is_at_its_hour_on_the_wall_whatever_the_season() -> None:
    schedule = only(WindowKind.RESTART)
    # The night on which Sydney's clocks go forward, and the one on which they go back.
    for day in ("2026-10-03", "2026-10-04", "2027-04-03", "2027-04-04"):
        window = schedule.next_window(sydney(f"{day}T20:00"))
        assert window is not None
        assert f"{window.starts.astimezone(SYDNEY):%F %H:%M}" == f"{day} 23:45"
        assert window.ends - window.starts == timedelta(minutes=5)


def test_a_restart_just_before_midnight_ends_on_the_next_day() -> None:
    schedule = announced((WindowKind.RESTART,), time(23, 58), SYDNEY, LEAD)
    window = schedule.in_window(sydney("2026-07-14T00:01"))
    assert local(window) == ("Mon 07-13 23:58", "Tue 07-14 00:03")


def test_a_window_is_on_from_its_first_moment_to_the_one_before_its_last() -> None:
    schedule = only(WindowKind.RESTART)
    moment = timedelta(microseconds=1)
    starts, ends = sydney("2026-07-14T23:45"), sydney("2026-07-14T23:50")
    assert schedule.in_window(starts - moment) is None
    assert schedule.in_window(starts) is not None
    assert schedule.in_window(ends - moment) is not None
    assert schedule.in_window(ends) is None


def test_entries_are_held_from_the_lead_on_and_the_sentence_says_until_when_and_why() -> None:
    schedule = only(WindowKind.RESTART)
    assert schedule.hold_sentence(sydney("2026-07-14T23:39:59")) == ""
    assert schedule.hold_sentence(sydney("2026-07-14T23:40")) == (
        "on hold until Tue 23:50, because the gateway restarts, as it does every night"
    )
    assert schedule.hold_sentence(sydney("2026-07-14T23:50")) == ""


def test_of_several_windows_the_last_to_end_is_named() -> None:
    # In summer the restart lies inside the second reset.
    inside = sydney("2026-12-01T23:46")
    assert local(ALL.in_window(inside))[1] == "Wed 12-02 00:15"
    assert ALL.hold(inside) == ALL.in_window(inside)


def test_the_login_says_that_it_needs_a_person() -> None:
    window = only(WindowKind.LOGIN).next_window(sydney("2026-07-10T12:00"))
    assert window is not None and window.needs_person
    assert "IB Key" in window.reason


def test_nothing_is_announced_where_nothing_is_known() -> None:
    empty = Schedule()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert empty.ahead(now) == ()
    assert empty.next_window(now) is empty.in_window(now) is empty.hold(now) is None

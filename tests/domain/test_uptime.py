"""How a venue stood: what counts as expected, hours over steps of the clock, days in Sydney."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.maintenance import Window, WindowKind
from domain.permits import Condition, Hold
from domain.uptime import (
    READY,
    HourPart,
    Stood,
    UpState,
    UptimeView,
    days_of,
    hour_of,
    hours_of,
    split,
    standing,
)

SYDNEY = ZoneInfo("Australia/Sydney")
NOON = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
RESTART = Window(WindowKind.RESTART, NOON, NOON + timedelta(minutes=5))
LOST = Stood(UpState.UNEXPECTED, "REFUSED", "Nobody listens.")


def hold(condition: Condition) -> Hold:
    return Hold(condition, condition.name, f"Because of {condition.name}.", "Wait.")


@pytest.mark.parametrize(
    ("reason", "cause", "window", "held_open", "announced", "conditions", "state", "code"),
    [
        ("", "", None, False, "", [], UpState.READY, ""),
        ("", "", None, False, "", [Condition.OBSERVE], UpState.READY, ""),
        ("", "", None, False, "", [Condition.PAUSED], UpState.EXPECTED, "PAUSED"),
        ("", "", None, False, "", [Condition.DISARMED], UpState.EXPECTED, "DISARMED"),
        (
            *("", "", None, False, ""),
            *([Condition.PAUSED, Condition.SAFE_MODE_RECONCILED], UpState.UNEXPECTED),
            "SAFE_MODE_RECONCILED",
        ),
        ("", "", None, False, "on hold until Sun 23:50", [], UpState.EXPECTED, "ANNOUNCED"),
        ("it refused", "REFUSED", None, False, "", [], UpState.UNEXPECTED, "REFUSED"),
        ("it refused", "REFUSED", RESTART, False, "", [], UpState.EXPECTED, "RESTART"),
        # No window excuses what no waiting mends.
        ("wrong", "WRONG_ACCOUNT", RESTART, False, "", [], UpState.UNEXPECTED, "WRONG_ACCOUNT"),
        ("its circuit", "CIRCUIT_OPEN", None, False, "", [], UpState.UNEXPECTED, "CIRCUIT_OPEN"),
        ("its circuit", "CIRCUIT_OPEN", None, True, "", [], UpState.EXPECTED, "CIRCUIT_OPEN"),
    ],
)
def test_a_moment_is_judged(
    reason: str,
    cause: str,
    window: Window | None,
    held_open: bool,
    announced: str,
    conditions: Sequence[Condition],
    state: UpState,
    code: str,
) -> None:
    stood = standing(
        reason,
        cause,
        window=window,
        held_open=held_open,
        announced=announced,
        holds=[hold(each) for each in conditions],
    )
    assert (stood.state, stood.cause) == (state, code)
    assert bool(stood.sentence) is (state is not UpState.READY)


def test_a_stretch_is_split_at_full_hours() -> None:
    starts = NOON - timedelta(seconds=90)
    assert split(starts, NOON + timedelta(hours=1, seconds=5)) == [
        (NOON - timedelta(hours=1), 90.0),
        (NOON, 3600.0),
        (NOON + timedelta(hours=1), 5.0),
    ]
    assert split(NOON, NOON) == []


def view(*parts: HourPart, began: datetime = NOON, at: datetime) -> UptimeView:
    return UptimeView(at, NOON - timedelta(days=30), began, parts, (), "")


def part(stood: Stood, seconds: float, hours: int = 0, venue: str = "ib") -> HourPart:
    return HourPart(venue, NOON + timedelta(hours=hours), stood, seconds)


def test_a_gap_is_not_running_and_a_blip_colours_nothing() -> None:
    seen = view(
        part(READY, 3550.0),
        part(LOST, 45.0),
        part(READY, 1800.0, 2),
        part(LOST, 90.0, 3),
        part(READY, 110.0, 3),
        part(LOST, 3000.0, 0, "another"),
        at=NOON + timedelta(hours=3, seconds=200),
    )
    first, second, third, last = hours_of(seen, "ib")
    assert first.shown is UpState.READY
    assert first.reasons == ((LOST, 45.0),), "but it is told"
    assert UpState.NOT_RUNNING not in first.seconds, "what is not written yet is no gap"
    assert (second.shown, second.seconds) == (UpState.NOT_RUNNING, {UpState.NOT_RUNNING: 3600.0})
    assert third.seconds == {UpState.READY: 1800.0, UpState.NOT_RUNNING: 1800.0}
    assert third.shown is UpState.NOT_RUNNING
    assert last.shown is UpState.UNEXPECTED, "of an hour that is not over yet"
    assert sum(last.seconds.values()) == 200.0


def test_before_anything_was_remembered_there_is_nothing_and_no_gap() -> None:
    began = NOON + timedelta(minutes=40)
    [hour] = hours_of(view(part(READY, 1195.0), began=began, at=NOON + timedelta(hours=1)), "ib")
    assert hour.seconds == {UpState.READY: 1200.0}
    nothing = UptimeView(NOON, NOON, None, (), (), "the disk")
    assert hours_of(nothing, "ib") == ()


def test_an_hour_that_comes_twice_because_the_clock_stepped_back_is_not_longer() -> None:
    seen = view(part(READY, 3600.0), part(LOST, 1200.0), at=NOON + timedelta(hours=1))
    [hour] = hours_of(seen, "ib")
    assert sum(hour.seconds.values()) == pytest.approx(3600.0)
    assert hour.seconds[UpState.UNEXPECTED] == pytest.approx(900.0)


@pytest.mark.parametrize(
    ("day", "hours", "twice", "missing"),
    [
        (date(2026, 10, 4), 23, None, 2),
        (date(2026, 10, 5), 24, None, None),
        (date(2027, 4, 4), 25, 2, None),
    ],
)
def test_days_of_sydney_have_23_24_or_25_hours(
    day: date, hours: int, twice: int | None, missing: int | None
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=SYDNEY)
    began = hour_of(midnight - timedelta(days=2))
    seen = UptimeView(began + timedelta(days=5), began, began, (), (), "")
    found = dict(days_of(hours_of(seen, "ib"), SYDNEY))
    shown = [number for number, _ in found[day]]
    assert len(shown) == hours
    assert len({hour.start for _, hour in found[day]}) == hours, "none is lost or counted twice"
    assert shown == sorted(shown)
    assert [n for n in range(24) if shown.count(n) == 2] == ([] if twice is None else [twice])
    assert [n for n in range(24) if n not in shown] == ([] if missing is None else [missing])
    assert list(found) == sorted(found, reverse=True), "newest first"

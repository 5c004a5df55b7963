import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from simulators.model import Phase
from simulators.sessions import (
    SYDNEY,
    Timetable,
    asx_shares,
    currency_week,
    demo_currencies,
    demo_shares,
)
from tests.tree.market import seconds_until_open


def sydney(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SYDNEY).astimezone(UTC)


@pytest.mark.parametrize("timetable", [demo_shares(), demo_currencies()])
def test_in_the_demo_trading_is_never_twenty_seconds_away(timetable: Timetable) -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    worst = timedelta(0)
    for second in range(2 * 7200):
        at = start + timedelta(seconds=second)
        span = timetable.span_at(at)
        if span.phase is not Phase.OPEN:
            worst = max(worst, timetable.next_open(at) - at)
    assert timedelta(0) < worst <= timedelta(seconds=18)


def test_a_demo_session_has_every_phase_in_order_around_the_clock() -> None:
    timetable = demo_shares()
    at = datetime(2026, 2, 28, 22, tzinfo=UTC)
    seen = []
    for _ in range(24):
        span = timetable.span_at(at)
        assert span.starts == at
        seen.append(span.phase)
        at = span.ends
    one = [
        Phase.PRE_OPEN,
        Phase.OPENING_AUCTION,
        Phase.OPEN,
        Phase.PRE_CLOSE,
        Phase.CLOSING_AUCTION,
        Phase.CLOSED,
    ]
    assert seen == one * 4
    assert at == datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("minutes", [1, 60, 119])
def test_a_demo_can_have_its_rest_at_another_time(minutes: int) -> None:
    shift = timedelta(minutes=minutes)
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    for usual, shifted in (
        (demo_shares(), demo_shares(shift)),
        (demo_currencies(), demo_currencies(shift)),
    ):
        for second in (-7200, -11, -10, -4, -1, 0, 4, 8, 3600):
            at = midnight + timedelta(seconds=second)
            one, other = usual.span_at(at), shifted.span_at(at + shift)
            assert (one.phase, one.starts + shift) == (other.phase, other.starts)
            assert usual.next_open(at) + shift == shifted.next_open(at + shift)


def test_demo_hours_are_announced_without_a_gap() -> None:
    first = datetime(2026, 11, 22, 13, tzinfo=UTC)  # midnight in Sydney, inside a session
    found = demo_shares().sessions(first, first + timedelta(days=1))
    assert found[0].opens < first < found[0].auction_ends
    assert all(a.auction_ends == b.opens for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2026-11-23T06:59:59", Phase.CLOSED),
        ("2026-11-23T07:00:00", Phase.PRE_OPEN),
        ("2026-11-23T09:58:59", Phase.PRE_OPEN),
        ("2026-11-23T09:59:30", Phase.OPENING_AUCTION),
        ("2026-11-23T10:00:00", Phase.OPEN),
        ("2026-11-23T15:59:59", Phase.OPEN),
        ("2026-11-23T16:00:00", Phase.PRE_CLOSE),
        ("2026-11-23T16:10:00", Phase.CLOSING_AUCTION),
        ("2026-11-23T16:11:01", Phase.CLOSED),
        ("2026-11-21T12:00:00", Phase.CLOSED),  # a Saturday
        ("2026-12-25T12:00:00", Phase.CLOSED),
        ("2026-12-28T12:00:00", Phase.CLOSED),
        ("2026-12-24T14:09:00", Phase.OPEN),
        ("2026-12-24T14:11:00", Phase.PRE_CLOSE),
        ("2026-12-24T14:22:00", Phase.CLOSED),
        ("2027-06-14T12:00:00", Phase.CLOSED),
        ("2026-07-01T10:00:30", Phase.OPEN),  # standard time
    ],
)
def test_the_real_hours_of_the_asx(moment: str, phase: Phase) -> None:
    assert asx_shares(1).span_at(sydney(moment)).phase is phase


def test_daylight_saving_moves_the_opening_in_utc() -> None:
    opens = {
        day: asx_shares(1).sessions(sydney(f"{day}T00:00"), sydney(f"{day}T23:00"))[0].opens
        for day in ("2026-07-01", "2026-11-23")
    }
    assert opens["2026-07-01"] == datetime(2026, 6, 30, 23, 59, tzinfo=UTC)
    assert opens["2026-11-23"] == datetime(2026, 11, 22, 22, 59, tzinfo=UTC)


def test_the_opening_auction_ends_at_a_random_moment_that_the_seed_decides() -> None:
    def end(seed: int, day: date) -> datetime:
        return asx_shares(seed).span_at(sydney(f"{day}T09:59:30")).ends

    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    assert end(1, monday) == end(1, monday)
    assert len({end(1, monday) - timedelta(days=-1), end(1, tuesday), end(2, tuesday)}) == 3
    assert sydney("2026-11-23T09:59:45") <= end(1, monday) <= sydney("2026-11-23T10:00:00")


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2026-11-22T22:14:59", Phase.CLOSED),  # Sunday, 17:14:59 in New York
        ("2026-11-22T22:15:00", Phase.OPEN),
        ("2026-11-23T22:05:00", Phase.CLOSED),  # the daily break
        ("2026-11-27T21:59:59", Phase.OPEN),
        ("2026-11-27T22:30:00", Phase.CLOSED),  # Friday evening
        ("2026-11-28T12:00:00", Phase.CLOSED),
        ("2026-07-05T21:15:00", Phase.OPEN),  # daylight saving
    ],
)
def test_the_week_of_the_currencies(moment: str, phase: Phase) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert currency_week().span_at(at).phase is phase


@pytest.mark.parametrize("room", [45.0, 60.0, 240.0])
def test_whoever_begins_when_told_has_so_much_time_before_the_demo_rests(room: float) -> None:
    """The whole check holds by this: at any second of the day a test may begin."""
    timetable, start = demo_shares(), datetime(2026, 11, 23, 8, tzinfo=UTC)
    waits = []
    for second in (*range(-5, 60), *range(6900, 7200)):
        at = start + timedelta(seconds=second)
        waits.append(seconds_until_open(at, timedelta(seconds=room)))
        span = timetable.span_at(at + timedelta(seconds=waits[-1]))
        assert span.phase is Phase.OPEN
        assert span.ends - at >= timedelta(seconds=waits[-1] + room)
    assert max(waits) <= room + 20.0
    assert sum(wait > 0 for wait in waits) <= room + 30

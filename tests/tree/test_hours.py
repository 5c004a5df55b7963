"""A session that follows at once goes on with this one; a real close does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.hours import may_enter
from domain.venue import TradingSession


def _session(first: int, last: int) -> TradingSession:
    opens, closes = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (first, last))
    return TradingSession(opens, closes, opens, closes)


def _may_enter(sessions: list[TradingSession], before_two: timedelta) -> bool:
    return may_enter(
        sessions,
        datetime(2026, 11, 23, 2, tzinfo=UTC) - before_two,
        leave_out=timedelta(minutes=4),
        closing=timedelta(seconds=15),
    )


def test_before_a_real_close_nothing_is_entered() -> None:
    sessions = [_session(0, 2), _session(4, 6)]
    assert _may_enter(sessions, timedelta(minutes=5))
    assert not _may_enter(sessions, timedelta(minutes=3))


def test_before_a_session_that_follows_at_once_only_the_closing_is_left_out() -> None:
    sessions = [_session(0, 2), _session(2, 4)]
    assert _may_enter(sessions, timedelta(minutes=3))
    assert not _may_enter(sessions, timedelta(seconds=10))

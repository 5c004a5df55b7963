"""Whether a market trades, by the sessions that the venue itself announces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.venue import TradingSession


def open_session(sessions: Sequence[TradingSession], now: datetime) -> TradingSession | None:
    """The session whose continuous (liquid) part runs now, if one does."""
    for session in sessions:
        opens = session.liquid_opens or session.opens
        closes = session.liquid_closes or session.closes
        if opens <= now < closes:
            return session
    return None


def may_enter(
    sessions: Sequence[TradingSession], now: datetime, *, leave_out: timedelta = timedelta(0)
) -> bool:
    """The market trades, and will for `leave_out` yet."""
    session = open_session(sessions, now)
    if session is None:
        return False
    return now + leave_out < (session.liquid_closes or session.closes)


def next_opening(sessions: Sequence[TradingSession], now: datetime) -> datetime | None:
    """When the next session begins, if the venue has announced it."""
    starts = [s.liquid_opens or s.opens for s in sessions if (s.liquid_opens or s.opens) > now]
    return min(starts, default=None)

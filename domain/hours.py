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
    sessions: Sequence[TradingSession],
    now: datetime,
    *,
    leave_out: timedelta = timedelta(0),
    closing: timedelta = timedelta(0),
) -> bool:
    """The market trades, and will for `leave_out` yet; of its session more than `closing` is left.

    A session that opens at the minute at which this one closes goes on with it: what is bought
    now can be sold then, so only the closing itself is left out.
    """
    session = open_session(sessions, now)
    if session is None or now + closing >= _closes(session):
        return False
    return now + leave_out < _last_close(sessions, session)


def _closes(session: TradingSession) -> datetime:
    return session.liquid_closes or session.closes


def _last_close(sessions: Sequence[TradingSession], session: TradingSession) -> datetime:
    opens = {each.liquid_opens or each.opens: each for each in sessions}
    closes = _closes(session)
    while (following := opens.get(closes)) is not None and _closes(following) > closes:
        closes = _closes(following)
    return closes

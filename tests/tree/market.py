"""When the demo's market trades, so that no test asks for a fill while it rests.

A test with a gateway of its own has it rest at another time; where Kelpie itself starts the
gateway, its rest is waited for.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from simulators.model import Phase
from simulators.sessions import demo_shares

_ROOM = timedelta(seconds=45)
"""The longest that a test trades."""


def resting_later(now: datetime) -> tuple[str, str]:
    """Arguments of a gateway whose market has traded for half an hour now, and will for another."""
    past = now.hour % 2 * 60 + now.minute
    return "--rest-past", "0" if 30 <= past < 90 else "60"


def wait_for_open_market(room: timedelta = _ROOM) -> None:
    """Return once shares trade, and will for as long as a test needs.

    Sessions last for two hours and rest for 18 seconds: this waits about a minute at most, and
    nearly always not at all.
    """
    threading.Event().wait(seconds_until_open(datetime.now(UTC), room))


def seconds_until_open(now: datetime, room: timedelta) -> float:
    """How long to wait from `now` for `room` without a rest; zero where there is none before."""
    shares = demo_shares()
    span = shares.span_at(now)
    if span.phase is Phase.OPEN and span.ends - now >= room:
        return 0.0
    return (shares.next_open(now) - now).total_seconds() + 1.0

"""When the demo's market trades, so that no test asks for a fill while it rests."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from simulators.model import Phase
from simulators.sessions import demo_shares

_ROOM = timedelta(seconds=45)
"""The longest that a test trades."""


def wait_for_open_market(room: timedelta = _ROOM) -> None:
    """Return once shares trade, and will for as long as a test needs.

    Sessions last for two hours and rest for 18 seconds: this waits about a minute at most, and
    nearly always not at all.
    """
    shares = demo_shares()
    now = datetime.now(UTC)
    span = shares.span_at(now)
    if span.phase is not Phase.OPEN or span.ends - now < room:
        opens = shares.next_open(now)
        threading.Event().wait((opens - now).total_seconds() + 1.0)

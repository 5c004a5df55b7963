"""What the hook must be told when it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from actors import names
from console.hook.limits import Rate

_TOKEN_RATE = Rate(burst=200.0, per_second=50.0)
_FAILURE_RATE = Rate(burst=5.0, per_second=1.0)


@dataclass(frozen=True, slots=True)
class HookOptions:
    """Where it listens, whom it lets in, and whom it asks.

    `token` opens everything, `read_token` every GET. Port 0 takes any free one.
    """

    host: str
    port: int
    token: str = field(repr=False)
    read_token: str = field(repr=False)
    mode: str
    version: str
    started_at: datetime
    venues: tuple[str, ...]
    """The active venues, by the names of their supervisors (`ib`)."""
    ledger: str = names.LEDGER
    desk: str = names.DESK
    order_prefix: str = "KLP"
    answer_seconds: float = 1.0
    """How long a seat may take to answer."""
    rate: Rate = _TOKEN_RATE
    """Of each token."""
    probe_rate: Rate = _TOKEN_RATE
    """Of all that need no token, together."""
    failure_rate: Rate = _FAILURE_RATE
    """Of wrong tokens, together: beyond it they are not even looked at."""
    failure_delay_seconds: float = 0.2
    body_limit_bytes: int = 64 * 1024
    body_seconds: float = 5.0
    """How long a body may take to come."""
    quiet_seconds: float = 40.0
    """A connection without a request for so long is cut."""
    connections: int = 100
    """Beyond so many at once they are turned away."""

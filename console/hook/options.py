"""What the hook must be told when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from actors import names
from console.hook.hiding import Hide
from console.hook.limits import Rate
from domain.calendar import ExchangeCalendar
from domain.maintenance import Schedule

TOKEN_RATE = Rate(burst=200.0, per_second=50.0)
_DEVICE_RATE = Rate(burst=60.0, per_second=5.0)
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
    telemetry: str = names.TELEMETRY
    host_names: tuple[str, ...] = ()
    """Further names and addresses under which it may be asked for, in lower case."""
    hide: Hide | None = field(default=None, repr=False)
    """Takes the secrets out of whatever is answered; None where there are none."""
    order_prefix: str = "KLP"
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    """What each venue announces of itself."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    """By exchange: half days and holidays."""
    book: Path | None = None
    """The book's file, of which the metrics tell the size."""
    state_dir: Path | None = None
    """Where the code lies by which live trading is armed, and who is paired; None: neither."""
    answer_seconds: float = 1.0
    """How long a seat may take to answer."""
    page_seconds: float = 1.5
    """For how long a page waits for a part, however many seats it asks; then it shows the last."""
    rate: Rate = TOKEN_RATE
    """Of each token."""
    device_rate: Rate = _DEVICE_RATE
    """Of each paired device: a person taps no faster, and one page asks dozens of questions."""
    probe_rate: Rate = TOKEN_RATE
    """Of all that ask for the probes, together; and of all that have no key yet, together."""
    failure_rate: Rate = _FAILURE_RATE
    """Of wrong tokens, together: beyond it they are not even looked at."""
    failure_delay_seconds: float = 0.2
    body_limit_bytes: int = 64 * 1024
    body_seconds: float = 5.0
    """How long a body may take to come."""
    quiet_seconds: float = 40.0
    """A connection without a request for so long is cut."""
    remember_seconds: float = 0.0
    """How often the pages' parts are asked, so that the last state is known when one hangs; 0:
    only when somebody looks."""
    connections: int = 100
    """Beyond so many at once they are turned away."""

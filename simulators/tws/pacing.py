"""IB's pacing of historical requests, counted as IB counts it.

Source: IB's API documentation, *historical data limitations*: no identical request within 15
seconds; fewer than six for the same contract, exchange and kind of data within two seconds; at
most 60 within ten minutes; BID_ASK counts twice. These bind for bars of 30 seconds and less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable

from runtime.interface import Clock
from simulators.model import Instrument
from simulators.tws.data_habits import DataHabits
from simulators.tws.session import Session
from simulators.tws.wire_log import WireLog

IDENTICAL_SECONDS = 15.0
BURST_SECONDS = 2.0
BURST_LIMIT = 6
TOTAL_SECONDS = 600.0
TOTAL_LIMIT = 60

#: Bars longer than this are not bound by the rules, unless a habit says so.
BOUND_BAR_SECONDS = 30


class Pacing:
    """The requests of the last ten minutes. Those refused do not count."""

    def __init__(self) -> None:
        self._identical: dict[Hashable, float] = {}
        self._bursts: dict[Hashable, deque[float]] = {}
        self._total: deque[float] = deque()

    def take(self, now: float, request: Hashable, kind: Hashable, weight: int) -> str | None:
        """Count a request made at `now` (monotonic seconds); name the rule it breaks, if any.

        `request` is all that makes it what it is, `kind` its contract, exchange and data,
        `weight` 2 for BID_ASK, else 1.
        """
        self._forget(now)
        burst = self._bursts.setdefault(kind, deque())
        if now - self._identical.get(request, -IDENTICAL_SECONDS) < IDENTICAL_SECONDS:
            return "identical request within 15 s"
        if len(burst) + weight >= BURST_LIMIT:
            return "six requests for the same data within 2 s"
        if len(self._total) + weight > TOTAL_LIMIT:
            return "more than 60 requests within 10 min"
        self._identical[request] = now
        burst.extend([now] * weight)
        self._total.extend([now] * weight)
        return None

    def _forget(self, now: float) -> None:
        while self._total and now - self._total[0] >= TOTAL_SECONDS:
            self._total.popleft()
        for kind, burst in list(self._bursts.items()):
            while burst and now - burst[0] >= BURST_SECONDS:
                burst.popleft()
            if not burst:
                del self._bursts[kind]
        self._identical = {
            request: time
            for request, time in self._identical.items()
            if now - time < IDENTICAL_SECONDS
        }


class PacingDesk:
    """Counts the history of the whole login, over all clients, and writes breaches down."""

    def __init__(self, clock: Clock, log: WireLog, habits: Callable[[], DataHabits]) -> None:
        self._clock = clock
        self._log = log
        self._habits = habits
        self._bound = Pacing()
        self._lifted = Pacing()

    def refuses(
        self,
        session: Session,
        instrument: Instrument,
        request: Hashable,
        kind: tuple[str, str],
        bar_seconds: int,
    ) -> bool:
        """Count a request; True where it is to be refused as a violation.

        `request` is all that makes it what it is, `kind` its exchange and data.
        """
        exchange, what = kind
        bound = self._habits().strict_pacing or bar_seconds <= BOUND_BAR_SECONDS
        rule = (self._bound if bound else self._lifted).take(
            self._clock.monotonic(),
            (instrument.con_id, exchange, what, request),
            (instrument.con_id, exchange, what),
            2 if what == "BID_ASK" else 1,
        )
        return rule is not None and self.breach(session, instrument, rule, binds=bound)

    def breach(self, session: Session, instrument: Instrument, rule: str, *, binds: bool) -> bool:
        """Write a breach down; True where it is to be refused."""
        refused = binds and self._habits().refuse_pacing
        self._log.note(
            session.number,
            session.client_id,
            "pacing",
            rule=rule,
            refused=refused,
            contract=instrument.local_symbol,
        )
        return refused

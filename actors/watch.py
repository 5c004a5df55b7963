"""The watch: who hangs, and whose facts pile up.

It runs on the runtime's timers, outside every actor, reads what the seats publish, and only
ever sends messages (or ends the process, when the top of the tree itself hangs).
"""

from __future__ import annotations

from dataclasses import dataclass

from loguru import logger

from actors.child import Restart
from actors.lanes import ChildWedged, FactsPileUp, Lane
from actors.seat import Seat
from actors.supervision import EXIT_RESTART_ME
from actors.system import ActorSystem
from runtime.interface import Timer
from runtime.stacks import stacks

EVERY_SECONDS = 0.5
_LATE = 2.0
SOFT_MARK = 1_000
"""Facts that may wait at a seat before no position is opened any more."""
HARD_MARK = 20_000
"""Facts that may wait before the venue is cut."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a seat stands with its budget."""

    seat: str
    answers: bool
    handling: str
    seconds: float


def pulse_of(seat: Seat, now: float, excused: float = float("-inf")) -> Pulse:
    """Whether the handler that runs now is within its budget.

    Times are monotonic seconds; what it took before `excused` is not counted.
    """
    handling = seat.handling
    if handling is None or seat.occupant is None:
        return Pulse(seat.name, True, "", 0.0)
    kind, since = handling
    seconds = now - max(since, excused)
    return Pulse(seat.name, seconds <= seat.occupant.budget_seconds, kind, seconds)


def pulses(system: ActorSystem, now: float) -> list[Pulse]:
    """How each permanent seat stands: the truth of `/health/live` and of systemd's watchdog."""
    return [pulse_from_outside(seat, now) for seat in permanent_seats(system)]


def pulse_from_outside(seat: Seat, now: float) -> Pulse:
    """One whose loop is blocked by a coroutine handles nothing, and takes no message either.

    What waits is a timer, a question, a stop: they are given out whatever else is held back.
    Nobody is replaced for it; it is the watchdog outside that ends a process where it lasts.
    """
    pulse, actor = pulse_of(seat, now), seat.occupant
    waits = seat.mailbox.head_since(Lane.CONTROL)
    if not pulse.answers or pulse.handling or waits is None or actor is None or not actor.at_work:
        return pulse
    seconds = now - waits
    if seconds <= actor.budget_seconds:
        return pulse
    return Pulse(seat.name, False, "its event loop", seconds)


def permanent_seats(system: ActorSystem) -> list[Seat]:
    """Those that are always wanted; what supervisors last said tells who is not."""
    passing = set()
    for name in {seat.parent for seat in system.seats() if seat.parent}:
        supervisor = system.find(name)
        published = supervisor.published if supervisor is not None else None
        for child in published.state.get("children", ()) if published is not None else ():
            if child["restart"] != Restart.PERMANENT.value:
                passing.add(child["name"])
    return [seat for seat in system.seats() if seat.name not in passing]


class Watch:
    """Looks at every seat, twice a second unless it is told otherwise."""

    def __init__(self, system: ActorSystem, every_seconds: float = EVERY_SECONDS) -> None:
        self._system = system
        self._every = every_seconds
        self._clock = system.runtime.clock
        self._timer: Timer | None = None
        self._told: set[tuple[str, int]] = set()
        self._stopped = False
        self._piled: set[str] = set()
        self._looked_at = self._clock.monotonic()
        self._excused = float("-inf")

    def start(self) -> None:
        """Look, and look again."""
        if self._stopped:
            return
        self.look()
        self._timer = self._system.runtime.call_later(self._every, self.start)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def look(self) -> None:
        """Report each incarnation that hangs, once, to its supervisor."""
        now = self._clock.monotonic()
        late, self._looked_at = now - self._looked_at > self._every + _LATE, now
        if late:
            # The whole process stood still (a suspended machine, a stopped process): whoever was
            # at work when it did has not had its time, so every budget begins anew.
            self._excused = now
        for seat in self._system.seats():
            if seat.name in self._system.of_money:
                self._weigh(seat)
            pulse = pulse_of(seat, now, self._excused)
            key = (seat.name, seat.incarnation)
            if pulse.answers or key in self._told:
                continue
            self._told.add(key)
            self._report(seat, pulse)

    def _weigh(self, seat: Seat) -> None:
        waiting = seat.mailbox.depth(Lane.FACT)
        piled = waiting > SOFT_MARK
        if not piled and seat.name not in self._piled:
            return
        if piled:
            self._piled.add(seat.name)
        else:
            self._piled.discard(seat.name)
        told = FactsPileUp(seat.name, waiting if piled else 0, waiting > HARD_MARK)
        for name in self._system.on_pressure:
            self._system.tell(name, told, sender="watch")

    def _report(self, seat: Seat, pulse: Pulse) -> None:
        parent = self._system.find(seat.parent)
        if parent is None or not pulse_of(parent, self._clock.monotonic()).answers:
            self._system.end(EXIT_RESTART_ME, lambda: _explain(pulse))
            return
        wedged = ChildWedged(seat.name, seat.incarnation, pulse.handling, pulse.seconds)
        self._system.tell(parent.name, wedged, sender="watch")


def _explain(pulse: Pulse) -> None:
    logger.bind(seat=pulse.seat).critical(
        "{} hangs in {} for {:.1f} s and nobody above can act: the process ends with {}. "
        "All stacks follow.\n{}",
        pulse.seat,
        pulse.handling,
        pulse.seconds,
        EXIT_RESTART_ME,
        stacks(),
    )

"""Supervision: who is restarted when somebody ends, in which order, after which wait.

A supervisor is an actor, a state machine on what its children tell it. It waits for nobody:
each start and each stop is a message and a timer. Semantics are Erlang/OTP's, and beyond them:
backoff with full jitter, a streak as well as a rate, children that are parked, and a lost link
that is no crash.
"""

from __future__ import annotations

from typing import Any

from actors.base import on
from actors.child import (
    USUAL_INTENSITY,
    Child,
    ChildRecord,
    Intensity,
    OnStreak,
    Phase,
    Restart,
    Strategy,
)
from actors.endurance import Endurance
from actors.ghosts import EXIT_RESTART_ME, end_for_its_handle, fence, owns_handle
from actors.lanes import (
    ChildExited,
    ChildStarted,
    ChildWedged,
    Exit,
    ExitKind,
    RestartChild,
    State,
)
from actors.ordering import Ordering
from actors.seat import Seat
from actors.system import ActorSystem

__all__ = ["EXIT_RESTART_ME", "RootSupervisor", "Supervisor"]


class Supervisor(Ordering):
    """Decides who comes back, after which wait, and when it is too much."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        strategy: Strategy,
        children: tuple[Child, ...],
        intensity: Intensity = USUAL_INTENSITY,
    ) -> None:
        super().__init__(system, seat, strategy=strategy, children=children)
        self._endurance = Endurance(intensity)

    def describe(self) -> State:
        """Strategy, and each child with its phase."""
        now = self.clock.monotonic()
        return {
            "strategy": self.strategy.value,
            "crashes_in_window": self._endurance.in_window(now),
            "children": [
                {
                    "name": name,
                    "phase": record.phase.value,
                    "restart": record.spec.restart.value,
                    "incarnation": record.seat.incarnation,
                    "waiting_for": record.seat.parked or record.waiting_for,
                    "crashes_in_a_row": record.crashes_in_a_row,
                    "next_try_in_seconds": round(max(0.0, record.not_before - now), 1)
                    if record.phase is Phase.IDLE and record.wanted
                    else None,
                }
                for name, record in self._records.items()
            ],
        }

    # -- messages ------------------------------------------------------------------------

    @on(ChildStarted)
    def _started(self, message: ChildStarted) -> None:
        record = self._child(message.child, message.incarnation)
        if record is None or record.phase is not Phase.STARTING:
            return
        self.cancel_timer(f"start {message.child}")
        record.phase = Phase.RUNNING
        record.running_since = self.clock.monotonic()
        self.child_started(message.child)
        self._progress()

    @on(ChildExited)
    def _exited(self, message: ChildExited) -> None:
        record = self._child(message.child, message.incarnation)
        if record is None:
            return
        self._gone(record, message.exit)

    @on(ChildWedged)
    def _wedged(self, message: ChildWedged) -> None:
        record = self._child(message.child, message.incarnation)
        if record is not None and record.alive:
            what = f"{message.handling} takes longer than {message.seconds:.1f} s"
            self._replace_ghost(record, what)

    @on(RestartChild)
    def _restart_asked(self, message: RestartChild) -> None:
        record = self._records.get(message.child)
        if record is None:
            return
        self.log.warning("{} is restarted by hand: {}", message.child, message.reason)
        if record.phase is Phase.RUNNING:
            self._stop_with_dependants(record)
        else:
            record.wanted, record.not_before = True, 0.0
            if record.phase is Phase.PARKED:
                self._unpark(record)
            if record.phase is Phase.ENDED:
                record.phase = Phase.IDLE
        self._progress()

    def on_stop_asked(self) -> None:
        """Stop the children, the last one first, then end."""
        self._leave_with(Exit(ExitKind.SHUTDOWN))

    def on_timer(self, name: str) -> None:
        """A wait is over, or a start or stop took too long."""
        what, _, child = name.partition(" ")
        record = self._records.get(child)
        if record is not None and what == "start" and record.phase is Phase.STARTING:
            self._replace_ghost(
                record, f"its start takes longer than {record.spec.start_seconds} s"
            )
        elif record is not None and what == "stop" and record.phase is Phase.STOPPING:
            self._abandon(record)
        self._progress()

    # -- policy, for subclasses ----------------------------------------------------------

    def delay_for(self, record: ChildRecord, exit: Exit) -> float:
        """Seconds to wait before a child is started again."""
        return record.spec.backoff.delay(record.streak, self.runtime.chance.random())

    def well_since(self, record: ChildRecord) -> float | None:
        """Since when a child that has just ended had been well, monotonic seconds; None: never.

        A streak ends after `backoff.reset_after` such seconds.
        """
        return record.running_since if record.was_running else None

    def child_started(self, child: str) -> None:
        """A child is built, and receives."""

    def child_parked(self, child: str, cause: str) -> None:
        """A child is not started any more; with an empty cause: it is, a person has said so."""

    def child_ended(self, child: str, exit: Exit) -> None:
        """A child that will be started again has ended; the wait is reckoned next."""

    def noticed(self, child: str, exit: Exit, delay: float | None) -> None:
        """A child ended by itself; `delay` until it is tried again, None for never."""

    # -- the state machine ---------------------------------------------------------------

    def _child(self, child: str, incarnation: int) -> ChildRecord | None:
        record = self._records.get(child)
        if record is None or not record.alive or record.seat.incarnation != incarnation:
            return None
        return record

    def _gone(self, record: ChildRecord, exit: Exit) -> None:
        asked = record.phase is Phase.STOPPING
        self.cancel_timer(f"start {record.spec.name}")
        self.cancel_timer(f"stop {record.spec.name}")
        record.was_running = record.phase is Phase.RUNNING
        record.phase, record.occupant = Phase.IDLE, None
        if asked and not exit.kind.is_crash:
            if not record.wanted:
                self._ended_for_good(record)
            self._progress()
            return
        now = self.clock.monotonic()
        well = self.well_since(record)
        if well is not None and now - well >= record.spec.backoff.reset_after:
            record.streak = record.crashes_in_a_row = 0
        if not self._comes_back(record, exit):
            self._ended_for_good(record)
            self.noticed(record.spec.name, exit, None)
            self._progress()
            return
        record.streak += 1
        self.child_ended(record.spec.name, exit)
        too_many = self._endurance.crashed(record, now) if exit.kind.is_crash else ""
        if too_many and record.spec.on_streak is OnStreak.PARK:
            self._park(record, exit, too_many)
            return
        if too_many:
            self._give_up(record, exit, too_many)
            return
        delay = self.delay_for(record, exit)
        record.not_before = now + delay
        record.waiting_for = exit.sentence
        self._stop_dependants(record)
        self.noticed(record.spec.name, exit, delay)
        self._progress()

    def _ended_for_good(self, record: ChildRecord) -> None:
        record.wanted, record.phase = False, Phase.ENDED
        if self._farewell is None:
            # Else the next incarnation of this supervisor may start it again, with its facts.
            self.system.retire(record.spec.name)

    def _comes_back(self, record: ChildRecord, exit: Exit) -> bool:
        if self._farewell is not None or not record.wanted:
            return False
        if record.spec.restart is Restart.TEMPORARY:
            return False
        orderly = exit.kind in (ExitKind.NORMAL, ExitKind.SHUTDOWN)
        return record.spec.restart is Restart.PERMANENT or not orderly

    def _give_up(self, record: ChildRecord, exit: Exit, too_many: str) -> None:
        name = record.spec.name
        self.log.critical(
            "{} {}, last {}. {} gives up.", name, too_many, exit.sentence, self.seat.name
        )
        self._leave_with(Exit(ExitKind.GAVE_UP, exit.cause, exit.sentence))

    def _park(self, record: ChildRecord, exit: Exit, too_many: str) -> None:
        """Start it no more; the others live on."""
        name = record.spec.name
        record.seat.parked = f"it {too_many}, last {exit.sentence}"
        record.phase, record.wanted = Phase.PARKED, False
        self.log.bind(event="parked").error(
            "{} is parked: {}. It stays so until a person restarts it.", name, record.seat.parked
        )
        self.system.retire(name)
        self.noticed(name, exit, None)
        self.child_parked(name, record.seat.parked)
        self._progress()

    def _unpark(self, record: ChildRecord) -> None:
        record.seat.parked = ""
        record.streak = record.crashes_in_a_row = 0
        record.crashes.clear()
        record.phase = Phase.IDLE
        self.child_parked(record.spec.name, "")

    # -- what hangs ----------------------------------------------------------------------

    def _replace_ghost(self, record: ChildRecord, what: str) -> None:
        if owns_handle(record):
            end_for_its_handle(self.system, record, what)
            return
        fence(record)
        self.log.error("{} hangs ({}): it is fenced and replaced.", record.spec.name, what)
        self._gone(record, Exit(ExitKind.WEDGED, "WEDGED", what))

    def _abandon(self, record: ChildRecord) -> None:
        name, limit = record.spec.name, record.spec.stop_seconds
        if owns_handle(record) and self._farewell is None:
            end_for_its_handle(self.system, record, "it did not stop in time")
            self.after(limit, f"stop {name}")
            return
        fence(record)
        self.log.error("{} did not stop within {} s and is left behind.", name, limit)
        self._gone(record, Exit(ExitKind.SHUTDOWN, "ABANDONED", "did not stop in time"))


class RootSupervisor(Supervisor):
    """The top of the tree: when it ends, the process does."""

    def on_stop_asked(self) -> None:
        """Whoever is stopped last may write down that the process ended in order."""
        if self._farewell is None:
            self.system.stopping_in_order = True
        super().on_stop_asked()

    def leave(self) -> None:
        """Tell the process how to end, and everybody who still waits for an answer."""
        super().leave()
        self.system.retire(self.seat.name)
        exit: Any = self._exit
        orderly = exit is not None and exit.kind is ExitKind.SHUTDOWN
        self.system.end(self.system.parting_code if orderly else EXIT_RESTART_ME)

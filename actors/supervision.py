"""Supervision: who is restarted when somebody ends, in which order, after which wait.

A supervisor is an actor, a state machine on what its children tell it. It waits for nobody:
each start and each stop is a message and a timer. Semantics are Erlang/OTP's, and beyond them:
backoff with full jitter, and a lost link that is no crash.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from actors.base import Actor, on
from actors.child import USUAL_INTENSITY, Child, ChildRecord, Intensity, Phase, Restart, Strategy
from actors.lanes import (
    ChildExited,
    ChildStarted,
    ChildWedged,
    Exit,
    ExitKind,
    RestartChild,
    State,
    Stop,
)
from actors.seat import Seat
from actors.system import ActorSystem
from runtime.stacks import stacks

EXIT_RESTART_ME = 70


class Supervisor(Actor):
    """Starts its children from the first to the last, stops them from the last to the first."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        strategy: Strategy,
        children: tuple[Child, ...],
        intensity: Intensity = USUAL_INTENSITY,
    ) -> None:
        super().__init__(system, seat)
        self.strategy = strategy
        self.intensity = intensity
        self._records = {
            spec.name: ChildRecord(spec, system.seat(spec.name, parent=seat.name))
            for spec in children
        }
        self._crashes: deque[float] = deque()
        self._to_stop: list[str] = []
        self._farewell: Exit | None = None
        self._acknowledged = False

    def on_start(self) -> None:
        """Start the children; the acknowledgement follows the last that can be started now.

        Those of an incarnation that crashed are stopped first: nobody is left without a parent.
        """
        for record in self._records.values():
            orphan = record.seat.occupant
            if orphan is not None and not orphan.actor_stopped.is_set():
                record.phase, record.occupant = Phase.RUNNING, orphan
                self._to_stop.append(record.spec.name)
        self._progress()

    def acknowledge_start(self) -> None:
        """Not before the children have: `_start_next` does it.

        A child that waits for its next try, and who depends on it, keeps nobody above waiting:
        no start waits for the network.
        """

    def describe(self) -> State:
        """Strategy, and each child with its phase."""
        now = self.clock.monotonic()
        return {
            "strategy": self.strategy.value,
            "crashes_in_window": len(self._crashes),
            "children": [
                {
                    "name": name,
                    "phase": record.phase.value,
                    "restart": record.spec.restart.value,
                    "incarnation": record.seat.incarnation,
                    "waiting_for": record.waiting_for,
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
        healthy = self.clock.monotonic() - record.running_since
        was_running = record.phase is Phase.RUNNING
        record.phase, record.occupant = Phase.IDLE, None
        if asked and not exit.kind.is_crash:
            if not record.wanted:
                self._ended_for_good(record)
            self._progress()
            return
        if was_running and healthy >= record.spec.backoff.reset_after:
            record.streak = 0
        if not self._comes_back(record, exit):
            self._ended_for_good(record)
            self.noticed(record.spec.name, exit, None)
            self._progress()
            return
        record.streak += 1
        self.child_ended(record.spec.name, exit)
        if exit.kind.is_crash and self._too_many_crashes():
            self._give_up(record, exit)
            return
        delay = self.delay_for(record, exit)
        record.not_before = self.clock.monotonic() + delay
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

    def _too_many_crashes(self) -> bool:
        now = self.clock.monotonic()
        self._crashes.append(now)
        while self._crashes and now - self._crashes[0] > self.intensity.seconds:
            self._crashes.popleft()
        return len(self._crashes) > self.intensity.crashes

    def _give_up(self, record: ChildRecord, exit: Exit) -> None:
        self.log.critical(
            "{} crashed more than {} times in {:.0f} s, last {}. {} gives up.",
            record.spec.name,
            self.intensity.crashes,
            self.intensity.seconds,
            exit.sentence,
            self.seat.name,
        )
        self._leave_with(Exit(ExitKind.GAVE_UP, exit.cause, exit.sentence))

    def _dependants(self, record: ChildRecord) -> list[str]:
        names = list(self._records)
        if self.strategy is Strategy.ONE_FOR_ONE:
            return []
        if self.strategy is Strategy.REST_FOR_ONE:
            return names[names.index(record.spec.name) + 1 :]
        return [name for name in names if name != record.spec.name]

    def _stop_dependants(self, record: ChildRecord) -> None:
        for name in self._dependants(record):
            dependant = self._records[name]
            if not dependant.alive:
                continue
            if dependant.spec.restart is Restart.TEMPORARY:
                dependant.wanted = False  # as in OTP: not even with those that it depends on
            if name not in self._to_stop:
                self._to_stop.append(name)

    def _stop_with_dependants(self, record: ChildRecord) -> None:
        self._stop_dependants(record)
        if record.spec.name not in self._to_stop:
            self._to_stop.append(record.spec.name)

    def _leave_with(self, exit: Exit) -> None:
        if self._farewell is None:
            self._farewell = exit
            for record in self._records.values():
                record.wanted = False
            self._to_stop = [name for name, record in self._records.items() if record.alive]
        self._progress()

    def _progress(self) -> None:
        """Take the next step that can be taken: first all stops, from the last, then the starts."""
        if any(record.phase is Phase.STOPPING for record in self._records.values()):
            return
        order = list(self._records)
        self._to_stop = [name for name in self._to_stop if self._records[name].alive]
        if self._to_stop:
            self._stop_child(max(self._to_stop, key=order.index))
            return
        if self._farewell is not None:
            self.end(self._farewell)
            return
        self._start_next()

    def _stop_child(self, name: str) -> None:
        record = self._records[name]
        self._to_stop.remove(name)
        self.cancel_timer(f"start {name}")
        record.phase = Phase.STOPPING
        self.after(record.spec.stop_seconds, f"stop {name}")
        self.tell(name, Stop())

    def _start_next(self) -> None:
        if self.system.ending:
            return  # what were started now (a program, say) would be left behind
        now = self.clock.monotonic()
        waits: list[float] = []
        for record in self._records.values():
            if record.phase is Phase.STARTING:
                return
            if record.phase is not Phase.IDLE or not record.wanted:
                continue
            if record.not_before <= now:
                self._start_child(record)
                return
            waits.append(record.not_before - now)
            if self.strategy is not Strategy.ONE_FOR_ONE:
                break  # the later ones need this one
        if waits:
            self.after(min(waits), "next")
        if not self._acknowledged:
            # Each child has been started once, or waits for its next try: a child that keeps
            # failing is this supervisor's affair, and no reason to think that *it* hangs.
            self._acknowledged = True
            super().acknowledge_start()

    def _start_child(self, record: ChildRecord) -> None:
        record.phase = Phase.STARTING
        record.waiting_for = ""
        if record.seat.incarnation:
            record.seat.restarts += 1
        self.after(record.spec.start_seconds, f"start {record.spec.name}")
        try:
            record.occupant = self.system.fill(record.seat, record.spec.build)
        except Exception as error:
            # It could not even be built: the same as a failed start.
            self.log.opt(exception=error).error("{} could not be built.", record.spec.name)
            self.cancel_timer(f"start {record.spec.name}")
            sentence = f"could not be built: {error!r}"
            self._gone(record, Exit(ExitKind.START_FAILED, type(error).__name__, sentence))

    # -- what hangs ----------------------------------------------------------------------

    def _replace_ghost(self, record: ChildRecord, what: str) -> None:
        name, ghost = record.spec.name, record.occupant
        if ghost is not None and ghost.owns_handle:
            self._end_for_its_handle(record, what)
            return
        if ghost is not None:
            ghost.fence()
        self.log.error("{} hangs ({}): it is fenced and replaced.", name, what)
        self._gone(record, Exit(ExitKind.WEDGED, "WEDGED", what))

    def _end_for_its_handle(self, record: ChildRecord, what: str) -> None:
        def explain() -> None:
            self.log.critical(
                "{} hangs ({}) and owns a handle of the outside world: the process ends with {} "
                "and must be started again. All stacks follow.\n{}",
                record.spec.name,
                what,
                EXIT_RESTART_ME,
                stacks(),
            )

        self.system.end(EXIT_RESTART_ME, explain)

    def _abandon(self, record: ChildRecord) -> None:
        ghost = record.occupant
        if ghost is not None and ghost.owns_handle and self._farewell is None:
            self._end_for_its_handle(record, "it did not stop in time")
            self.after(record.spec.stop_seconds, f"stop {record.spec.name}")
            return
        if ghost is not None:
            ghost.fence()
        self.log.error(
            "{} did not stop within {} s and is left behind.",
            record.spec.name,
            record.spec.stop_seconds,
        )
        self._gone(record, Exit(ExitKind.SHUTDOWN, "ABANDONED", "did not stop in time"))


class RootSupervisor(Supervisor):
    """The top of the tree: when it ends, the process does."""

    def leave(self) -> None:
        """Tell the process how to end, and everybody who still waits for an answer."""
        super().leave()
        self.system.retire(self.seat.name)
        exit: Any = self._exit
        orderly = exit is not None and exit.kind is ExitKind.SHUTDOWN
        self.system.end(self.system.parting_code if orderly else EXIT_RESTART_ME)

"""The order of a supervisor's children: all stops first, from the last, then the starts.

What ends, and what becomes of it, `actors.supervision` decides; here it is carried out, one step at
a time, each a message and a timer.
"""

from __future__ import annotations

from abc import abstractmethod

from actors.base import Actor
from actors.child import Child, ChildRecord, OnStreak, Phase, Restart, Strategy
from actors.lanes import Exit, ExitKind, Stop
from actors.seat import Seat
from actors.system import ActorSystem


class Ordering(Actor):
    """Starts its children from the first to the last, stops them from the last to the first."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        strategy: Strategy,
        children: tuple[Child, ...],
    ) -> None:
        super().__init__(system, seat)
        self.strategy = strategy
        parks = any(spec.on_streak is OnStreak.PARK for spec in children)
        if parks and strategy is not Strategy.ONE_FOR_ONE:
            raise ValueError(f"{seat.name}: who depends on a parked child could not live on")
        self._records = {
            spec.name: ChildRecord(spec, system.seat(spec.name, parent=seat.name))
            for spec in children
        }
        for record in self._records.values():
            if record.seat.parked:
                # A supervisor that begins anew is no person: what was parked stays so.
                record.phase, record.wanted = Phase.PARKED, False
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

    @abstractmethod
    def _gone(self, record: ChildRecord, exit: Exit) -> None:
        """An incarnation has ended."""

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
        if self.strategy is Strategy.ONE_FOR_ALL:
            self._wait_together()
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

    def _wait_together(self) -> None:
        """All are started again with the one that ended, not before its wait is over."""
        waiting = [r for r in self._records.values() if r.phase is Phase.IDLE and r.wanted]
        latest = max((record.not_before for record in waiting), default=0.0)
        for record in waiting:
            record.not_before = latest

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

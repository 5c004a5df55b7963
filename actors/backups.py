"""Has the book backed up every so often, by a program of its own beside this process.

Neither the ledger nor its thread takes part: the program reads the file, and checks its copy, on
a processor's time of its own. Should it fail, a person is told, and it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from actors import names
from actors.base import Actor
from actors.lanes import State
from actors.messages import Alert, EvidenceSeen
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.store.drill import LastDrill
from config.errors import CodedError
from domain.checklist import Item
from runtime.processes import ChildProcess, start_process

_LOOK_EVERY = 1.0
_STOP_SECONDS = 1.0
_FAILURE, _SECOND_FAILURE = "BACKUP_FAILED", "BACKUP_SECOND_FAILED"
_NOT_RESTORED = "BACKUP_NOT_RESTORABLE"
_NOT_AT_SECOND_PLACE = 4
"""The program's exit status where the back-up is made, and is not at the second place."""


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """How and how often. `newest` says when the last back-up was made (UTC)."""

    argv: Sequence[str]
    output: Path
    newest: Callable[[], datetime | None]
    every: timedelta
    settle: timedelta = timedelta(minutes=1)
    """Not before so long after a start, which has other things to do."""
    again: timedelta = timedelta(minutes=10)
    """After one that failed."""
    longest: timedelta = timedelta(minutes=30)
    """One that takes longer has failed."""
    second_place: Path | None = None
    """Where the program copies each to; it says so by its exit status where it could not."""
    drill: Sequence[str] = ()
    """The program that restores the newest back-up beside the book; none where that is not done."""
    drill_every: timedelta = timedelta(days=7)
    last_drill: Callable[[], LastDrill | None] = lambda: None
    """How the last one went, in whichever run of Kelpie."""


class BackupKeeper(Actor):
    """Starts the program when a back-up is due, and looks what became of it."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: BackupOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._process: ChildProcess | None = None
        self._since = 0.0
        self._made = 0
        self._failed = 0
        self._standing: set[str] = set()
        """The codes of what was told, and is not over."""
        self._next: datetime | None = None
        """When the next one begins; None while one runs, or none is wanted yet."""
        self._trouble = ""
        self._drilling = False

    def on_start(self) -> None:
        """Find out when the next one is due."""
        newest = self.options.newest()
        due = timedelta(0)
        if newest is not None:
            due = newest + self.options.every - self.clock.now()
        # A clock that was set back must not put it off for longer than ever.
        due = min(max(due, self.options.settle), self.options.every + self.options.settle)
        self._begin_in(due)

    def on_stop(self) -> None:
        """End what runs: a back-up that is not finished is none."""
        if self._process is not None:
            self._process.stop(_STOP_SECONDS)

    def describe(self) -> State:
        """The newest back-up, how it went since the start, and when what comes next is due."""
        newest, drilled = self.options.newest(), self.options.last_drill()
        drill = self._next_drill()
        return {
            "newest": newest and newest.isoformat(),
            "second_place": self._second_place(),
            "drilled": drilled and drilled.at.isoformat(),
            "drill_good": drilled and drilled.good,
            "drill": drilled and drilled.sentence,
            "running": self._process is not None,
            "made": self._made,
            "failed": self._failed,
            "trouble": self._trouble,
            "next": self._next and self._next.isoformat(),
            "next_drill": drill and drill.isoformat(),
        }

    def _second_place(self) -> str:
        if self.options.second_place is None:
            return "not set"
        return "failed" if _SECOND_FAILURE in self._standing else "well"

    def on_timer(self, name: str) -> None:
        """Begin one, or look whether it has ended."""
        if name == "begin":
            self._begin()
        elif self._process is not None:
            self._look(self._process)

    def _begin_in(self, delay: timedelta) -> None:
        self._next = self.clock.now() + delay
        self.after(delay.total_seconds(), "begin")

    def _next_drill(self) -> datetime | None:
        """With the first back-up from then on; None where none is tried, or none is due soon."""
        if not self.options.drill or self._next is None:
            return None
        return self._next if self._drill_is_due() else max(self._next, self._drill_due())

    def _begin(self) -> None:
        if self._process is not None:  # a drill that takes its time
            self._begin_in(self.options.again)
            return
        self._next = None
        self._since = self.clock.monotonic()
        try:
            self._process = start_process(self.options.argv, output=self.options.output)
        except OSError as error:
            self._has_failed(str(error))
            return
        self.after(_LOOK_EVERY, "look")

    def _look(self, process: ChildProcess) -> None:
        if process.alive():
            if self.clock.monotonic() - self._since < self.options.longest.total_seconds():
                self.after(_LOOK_EVERY, "look")
                return
            process.stop(_STOP_SECONDS)
        self._process = None
        if self._drilling:
            self._has_drilled(process.status())
        elif process.status() in (0, _NOT_AT_SECOND_PLACE):
            self._has_succeeded(copied=process.status() == 0)
        else:
            self._has_failed(f"exit status {process.status()}")

    def _has_succeeded(self, *, copied: bool) -> None:
        self._made += 1
        self._trouble = ""
        self.log.info("The book is backed up.")
        self._end_alert(_FAILURE, "The book is backed up again.")
        if copied:
            self._end_alert(_SECOND_FAILURE, "Back-ups are copied to the second place again.")
        else:
            place, output = self.options.second_place, self.options.output
            error = CodedError(_SECOND_FAILURE, place=place, output=output)
            self._trouble = error.sentence
            self._complain(error)
        self._begin_in(self.options.every)
        if self._drill_is_due():
            self._begin_drill()

    def _drill_is_due(self) -> bool:
        return bool(self.options.drill) and self._drill_due() <= self.clock.now()

    def _drill_due(self) -> datetime:
        last, now = self.options.last_drill(), self.clock.now()
        # One of a time to come: the clock has been set back.
        if last is None or not last.good or last.at > now:
            return now
        return last.at + self.options.drill_every

    def _begin_drill(self) -> None:
        self._since = self.clock.monotonic()
        try:
            self._process = start_process(self.options.drill, output=self.options.output)
        except OSError as error:
            self._tell_gate(False, f"The newest back-up could not be restored: {error}.")
            return
        self._drilling = True
        self.after(_LOOK_EVERY, "look")

    def _has_drilled(self, status: int | None) -> None:
        self._drilling = False
        if status == 0:
            self.log.info("The newest back-up was restored beside the book, and is sound.")
            self._tell_gate(True, "The newest back-up was restored beside the book, and is sound.")
            return
        self.log.error("The newest back-up could not be restored (exit status {}).", status)
        self._tell_gate(False, f"The newest back-up could not be restored (exit status {status}).")

    def _tell_gate(self, good: bool, sentence: str) -> None:
        self.tell(names.LIVE_GATE, EvidenceSeen(Item.BACKUP, good, sentence))
        if good:
            self._end_alert(_NOT_RESTORED, sentence)
        else:
            cure = "`kelpie backup` makes a new one; look at the disk they lie on."
            self._tell_once(_NOT_RESTORED, sentence, cure)

    def _has_failed(self, reason: str) -> None:
        self._failed += 1
        error = CodedError(_FAILURE, reason=reason, output=self.options.output)
        self._trouble = error.sentence
        self._complain(error)
        self._begin_in(min(self.options.again, self.options.every))

    def _complain(self, error: CodedError) -> None:
        self.log.error("{}", error)
        self._tell_once(error.code, error.sentence, error.cure)

    def _tell_once(self, code: str, sentence: str, cure: str) -> None:
        """Until it works again."""
        if code not in self._standing:
            self._standing.add(code)
            self._tell(code, sentence, cure, stands=True)

    def _end_alert(self, code: str, sentence: str) -> None:
        if code in self._standing:
            self._standing.remove(code)
            self._tell(code, sentence, "", stands=False)

    def _tell(self, code: str, sentence: str, cure: str, *, stands: bool) -> None:
        level, now, by = "error" if stands else "info", self.clock.now(), self.seat.name
        alert = Alert("", level, code, sentence, cure, now, told=1, stands=stands, by=by)
        for name in names.ALERT_READERS:
            self.tell(name, alert)

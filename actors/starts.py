"""Counts the starts of the process, and says what they allow: safe mode, or disarms live trading.

It is seated before the ledger, so that a start that dies over the book is counted as well, and
stopped after everybody else, so that what ended in order did.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from actors import names
from actors.base import Actor, Declared, on
from actors.lanes import State
from actors.messages import (
    AccountChanged,
    Alert,
    EndSafeMode,
    Introduce,
    LinkDown,
    NotReconciled,
    Reconciled,
    RecordAudit,
    Standing,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import BookError
from adapters.starts import StartsFile, StartsUnreadable
from domain.starts import LIVES_AFTER, History, early_deaths, unclean_starts, why_disarmed

_WRITE_AGAIN = 10.0
_SAFE_CURE = (
    "Look at the log for what ended those starts. `kelpie resume --end-safe-mode` ends it, once "
    "that is mended."
)


class Starts(Actor):
    """Writes each start down, and what becomes of it."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        file: StartsFile,
        start_id: str,
        venues: Sequence[str],
        safe_mode_after: int,
        readers: Sequence[str],
    ) -> None:
        super().__init__(system, seat)
        self._file = file
        self._id = start_id
        self._venues = tuple(venues)
        self._safe_mode_after = safe_mode_after
        self._readers = tuple(readers)
        self._history = History()
        self._reconciled: set[str] = set()
        self._lost: dict[str, int] = {}
        """By venue: the epoch of the last link that was lost."""
        self._counting = False
        """The minute runs after which this start has lived."""
        self._disarmed = ""
        """Why this start disarms live trading."""
        self._alerts: dict[str, Alert] = {}
        self._unwritten = False

    def on_start(self) -> None:
        """Count this start, before anything else of the process can fail."""
        self._history = self._read()
        # Another incarnation of this seat is the same start of the process.
        if not any(each.id == self._id for each in self._history.starts):
            now = self.clock.now()
            self._history = self._history.begin(self._id, now, self._safe_mode_after)
            self._write()
        if self._history.safe_since is not None:
            self._alert("SAFE_MODE", f"Safe mode: {self._history.safe_cause}.", _SAFE_CURE)
        self._disarmed = why_disarmed(self._history, self.clock.now())
        for venue in self._venues:
            self.tell(names.resync(venue), Introduce(self.seat.name))
        self._tell_standing()

    def on_stop(self) -> None:
        """The last of all; where the tree was stopped in order, this start ended in order."""
        if self.system.stopping_in_order:
            self._history = self._history.ended(self._id)
            self._write()

    def describe(self) -> State:
        """The counts, and what they led to."""
        now, starts = self.clock.now(), self._history.starts
        this = next((each for each in starts if each.id == self._id), None)
        return {
            "safe_mode": self._history.safe_since is not None,
            "cause": self._history.safe_cause,
            "disarms": self._disarmed,
            "lived": this is not None and this.lived,
            "early_deaths_in_a_row": early_deaths(starts[:-1], now),
            "unclean_starts_within_the_hour": unclean_starts(starts, now),
            "unwritten": self._unwritten,
        }

    # -- what becomes of this start ------------------------------------------------------

    @on(Reconciled)
    def _agreed(self, message: Reconciled) -> None:
        if message.epoch <= self._lost.get(message.venue, 0):
            return  # said before that link was lost
        self._reconciled.add(message.venue)
        if not self._has_lived() and self._reconciled >= set(self._venues):
            self._await_life()

    def _await_life(self) -> None:
        if not self._counting:
            self._counting = True
            self.after(LIVES_AFTER.total_seconds(), "lived")

    @on(NotReconciled)
    def _disagreed(self, message: NotReconciled) -> None:
        self._no_longer(message.venue)

    @on(LinkDown)
    def _link_down(self, message: LinkDown) -> None:
        self._lost[message.venue] = message.epoch
        self._no_longer(message.venue)

    def _no_longer(self, venue: str) -> None:
        self._reconciled.discard(venue)
        self._counting = False
        self.cancel_timer("lived")

    @on(AccountChanged)
    def _account(self, message: AccountChanged) -> None:
        """Comes with the answer to the introduction; nothing hangs on it here."""

    def on_timer(self, name: str) -> None:
        """It has lived, or what could not be written is tried again."""
        if name == "lived":
            self._history = self._history.lived(self._id)
            self.log.info("This start counts as one that lived.")
        self._write()

    def _has_lived(self) -> bool:
        return any(each.id == self._id and each.lived for each in self._history.starts)

    # -- how it stands -------------------------------------------------------------------

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        self.tell(message.seat, self._standing())
        if message.seat == names.DESK:
            for alert in self._alerts.values():
                self.tell(message.seat, alert)

    @on(EndSafeMode)
    def _end_safe_mode(self, message: EndSafeMode) -> Standing:
        if self._history.safe_since is None:
            raise Declared("It is not in safe mode.")
        before = self._history
        self._history = before.safe_mode_ended()
        if not self._write():
            self._history = before
            raise Declared("The end of safe mode could not be written down; it goes on.")
        self.log.warning("{} has ended safe mode: {}.", message.who, message.reason)
        detail = f"{before.safe_cause}; ended because: {message.reason}"
        self.tell(names.LEDGER, RecordAudit(message.who, "end safe mode", detail))
        self._alert("SAFE_MODE", f"Safe mode was ended by {message.who}.", "", stands=False)
        self._tell_standing()
        return self._standing()

    def _standing(self) -> Standing:
        safe = self._history.safe_since is not None
        cause = self._history.safe_cause if safe else ""
        this = next((each for each in self._history.starts if each.id == self._id), None)
        return Standing(safe, self._disarmed, cause, this.at if this is not None else None)

    def _tell_standing(self) -> None:
        for name in self._readers:
            self.tell(name, self._standing())

    def _alert(self, code: str, sentence: str, cure: str, *, stands: bool = True) -> None:
        level = "error" if stands else "info"
        self.log.bind(event="alert").log(level.upper(), "{} {} [{}]", sentence, cure, code)
        now = self.clock.now()
        for venue in self._venues:
            alert = Alert(
                venue, level, code, sentence, cure, now, told=1, stands=stands, by=self.seat.name
            )
            if stands:
                self._alerts[f"{venue} {code}"] = alert
            else:
                self._alerts.pop(f"{venue} {code}", None)
            for name in names.HEAR_ALERTS:
                self.tell(name, alert)

    # -- the file ------------------------------------------------------------------------

    def _read(self) -> History:
        try:
            return self._file.read()
        except StartsUnreadable as error:
            self.log.critical("{}", error)
            with suppress(OSError):  # what cannot be moved is overwritten
                self.log.critical("It is kept as {}.", self._file.set_aside())
            return History().in_doubt(self.clock.now(), f"the count of starts was lost: {error}")
        except OSError as error:
            return History().in_doubt(self.clock.now(), f"starts cannot be counted: {error}")

    def _write(self) -> bool:
        """Whether it is on the disk; where it is not, it is tried again until it is."""
        try:
            self._file.write(self._history)
        except (OSError, BookError) as error:
            if not self._unwritten:
                self.log.error("The count of starts cannot be written: {}", error)
            self._unwritten = True
            self.after(_WRITE_AGAIN, "write")
            return False
        self._unwritten = False
        return True

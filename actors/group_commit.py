"""One commit of many: writes that wait together are committed together, and then told.

Nobody is told before the commit; what cannot be committed is handled anew. While the disk is full,
locked or gone, all that writes waits at its seat, in its order, and is tried again by a timer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import ClassVar

from actors.base import Actor, NotNow
from actors.lanes import Exit, ExitKind, Message, State
from actors.mailbox import Envelope
from actors.outage import Outage
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import AuditRow, Book, BookError
from runtime.crash_points import CrashPoint, reached
from runtime.histogram import Histogram

EXIT_DAMAGED = 76
_LARGEST_GROUP = 200
_CHECK_SECONDS = 180.0
"""A large book takes its time to be checked on a slow disk."""


class GroupCommit(Actor):
    """Owns the book; the one actor that may wait, for its disk."""

    owns_handle = True
    budget_seconds = 20.0
    writes: ClassVar[tuple[type[Message], ...]] = ()
    """Messages that write into the book."""
    kept: ClassVar[tuple[type[Message], ...]] = ()
    """What must be handled anew when the commit fails: it was written, or its answer not sent."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_book: Callable[[], Book],
        readers: Sequence[str],
    ) -> None:
        super().__init__(system, seat)
        self._open_book = open_book
        self._readers = tuple(readers)
        self._book: Book | None = None
        self._group: ExitStack | None = None
        self._grouped: list[tuple[Message, str]] = []
        self._outbox: list[tuple[str, Message, str]] = []
        self._points: list[CrashPoint] = []
        self._commits = 0
        self._commit_seconds = Histogram()
        self.outage: Outage | None = None

    def on_start(self) -> None:
        """Open the book. A damaged or foreign one ends the process: nothing trades without it.

        Where the disk is full, locked or gone it is tried again for as long as it takes.
        """
        self._try_to_open()

    def on_stop(self) -> None:
        """Commit what is in hand, and close, whatever becomes of the commit."""
        try:
            self._commit()
        finally:
            if self._book is not None:
                self._book.close()

    def describe(self) -> State:
        """How many commits, what waits for one, and what the disk has."""
        outage = self.outage
        return {
            "commits": self._commits,
            "commit_seconds": self._commit_seconds.plain(),
            "grouped": len(self._grouped),
            "outage": outage.sentence if outage is not None else "",
            "outage_since": outage.began.isoformat() if outage is not None else None,
            "tries": outage.tries if outage is not None else 0,
        }

    @property
    def book(self) -> Book:
        """The open book.

        Raises:
            BookError: it could not be opened yet, or has to be opened anew.
        """
        if self._book is None:
            assert self.outage is not None, "the ledger has not been started"
            raise BookError(self.outage.code, self.outage.sentence)
        return self._book

    # -- for subclasses ------------------------------------------------------------------

    def meanwhile(self, message: Message) -> bool:
        """In an outage that was told: do what can be done without the book.

        False when the message is to wait.
        """
        return False

    def catch_up(self) -> None:
        """The book can be written, as far as is known: before anything else write this."""

    def outage_began(self, outage: Outage) -> None:
        """It is no matter of a moment."""

    def outage_ended(self, outage: Outage) -> None:
        """All that had waited is on disk."""

    # -- one commit of many --------------------------------------------------------------

    def on_settled(self) -> None:
        """No fact waits any more: commit, then tell. After an outage that is the end of it."""
        outage = self.outage
        if outage is not None and not outage.trying:
            return
        if outage is not None and outage.told and not self._note(outage):
            return
        if self._commit() and outage is not None:
            self.outage = None
            if outage.told:
                self.outage_ended(outage)

    def on_receive(self, message: Message) -> object:
        """Let a write join the group in hand; it counts as in it once it has succeeded."""
        if self.outage is not None and not self.outage.trying and isinstance(message, self.kept):
            if not self.meanwhile(message):
                self.set_aside(message)
            return None
        writes = isinstance(message, self.writes)
        answer: object = None
        try:
            if writes:
                self._join_group()
            answer = super().on_receive(message)
        except BookError as error:
            if not error.may_pass:
                raise
            # No fault of the message's: it waits with its group until there is room.
            if isinstance(message, self.kept):
                self._grouped.append((message, self.correlation))
            if self.outage is None or self.outage.trying:
                self._break_off(error)
            if not isinstance(message, self.kept):
                raise NotNow(str(error)) from error
            return None
        if isinstance(message, self.kept):
            self._grouped.append((message, self.correlation))
            if len(self._grouped) >= _LARGEST_GROUP:
                self._commit()
        return answer

    def set_aside(self, message: Message) -> None:
        """Have it wait until the book can be written."""
        self.seat.mailbox.set_aside(self._envelope(message, self.correlation))

    def _join_group(self) -> None:
        if self._group is None:
            self._group = ExitStack()
            self._group.enter_context(self.book.group())

    def _commit(self) -> bool:
        """Commit, then tell. What cannot be committed is handled anew.

        Nothing is raised: the message in hand is among those, and no more to blame than they.
        """
        if self._group is not None:
            begun = self.clock.monotonic()
            try:
                self._group.close()
            except BaseException as failure:
                if isinstance(failure, BookError) and failure.may_pass:
                    self._break_off(failure)
                else:
                    self._give_back()
                    self._end_after(failure)
                return False
            self._commits += 1
            self._commit_seconds.observe(self.clock.monotonic() - begun)
        self._group, self._grouped = None, []
        points, self._points = self._points, []
        for point in points:
            reached(point)
        outbox, self._outbox = self._outbox, []
        correlation = self.correlation
        for name, message, self.correlation in outbox:
            self.tell(name, message)
        self.correlation = correlation
        return True

    def _give_back(self) -> None:
        """Undo the group: all that was handled in it goes back, and nobody is told of it."""
        group, self._group = self._group, None
        grouped, self._grouped = self._grouped, []
        self._outbox, self._points = [], []
        if group is not None:
            with suppress(BookError):  # it fails for what spoilt it, once more
                group.close()
        for message, correlation in reversed(grouped):
            self.seat.mailbox.put_back(self._envelope(message, correlation))

    def _envelope(self, message: Message, correlation: str) -> Envelope:
        return Envelope(message, None, self.seat.name, correlation, self.clock.monotonic())

    def _end_after(self, failure: BaseException) -> None:
        self.log.critical("Nothing is written: {}", failure)
        cause = failure.code if isinstance(failure, BookError) else type(failure).__name__
        self.end(Exit(ExitKind.CRASHED, cause, str(failure)))

    def _past(self, before: CrashPoint, committed: CrashPoint) -> None:
        """What is written now passes these points before its commit and after it."""
        reached(before)
        self._points.append(committed)

    def _later(self, name: str, message: Message) -> None:
        self._outbox.append((name, message, self.correlation))

    # -- while the disk is full, locked or gone ------------------------------------------

    def _try_to_open(self) -> None:
        try:
            if self._book is None:
                self._book = self._open_book()
            self.catch_up()
        except BookError as error:
            if error.code in ("DAMAGED", "TOO_NEW", "WRONG_BOOK"):
                self.log.critical("{}", error)
                self.system.end(EXIT_DAMAGED)
            if not error.may_pass:
                raise
            self._break_off(error)
        else:
            if self.outage is not None:
                self.outage.trying = True
                self.seat.mailbox.bring_back()

    def _break_off(self, error: BookError) -> None:
        """The disk does not take it: what was handled goes back, and is tried again."""
        self._give_back()
        if error.code == "DISK_FAILED":
            # After a failed sync a connection may think written what is not: never go on with it.
            self._drop_book()
        now = self.clock.monotonic()
        if self.outage is None:
            self.outage = Outage(error.code, str(error), self.clock.now(), now)
        if self.outage.failed(error, now):
            self.log.critical("Nothing is written: {}", error)
            self.outage_began(self.outage)
            # What has waited so far is looked at again: some of it need not wait for the disk.
            self.seat.mailbox.bring_back()
        elif not self.outage.told:
            self.seat.mailbox.hold()
        self.after(self.outage.delay, "try again")

    def _drop_book(self) -> None:
        book, self._book = self._book, None
        if book is not None:
            with suppress(Exception):  # whatever a dead disk makes of a goodbye
                book.close()

    def on_timer(self, name: str) -> None:
        """Try to write again; a book that was dropped is opened anew, with all its checks."""
        was, self.budget_seconds = self.budget_seconds, _CHECK_SECONDS
        try:
            self._try_to_open()
        finally:
            self.budget_seconds = was

    def _note(self, outage: Outage) -> bool:
        """Write down that there was an outage: it is over when this, too, is on disk."""
        detail = f"The book could not be written since {outage.began.isoformat()}: "
        row = AuditRow(self.clock.now(), self.seat.name, "outage", detail + outage.sentence)
        try:
            self._join_group()
            self.book.record_audit(row)
        except BookError as error:
            if not error.may_pass:
                raise
            self._break_off(error)
            return False
        return True

"""One commit of many: writes that wait together are committed together, and then told.

Nobody is told before the commit; what cannot be committed is handled anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import ClassVar

from actors.base import Actor
from actors.lanes import Exit, ExitKind, Message, State
from actors.mailbox import Envelope
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import Book, BookError

EXIT_DAMAGED = 76
_LARGEST_GROUP = 200


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
        self._commits = 0

    def on_start(self) -> None:
        """Open the book. A damaged or foreign one ends the process: nothing trades without it.

        On a full disk it is tried again until there is room.
        """
        try:
            self._book = self._open_book()
        except BookError as error:
            if error.code in ("DAMAGED", "TOO_NEW", "WRONG_BOOK"):
                self.log.critical("{}", error)
                self.system.end(EXIT_DAMAGED)
            if error.code != "DISK_FULL":
                raise
            self._end_after(error)

    def on_stop(self) -> None:
        """Commit what is in hand, and close, whatever becomes of the commit."""
        try:
            self._commit()
        finally:
            if self._book is not None:
                self._book.close()

    def describe(self) -> State:
        """How many commits, and what waits for one."""
        return {"commits": self._commits, "grouped": len(self._grouped)}

    @property
    def book(self) -> Book:
        """The open book."""
        assert self._book is not None, "the ledger has not been started"
        return self._book

    # -- one commit of many --------------------------------------------------------------

    def on_settled(self) -> None:
        """No fact waits any more: commit, then tell."""
        self._commit()

    def on_receive(self, message: Message) -> object:
        """Let a write join the group in hand; it counts as in it once it has succeeded."""
        writes = isinstance(message, self.writes)
        answer: object = None
        try:
            if writes and self._group is None:
                self._group = ExitStack()
                self._group.enter_context(self.book.group())
            answer = super().on_receive(message)
        except BookError as error:
            if not writes or error.code != "DISK_FULL":
                raise
            # No fault of the message's: it waits with its group until there is room.
            self._grouped.append((message, self.correlation))
            self._give_back()
            self._end_after(error)
            return None
        if isinstance(message, self.kept):
            self._grouped.append((message, self.correlation))
            if len(self._grouped) >= _LARGEST_GROUP:
                self._commit()
        return answer

    def _commit(self) -> None:
        """Commit, then tell. What cannot be committed is handled anew by the next incarnation.

        Nothing is raised: the message in hand is among those, and no more to blame than they.
        """
        if self._group is not None:
            try:
                self._group.close()
            except BaseException as failure:
                self._give_back()
                self._end_after(failure)
                return
            self._commits += 1
        self._group, self._grouped = None, []
        outbox, self._outbox = self._outbox, []
        correlation = self.correlation
        for name, message, self.correlation in outbox:
            self.tell(name, message)
        self.correlation = correlation

    def _give_back(self) -> None:
        """Undo the group: all that was handled in it goes back, and nobody is told of it."""
        group, self._group = self._group, None
        grouped, self._grouped = self._grouped, []
        self._outbox = []
        if group is not None:
            with suppress(BookError):  # it fails for what spoilt it, once more
                group.close()
        now = self.clock.monotonic()
        for message, correlation in reversed(grouped):
            envelope = Envelope(message, None, self.seat.name, correlation, now)
            self.seat.mailbox.put_back(envelope)

    def _end_after(self, failure: BaseException) -> None:
        full = isinstance(failure, BookError) and failure.code == "DISK_FULL"
        # A full disk is no crash: it is tried again for as long as it takes, and facts wait.
        kind = ExitKind.DISK_FULL if full else ExitKind.CRASHED
        self.log.critical("Nothing is written: {}", failure)
        cause = failure.code if isinstance(failure, BookError) else type(failure).__name__
        self.end(Exit(kind, cause, str(failure)))

    def _later(self, name: str, message: Message) -> None:
        self._outbox.append((name, message, self.correlation))

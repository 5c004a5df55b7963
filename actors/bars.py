"""The archive of a venue's bars: the one seat that touches their file.

It is a seat of its own because a disk may take its time: `history`, which feeds those who decide
by bars, is never held up by it. What it keeps may be lost; no failure of its disk ends anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    AnswerBars,
    AskBars,
    BarsCounted,
    BarsKept,
    BarsReady,
    CoverageFound,
    FindCoverage,
    GetBars,
    GetSeries,
    KeepBars,
    LoadPacing,
    PacingLoaded,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.bars import BarBook, KeptSeries
from adapters.book import BookError
from domain.pacing import PacedRequest, Sent

T = TypeVar("T")


class BarArchive(Actor):
    """Keeps bars, what is covered, and the requests that still count for the venue's pacing."""

    budget_seconds = 20.0

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        open_bars: Callable[[bool], BarBook],
    ) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._open_bars = open_bars
        self._book: BarBook | None = None
        self._kept = 0

    def on_start(self) -> None:
        """Open the file; the first time in this process it is read through for damage."""
        self._book = self._open_bars(self.incarnation == 1)

    def on_stop(self) -> None:
        """Close it."""
        self.book.close()

    def describe(self) -> State:
        """Whether the disk takes it, and how much there is."""
        return {"on_disk": not self.book.plight, "plight": self.book.plight, "kept": self._kept}

    @property
    def book(self) -> BarBook:
        """The open archive."""
        assert self._book is not None, "the archive has not been started"
        return self._book

    def _do(self, work: Callable[[BarBook], T]) -> T:
        """Work on the file; where it fails, once more on what takes its place."""
        try:
            return work(self.book)
        except BookError as failure:
            self._book = self.book.after(failure)
            return work(self.book)

    @on(KeepBars)
    def _keep(self, message: KeepBars) -> None:
        self._do(lambda book: book.keep(message.key, message.bars, message.covered))
        self._kept += len(message.bars)

    @on(FindCoverage)
    def _find(self, message: FindCoverage) -> None:
        covered = self._do(lambda book: book.covered(message.key, message.wanted))
        found = CoverageFound(message.ticket, message.key, covered)
        self.tell(names.history(self.venue), found)

    @on(AnswerBars)
    def _answer(self, message: AnswerBars) -> None:
        bars = self._do(lambda book: book.bars(message.key, message.wanted, message.limit))
        ready = BarsReady(
            message.ticket, message.key, bars, message.notes, message.code, message.sentence
        )
        self.tell(message.who, ready)

    @on(GetBars)
    def _get(self, message: GetBars) -> BarsKept:
        return self._do(
            lambda book: BarsKept(
                book.bars(message.key, message.wanted, message.limit),
                book.covered(message.key, message.wanted),
            )
        )

    @on(GetSeries)
    def _get_series(self, message: GetSeries) -> tuple[KeptSeries, ...]:
        return self._do(lambda book: book.series())

    # -- the window of the pacing rules --------------------------------------------------

    @on(LoadPacing)
    def _load(self, message: LoadPacing) -> None:
        now, monotonic = self.clock.now().timestamp(), self.clock.monotonic()
        sent = self._do(lambda book: book.noted(now, monotonic))
        self.tell(message.reply_to, PacingLoaded(sent))

    @on(AskBars)
    def _ask(self, message: AskBars) -> None:
        """Written down first: the venue counts it, whatever becomes of this process.

        When it does so is not known before its answer; its deadline is the latest.
        """
        self._note(message.ticket, message.paced, message.deadline)
        self.tell(names.connection(self.venue), message)

    @on(BarsCounted)
    def _counted(self, message: BarsCounted) -> None:
        self._note(message.ticket, message.paced, message.at)

    def _note(self, ticket: str, paced: PacedRequest, at: float) -> None:
        wall = self.clock.now().timestamp() - (self.clock.monotonic() - at)
        self._do(lambda book: book.note(ticket, Sent(at, paced), wall))

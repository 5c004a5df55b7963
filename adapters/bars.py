"""What the archive of bars promises; `adapters.store.bars` keeps it.

Bars are kept apart from the ledger: whatever happens to them costs a few requests and no money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.bars import Bar, SeriesKey, Span
from domain.pacing import Sent


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """A series in the archive, in numbers; `first` and `last` start bars (UTC epoch seconds)."""

    key: SeriesKey
    bars: int
    first: float | None
    last: float | None


class BarBook(Protocol):
    """Closed bars of one venue, and the requests of the last minutes. One thread at a time.

    Every method may raise `BookError`; `after` then gives the one to go on with.
    """

    @property
    def plight(self) -> str:
        """Why nothing is kept on disk, as a sentence; empty when it is."""
        ...

    def keep(self, key: SeriesKey, bars: Sequence[Bar], covered: Span) -> None:
        """Write bars, and that there are no others in `covered`. A bar that comes again wins."""
        ...

    def covered(self, key: SeriesKey, wanted: Span) -> tuple[Span, ...]:
        """The stretches of `wanted` that were asked for and fully answered, earliest first."""
        ...

    def bars(self, key: SeriesKey, wanted: Span, limit: int) -> tuple[Bar, ...]:
        """The newest `limit` bars that start in `wanted`, oldest first."""
        ...

    def series(self) -> tuple[KeptSeries, ...]:
        """All that is kept."""
        ...

    def note(self, number: str, sent: Sent, wall: float) -> None:
        """Write that a request counts as of `wall` (epoch seconds); its number again moves it."""
        ...

    def noted(self, wall: float, monotonic: float) -> tuple[tuple[str, Sent], ...]:
        """The requests of the last minutes by number, on this process's clock."""
        ...

    def after(self, failure: Exception) -> BarBook:
        """The archive to go on with: rebuilt where it was damaged, else in memory."""
        ...

    def close(self) -> None: ...

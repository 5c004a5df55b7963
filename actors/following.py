"""A series of bars that is followed: which are told, which is forming, and what was missed.

A bar is final when the next one begins. Whatever the link does, each is told once and in order:
after a new subscription the ones that came meanwhile are told first.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.messages import FollowBars
from domain.bars import DAY, Bar, SeriesKey, Span, last_piece

Kept = tuple[tuple[Bar, ...], Span]
"""Final bars, and the span of which they are all."""


class Following:
    """Held by one actor. `after` is the start of the last bar that was told, if any was."""

    def __init__(self, key: SeriesKey, timeframe: str, after: float | None) -> None:
        self.key = key
        self.timeframe = timeframe
        self.who: set[str] = set()
        self.gap: Span | None = None
        """What was missed and is not there yet; nothing is told until it is."""
        self.gap_ticket = ""
        self._after = after
        self._forming: Bar | None = None
        self._final: dict[float, Bar] = {}

    @property
    def newest(self) -> float | None:
        """The start of the newest bar that has come, or was told on an older link."""
        return self._after if self._forming is None else self._forming[0]

    def orders(self) -> list[FollowBars]:
        """What has it followed on over the next link."""
        return [
            FollowBars(name, self.key.symbol, self.timeframe, self._after)
            for name in sorted(self.who)
        ]

    def duration(self, now: float) -> str:
        """How far back the subscription is to begin: to what was told last, if that is allowed."""
        size = self.key.bar_seconds
        start = now - 2 * size if self._after is None else min(self._after, now - size)
        return last_piece(Span(start, now), size).duration

    def began(self, bars: tuple[Bar, ...]) -> Kept | None:
        """A subscription begins with these; the last one is forming. What of them is to be kept.

        Its first updates may have come before: they need no wait for an answer.
        """
        ahead, self._forming = self._forming, None
        self.gap, self.gap_ticket = None, ""
        newest = [bar for bar in (*bars[-1:], ahead) if bar is not None]
        if newest:
            self._form(max(newest, key=lambda bar: bar[0]))
        if len(bars) < 2:
            return None
        return bars[:-1], Span(bars[0][0], bars[-1][0])

    def update(self, bar: Bar) -> Kept | None:
        """A bar as it stands now; when it is a new one, the one before it is to be kept."""
        before = self._forming
        if before is None:
            self._form(bar)
            return None
        if bar[0] < before[0]:
            return (bar,), Span(bar[0], bar[0] + self.key.bar_seconds)  # a late correction
        self._forming = bar
        if bar[0] == before[0]:
            return None
        self._final[before[0]] = before
        end = before[0] + self.key.bar_seconds
        if bar[0] <= end or self.key.bar_seconds >= DAY:  # days are of unequal length
            return (before,), Span(before[0], bar[0])
        # Nothing traded between them, or it never came: asked for, it is known either way.
        self.gap = Span(self.gap.start if self.gap is not None else end, bar[0])
        self.gap_ticket = ""
        return (before,), Span(before[0], end)

    def _form(self, bar: Bar) -> None:
        self._forming = bar
        size = self.key.bar_seconds
        if self._after is None:
            self._after = bar[0] - size
        elif bar[0] > self._after + size:
            self.gap = Span(self._after + size, bar[0])

    def fill(self, bars: Iterable[Bar]) -> None:
        """What was missed is there, or as much of it as will ever be."""
        self.gap, self.gap_ticket = None, ""
        self._final.update((bar[0], bar) for bar in bars)

    def take(self) -> list[Bar]:
        """The bars that are to be told now, each once."""
        if self.gap is not None or self._after is None:
            return []
        due = [bar for start, bar in sorted(self._final.items()) if start > self._after]
        self._final.clear()
        if due:
            self._after = due[-1][0]
        return due

"""Counting durations by size, for metrics: a few integers, written by one thread."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

#: Seconds, from what a handler takes to what is far beyond any budget.
USUAL_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """How many were at most so long, and how long all of them were together (seconds)."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...] = USUAL_BOUNDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def plain(self) -> Mapping[str, Any]:
        """As it is shown: `buckets` by upper bound, each with all below it; `count`, `sum`."""
        counts, running = list(self._counts), 0
        buckets = {}
        for bound, count in zip((*map(repr, self._bounds), "+Inf"), counts, strict=True):
            running += count
            buckets[bound] = running
        return {"buckets": buckets, "count": running, "sum": round(self._sum, 6)}

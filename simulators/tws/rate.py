"""How many messages a client sends in a second, and how often that was too many."""

from __future__ import annotations

from collections import deque


class RateMeter:
    """Messages within the last second, and how often the limit on them was broken."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._breaches = 0
        self._reported_at = float("-inf")

    def count(self, now: float) -> int:
        """Take one message in; give how many came within the last second."""
        times = self._times
        times.append(now)
        while now - times[0] >= 1.0:
            times.popleft()
        return len(times)

    @property
    def is_reported(self) -> bool:
        """This breach has had its error: one is sent a second."""
        return self._times[-1] - self._reported_at < 1.0

    def report(self) -> int:
        """Count a breach; give its number."""
        self._reported_at = self._times[-1]
        self._breaches += 1
        return self._breaches

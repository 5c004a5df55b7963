"""How many crashes a supervisor bears: so many in a time, and so many in a row.

The rate finds what crashes at once each time. With waits between the tries that grow, what
crashes a little later stays below any rate for ever: the streak finds that.
"""

from __future__ import annotations

from collections import deque

from actors.child import ChildRecord, Intensity, OnStreak


class Endurance:
    """Counts the crashes of one supervisor's children. Times are monotonic seconds."""

    def __init__(self, intensity: Intensity) -> None:
        self.intensity = intensity
        self._crashes: deque[float] = deque()

    def in_window(self, now: float) -> int:
        """How many crashes count towards the rate now."""
        self._forget(self._crashes, now)
        return len(self._crashes)

    def crashed(self, record: ChildRecord, now: float) -> str:
        """Count it; why it is not borne any more, as a clause, or empty when it is."""
        record.crashes_in_a_row += 1
        # One that would be parked takes nobody with it: its crashes are its own affair.
        parks = record.spec.on_streak is OnStreak.PARK
        crashes = record.crashes if parks else self._crashes
        crashes.append(now)
        self._forget(crashes, now)
        rate, longest = self.intensity, record.spec.longest_streak
        if len(crashes) > rate.crashes:
            return f"crashed more than {rate.crashes} times in {rate.seconds:.0f} s"
        if longest is not None and record.crashes_in_a_row > longest:
            well = record.spec.backoff.reset_after
            return f"crashed more than {longest} times in a row, never well for {well:.0f} s"
        return ""

    def _forget(self, crashes: deque[float], now: float) -> None:
        while crashes and now - crashes[0] > self.intensity.seconds:
            crashes.popleft()

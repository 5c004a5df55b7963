"""How long to wait before the next try: full jitter, doubling, with a floor and a ceiling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits in seconds. The streak of failures ends after `reset_after` healthy seconds."""

    first: float
    ceiling: float
    reset_after: float
    floor: float = 0.1

    def delay(self, failures: int, chance: float, ceiling: float | None = None) -> float:
        """The wait after so many failures in a row (1 for the first).

        `chance` is uniform in 0..1; `ceiling` may lower the usual one.
        """
        top = min(self.ceiling, self.first * 2.0 ** min(max(failures - 1, 0), 30))
        if ceiling is not None:
            top = min(top, ceiling)
        return max(self.floor, top * chance)

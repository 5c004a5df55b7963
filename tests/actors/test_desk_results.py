"""The day's result on its way to the disk: extremes at once, mere ups and downs now and then."""

from __future__ import annotations

from decimal import Decimal

from actors.desk_results import DeskResults
from domain.results import Result, from_text
from tests.store.material import StandingClock


class WalkingClock(StandingClock):
    """Its monotonic time is what it is set to."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_extremes_are_kept_at_once_and_ups_and_downs_every_ten_minutes() -> None:
    clock = WalkingClock()
    results = DeskResults(clock)
    kept = []
    for number in range(360):  # half an hour of it
        clock.seconds = number * 5.0
        total = Decimal(-100 if number % 2 else 100)
        results.see(Result(total, Decimal(0)))
        kept += [text] if (text := results.to_keep()) else []
    # The first of the day, the lowest, and then what it was last.
    assert len(kept) == 2 + 2
    day = from_text(kept[1])
    assert day is not None and day.peak == 100 and day.lowest == day.last == -100
    results.see(Result(Decimal(-106), Decimal(0)))
    low = from_text(results.to_keep())
    assert low is not None and low.lowest == -106
    assert results.to_keep() == ""

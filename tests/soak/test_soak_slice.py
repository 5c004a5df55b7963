"""A slice of the soak: the same program, for as long as a suite has time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import soak
from benchmarks.footprint import Footprint

#: 15 s of ticks, looked at every second.
TICKS, RATE, EVERY, WARM_UP = 120_000, 8_000.0, 1.0, 4.0


def test_the_tree_takes_no_more_at_the_end_than_at_the_beginning(tmp_path: Path) -> None:
    result = soak.measure(TICKS, RATE, EVERY, WARM_UP, tmp_path)
    assert result.samples["ticks_sent"] >= TICKS
    assert len(result.samples["looks"]) >= 10
    grown = [line for line in result.lines if not line.met]
    assert not grown


@pytest.mark.parametrize("grows", ["rss", "threads", "handles"])
def test_what_grows_is_seen(grows: str) -> None:
    looks = [
        Footprint(
            float(second),
            80_000_000 + (second * 400_000 if grows == "rss" else 0),
            18 + (second if grows == "threads" else 0),
            21 + (second if grows == "handles" else 0),
        )
        for second in range(12)
    ]
    missed = [line.measure for line in soak._lines(looks, TICKS) if not line.met]
    names = {"rss": "soak, memory", "threads": "soak, threads", "handles": "soak, handles"}
    assert missed == [names[grows]]

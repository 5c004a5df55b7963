"""Each fault alone in a short world: it fires, and Kelpie comes right by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.faults import FAULTS
from rehearsal.world import Outcome, Plan, World

_SHORT = 5400.0


def short_day(folder: Path, seed: int, name: str) -> Outcome:
    """An hour and a half with this fault and no other."""
    folder.mkdir()
    plan = Plan(orders=6, at_least=2, faults=4, only=(name,), seconds=_SHORT)
    return World(seed, folder, plan).run()


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_fires_and_nothing_is_wrong_at_the_end(tmp_path: Path, name: str) -> None:
    for seed in range(1, 6):
        outcome = short_day(tmp_path / str(seed), seed, name)
        assert outcome.violations == [], (seed, outcome.story)
        if outcome.faults.get(name):
            break
    else:
        pytest.fail(f"{name} came to nothing in five worlds")

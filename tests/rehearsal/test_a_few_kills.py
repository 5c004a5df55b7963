"""A real Kelpie on a real gateway is killed at a few points and at random; the books agree."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest

from rehearsal.crash.house import Keeper
from rehearsal.crash.plan import House, Kill, Victim
from runtime.crash_points import CrashPoint
from tests.tree.market import wait_for_open_market

POINTS = (
    CrashPoint.MIGRATION_BEFORE_COMMIT,
    CrashPoint.FILL_HEARD,
    CrashPoint.ORDER_HALF_WRITTEN,
)


@pytest.mark.timeout(240)
def test_nothing_is_lost_and_nothing_is_twice(tmp_path: Path) -> None:
    wait_for_open_market()
    kills = (
        *(Kill(point=point) for point in POINTS),
        Kill(Victim.BACKUP, CrashPoint.BACKUP_COPYING, after=0.2),
        Kill(Victim.GATEWAY, after=0.2),
        Kill(after=0.3),
    )
    # How fast it is, `make crash` judges, on a machine that has nothing else to do.
    house = House(0, 11, kills)
    keeper = Keeper(house, tmp_path / "house", ready_seconds=60.0, over=threading.Event())
    outcome = keeper.run()
    assert outcome.violations == []
    assert outcome.kills == Counter(kill.name for kill in kills)
    assert outcome.orders and outcome.fills and outcome.not_sent
    assert len(outcome.ready_after_kill) >= 3 and len(outcome.ready_after_gateway) == 1

"""Bugs planted as patches are found by the simulation, and the same seeds are clean without them.

Each patch in `tests/planted` is applied to a copy of the tree; a process of its own lives through
the seeds named here until an invariant speaks. Short days of the faults that lead there keep it
affordable; `make simulate` finds the same bugs among all others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLANTED = ROOT / "tests" / "planted"
ROOMS = ("actors", "adapters", "config", "console", "domain", "rehearsal", "runtime", "simulators")
_HUNT_SECONDS = 300.0


@dataclass(frozen=True)
class Hunt:
    """Where to look: seeds, and the faults that are drawn (none: nothing goes wrong)."""

    seeds: tuple[int, ...]
    faults: tuple[str, ...] = ()

    @property
    def plan(self) -> dict[str, Any]:
        """As `rehearsal.world.Plan` takes it."""
        return {
            "orders": 14,
            "at_least": 8,
            "faults": 4 if self.faults else 0,
            "only": self.faults,
            "seconds": 5400.0,
        }


HUNTS = {
    "absence_by_one_list": Hunt((5,), ("order unheard", "one way: gateway hears nothing")),
    "account_in_the_log": Hunt((4,)),
    "cancel_forgotten_over_restart": Hunt((4,), ("cancel unheard", "half-open")),
    "cancelled_when_asked": Hunt((4,), ("cancel unheard",)),
    "commission_dropped": Hunt((4,)),
    "correction_as_a_new_fill": Hunt((4,), ("execution corrected",)),
    "expired_command_sent": Hunt((5,), ("actor hangs",)),
    "exposure_without_working_orders": Hunt((2,)),
    "external_counted_as_managed": Hunt((4,), ("bought by hand",)),
    "group_not_named": Hunt((4,)),
    "intent_skipped": Hunt((4,)),
    "mailbox_dropped_on_restart": Hunt((1,), ("connection dropped",)),
    "order_ids_swapped": Hunt((4,), ("cancel unheard",)),
    "part_fills_counted_twice": Hunt((4,), ("filled in parts",)),
    "resend_on_timeout": Hunt((1, 2), ("order unheard", "one way: Kelpie hears nothing")),
    "pause_forgotten_over_restart": Hunt(
        (4,), ("Kelpie killed", "Kelpie stopped", "machine restarted")
    ),
    "reservation_released_on_sent": Hunt((4,)),
    "sale_booked_as_purchase": Hunt((4,)),
    "sold_more_than_held": Hunt((4,)),
    "stale_quote_as_fresh": Hunt((4,)),
    "stop_not_placed_anew": Hunt((4,), ("GTC orders purged",)),
    "told_before_the_commit": Hunt((4,)),
    "unended_list_as_empty": Hunt((1,), ("list withheld",)),
}


def hunt(tree: Path, where: Hunt) -> str | None:
    """The first violation that a tree shows; None when all seeds are clean.

    Raises:
        AssertionError: the hunt itself failed.
    """
    wanted = json.dumps({"seeds": where.seeds, "plan": where.plan})
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "rehearsal" / "hunt.py"), wanted],
        env={**os.environ, "PYTHONPATH": str(tree)},
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=_HUNT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: str | None = json.loads(done.stdout.splitlines()[-1])["violation"]
    return found


def copy_of_the_tree(folder: Path) -> Path:
    """All that runs, without the tests."""
    for room in ROOMS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, folder / room, ignore=ignored)
    shutil.copy(ROOT / "supervisor.py", folder)
    return folder


def plant(patch: Path, tree: Path, *options: str) -> None:
    """Apply a patch to a tree."""
    command: Sequence[str] = ("git", "apply", *options, str(patch))
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{patch.name} does not apply any more: the code that it spoils has moved. Spoil the same "
        "thing where it is now, and write the patch anew by `git diff`, under the sentence that "
        f"stands at its head.\n{done.stderr}"
    )


pytestmark = pytest.mark.timeout(600)
PATCHES = sorted(PLANTED.glob("*.patch"))


def test_every_patch_has_its_hunt() -> None:
    assert {patch.stem for patch in PATCHES} == set(HUNTS)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_planted_bug_is_found(patch: Path, tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path)
    plant(patch, tree)
    found = hunt(tree, HUNTS[patch.stem])
    assert found is not None, f"nobody noticed {patch.stem}"
    assert not found.startswith("a callback failed: SyntaxError")


@pytest.mark.parametrize("where", sorted(set(HUNTS.values()), key=str), ids=lambda h: str(h.faults))
def test_without_it_the_same_seeds_are_clean(where: Hunt, tmp_path: Path) -> None:
    assert hunt(copy_of_the_tree(tmp_path), where) is None

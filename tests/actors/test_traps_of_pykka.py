"""Each trap of Pykka: closed in our actors, open in the library as it comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.actors.stages import OurStage
from tests.actors.traps import SCENARIOS, TRAPPED

BARE_SECONDS = 40.0
_HOUSE = Path(__file__).parents[2]


def _on_ours(name: str) -> None:
    stage = OurStage()
    try:
        SCENARIOS[name](stage)
    finally:
        stage.close()


def _on_bare_pykka(name: str) -> None:
    # In a process of its own: what is trapped stops every actor, or leaves threads that never end.
    played = subprocess.run(
        [sys.executable, "-m", "tests.actors.traps", name],
        cwd=_HOUSE,
        timeout=BARE_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    if played.returncode == TRAPPED and "Traceback" not in played.stderr:
        raise AssertionError(played.stderr)
    # Anything but the trap itself is no expected failure.
    if played.returncode:
        raise RuntimeError(f"{name} did not play: {played.returncode}\n{played.stderr}")


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(
    "play",
    [
        pytest.param(_on_ours, id="ours"),
        pytest.param(
            _on_bare_pykka,
            id="bare pykka",
            marks=pytest.mark.xfail(
                strict=True, raises=AssertionError, reason="the library's trap"
            ),
        ),
    ],
)
def test_trap(play: object, scenario: str) -> None:
    assert callable(play)
    play(scenario)

"""The simulated gateway as a process of its own, for tests over a real socket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def gateway_port(tmp_path: Path) -> Iterator[int]:
    """The port of a gateway of its own, whose market stands still."""
    state = tmp_path / "gateway"
    command = [sys.executable, "-m", "simulators.tws.program", "--port", "0", "--market", "still"]
    process = subprocess.Popen(
        [*command, "--state-dir", str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert " listening on " in ready, ready
        yield int(ready.rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.communicate(timeout=10)

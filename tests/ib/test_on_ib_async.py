"""One setting changes the library: the adapter's own tests, and the main job, on ib_async.

It needs an environment of its own, which `make test` makes beside the usual one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tree.home import ROOT, Home

PYTHON = Path(sys.prefix) / "ib_async" / "bin" / "python"

#: Not run there: what shows bare ib_insync, and what starts a suite of its own.
_NOT_THERE = {
    "test_traps_of_ib_insync.py",
    "test_canary.py",
    "test_on_ib_async.py",
    "test_the_live_test.py",
}

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment of ib_async is not here; `make test` makes it"
)


@pytest.mark.timeout(240)
def test_the_adapter_passes_its_tests() -> None:
    folder = ROOT / "tests" / "ib"
    files = sorted(str(f) for f in folder.glob("test_*.py") if f.name not in _NOT_THERE)
    words = ["-m", "pytest", "-q", "-p", "tests.ib.on_ib_async", "-p", "no:cacheprovider"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(PYTHON), *words, *files], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 100


def test_the_main_job_trades_through_it(tmp_path: Path) -> None:
    other = subprocess.run([str(PYTHON), "-c", "import ib_insync"], capture_output=True)
    assert other.returncode != 0  # so whatever trades here does not do it through that one
    home = Home(tmp_path, python=str(PYTHON))
    try:
        run = home.start(IB_LIBRARY="ib_async")
        run.hear("FILL")
        assert run.interrupt() == 0
        assert home.wire().orders_per_ref()
        assert home.books().executions
    finally:
        home.close()

"""Pain 21: event loops and threads of the library's (ib_insync #563, #436, streamlit #744), and a
callback that blocks (#340).

On lower levels: tests/ib/test_traps_of_ib_insync.py, tests/runtime/test_threads.py, tests/actors/
test_watch.py (a handler past its budget).
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from configparser import ConfigParser
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from actors import names
from simulators.tws.protocol import Request
from tests.pains.acts import buy, rest
from tests.pains.agreement import assert_agreed
from tests.pains.conftest import Stage
from tests.tree.hanging import hanging
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_ROOT = Path(__file__).parents[2]
_LIBRARIES = ("ib_insync", "ib_async", "eventkit")
_ROOMS = ("actors", "adapters", "config", "console", "domain", "runtime", "simulators")
_BEAT = 0.5
"""HEARTBEAT_SECONDS of the trees under trial."""
_BUSY_SECONDS = 4.5
"""As long as a handler may take, nearly."""


def _beats(stage: Stage) -> list[float]:
    return [m.monotonic for m in stage.wire().from_client(Request.CURRENT_TIME)]


def _assert_no_beat_waited(gaps: list[float]) -> None:
    """Each comes at its time, as a rule; one alone may be late by what the machine was."""
    assert median(gaps) < 2 * _BEAT and max(gaps) < _BUSY_SECONDS, gaps


def _lag(tree: Tree) -> float:
    """The metric, in seconds."""
    text = tree.call("GET", "/metrics").text
    [line] = [each for each in text.splitlines() if each.startswith("kelpie_loop_lag_seconds{")]
    assert 'actor="ib.connection"' in line
    return float(line.split()[-1])


def test_a_handler_that_takes_five_seconds_does_not_delay_the_heartbeat(stage: Stage) -> None:
    """The desk is busy; the link beats on, and its loop is not late."""
    stage.play()
    # Unwatched: past five seconds the desk would be fenced.
    with stage.tree(watched=False) as tree:
        tree.wait_until_ready()
        until(lambda: len(_beats(stage)) >= 3, "it beats")
        with hanging(tree.system, names.DESK):
            began = time.monotonic()
            before = len(_beats(stage))
            until(lambda: time.monotonic() > began + _BUSY_SECONDS, "so long it is busy")
            until(lambda: len(_beats(stage)) >= before + 6, "it beats on, and the desk is busy")
        gaps = [later - earlier for earlier, later in pairwise(_beats(stage))]
        _assert_no_beat_waited(gaps)
        until(lambda: _lag(tree) < _BUSY_SECONDS, "the lag of the loop is told, and small")
        rest(tree, "KLP-1")
        assert_agreed(stage, tree)
    assert stage.wire().connects() == 1


def test_bytes_that_come_one_by_one_make_the_same_state_and_delay_no_beat(stage: Stage) -> None:
    stage.play("pain_21_bytes_one_by_one")
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        rest(tree, "KLP-2")
        assert_agreed(stage, tree)
        until(lambda: len(_beats(stage)) >= 5, "it beats")
        gaps = [later - earlier for earlier, later in pairwise(_beats(stage))]
        _assert_no_beat_waited(gaps)
    assert stage.wire().connects() == 1


@pytest.mark.parametrize("library", _LIBRARIES)
def test_nothing_but_its_adapter_imports_the_library(library: str) -> None:
    """So no loop is ever read at the import of a strategy or of the console."""
    found = [path for path in _sources() if library in _imported(path)]
    assert found or library != "ib_insync", "the adapter does, or this test reads nothing"
    inside = _ROOT / "adapters" / "ib"
    assert [path for path in found if not path.is_relative_to(inside)] == []


def test_the_import_contract_says_so_too() -> None:
    contracts = ConfigParser()
    contracts.read(_ROOT / "setup.cfg")
    contract = contracts["importlinter:contract:ib"]
    assert set(_LIBRARIES) <= set(contract["forbidden_modules"].split())
    assert {"console", "actors", "domain"} <= set(contract["source_modules"].split())


def _sources() -> Iterator[Path]:
    yield _ROOT / "supervisor.py"
    for room in _ROOMS:
        yield from (_ROOT / room).rglob("*.py")


def _imported(path: Path) -> set[str]:
    """The packages that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found

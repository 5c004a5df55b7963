"""What holds for every test: no network but this machine, nothing left behind."""

from __future__ import annotations

import gc
import ipaddress
import sys
import threading
from collections.abc import Generator, Iterator
from datetime import timedelta
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tests.tree.market import wait_for_open_market

#: How long a thread or process may take to end after its test.
GRACE_SECONDS = 20.0

# Examples are chosen by the test alone, so that the check says the same of the same code; others
# are tried with `--hypothesis-profile=explore`. None is measured: on a loaded machine any example
# may take longer than the 200 ms that Hypothesis would grant it.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", _UNTIMED)
settings.register_profile("check", _UNTIMED, derandomize=True, database=None)
settings.load_profile("check")

#: What a test without a limit of its own needs of an open market, and the most that any needs.
_USUAL_ROOM, _LONGEST_ROOM = 60.0, 120.0


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Begin no test that the rest of the demo's markets could come into the middle of.

    Every two hours they take no order for 18 seconds. The limit of the test does not run yet: so
    it need not be able to wait.
    """
    limited = item.get_closest_marker("timeout")
    limit = limited.args[0] if limited and limited.args else _USUAL_ROOM
    wait_for_open_market(timedelta(seconds=min(float(limit), _LONGEST_ROOM)))
    return (yield)


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _only_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        raise RuntimeError(f"a test reached for {host}: tests speak to this machine alone")


sys.addaudithook(_only_loopback)


#: Younger collections since the last full one (some 7,000 objects each), and the next is due.
_FULL_AFTER = 15


def pytest_collection_finish() -> None:
    """Nobody looks again through what the tests themselves are made of.

    A full collection stops every thread. With thousands of tests and the trees of dozens in the
    heap it took seconds, in the middle of whichever trial it fell on: hearts missed their beats
    there, and seats their second for an answer. So it happens between tests, while little waits.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 500)


@pytest.fixture(autouse=True)
def garbage_goes_between_tests() -> Iterator[None]:
    """Collect what a test has left, after whatever else it set up has ended."""
    yield
    if gc.get_count()[2] >= _FULL_AFTER:
        gc.collect()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread or a process of its own running."""
    threads = set(threading.enumerate())
    processes = set(psutil.Process().children(recursive=True))
    yield
    new_threads = set(threading.enumerate()) - threads
    for thread in new_threads:
        thread.join(GRACE_SECONDS)
    left: list[object] = [thread for thread in new_threads if thread.is_alive()]
    new_processes = set(psutil.Process().children(recursive=True)) - processes
    _, alive = psutil.wait_procs(list(new_processes), timeout=GRACE_SECONDS)
    left.extend(process for process in alive if process.status() != psutil.STATUS_ZOMBIE)
    assert not left, f"the test left behind: {left}"

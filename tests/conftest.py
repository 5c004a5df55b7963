"""What holds for every test: no network but this machine, nothing left behind."""

from __future__ import annotations

import ipaddress
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

#: How long a thread or process may take to end after its test.
GRACE_SECONDS = 5.0


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

"""`sd_notify` over real sockets, of a path and of the abstract kind."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.notify import service_manager


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    abstract = request.param == "abstract"
    address = f"@kelpie-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind("\0" + address[1:] if abstract else address)
        server.settimeout(5)
        yield address, server


def test_words_arrive_in_one_piece(listener: tuple[str, socket.socket]) -> None:
    address, server = listener
    environ = {"NOTIFY_SOCKET": address, "HOME": "/"}
    manager = service_manager(environ)
    assert manager is not None and manager.watchdog_seconds is None
    assert manager.notifier.send("READY=1", "STATUS=two\nlines")
    assert server.recv(4096) == b"READY=1\nSTATUS=two lines"
    manager.notifier.close()
    assert environ == {"HOME": "/"}, "no child process may speak in our name"


@pytest.mark.parametrize("address", [None, "", "relative", "vsock:2:1"])
def test_without_a_socket_there_is_nobody_to_tell(address: str | None) -> None:
    environ = {} if address is None else {"NOTIFY_SOCKET": address}
    assert service_manager(environ) is None


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "often"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_only_where_it_watches_this_process(
    given: dict[str, str], seconds: float | None
) -> None:
    manager = service_manager({"NOTIFY_SOCKET": "@nobody", **given})
    assert manager is not None
    assert manager.watchdog_seconds == seconds
    assert manager.notifier.send("WATCHDOG=1") is False, "nobody listens, and nothing breaks"
    manager.notifier.close()


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "notify"))
        manager = service_manager({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager is not None
        sent = [manager.notifier.send("STATUS=" + "x" * 1000) for _ in range(5000)]
        assert sent[0] is True and sent[-1] is False
        manager.notifier.close()

"""The rules that hold for every test, held to by tests of their own."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "::ffff:192.0.2.1"])
def test_no_test_reaches_beyond_this_machine(host: str) -> None:
    with pytest.raises(RuntimeError, match="this machine alone"):
        socket.create_connection((host, 9), timeout=0.1)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_every_library_is_pinned_with_its_hashes_and_no_address(name: str) -> None:
    text = (Path(__file__).parents[1] / "requirements" / name).read_text()
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    pins = re.findall(r"^(?! |#)(.+?)\s*\\?\n(\s+--hash=sha256:)?", text, flags=re.MULTILINE)
    assert len(pins) > 15
    for pin, hashed in pins:
        assert re.fullmatch(r"[a-z0-9_.-]+==[0-9][\w.]*", pin) and hashed, pin

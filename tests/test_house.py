"""The rules that hold for every test, held to by tests of their own."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
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


def test_make_empties_no_folder_that_the_environment_is_a_link_to(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    (checkout / "requirements").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    shutil.copy(root / "Makefile", checkout)
    (checkout / "requirements" / "run.txt").touch()
    (checkout / ".venv").symlink_to(elsewhere)
    argv = ["make", ".venv/run.stamp", f"PYTHON={sys.executable}"]
    made = subprocess.run(argv, cwd=checkout, capture_output=True, text=True, check=False)
    assert made.returncode and "is a link to" in made.stderr, made.stderr
    assert (elsewhere / "kept").exists()

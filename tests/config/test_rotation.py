from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from config.compression import Compressor
from config.rotation import RotatedFile

FULL = Path("/dev/full")


def content(path: Path) -> bytes:
    """Of a rotated file, compressed or not yet."""
    if path.exists():
        return path.read_bytes()
    return gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())


def names(folder: Path) -> list[str]:
    return sorted(entry.name.removesuffix(".gz") for entry in folder.iterdir())


def test_a_file_is_rotated_by_size_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.log"
    said: list[str] = []
    file = RotatedFile(path, max_bytes=20, keep=2, report=said.append)
    for number in range(8):
        file.write(b"line %04d\n" % number)
    file.close()
    assert path.read_bytes() == b"line 0006\nline 0007\n"
    assert content(path.with_name("a.log.1")) == b"line 0004\nline 0005\n"
    assert content(path.with_name("a.log.2")) == b"line 0002\nline 0003\n"
    assert names(path.parent) == ["a.log", "a.log.1", "a.log.2"]
    assert said == []


def test_it_goes_on_where_the_last_process_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for _ in range(3):
        file = RotatedFile(path, max_bytes=16, keep=2, report=print)
        file.write(b"12345678")
        file.close()
    assert path.read_bytes() == b"12345678"
    assert content(path.with_name("a.log.1")) == b"1234567812345678"


def test_what_was_rotated_is_compressed_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    file = RotatedFile(path, max_bytes=100_000, keep=3, report=print)
    for number in range(3000):
        file.write(b"%05d %s\n" % (number, b"the same again " * 3))
    file.close()
    small = tmp_path / "a.log.1.gz"
    assert not (tmp_path / "a.log.1").exists()
    assert small.stat().st_size < 20_000 and small.stat().st_mode & 0o077 == 0
    lines = (gzip.decompress(small.read_bytes()) + path.read_bytes()).splitlines()
    assert lines == [b"%05d %s" % (number, (b"the same again " * 3)) for number in range(3000)]


def test_all_of_them_together_have_a_bound(tmp_path: Path) -> None:
    file = RotatedFile(tmp_path / "a.log", max_bytes=10_000, keep=3, report=print)
    for number in range(300):
        file.write(os.urandom(500))  # nothing of it can be compressed
        if number % 20 == 19:
            file.close()
            assert sum(entry.stat().st_size for entry in tmp_path.iterdir()) <= 4 * 10_100
    assert names(tmp_path) == ["a.log", "a.log.1", "a.log.2", "a.log.3"]


def test_what_a_crash_left_half_compressed_is_compressed_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "a.log.1").write_bytes(b"old\n")
    (tmp_path / ".a.log.2.gz.new").write_bytes(b"half")
    file = RotatedFile(tmp_path / "a.log", max_bytes=8, keep=3, report=print)
    file.write(b"12345678")
    file.write(b"next\n")
    file.close()
    assert content(tmp_path / "a.log.2") == b"old\n"
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_is_shifted_while_it_is_compressed_is_left_as_it_is(tmp_path: Path) -> None:
    path, shifted = tmp_path / "a.log.1", tmp_path / "a.log.2"
    path.write_bytes(b"first\n")
    lock = threading.Lock()
    compressor = Compressor(lock, lambda: [path])
    with lock:
        compressor.begin()
        path.rename(shifted)
        path.write_bytes(b"second\n")
    compressor.close()
    # Whichever of the two it had begun with: none is lost, and none is there twice.
    assert content(path) == b"second\n"
    assert shifted.read_bytes() == b"first\n"


def test_nobody_else_may_read_the_logs(tmp_path: Path) -> None:
    file = RotatedFile(tmp_path / "a.log", max_bytes=100, keep=2, report=print)
    file.write(b"x\n")
    file.close()
    assert (tmp_path / "a.log").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.symlink_to(FULL)
    said: list[str] = []
    file = RotatedFile(path, max_bytes=1000, keep=2, report=said.append)
    for _ in range(5):
        file.write(b"lost\n")
    assert len(said) == 1
    assert "No space left on device" in said[0]
    path.unlink()
    file.write(b"kept\n")
    file.close()
    assert path.read_bytes() == b"kept\n"
    assert len(said) == 2
    assert "5 lines are not in it" in said[1]


def test_a_folder_that_cannot_be_made_is_told_and_nothing_stops(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    said: list[str] = []
    file = RotatedFile(tmp_path / "taken" / "a.log", max_bytes=10, keep=2, report=said.append)
    file.write(b"lost\n")
    file.write(b"lost\n")
    assert len(said) == 1


def test_a_line_torn_by_a_full_disk_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    real_write = os.write
    room = 4

    def write(file: int, line: bytes) -> int:
        nonlocal room
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real_write(file, line[:room])
        room -= written
        return written

    path = tmp_path / "a.log"
    file = RotatedFile(path, max_bytes=1000, keep=2, report=lambda text: None)
    monkeypatch.setattr(os, "write", write)
    file.write(b'{"torn": 1}\n')
    monkeypatch.setattr(os, "write", real_write)
    file.write(b'{"whole": 2}\n')
    file.close()
    assert path.read_bytes() == b'{"to\n{"whole": 2}\n'

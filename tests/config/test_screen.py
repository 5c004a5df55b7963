"""A screen that does not read keeps nobody waiting."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from loguru import logger

from config.logs import Logs, start_logs
from config.screen import MAX_LINES
from tests.tree.waiting import until

LIMIT = 30.0
"""Seconds: ten thousand lines are said, and a busy machine has more to do."""
EACH = 5_000
SECRET = "a-secret-that-no-screen-may-show"


class Pipe:
    """A screen that is read only when the test says so."""

    def __init__(self) -> None:
        self.reading, writing = os.pipe()
        self.stream: TextIO = os.fdopen(writing, "w", encoding="utf-8")
        self._parts: list[bytes] = []
        self._reader = threading.Thread(target=self._read)

    def fill(self) -> int:
        """Write until it takes no more; how many bytes it took."""
        file, taken = self.stream.fileno(), 0
        os.set_blocking(file, False)
        try:
            while True:
                taken += os.write(file, b"." * 4096)
        except BlockingIOError:
            return taken
        finally:
            os.set_blocking(file, True)

    def read(self) -> None:
        """Begin to read."""
        self._reader.start()

    def close(self) -> bytes:
        """All that was read up to the end."""
        self.stream.close()
        if self._reader.ident is None:
            self.read()
        self._reader.join(LIMIT)
        os.close(self.reading)
        return b"".join(self._parts)

    def _read(self) -> None:
        while part := os.read(self.reading, 65536):
            self._parts.append(part)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    yield Pipe()


def _talk(logs: Logs, who: str) -> None:
    for number in range(EACH):
        if number % 2:
            logger.warning("{} {} {}", who, number, SECRET)
        else:
            logs.say(f"{who} {number} {SECRET}")


def test_who_logs_does_not_wait_for_a_screen_that_nobody_reads(tmp_path: Path, pipe: Pipe) -> None:
    filled = pipe.fill()
    logs = start_logs(tmp_path, mode="demo", secrets=[SECRET], screen=pipe.stream)
    talkers = [threading.Thread(target=_talk, args=(logs, who)) for who in "ab"]
    for talker in talkers:
        talker.daemon = True  # else one that hangs would hang the suite too
        talker.start()
    for talker in talkers:
        talker.join(LIMIT)
        assert not talker.is_alive(), "who logs waits for the reader"
    assert not logs.flush(0.1)

    pipe.read()
    assert logs.flush(LIMIT)
    logs.say("and on it goes")
    logs.close()
    text = pipe.close()[filled:].decode()
    shown = re.findall(r"\b([ab]) (\d+) \*\*\*$", text, flags=re.MULTILINE)
    for who in "ab":
        numbers = [int(number) for name, number in shown if name == who]
        assert numbers == sorted(numbers)
    told = re.findall(r"^… (\d+) lines were not shown$", text, flags=re.MULTILINE)
    assert len(shown) in (MAX_LINES, MAX_LINES + 1), "what waited, and what was being shown"
    assert [int(number) for number in told] == [2 * EACH - len(shown)]
    assert text.endswith("lines were not shown\nand on it goes\n")
    assert SECRET not in text
    assert len((tmp_path / "kelpie.log").read_text().splitlines()) == EACH


def _no_screen_is_written() -> bool:
    return "screen" not in [thread.name for thread in threading.enumerate()]


def test_the_end_waits_a_moment_for_a_screen_that_nobody_reads(tmp_path: Path, pipe: Pipe) -> None:
    filled = pipe.fill()
    logs = start_logs(tmp_path, mode="demo", screen=pipe.stream)
    logs.say("never shown")
    ends = threading.Thread(target=logs.close, daemon=True)
    ends.start()
    ends.join(LIMIT)
    assert not ends.is_alive()
    until(_no_screen_is_written, "who wrote there has ended")
    logs.say("said after the end")
    assert len(pipe.close()) == filled


def test_what_was_said_before_the_end_is_shown(tmp_path: Path) -> None:
    screen = io.StringIO()
    logs = start_logs(tmp_path, mode="demo", screen=screen)
    for number in range(MAX_LINES):
        logs.say(f"{number} \udcff")
    logs.close()
    logs.close()
    assert [line.split()[0] for line in screen.getvalue().splitlines()] == [
        str(number) for number in range(MAX_LINES)
    ]

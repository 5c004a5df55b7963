"""Systemd's end of the notify socket: what a service has told it, and when."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

from tests.tree.home import PROGRAM_WITHIN
from tests.tree.waiting import SOON

_SO_FAR = "SO FAR"
"""A word of our own: what was told before it has come before it."""


class Manager:
    """Listens on a socket; a thread keeps each word with its moment (monotonic seconds)."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.words: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._thread = threading.Thread(target=self._listen, name="service manager")
        self._thread.start()

    def hear(self, word: str, seconds: float = PROGRAM_WITHIN, since: float = 0.0) -> float:
        """Wait for a word that begins so, told after `since`; the moment of its coming."""

        def found() -> list[float]:
            return [at for at, told in self.words if told.startswith(word) and at > since]

        with self._changed:
            self._changed.wait_for(found, seconds)
            assert found(), f"{word} was not told: {self.words}"
            return found()[0]

    def count(self, word: str, since: float = 0.0) -> int:
        with self._changed:
            return sum(told.startswith(word) and at > since for at, told in self.words)

    def silent(self, word: str, seconds: float) -> bool:
        """Nothing that begins so comes for so long from now on."""
        begun = time.monotonic()

        def heard() -> bool:
            return any(told.startswith(word) and at > begun for at, told in self.words)

        with self._changed:
            return not self._changed.wait_for(heard, seconds)

    def hear_all(self) -> None:
        """Return once whatever has been told so far has come."""
        now = time.monotonic()
        self._send(_SO_FAR)
        self.hear(_SO_FAR, since=now)
        with self._changed:
            self.words = [(at, word) for at, word in self.words if word != _SO_FAR]

    def close(self) -> None:
        self._send("CLOSE")
        self._thread.join(SOON)
        self._socket.close()

    def _send(self, word: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.sendto(word.encode(), self.address)

    def _listen(self) -> None:
        while (told := self._socket.recv(65536)) != b"CLOSE":
            with self._changed:
                now = time.monotonic()
                self.words += [(now, word) for word in told.decode().splitlines()]
                self._changed.notify_all()

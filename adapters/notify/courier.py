"""Starts the program that takes letters out of the house, and takes its outcome; waits for nothing.

One errand with letters and one with a ping may be out at the same time. An errand that takes too
long is ended: what it was to deliver was not.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.notify import program
from domain.alert_letters import Letter
from runtime.processes import Errand, start_errand

AT_ONCE = 15
"""So many letters one errand takes: the words of all must fit a pipe."""
_STOP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of an errand with letters."""

    errand: str
    arrived: frozenset[str]
    """The ids of the letters that at least one way has taken."""
    failed: tuple[str, ...] = ()
    """The ways that did not work, as `2nd (mailto)`: never a URL."""
    trouble: str = ""
    """Why the errand itself came to nothing; empty where it did not."""


@dataclass(frozen=True, slots=True)
class CourierOptions:
    """To where."""

    urls: tuple[str, ...] = field(default=(), repr=False)
    watcher: str = field(default="", repr=False)
    receipt: Path | None = None
    """Where the program leaves what it delivered, for a Kelpie that was killed meanwhile."""
    pause_seconds: float = 1.0
    """Between two letters by one way: services count how many come at once."""


class Courier:
    """Owned by one seat, which asks it how far it is."""

    def __init__(self, options: CourierOptions) -> None:
        self.options = options
        self._out: tuple[str, Errand] | None = None
        self._ping: Errand | None = None

    @property
    def busy(self) -> bool:
        """Letters are out."""
        return self._out is not None

    @property
    def pinging(self) -> bool:
        """A ping is out."""
        return self._ping is not None

    def send(self, errand: str, letters: Sequence[Letter]) -> None:
        """Take these out.

        Raises:
            OSError: the program cannot be started.
        """
        told = {
            "errand": errand,
            "urls": self.options.urls,
            "letters": [
                {"id": each.id, "title": each.title, "body": each.body, "level": each.level}
                for each in letters
            ],
            "pause": self.options.pause_seconds,
            "receipt": str(self.options.receipt) if self.options.receipt else "",
        }
        self._out = errand, _start(told)

    def outcome(self) -> Delivery | None:
        """What came of the letters, once; None while they are out."""
        if self._out is None or self._out[1].alive():
            return None
        (errand, process), self._out = self._out, None
        answer = _read(process.answer(), errand)
        if answer is None:
            return Delivery(errand, frozenset(), trouble=f"it ended with {process.status()}")
        return _delivery(answer)

    def give_up(self) -> Delivery | None:
        """End what is out with letters: it takes too long."""
        if self._out is None:
            return None
        (errand, process), self._out = self._out, None
        process.stop(_STOP_SECONDS)
        return Delivery(errand, frozenset(), trouble="it took too long")

    def receipt(self, errand: str) -> Delivery | None:
        """What an errand of an earlier run has left behind; None where it has left nothing."""
        if self.options.receipt is None:
            return None
        try:
            answer = _read(self.options.receipt.read_bytes(), errand)
        except OSError:
            return None
        return None if answer is None else _delivery(answer)

    def ping(self, note: str, *, well: bool) -> None:
        """Tell the watcher.

        Raises:
            OSError: the program cannot be started.
        """
        told = {"errand": "ping", "ping": self.options.watcher, "note": note, "well": well}
        self._ping = _start(told)

    def pinged(self) -> bool | None:
        """Whether the watcher was told, once; None while the ping is out."""
        if self._ping is None or self._ping.alive():
            return None
        process, self._ping = self._ping, None
        answer = _read(process.answer(), "ping")
        return answer is not None and answer.get("pinged") is True

    def stop(self) -> None:
        """End all that is out."""
        for process in (self._out[1] if self._out else None, self._ping):
            if process is not None:
                process.stop(_STOP_SECONDS)
        self._out = self._ping = None


def _start(told: Mapping[str, Any]) -> Errand:
    # -P: its own folder must not be where it looks for libraries.
    argv = [sys.executable, "-P", str(Path(program.__file__).resolve())]
    return start_errand(argv, json.dumps(told).encode())


def _read(text: bytes, errand: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    mine = isinstance(answer, dict) and answer.get("errand") == errand
    return answer if mine else None


def _delivery(answer: Mapping[str, Any]) -> Delivery:
    arrived = frozenset(id for id, ways in answer["arrived"].items() if ways)
    failed = tuple(f"{_ordinal(number)} ({kind})" for number, kind in answer["failed"])
    return Delivery(answer["errand"], arrived, failed)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number if number < 20 else number % 10, "th")
    return f"{number}{ending}"


def new_digits() -> str:
    """Four digits that nobody can guess: whoever knows them has received them."""
    return f"{secrets.randbelow(10_000):04d}"


def mark_of(urls: Sequence[str]) -> str:
    """By which other URLs are told from these, without saying them; empty where there are none."""
    return hashlib.sha256("\n".join(sorted(urls)).encode()).hexdigest()[:12] if urls else ""

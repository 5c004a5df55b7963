"""The two processes of a rehearsal: Kelpie as it is in use, and the gateway that it trades with.

Each is started from nothing but its settings, seen stopped or ended, and killed by SIGKILL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from adapters.store import book_path
from benchmarks.processes import ROOT, free_port, is_ready, tree_settings
from config.modes import Mode
from runtime import crash_points
from runtime.clocks import SystemClock
from runtime.crash_points import CrashPoint
from simulators.broker import ACCOUNT

#: A gateway that has not opened its port after so long never will.
GATEWAY_SECONDS = 30.0
_GONE_SECONDS = 10.0
#: A start is looked at so often; the hook's probes take fifty a second.
_LOOK_SECONDS = 0.025
_SYMBOLS = "BHP/AUD,CBA/AUD,CSL/AUD,NAB/AUD,WES/AUD,WOW/AUD,TLS/AUD,VAS/AUD,VGS/AUD,A2M/AUD"


class Failed(RuntimeError):
    """The rehearsal itself cannot go on: a process did not start, or did not die."""


class Life(StrEnum):
    """How a process stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


class Process:
    """One run of `supervisor.py`, in a folder of its own; what it prints is appended there."""

    def __init__(self, words: Sequence[str], folder: Path, settings: dict[str, str]) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        folder.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        self.screen = folder / f"{words[0]}.txt"
        with self.screen.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "supervisor.py"), *words],
                cwd=folder,
                env={**kept, "PYTHONPATH": str(ROOT), **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def life(self) -> Life:
        """Whether it runs, stands still, or is no more; a stop is looked at and not consumed."""
        if self._process.returncode is not None:
            return Life.ENDED
        look = os.WSTOPPED | os.WEXITED | os.WNOWAIT | os.WNOHANG
        state = os.waitid(os.P_PID, self.pid, look)
        if state is None:
            return Life.RUNNING
        return Life.STOPPED if state.si_code == os.CLD_STOPPED else Life.ENDED

    def kill(self) -> int:
        """SIGKILL, and wait until it is gone; its exit status, -9 unless it ended before."""
        self._process.kill()
        try:
            return self._process.wait(_GONE_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"process {self.pid} does not die") from None

    def terminate(self, seconds: float) -> int | None:
        """SIGTERM; the exit status, None when it has not ended by then."""
        self._process.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def last_words(self) -> str:
        """The end of what it printed, on one line."""
        return " / ".join(self.screen.read_text(errors="replace").splitlines()[-3:])


class Place:
    """Where one Kelpie and its gateway live: a folder, two ports, and the processes of now."""

    def __init__(self, folder: Path, seed: int, market: str = "lively") -> None:
        self.folder = folder
        self.sim = folder / "ib-sim"
        self.state = folder / "state"
        self._said = folder / "reached"
        self.book = book_path(self.state, Mode.PAPER, ACCOUNT)
        self.ib_port, self.hook_port = free_port(), free_port()
        self._settings = tree_settings(
            folder, self.ib_port, self.hook_port, STRATEGY="none", ALLOWED_SYMBOLS=_SYMBOLS
        )
        self._market = ("--market", market, "--seed", str(seed), "--time-zone", _early_zone())
        self.kelpie: Process | None = None
        self.gateway: Process | None = None
        self._backup: Process | None = None

    def start_gateway(self) -> float:
        """Start it on what it has on file; the monotonic time at which it was seen to listen."""
        ready = self.folder / "gateway.json"
        ready.unlink(missing_ok=True)
        words = ["ib-sim", "--port", str(self.ib_port), "--state-dir", str(self.sim)]
        words += ["--ready-file", str(ready), *self._market]
        self.gateway = Process(words, self.folder, {})
        limit = self.gateway.started + GATEWAY_SECONDS
        while not ready.exists():
            if self.gateway.life() is Life.ENDED or time.monotonic() > limit:
                raise Failed(f"the gateway did not start:\n{self.gateway.last_words()}")
            time.sleep(0.005)
        return time.monotonic()

    def start_kelpie(self, point: CrashPoint | None = None, passing: int = 1) -> Process:
        """Start it, armed to stop at a point where one is named."""
        # Six starts that were killed young would put the seventh into safe mode: on trial here
        # is what is lost, and not whether it may go on.
        self.book.with_name("starts.json").unlink(missing_ok=True)
        self.kelpie = Process(["run"], self.folder, self._settings | self._armed(point, passing))
        return self.kelpie

    def start_backup(self, point: CrashPoint, passing: int) -> Process:
        """Start the program that copies the book, armed to stop at a point."""
        self._backup = Process(
            ["backup"], self.folder, self._settings | self._armed(point, passing)
        )
        return self._backup

    def reached(self) -> str:
        """The point at which a process of here says that it has stopped; empty for none."""
        return self._said.read_text().strip() if self._said.exists() else ""

    def _armed(self, point: CrashPoint | None, passing: int) -> dict[str, str]:
        self._said.unlink(missing_ok=True)
        if point is None:
            return {}
        asked = f"{point}:{passing}"
        return {crash_points.POINT_VARIABLE: asked, crash_points.FILE_VARIABLE: str(self._said)}

    def ready(self) -> bool:
        """Its hook says that the venue is tradable."""
        return is_ready(self.hook_port)

    def close(self) -> None:
        """End whatever runs here."""
        for process in (self._backup, self.kelpie, self.gateway):
            if process is not None:
                process.kill()


def _early_zone() -> str:
    """A zone in which it is about six in the morning, so that no midnight falls into a house.

    Beyond the gateway's midnight its lists prove nothing: what was lost then a person settles.
    """
    ahead = (6 - SystemClock().now().hour) % 24
    hours = ahead if ahead <= 12 else ahead - 24
    return f"Etc/GMT{-hours:+d}"  # its sign is the other way round


def wait_for(condition: Callable[[], bool], seconds: float, every: float = _LOOK_SECONDS) -> bool:
    """Whether a condition came true in time."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= limit:
            return False
        time.sleep(every)
    return True

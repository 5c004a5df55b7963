"""Programs beside this process: started, watched, ended; also one that an earlier run left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_POLL = 0.02
LARGEST_OUTPUT = 5_000_000
"""Bytes after which a program's output begins anew at its next start; one older is kept."""
_FITS_A_PIPE = 60_000


class ChildProcess:
    """A program that this process started, or one that it found running and adopted."""

    def __init__(self, pid: int, popen: subprocess.Popen[bytes] | None) -> None:
        self.pid = pid
        self._popen = popen
        self._born = _born(pid) if popen is None else ""

    @property
    def adopted(self) -> bool:
        """An earlier process started it."""
        return self._popen is None

    def alive(self) -> bool:
        """It runs."""
        if self._popen is not None:
            return self._popen.poll() is None
        return is_alive(self.pid) and _born(self.pid) == self._born

    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs or when nobody knows."""
        return self._popen.poll() if self._popen is not None else None

    def stop(self, patience_seconds: float) -> None:
        """Ask it to end, and make it end when it does not. Blocks for that long at most."""
        self._signal(signal.SIGTERM)
        if not self._gone_within(patience_seconds):
            self._signal(signal.SIGKILL)
            self._gone_within(1.0)

    def kill(self) -> None:
        """`kill -9`, at once and without waiting."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """Not by its id alone: once it has ended, that id may be a stranger's."""
        if self._popen is not None:
            self._popen.send_signal(number)
        elif self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _gone_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() >= end:
                return False
            time.sleep(_POLL)
        return True


def start_process(
    argv: Sequence[str],
    *,
    output: Path,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> ChildProcess:
    """Start a program in a session of its own, so that Ctrl-C reaches this process alone.

    What it prints is appended to `output`; one that is beyond `LARGEST_OUTPUT` becomes `output.1`.
    `folder` is where it stands, else where this one does.

    Raises:
        OSError: it cannot be started.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.exists() and output.stat().st_size > LARGEST_OUTPUT:
        output.replace(output.with_name(f"{output.name}.1"))
    with output.open("ab") as stream:
        popen = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(environ) if environ is not None else None,
            cwd=folder,
        )
    return ChildProcess(popen.pid, popen)


def adopt_process(pid: int, marks: Sequence[str]) -> ChildProcess | None:
    """A running program whose command line holds all of these marks; None if there is none.

    The marks matter: a process id is used again, and a stranger must not be taken for ours.
    """
    found = ChildProcess(pid, None)
    words = command_line(pid)
    if words is None or not all(any(mark in word for word in words) for mark in marks):
        return None
    return found


def is_alive(pid: int) -> bool:
    """Such a process runs (a zombie does not)."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        except (OSError, IndexError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not Path("/proc").is_dir()


def _born(pid: int) -> str:
    """When it was started, in ticks since the machine's own start; empty where nobody says."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def command_line(pid: int) -> list[str] | None:
    """The words of a running process's command; None when it is not there."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    words = [word.decode(errors="replace") for word in raw.split(b"\0") if word]
    return words or None


class Errand(ChildProcess):
    """A program that is told something once, and answers once, over pipes: nothing is on disk."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        super().__init__(popen.pid, popen)
        self._answering = popen.stdout

    def answer(self) -> bytes:
        """What it said; only once it has ended. Empty where it said nothing."""
        stream, self._answering = self._answering, None
        if stream is None:
            return b""
        with stream:
            return stream.read()

    def stop(self, patience_seconds: float) -> None:
        """As any other; what it would have said is not heard any more."""
        super().stop(patience_seconds)
        if self._answering is not None:
            self._answering.close()
            self._answering = None


def start_errand(argv: Sequence[str], told: bytes) -> Errand:
    """Start a program that reads `told` to its end from its standard input.

    What it is told must fit a pipe (60,000 bytes), so that nobody waits for its reading; its
    answer must as well. What it prints as errors is thrown away.

    Raises:
        OSError: it cannot be started.
        ValueError: it is told too much.
    """
    if len(told) > _FITS_A_PIPE:
        raise ValueError(f"{len(told)} bytes do not fit a pipe")
    popen = subprocess.Popen(
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert popen.stdin is not None
    with contextlib.suppress(BrokenPipeError), popen.stdin as stream:
        stream.write(told)
    return Errand(popen)

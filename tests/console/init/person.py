"""Somebody who is asked: by a script in this process, or at a real terminal of the real program."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from console.init import questions
from console.init.asking import Person
from console.init.program import init
from tests.tree.waiting import SOON, until

NOBODY_LISTENS: tuple[int, ...] = ()

#: To the last two questions.
NO_ALERTS = ("none", "none")


class Script:
    """Answers one line after the other; at their end the person goes away.

    An answer that has to be looked up somewhere first is a call.
    """

    def __init__(self, *answers: str | Callable[[], str], **given: str) -> None:
        self._answers = list(answers)
        self.said: list[str] = []
        flags = {name.replace("_", "-"): text for name, text in given.items()}
        self.person = Person(flags, self._read, self.said.append, questions.MOST)

    def _read(self, prompt: str) -> str:
        self.said.append(prompt)
        if not self._answers:
            raise EOFError
        answer = self._answers.pop(0)
        return answer if isinstance(answer, str) else answer()

    @property
    def page(self) -> str:
        """All that was said, as one line."""
        return " ".join(" ".join(self.said).split())

    def init(self, folder: Path, ports: Sequence[int] = NOBODY_LISTENS, **environ: str) -> int:
        """Run it for `folder/.env`."""
        return init(folder / ".env", self.person, environ, ports=ports)


PATIENCE = 60.0
"""Seconds for what a program does that has to start, import the house and ask a gateway first."""

#: Makes the terminal of the child its controlling one, so that Ctrl-C there is a signal; and has
#: that signal end it, as a person's shell does: what runs behind a script inherits to ignore it.
_TAKE_TERMINAL = (
    "import fcntl, os, signal, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A program at a terminal of its own, and the person before it."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self.screen = ""
        self._read_to = 0
        self.answers = 0

    def wait_for(self, pattern: str, seconds: float = PATIENCE) -> str:
        """What came since the last time, up to this; fails without it."""
        limit = time.monotonic() + seconds
        while not (found := re.compile(pattern).search(self.screen, self._read_to)):
            assert time.monotonic() < limit, f"{pattern!r} not seen:\n{self.screen}"
            if not self._more(0.5):
                found = re.compile(pattern).search(self.screen, self._read_to)
                assert found, f"it ended without {pattern!r}:\n{self.screen}"
                break
        text, self._read_to = self.screen[self._read_to : found.end()], found.end()
        return text

    def answer(self, text: str) -> None:
        """Type a line; it counts."""
        self.answers += 1
        self.press(text + "\r")

    def press(self, keys: str) -> None:
        """Type without counting, once the program waits for it.

        Between a prompt and the wait for its answer Ctrl-C would be noticed with the next key
        only: a person presses it again.
        """
        process = psutil.Process(self.process.pid)
        until(lambda: process.status() == psutil.STATUS_SLEEPING, "it waits for a key", PATIENCE)
        os.write(self._master, keys.encode())

    def ended(self, seconds: float = PATIENCE) -> int:
        """Read to the end; the exit code."""
        limit = time.monotonic() + seconds
        while self._more(0.5):
            assert time.monotonic() < limit, f"it does not end:\n{self.screen}"
        return self.process.wait(seconds)

    def _more(self, seconds: float) -> bool:
        """Read what is there, waiting a little; False once there is nothing any more."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux's word for a terminal whose other side is gone
            return False
        self.screen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@contextmanager
def at_terminal(folder: Path, program: Path, *words: str, **environ: str) -> Iterator[Terminal]:
    """Run a Python program in `folder`, with nothing in its environment but this."""
    master, slave = pty.openpty()
    bare = {"PATH": os.environ["PATH"], "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, sys.executable, str(program), *words],
        cwd=folder,
        env=bare | environ,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(SOON)
        os.close(master)

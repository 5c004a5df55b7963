"""The screen: shown by a thread of its own, so that nobody who speaks waits for a reader.

A terminal that stops reading (Ctrl-S, a pager, a pipe that is full) blocks whoever writes to it.
Here that is one thread, which owns nothing else.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import TextIO

MAX_LINES = 1000
"""Lines that may wait to be shown; those beyond them are counted, and the count is told."""
FLUSH_SECONDS = 1.0
"""How long the end of the process waits for a screen that does not read."""

_LOOK_SECONDS = 0.1


class Screen:
    """Lines in the order in which they were said. Every method may be called from any thread."""

    def __init__(self, stream: TextIO) -> None:
        """Show on `stream`: past its buffer when it has a file descriptor."""
        self._stream = stream
        # Re-entrant: a signal's handler may speak while its thread is in here.
        self._changed = threading.Condition(threading.RLock())
        self._lines: deque[str] = deque()
        self._lost = 0
        self._showing = False
        self._closing = False
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Show a line, without its end, as soon as the screen reads. Never blocks, never raises."""
        with self._changed:
            if self._closing:
                return
            if len(self._lines) >= MAX_LINES:
                self._lost += 1
                return
            self._tell_lost()
            self._lines.append(line)
            self._changed.notify_all()

    def flush(self, limit_seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until all that was said is shown, at most this long; whether it is."""
        with self._changed:
            return self._changed.wait_for(self._is_empty, limit_seconds)

    def close(self, limit_seconds: float = FLUSH_SECONDS) -> None:
        """Show what waits, at most this long, and end. What is said later is not shown."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(self._is_empty, limit_seconds)
            self._given_up = True
            self._changed.notify_all()
        # It looks up every tenth of a second; a write that hangs all the same is left behind.
        self._thread.join(2 * _LOOK_SECONDS)

    def _is_empty(self) -> bool:
        return not (self._lines or self._lost or self._showing)

    def _tell_lost(self) -> None:
        if self._lost:
            self._lines.append(f"… {self._lost} lines were not shown")
            self._lost = 0

    def _run(self) -> None:
        while (line := self._next()) is not None:
            try:
                self._show(line)
            except (OSError, ValueError):
                continue  # a screen that is gone is no failure

    def _next(self) -> str | None:
        """The next line, when there is one; None at the end."""
        with self._changed:
            self._showing = False
            if not self._lines:
                self._tell_lost()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines or self._closing)
            if self._given_up or not self._lines:
                return None
            self._showing = True
            return self._lines.popleft()

    def _show(self, line: str) -> None:
        text = f"{line}\n"
        try:
            file = self._stream.fileno()
        except OSError:  # a stream in memory
            self._stream.write(text)
            self._stream.flush()
            return
        # Not through the stream: its lock, held by a write that hangs, would abort the
        # interpreter's own flush at the end.
        rest = text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        while rest:
            while not select.select([], [file], [], _LOOK_SECONDS)[1]:
                if self._given_up:
                    return
            try:
                # A pipe that is ready takes as much as this at once, whatever its reader does.
                rest = rest[os.write(file, rest[: select.PIPE_BUF]) :]
            except BlockingIOError:
                continue

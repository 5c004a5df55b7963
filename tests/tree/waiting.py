"""Waiting for what happens in another process: by a condition, and never without a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SOON = 20.0
"""Seconds after which a thing that should have happened is a failure."""


def until(
    condition: Callable[[], T], what: str, seconds: float = SOON, *, every: float = 0.02
) -> T:
    """The first answer that is true; fails with `what` when there is none in time."""
    limit = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < limit, f"not within {seconds:g} s: {what} (last: {answer!r})"
        pause.wait(every)

"""What every thread is doing now, as text: for the log of a process that hangs."""

from __future__ import annotations

import sys
import threading
import traceback


def stacks() -> str:
    """The stacks of all threads, the innermost call last, under each thread's name."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        parts.append(f"Thread {names.get(ident, ident)}:\n")
        parts.extend(traceback.format_stack(frame))
    return "".join(parts)

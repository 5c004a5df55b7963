"""The life of the process around the tree: signals, the wait for the end, the last words."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from loguru import logger

from actors import names
from actors.lanes import Stop
from actors.supervision import EXIT_RESTART_ME
from actors.system import ActorSystem
from actors.watch import Watch
from runtime.stacks import stacks

_LOOK_EVERY = 0.1
_STOP_WITHIN = 9.0
_EXPLAIN_WITHIN = 2.0


class Beside(Protocol):
    """Who looks at the tree from the main thread; neither may block or raise."""

    def look(self) -> None:
        """Called ten times a second."""

    def stopping(self) -> None:
        """Called when the end was asked for, and when it has come; more than once."""


def live(
    system: ActorSystem,
    plant: Callable[[], None],
    say_goodbye: Callable[[int], None],
    beside: Beside | None = None,
) -> int:
    """Plant the tree and keep it until a signal or its own end; the exit code.

    With a code other than 0 it does not return: neither a thread that hangs nor a log may keep a
    process that gave up from ending.
    """
    watch = Watch(system)
    with Signals(system) as signals:
        plant()
        watch.start()
        gc.collect()
        gc.freeze()
        # The default of 5 ms lets one busy thread hold back an order for as long.
        sys.setswitchinterval(0.0005)
        code = _wait(system, signals, beside)
    watch.stop()
    if beside is not None:
        beside.stopping()
    if code:
        system.wait_for_explanation(_EXPLAIN_WITHIN)
        last = threading.Thread(target=say_goodbye, args=(code,), daemon=True)
        last.start()
        last.join(_EXPLAIN_WITHIN)
        os._exit(code)
    say_goodbye(code)
    return code


class Signals:
    """SIGTERM, SIGINT and SIGHUP stop the tree in order; a second one ends the process at once.

    SIGHUP is a terminal that was closed: no start dies of that. It may come more than once, from
    the shell and from the kernel, and is never taken for impatience; under nohup it is ignored.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._before: dict[int, Any] = {}
        self.asked_at: float | None = None
        """When the first one came, monotonic."""

    def __enter__(self) -> Signals:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _came(self, number: int, _: object) -> None:
        if self.asked_at is not None:
            if number == signal.SIGHUP:
                return
            os._exit(128 + number)
        # No more than this: what it interrupts may hold a lock that a message needs.
        self.asked_at = self._system.runtime.clock.monotonic()


def _wait(system: ActorSystem, signals: Signals, beside: Beside | None) -> int:
    told = False
    while (code := system.wait_for_end(_LOOK_EVERY)) is None:
        if beside is not None:
            beside.look()
        asked = signals.asked_at
        if asked is not None and not told:
            told = True
            system.tell(names.ROOT, Stop())
            if beside is not None:
                beside.stopping()
        if asked is not None and system.runtime.clock.monotonic() - asked > _STOP_WITHIN:
            # On a thread of its own: should the log hang, this one still ends the process.
            threading.Thread(
                target=system.end, args=(EXIT_RESTART_ME, _explain_late_stop), daemon=True
            ).start()
            return EXIT_RESTART_ME
    return code


def _explain_late_stop() -> None:
    logger.critical("Not stopped within {} s; all stacks follow.\n{}", _STOP_WITHIN, stacks())

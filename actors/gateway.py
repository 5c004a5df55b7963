"""Keeps the embedded gateway of the demo running: a process of its own, spoken to over TCP alone.

One that an earlier run left behind is adopted when it was started in the same way, else ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from actors.base import Actor
from actors.lanes import State
from actors.seat import Seat
from actors.system import ActorSystem
from domain.backoff import Backoff
from runtime.processes import ChildProcess, adopt_process, start_process

_LOOK_EVERY = 0.25
_READY_WITHIN = 3.0
_STOP_SECONDS = 3.0
_BACKOFF = Backoff(first=0.25, ceiling=30.0, reset_after=30.0)


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How the embedded gateway is started. `argv` ends in what tells it from all others."""

    argv: Sequence[str]
    ready_file: Path
    output: Path


class GatewayKeeper(Actor):
    """Starts it, adopts it, starts it again when it dies, ends it in order."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: GatewayOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._process: ChildProcess | None = None
        self._deaths = 0
        self._since = 0.0
        self._acknowledged = False

    def on_start(self) -> None:
        """Adopt or start; wait for nothing."""
        self._process = self._found()
        if self._process is not None:
            self.log.info("Adopted the embedded gateway of an earlier run ({}).", self._process.pid)
            self._since = self.clock.monotonic()
        else:
            self._launch()
        self.after(_LOOK_EVERY / 5, "look")

    def acknowledge_start(self) -> None:
        """Once it listens, so that the link's first try finds it; after 3 s in any case."""

    def on_stop(self) -> None:
        """End it; its books stay on disk."""
        if self._process is not None:
            self._process.stop(_STOP_SECONDS)
        self.options.ready_file.unlink(missing_ok=True)

    def describe(self) -> State:
        """The process."""
        process = self._process
        return {
            "pid": process.pid if process is not None else None,
            "adopted": process is not None and process.adopted,
            "deaths": self._deaths,
        }

    def on_timer(self, name: str) -> None:
        """Look whether it lives; start it when the wait is over."""
        if name == "launch":
            self._launch()
        elif self._process is not None and not self._process.alive():
            self._died(self._process)
        waited = self.clock.monotonic() - self._since
        if not self._acknowledged and (self.options.ready_file.exists() or waited > _READY_WITHIN):
            self._acknowledged = True
            super().acknowledge_start()
        self.after(_LOOK_EVERY if self._acknowledged else _LOOK_EVERY / 5, "look")

    def _died(self, process: ChildProcess) -> None:
        if self.clock.monotonic() - self._since >= _BACKOFF.reset_after:
            self._deaths = 0
        self._deaths += 1
        delay = _BACKOFF.delay(self._deaths, self.runtime.chance.random())
        self.log.warning(
            "The embedded gateway ({}) has died (status {}). It is started again in {:.1f} s; "
            "its books are on disk. What it said last: {}",
            process.pid,
            process.status(),
            delay,
            self.options.output,
        )
        self._process = None
        self.after(delay, "launch")

    def _launch(self) -> None:
        self.options.ready_file.unlink(missing_ok=True)
        self._process = start_process(self.options.argv, output=self.options.output)
        self._since = self.clock.monotonic()
        self.log.info("Started the embedded gateway ({}).", self._process.pid)

    def _found(self) -> ChildProcess | None:
        try:
            pid = int(orjson.loads(self.options.ready_file.read_bytes())["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        same = adopt_process(pid, self.options.argv[1:])
        if same is not None:
            return same
        stray = adopt_process(pid, [str(self.options.ready_file)])
        if stray is not None:
            self.log.warning("Ending the gateway of an earlier run ({}).", pid)
            stray.stop(_STOP_SECONDS)
        return None

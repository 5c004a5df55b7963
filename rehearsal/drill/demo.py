"""A demo for a drill alone: Kelpie as it runs, its embedded gateway, the broker's own books.

It has a folder and ports of its own, and takes nothing from the settings of whoever starts it: a
demo that runs beside it is not touched.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson

from console.client import Access, HookClient, HookRefused
from runtime.clocks import SystemClock
from runtime.processes import ChildProcess, adopt_process, start_process
from simulators.books import Books, read_books
from simulators.tws.control import ControlClient
from simulators.tws.program import WIRE_LOG_NAME
from simulators.tws.wire_history import WireHistory, read_wire_log

T = TypeVar("T")

UNANSWERED, UNANSWERED_ID = "unanswered", "KLP-DRILL-QUIET"
"""The rule of the scenario, and the order whose answers it keeps back."""
_SCENARIO = f"""
title = "The drill's gateway"
source = "the drill"
story = "Nothing is wrong but what the door is told; one order is taken and never answered."

[[rule]]
name = "{UNANSWERED}"
on = ["openOrder", "orderStatus"]
match = {{ order_ref = "{UNANSWERED_ID}" }}
do = "hold"
for_seconds = 120
"""
#: Below the ports that the system itself hands out to outgoing connections.
_PORTS = range(20_000, 32_000)
_LOOK_SECONDS = 0.05
_STOP_SECONDS = 15.0
_SETTINGS = {
    "MODE": "demo",
    "STRATEGY": "none",
    "ALLOWED_SYMBOLS": "BHP/AUD,CBA/AUD",
    "PROTECT_ENTRIES": "true",
    # As in paper: those of the demo are so near that its market reaches them within minutes.
    "PLAN_STOP": "3",
    "PLAN_TARGET": "9",
    "PLAN_LATEST_AGE_MINUTES": "600",
    "QUOTE_STALE_AFTER_SECONDS": "6",
    "BACKUP_EVERY_HOURS": "0",
    "PYTHONUNBUFFERED": "1",
}


class Failed(RuntimeError):
    """Something did not come about in time; says what."""


class Demo:
    """One Kelpie in demo over all its runs. Everything here blocks, and never without a limit."""

    def __init__(self, folder: Path, program: Path) -> None:
        self._folder, self._program = folder, program
        self._state = folder / "state"
        self._sim = self._state / "ib-sim"
        self._clock = SystemClock()
        self._hook_port = _free_port()
        self._scenario = folder / "drill.toml"
        self._scenario.write_text(_SCENARIO, encoding="utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._environ = {
            **kept,
            **_SETTINGS,
            "STATE_DIR": str(self._state),
            "LOG_DIR": str(folder / "logs"),
            "IB_PORT": str(_free_port(self._hook_port)),
            "HOOK_PORT": str(self._hook_port),
        }
        self._kelpie: ChildProcess | None = None

    # -- the processes -------------------------------------------------------------------

    def start(self) -> None:
        """Start Kelpie; its gateway is started by it, or adopted."""
        argv = [sys.executable, str(self._program), "run", "--scenario", str(self._scenario)]
        screen = self._folder / "screen.txt"
        # In a folder of its own: an .env where the owner stands must not reach it.
        self._kelpie = start_process(
            argv, output=screen, environ=self._environ, folder=self._folder
        )

    @property
    def pid(self) -> int:
        """Of Kelpie's process."""
        assert self._kelpie is not None
        return self._kelpie.pid

    def alive(self) -> bool:
        """Kelpie's process runs."""
        return self._kelpie is not None and self._kelpie.alive()

    def kill(self) -> None:
        """`kill -9`; gone when this returns."""
        assert self._kelpie is not None
        self._kelpie.kill()
        self.until(lambda: not self.alive(), "the process is gone", 10.0)

    def gateway_pid(self) -> int:
        """Of the gateway's process. Raises `Failed` where none says that it runs."""
        return int(self._ready_file("pid"))

    def close(self) -> None:
        """End all that runs here: Kelpie in order, whatever is left without being asked."""
        if self._kelpie is not None:
            self._kelpie.stop(_STOP_SECONDS)
        try:
            left = adopt_process(self.gateway_pid(), [str(self._sim)])
        except Failed:
            return
        if left is not None:
            left.stop(3.0)

    def last_words(self) -> str:
        """The end of what Kelpie printed."""
        try:
            lines = (self._folder / "screen.txt").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return " / ".join(lines[-3:])

    def _ready_file(self, name: str) -> Any:
        try:
            return orjson.loads((self._sim / "ready.json").read_bytes())[name]
        except (OSError, ValueError, KeyError) as error:
            raise Failed(f"the gateway does not say where it is ({error!r})") from None

    # -- the broker ----------------------------------------------------------------------

    def door(self) -> ControlClient:
        """By which the gateway is told what to do wrong; close it again."""
        return ControlClient(int(self._ready_file("control_port")))

    def books(self) -> Books:
        """The broker's own file, whoever runs."""
        return read_books(self._sim)

    def wire(self) -> WireHistory:
        """The gateway's own record of what went over the wire."""
        return read_wire_log(self._sim / WIRE_LOG_NAME)

    # -- the hook ------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        """What the hook says. Raises as `HookClient.get`."""
        with self._hook() as hook:
            return hook.get(path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Tell the hook. Raises as `HookClient.post`."""
        with self._hook() as hook:
            return hook.post(path, body)

    def delete(self, path: str) -> Any:
        """Take back over the hook. Raises as `HookClient.delete`."""
        with self._hook() as hook:
            return hook.delete(path)

    def ready(self) -> Any:
        """`GET /health/ready`; None where nobody answers."""
        try:
            answer = httpx.get(f"{self._url}/health/ready", timeout=5.0, trust_env=False)
            return answer.json()
        except (httpx.HTTPError, ValueError):
            return None

    def is_ready(self) -> bool:
        """It answers, and the venue is tradable."""
        said = self.ready()
        return said is not None and bool(said["ready"])

    def state(self, order_id: str) -> str:
        """The state of an order, as Kelpie has it; empty where it knows none."""
        try:
            return str(self.get(f"/orders/{order_id}")["state"])
        except HookRefused:
            return ""

    def is_fresh(self, symbol: str) -> bool:
        """There is a quote of it that is not stale."""
        quotes = self.get("/quotes")["items"]
        return any(each["symbol"] == symbol and not each["stale"] for each in quotes)

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._hook_port}"

    def _hook(self) -> HookClient:
        try:
            token = (self._state / "hook.token").read_text().strip()
        except OSError as error:
            raise Failed(f"Kelpie has made no token ({error})") from None
        return HookClient(Access(self._url, token))

    # -- waiting -------------------------------------------------------------------------

    def seconds(self) -> float:
        """Monotonic."""
        return self._clock.monotonic()

    def until(self, condition: Callable[[], T], what: str, seconds: float) -> T:
        """The first answer that is true.

        Raises:
            Failed: there was none in time; with `what`, and Kelpie's last words if it has ended.
        """
        limit = self.seconds() + seconds
        pause = threading.Event()
        while True:
            answer = condition()
            if answer:
                return answer
            if self.seconds() >= limit:
                ended = "" if self.alive() else f"; Kelpie does not run: {self.last_words()}"
                raise Failed(f"not within {seconds:g} s: {what}{ended}")
            pause.wait(_LOOK_SECONDS)


def _free_port(but: int = 0) -> int:
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port != but:
                return port

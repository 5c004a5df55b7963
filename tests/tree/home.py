"""Kelpie as a process of its own: started, listened to, and killed from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil

from simulators.books import Books, read_books
from simulators.tws.wire_history import WireHistory, read_wire_log
from tests.plain_http import TRUSTS_NOBODY
from tests.tree.gates_open import OPEN
from tests.tree.ports import free_port as free_port
from tests.tree.waiting import SOON, until

ROOT = Path(__file__).parents[2]
STOP_WITHIN = 10.0
PROGRAM_WITHIN = 60.0
"""Seconds for what a program does once it has started, which is no claim: it imports the house."""
_AGAIN = ("SEAT_SLOW", "SEAT_BUSY")
"""What the hook answers where a seat had no turn in time: the same may be sent again."""


class Kelpie:
    """One run of `supervisor.py run`, and what it has said on the screen."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, name=f"screen of {process.pid}")
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def screen(self) -> str:
        with self._changed:
            return "\n".join(self.lines)

    def hear(self, words: str, seconds: float = PROGRAM_WITHIN, times: int = 1) -> str:
        """Wait until the screen has so many lines with these words; the last of them."""

        def found() -> list[str]:
            return [line for line in self.lines if words in line]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= times or self._ended, seconds)
            heard = found()
        assert len(heard) >= times, f"{words!r} ×{times} not heard:\n{self.screen()}"
        return heard[times - 1]

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.ended()

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self, seconds: float = STOP_WITHIN) -> int:
        """Wait for its end; gives the exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not ended in {seconds:g} s:\n{self.screen()}") from None
        self._reader.join(STOP_WITHIN)
        return code

    def refuses(self) -> int:
        """Wait until it has ended by itself instead of running; gives the exit code."""
        return self.ended(PROGRAM_WITHIN)

    def close(self) -> None:
        """Whatever it does: end it, and let go of it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(STOP_WITHIN)
        self._reader.join(STOP_WITHIN)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip())
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Home:
    """The folders and ports of one Kelpie over all its runs, and the broker's own record."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder = folder
        self.python = python
        self.argv = [python, str(ROOT / "supervisor.py")]
        self.state = folder / "state"
        self.logs = folder / "logs"
        self.sim = self.state / "ib-sim"
        self.ib_port, self.hook_port = free_port(), free_port()
        self._runs: list[Kelpie] = []
        self.damaged = False
        """The test damages its book, which is then no evidence of anything."""

    def start(self, **settings: str) -> Kelpie:
        """Run it in demo, unless `settings` say otherwise."""
        run = Kelpie(self.launch(subprocess.PIPE, **settings))
        self._runs.append(run)
        return run

    def launch(self, screen: int, **settings: str) -> subprocess.Popen[str]:
        """The same with a screen (a file descriptor) that nobody here reads."""
        return subprocess.Popen(
            [*self.argv, "run"],
            cwd=self.folder,
            env={**self._environ(), **settings},
            stdin=subprocess.DEVNULL,
            stdout=screen,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def command(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """`kelpie …`, beside whatever runs; waits for its end."""
        return subprocess.run(
            [*self.argv, *words],
            cwd=self.folder,
            env={**self._environ(), **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROGRAM_WITHIN,
            check=False,
        )

    def _environ(self) -> dict[str, str]:
        bare = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        return {
            **bare,
            **OPEN,
            "MODE": "demo",
            "STATE_DIR": str(self.state),
            "LOG_DIR": str(self.logs),
            "IB_PORT": str(self.ib_port),
            "HOOK_PORT": str(self.hook_port),
        }

    def processes(self) -> list[psutil.Process]:
        """All that run for this home: they carry its folder in their environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("STATE_DIR") == str(self.state):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def close(self) -> None:
        """End all that still runs."""
        for run in self._runs:
            run.close()
        for process in self.processes():
            process.kill()
            process.wait(STOP_WITHIN)

    # -- the gateway, and the broker's truth ---------------------------------------------

    def gateway_pid(self) -> int | None:
        """The process that says that it is the gateway and runs."""
        try:
            pid = int(orjson.loads((self.sim / "ready.json").read_bytes())["pid"])
        except FileNotFoundError:
            return None
        return pid if psutil.pid_exists(pid) else None

    def books(self) -> Books:
        """The broker's own file."""
        return read_books(self.sim)

    def wire(self) -> WireHistory:
        """The gateway's own record of what went over the wire."""
        return read_wire_log(self.sim / "wire.jsonl")

    # -- the hook ------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.hook_port}"

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask the hook, and again where a seat had no turn within its second."""

        def in_time() -> httpx.Response | None:
            answer = self.ask_once(method, path, body)
            slow = answer.status_code == 503 and answer.json().get("code") in _AGAIN
            return None if slow else answer

        answer = until(in_time, f"{method} {path} is answered", every=0.1)
        assert answer is not None
        return answer

    def ask_once(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask the hook, with the token that opens everything."""
        token = (self.state / "hook.token").read_text().strip()
        with httpx.Client(
            base_url=self.url, timeout=SOON, trust_env=False, verify=TRUSTS_NOBODY
        ) as client:
            headers = {"authorization": f"Bearer {token}"}
            json = {} if body is None and method == "POST" else body
            return client.request(method, path, json=json, headers=headers)

    def get(self, path: str) -> Any:
        """What the hook says."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer
        return answer.json()

    def live(self) -> bool:
        """The hook answers."""
        return self._probe("/health/live")

    def ready(self) -> bool:
        """The hook answers, and says that the venue is tradable."""
        return self._probe("/health/ready")

    def _probe(self, path: str) -> bool:
        try:
            answer = httpx.get(f"{self.url}{path}", trust_env=False, verify=TRUSTS_NOBODY)
            return answer.status_code == 200
        except httpx.TransportError:
            return False

    def wait_until_ready(self, seconds: float = PROGRAM_WITHIN) -> None:
        """The venue is tradable, a fresh quote of BHP is there, and every seat is taken.

        Trading does not wait for the console: its last seats may be taken after the first quote.
        """
        until(self.ready, "ready to trade", seconds, every=0.1)

        def fresh() -> bool:
            quotes = self.get("/quotes")["items"]
            return any(each["symbol"] == "BHP/AUD" and not each["stale"] for each in quotes)

        until(fresh, "a fresh quote of BHP", seconds, every=0.1)
        until(lambda: all(self.incarnations().values()), "every seat is taken", seconds, every=0.1)

    def incarnations(self) -> dict[str, int]:
        """Of every actor, by name."""
        return {each["name"]: each["incarnation"] for each in self.get("/actors")["items"]}

    def propose(self, client_order_id: str, **terms: str) -> httpx.Response:
        """POST an order: 20 BHP at the market, unless `terms` say otherwise."""
        order = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "MARKET"} | terms
        return self.call("POST", "/orders", order | {"client_order_id": client_order_id})

    def order(self, client_order_id: str) -> Any:
        return self.get(f"/orders/{client_order_id}")

    def wait_for_state(self, client_order_id: str, *states: str, seconds: float = SOON) -> None:
        until(
            lambda: self.order(client_order_id)["state"] in states,
            f"{client_order_id} is {' or '.join(states)}",
            seconds,
            every=0.1,
        )

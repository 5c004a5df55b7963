"""The processes that are measured: a gateway, a tree, a bare client, each one of its own.

All speak over loopback alone, on ports that the system chose, and end with the block that
started them.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from domain.limits import LARGER_IS_TIGHTER, NAMES
from simulators.broker import ACCOUNT

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 15.0
CLIENT_ID = 17

#: Below those that the system gives to outgoing connections: the tree's own, to its gateway, took
#: the very port that its hook was to have.
_PORTS = range(20_000, 32_000)
#: A started gateway is looked for this often.
_LOOK_SECONDS = 0.002


class Failed(RuntimeError):
    """What was to be measured did not do what it should: there is no figure."""


@contextmanager
def running(
    argv: Sequence[str], folder: Path, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program with nothing of our own environment but these settings.

    What it prints goes to `folder/output.txt`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environ = {**kept, "PYTHONPATH": str(ROOT), **settings}
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *argv], cwd=folder, env=environ, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL when that does not help in time."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def finished(process: subprocess.Popen[bytes], seconds: float, folder: Path) -> None:
    """Wait for a program's own end.

    Raises:
        Failed: it took too long, or its exit code is not 0; with the end of what it printed.
    """
    try:
        code: int | None = process.wait(seconds)
    except subprocess.TimeoutExpired:
        code = None
    if code != 0:
        how = f"did not end within {seconds:.0f} s" if code is None else f"ended with {code}"
        printed = (folder / "output.txt").read_text(errors="replace")[-2000:]
        raise Failed(f"{process.args!r} {how}:\n{printed}")


@contextmanager
def gateway(folder: Path, *words: str, numbered: bool = False) -> Iterator[int]:
    """A simulated gateway that counts no messages; gives its port.

    `numbered` takes the one of `benchmarks.gateway`, whose ticks carry their number.
    """
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    program = "benchmarks.gateway" if numbered else "simulators.tws.program"
    argv = ["-m", program, "--state-dir", str(folder), "--ready-file", str(ready), *words]
    if "--port" not in words:
        argv += ["--port", "0"]
    if not numbered:
        argv += ["--message-limit", "0"]
    with running(argv, folder) as process:
        until = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise Failed((folder / "output.txt").read_text(errors="replace")[-2000:])
            time.sleep(_LOOK_SECONDS)
        yield int(orjson.loads(ready.read_bytes())["port"])


#: Limits that nothing reaches: the gates are walked, and hold nothing back.
_WIDE = {
    **{
        name.upper(): "0" if name in LARGER_IS_TIGHTER else "1000000000"
        for name in NAMES
        if name != "max_order_value"
    },
    "MIN_CASH": "none",
    "COOL_DOWN_SECONDS": "none",
    "DUPLICATE_PERCENT": "none",
    "ENTRY_PHASES": "any",
    "MAX_ROUND_TRIP_COST": "1000",
    "MAX_PLANS_PER_SYMBOL": "1000",
    # One order is held against one order: the bare library places no stop with it.
    "PROTECT_ENTRIES": "false",
}


def tree_settings(folder: Path, port: int, hook_port: int, **more: str) -> dict[str, str]:
    """The tree of paper mode on that gateway: everything as it is in use, but for the places."""
    return {
        "MODE": "paper",
        # An order is measured, not the question before it.
        "ENTRY_PREVIEWS": "false",
        "IB_PORT": str(port),
        "IB_ACCOUNT_ID": ACCOUNT,
        "IB_WINDOWS": "none",
        **_WIDE,
        "IB_CLIENT_ID": str(CLIENT_ID),
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "HOOK_PORT": str(hook_port),
        **more,
    }


def free_port() -> int:
    """A port that nobody listens on now, and that no outgoing connection will be given."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_ready(
    process: subprocess.Popen[bytes], hook_port: int, seconds: float = START_SECONDS
) -> float:
    """Ask `/health/ready` until it answers 200; the monotonic time of that answer.

    Raises:
        Failed: the process ended, or the time is over.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Failed(f"the tree ended with {process.returncode}")
        if is_ready(hook_port):
            return time.monotonic()
        time.sleep(0.005)
    raise Failed(f"not ready within {seconds:.0f} s")


def is_ready(hook_port: int) -> bool:
    """Whether `/health/ready` answers 200."""
    request = f"GET /health/ready HTTP/1.0\r\nHost: 127.0.0.1:{hook_port}\r\n\r\n".encode()
    try:
        with socket.create_connection(("127.0.0.1", hook_port), timeout=2.0) as hook:
            hook.sendall(request)
            return hook.recv(64).split(b" ", 2)[1:2] == [b"200"]
    except OSError:
        return False

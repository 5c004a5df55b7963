"""Start `make run` for real and hold it to its promise.

It must show its first FILL within a minute, stop in order within ten seconds of an interrupt,
end with status 0, and leave no process behind. Everything it writes goes to a folder of its own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

FILL_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 10.0


def main() -> int:
    """Give 0 when all of it held."""
    with tempfile.TemporaryDirectory(prefix="kelpie-demo-") as folder:
        environ = {
            **os.environ,
            "MODE": "demo",
            "STATE_DIR": str(Path(folder, "state")),
            "LOG_DIR": str(Path(folder, "logs")),
            "IB_PORT": str(_free_port()),
            "HOOK_PORT": str(_free_port()),
            "PYTHONUNBUFFERED": "1",
        }
        # A session of its own: what is left of it can be found, and ended, without a doubt.
        make = subprocess.Popen(
            ["make", "--no-print-directory", "run"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            return _watch(make, folder)
        finally:
            for process in _of(folder):
                process.kill()
            make.wait()


def _watch(make: subprocess.Popen[str], folder: str) -> int:
    filled, ended = threading.Event(), threading.Event()

    def read() -> None:
        assert make.stdout is not None
        for line in make.stdout:
            print("  |", line, end="", flush=True)
            if "FILL" in line:
                filled.set()
                ended.set()
        ended.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    ended.wait(FILL_WITHIN_SECONDS)
    if not filled.is_set() and ended.is_set():
        return _failed(f"it ended with status {make.wait()} before its first FILL")
    if not filled.is_set():
        return _failed(f"no FILL on the screen within {FILL_WITHIN_SECONDS:g} s")

    # Only Kelpie is interrupted: from the keyboard make would be too, and hide the exit status.
    (kelpie,) = psutil.Process(make.pid).children()
    kelpie.send_signal(signal.SIGINT)
    try:
        status = make.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        return _failed(f"not stopped {STOP_WITHIN_SECONDS:g} s after the interrupt")
    reader.join(STOP_WITHIN_SECONDS)
    if status != 0:
        return _failed(f"ended with status {status}")
    if left := _of(folder):
        return _failed(f"left behind: {left}")
    print("The demo traded, stopped in order, and left nothing behind.")
    return 0


def _of(folder: str) -> list[psutil.Process]:
    """Find the processes of this run: they carry its folder in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("STATE_DIR", "").startswith(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _failed(why: str) -> int:
    print(f"make run failed: {why}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())

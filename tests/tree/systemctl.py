"""Stands in for systemctl: starts and stops the service of one installation, as systemd would.

Called as `systemctl.py FOLDER WORDS…`. The service's process is remembered in FOLDER/pid; one
that ends by itself is not started again here, and counts as failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil


def main(folder: Path, words: list[str]) -> int:
    process = running(folder)
    match words:
        case ["is-active", *_]:
            return 0 if process is not None else 3
        case ["is-failed", *_]:
            return 1 if process is not None or not (folder / "pid").exists() else 0
        case ["reset-failed", *_]:
            (folder / "pid").unlink(missing_ok=True)
        case ["stop", *_]:
            if process is not None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
            (folder / "pid").unlink(missing_ok=True)
        case ["start", *_]:
            with (folder / "screen").open("a") as screen:
                started = subprocess.Popen(
                    [folder / "opt/kelpie/current/bin/kelpie", "run"],
                    stdin=subprocess.DEVNULL,
                    stdout=screen,
                    stderr=screen,
                    start_new_session=True,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                )
            (folder / "pid").write_text(str(started.pid))
        case _:
            print(f"unknown: {words}", file=sys.stderr)
            return 1
    return 0


def running(folder: Path) -> psutil.Process | None:
    """The service's process."""
    try:
        process = psutil.Process(int((folder / "pid").read_text()))
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except (OSError, psutil.NoSuchProcess):
        return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

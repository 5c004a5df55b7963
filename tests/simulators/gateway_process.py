"""The gateway as a process of its own, for tests that kill it or speak to it from outside."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

ROOT = Path(__file__).parents[2]

#: A start imports the house and opens the books; under a loaded machine that takes its time.
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class GatewayProcess:
    """One running `kelpie ib-sim`."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def terminate(self) -> int:
        """SIGTERM; gives the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)


@contextmanager
def gateway_process(state_dir: Path, *arguments: str) -> Iterator[GatewayProcess]:
    """Start a gateway on any free port, and see to it that it ends with the block."""
    ready = state_dir / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "simulators.tws.program", "--port", "0"]
    command += ["--state-dir", str(state_dir), "--ready-file", str(ready)]
    command += ["--wire-log", "full", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        line = process.stdout.readline()
        assert "listening on" in line, f"it did not start: {line}{process.stderr.read()}"
        port = int(line.rsplit(":", 1)[1])
        yield GatewayProcess(process, port)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()
        process.stderr.close()


def ready_facts(state_dir: Path) -> dict[str, object]:
    """What the ready file says."""
    facts: dict[str, object] = orjson.loads((state_dir / "ready.json").read_bytes())
    return facts

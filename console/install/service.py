"""Stopping and starting the service around a change of releases, and seeing it well again."""

from __future__ import annotations

import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx

from console.install.layout import Layout
from console.install.releases import InstallError, setting_of
from runtime.interface import Clock

UNIT = "kelpie.service"
_LOOK_EVERY = 0.5
_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """What the two open probes say: it lives, it is ready, and why not."""

    live: bool
    ready: bool
    reason: str


class Service:
    """The service of one installation, by the program that manages it (`systemctl`)."""

    def __init__(self, layout: Layout, manager: Path | str, clock: Clock) -> None:
        self._layout = layout
        self._manager = str(manager)
        self._clock = clock
        self._pause = threading.Event()

    def active(self) -> bool:
        """It runs, or is about to."""
        found = self._call("is-active", UNIT)
        # One that ends again and again is between two starts for most of the time.
        return found.returncode == 0 or found.stdout.strip() == "activating"

    def failed(self) -> bool:
        """It has ended, and is not started again."""
        return self._call("is-failed", "--quiet", UNIT).returncode == 0

    def stop(self) -> None:
        """In order; returns once it has ended.

        Raises:
            InstallError: it does not stop.
        """
        self._must("stop")

    def start(self) -> None:
        """Have it started; how it fares is for `health` to say.

        Raises:
            InstallError: the manager refuses.
        """
        self._call("reset-failed", UNIT)
        self._must("start", "--no-block")

    def health(self) -> Health:
        """As of now; not live where nobody answers."""
        try:
            # Plain HTTP: whom to trust is not asked, and not read from the disk at each look.
            nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            with httpx.Client(timeout=_ANSWER_SECONDS, trust_env=False, verify=nobody) as client:
                live = client.get(f"{self._url()}/health/live").status_code == 200
                answer = client.get(f"{self._url()}/health/ready")
                said = answer.json()
        except (httpx.HTTPError, ValueError):
            return Health(False, False, "it does not answer")
        return Health(live, answer.status_code == 200, str(said.get("reason") or ""))

    def wait(self, seconds: float) -> tuple[Health, float]:
        """Until it is ready, has ended for good, or the time is over; and how long that took."""
        began = self._clock.monotonic()
        while True:
            found, took = self.health(), self._clock.monotonic() - began
            if found.ready or took >= seconds or (not found.live and self.failed()):
                return found, took
            self._pause.wait(_LOOK_EVERY)

    def _url(self) -> str:
        host = setting_of(self._layout.settings, "HOOK_HOST") or "127.0.0.1"
        port = setting_of(self._layout.settings, "HOOK_PORT") or "8765"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _must(self, *words: str) -> None:
        done = self._call(*words, UNIT)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise InstallError(f"`systemctl {' '.join(words)} {UNIT}` failed: {said}")

    def _call(self, *words: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self._manager, *words], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise InstallError(f"{self._manager} cannot be run: {error.strerror}.") from error

"""From one release to another and back, with whatever is held: what it will do, and doing it.

The book is the one thing that two releases share, and its schema only grows. So a release is
tried on a copy before anything is stopped; a back-up is made by the release that wrote the book;
and the way back restores that back-up where the older release could not read the newer book.
Orders at the venue are not touched by any of it: stops stand while nobody is there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from console.install.layout import Layout
from console.install.releases import InstallError, Release, Releases
from console.install.service import Health, Service
from runtime.interface import Clock

RECORD = "upgrade.json"
#: Not ready within so many seconds, and not even alive: the old release is started again.
WAIT_SECONDS = 180.0
_TRIAL = ".upgrade-trial"
_NOT_RUNNING = "the current release, and does not run: `sudo systemctl start kelpie`"

Say = Callable[[str], None]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of the newer release on a copy of the book."""

    schema_before: int
    schema_after: int
    entries: int
    seconds: float

    @property
    def sentence(self) -> str:
        return (
            f"Tried on a copy of the book ({self.entries} entries): sound after "
            f"{self.seconds:.1f} s, schema {self.schema_before} to {self.schema_after}."
        )


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What is written down when it is done, for the way back."""

    before: str
    after: str
    at: str
    """UTC."""
    backup: str
    """Made by the release before, the last thing it did; empty where there was no book."""


class Upgrader:
    """Of one installation."""

    def __init__(self, layout: Layout, service: Service, clock: Clock, say: Say) -> None:
        self._layout = layout
        self._service = service
        self._clock = clock
        self._say = say
        self._releases = Releases(layout)

    # -- to a newer one ------------------------------------------------------------------

    def check(self, source: Path, environment: Path | None = None) -> Release | None:
        """Have the release beside the current one, try it on a copy, and say what it will do.

        None where the current release is of these very sources.

        Raises:
            InstallError: it cannot be done; nothing has changed then.
        """
        current = self._current()
        fresh = self._releases.stage(source, environment)
        if fresh.name == current.name:
            runs = "what runs" if self._service.active() else _NOT_RUNNING
            self._say(f"Nothing to do: {current.name} is {runs}.")
            return None
        self._say(f"From {current.name} to {fresh.name}.")
        trial = self._try_on_copy(current, fresh)
        self._say("There is no book yet." if trial is None else trial.sentence)
        self._say_what_stands(current)
        self._say(
            "It stops Kelpie in order, backs the book up, switches, starts, and waits until it is "
            "ready: no entries and no exits of plans for that time, usually well under a minute. "
            f"Should it not come up within {WAIT_SECONDS:.0f} s, the old release is started again."
        )
        if trial is not None and trial.schema_after != trial.schema_before:
            self._say(
                "The book's schema changes: `kelpie rollback` would put the back-up in its place, "
                "and take up from the gateway what was traded since its last midnight."
            )
        else:
            self._say("The book's schema stays: `kelpie rollback` keeps all that is in it.")
        return fresh

    def upgrade(self, source: Path, environment: Path | None = None) -> bool:
        """Do it; whether the new release is well. Where it does not live, the old one is back.

        Raises:
            InstallError: it cannot be done, or the way back has failed, too.
        """
        fresh = self.check(source, environment)
        if fresh is None:
            return True
        current = self._current()
        ran = self._service.active()
        with self._or_as_it_was(current, ran):
            stopped = self._stop(ran)
            # Once more, now that nothing is written any more: this is the one to go back to.
            made = self._backed_up(current)
            backup = str(made["path"]) if made is not None else ""
            done = Upgrade(current.name, fresh.name, self._clock.now().isoformat(), backup)
            self._write(done)
            self._releases.switch(fresh.name)
        if not ran:
            self._say(f"{fresh.name} is what the next start starts.")
            return True
        health = self._start(stopped)
        if health.live or health.ready:
            return health.ready
        self._say(f"{fresh.name} does not come up: going back to {current.name}.")
        self._service.stop()
        stopped = self._clock.monotonic()
        self._exchange(done)
        self._come_back(done, stopped, start=True)
        return False

    # -- and back ------------------------------------------------------------------------

    def rollback(self, *, check: bool = False) -> bool:
        """To the release before the last upgrade; whether it is well.

        Raises:
            InstallError: there is nothing to go back to, or it fails.
        """
        done, current = self._read(), self._current()
        if done is None or done.after != current.name:
            raise InstallError(
                f"There is nothing to go back to: {current.name} came by no upgrade that is known."
            )
        self._say(f"From {done.after} back to {done.before}.")
        before = self._named(done.before)
        if self._reads_the_book(before):
            self._say("The book stays as it is.")
        else:
            self._say(
                f"{done.before} cannot read the book as it is now. The back-up of {done.at} takes "
                "its place, and the book is kept aside. What was traded since the gateway's last "
                "midnight is taken up from it; older orders of the new release would be UNKNOWN."
            )
        self._say_what_stands(current)
        if check:
            return True
        ran = self._service.active()
        with self._or_as_it_was(current, ran):
            stopped = self._stop(ran)
            self._backed_up(current)
            self._exchange(done)
        return self._come_back(done, stopped, start=ran)

    def _exchange(self, done: Upgrade) -> None:
        """Have the older release be the current one, with a book that it can read."""
        before = self._releases.switch(done.before)
        if done.backup and not self._reads_the_book(before):
            restored = self._kelpie(before, ("restore", "--json", done.backup), {})
            beyond = json.loads(restored)["entries_not_in_it"]
            self._say(f"Restored {done.backup}; {beyond} later entries are in the book kept aside.")

    def _come_back(self, done: Upgrade, stopped: float, *, start: bool) -> bool:
        (self._layout.releases / RECORD).unlink(missing_ok=True)
        if not start:
            self._say(f"{done.before} is what the next start starts.")
            return True
        return self._start(stopped).ready

    # -- steps ---------------------------------------------------------------------------

    def _current(self) -> Release:
        current = self._releases.current()
        if current is None:
            raise InstallError(f"Nothing is installed in {self._layout.releases}: `make install`.")
        return current

    def _stop(self, ran: bool) -> float:
        if ran:
            self._say("Stopping. Orders at the venue stay as they are.")
            self._service.stop()
        return self._clock.monotonic()

    @contextmanager
    def _or_as_it_was(self, current: Release, ran: bool) -> Iterator[None]:
        """What fails between the stop and the start leaves nobody without exits of plans."""
        try:
            yield
        except BaseException:
            if self._current().name != current.name:
                self._releases.switch(current.name)
            if ran:
                self._say(f"It failed: {current.name} is started again.")
                self._service.start()
            raise

    def _start(self, stopped: float) -> Health:
        self._service.start()
        health, _ = self._service.wait(WAIT_SECONDS)
        took = self._clock.monotonic() - stopped
        name = self._current().name
        if health.ready:
            self._say(f"{name} is ready, {took:.0f} s after the stop.")
        elif health.live:
            self._say(f"{name} runs, and is not ready after {took:.0f} s: {health.reason}")
        return health

    def _try_on_copy(self, current: Release, fresh: Release) -> Trial | None:
        made = self._backed_up(current)
        if made is None:
            return None
        place = self._layout.state / _TRIAL
        shutil.rmtree(place, ignore_errors=True)
        began = self._clock.monotonic()
        there = {"STATE_DIR": str(place)}
        try:
            self._kelpie(fresh, ("restore", "--json", made["path"]), there)
            found = json.loads(self._kelpie(fresh, ("ledger", "verify", "--json"), there))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        seconds = self._clock.monotonic() - began
        before, after = dict(made["rows"]), dict(found["rows"])
        lost = [name for name, count in before.items() if after.get(name, 0) < count]
        if lost:
            raise InstallError(f"{fresh.name} would lose rows of {', '.join(lost)}: not done.")
        return Trial(made["schema"], found["schema"], made["entries"], seconds)

    def _backed_up(self, release: Release) -> Any:
        """The facts of a back-up made now; None where there is no book."""
        done = self._call(release, ("backup", "--json"), {})
        if "[NO_BOOK]" in done.stderr:
            return None
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise _failed(release, ("backup",), done) from None

    def _reads_the_book(self, release: Release) -> bool:
        done = self._call(release, ("ledger", "verify"), {})
        return done.returncode == 0 or "[NO_BOOK]" in done.stderr

    def _named(self, name: str) -> Release:
        for release in self._releases.all():
            if release.name == name:
                return release
        raise InstallError(f"The release {name} is not there any more.")

    def _say_what_stands(self, release: Release) -> None:
        done = self._call(release, ("status", "--json"), {})
        try:
            facts: dict[str, Any] = json.loads(done.stdout)
            held, orders = facts["holdings"] or [], facts["orders"] or []
        except (ValueError, KeyError, TypeError):
            self._say("What stands at the venue could not be asked for; it stays as it is.")
            return
        stops = sum(each["stop"] is not None for each in held)
        self._say(
            f"Held: {len(held)} positions, {stops} of them with a stop at the venue, {len(orders)} "
            "orders in all. None of them is touched."
        )

    def _kelpie(self, release: Release, words: Words, environ: Mapping[str, str]) -> str:
        done = self._call(release, words, environ)
        if done.returncode:
            raise _failed(release, words, done)
        return done.stdout

    def _call(
        self, release: Release, words: Words, environ: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        argv = (str(release.path / "bin/kelpie"), *words)
        return subprocess.run(
            argv, env={**os.environ, **environ}, capture_output=True, text=True, check=False
        )

    # -- what is written down ------------------------------------------------------------

    def _write(self, done: Upgrade) -> None:
        path = self._layout.releases / RECORD
        fresh = path.with_suffix(".part")
        fresh.write_text(json.dumps(asdict(done), indent=1) + "\n")
        fresh.replace(path)

    def _read(self) -> Upgrade | None:
        try:
            return Upgrade(**json.loads((self._layout.releases / RECORD).read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _failed(release: Release, words: Words, done: subprocess.CompletedProcess[str]) -> InstallError:
    said = (done.stderr or done.stdout).strip()
    return InstallError(f"`kelpie {' '.join(words)}` of {release.name} failed: {said}")

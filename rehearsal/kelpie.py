"""Kelpie as a process of the virtual world: planted, asked, killed and planted again.

The tree is `supervisor.root` with its actors and adapters as they are; ib_insync speaks over the
network of the world. Outside of it stay the hook (the owner's words reach the desk as the hook
would put them) and the log's files.
"""

from __future__ import annotations

import gc
import itertools
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pykka

from actors import names
from actors.base import Actor
from actors.chosen import limits_of
from actors.lanes import Lane, Message, Stop
from actors.mailbox import Envelope, Put
from actors.seat import Seat
from actors.supervision import EXIT_RESTART_ME
from actors.system import ActorSystem
from actors.watch import Watch
from adapters.store import book_path
from adapters.store.connection import Connection
from config.settings import Settings
from console.process import TreeOptions
from console.telemetry import Write
from domain.backoff import Backoff
from domain.limits import NO_LIMITS
from rehearsal.counted import CountedMailbox
from runtime.virtual import VirtualClock, VirtualRuntime
from runtime.virtual_loop import Host, VirtualLoop
from runtime.virtual_loop import Lane as Thread
from runtime.virtual_network import Network
from simulators.broker import ACCOUNT
from supervisor import root

#: How the rehearsed Kelpie is set: quieter than by default, so that a day is short to compute.
SETTINGS = {
    "MODE": "paper",
    "IB_ACCOUNT_ID": ACCOUNT,
    "STRATEGY": "none",
    "ALLOWED_SYMBOLS": "BHP/AUD,VAS/AUD,AUD/USD",
    "HEARTBEAT_SECONDS": "20",
    "HEARTBEAT_DEADLINE_SECONDS": "10",
    "QUOTE_STALE_AFTER_SECONDS": "30",
    "CONNECT_STEP_SECONDS": "10",
    "IB_WINDOWS": "none",
    # The rules are on. Limits leave room for the day's orders, and some are refused by each.
    "PURSE": "15000",
    "MAX_ORDER_VALUE": "8500",
    "MAX_POSITION_VALUE": "9000",
    "MAX_TOTAL_EXPOSURE": "16000",
    "MAX_POSITIONS": "2",
    "MAX_DAILY_LOSS": "1500",
    "MAX_DRAWDOWN": "2000",
    "MAX_FEES_PER_DAY": "600",
    "MAX_FEES_PER_MONTH": "1200",
    "COOL_DOWN_SECONDS": "60",
    "ODD_LOTS": "allow",
    # What it buys of a pair is paid with what the account does not have.
    "BORROW_CURRENCY": "allow",
    # Plans are left within the day: the rest of their terms is drawn (`rehearsal.habits`).
    "PLAN_STOP": "0.4",
    "PLAN_TRAIL_DISTANCE": "0.3",
}
_WATCH_SECONDS = 5.0
_LAG_SECONDS = 60.0
_LIMITS_SECONDS = 60.0
#: systemd's own wait before it starts the process again.
_RESTART_SECONDS = 2.0


class TracingSystem(ActorSystem):
    """Puts every delivery into the trace of the run: facts with all they say, others by type."""

    def __init__(self, runtime: VirtualRuntime) -> None:
        super().__init__(runtime)
        self._note = runtime.loop.note
        self.folder = ""
        """Where this run is on the disk, which is no part of its story."""
        self.when_built: dict[str, Callable[[Actor], None]] = {}
        """Called with each new incarnation of a seat, before it runs."""
        self.when_over: Callable[[int], None] = lambda _: None
        """Told the code with which the process would end now."""
        self.on_put: Callable[[str, Envelope], None] = lambda *_: None
        self.on_lost: Callable[..., None] = lambda *_, **__: None

    def end(self, exit_code: int, explain: Callable[[], None] | None = None) -> None:
        """As in production, where `actors.lifetime` waits for it."""
        first = not self.ending
        super().end(exit_code, explain)
        if first:
            self.when_over(exit_code)

    def fill(self, seat: Seat, build: Callable[[ActorSystem, Seat], Actor]) -> Actor:
        """Seat a new incarnation, with whatever shall be wrong with it."""

        def spoilt(system: ActorSystem, seat: Seat) -> Actor:
            actor = build(system, seat)
            spoil = self.when_built.get(seat.name)
            if spoil is not None:
                spoil(actor)
            return actor

        return super().fill(seat, spoilt)

    def seat(self, name: str, parent: str = "") -> Seat:
        """As in production, with a mailbox that keeps count of its facts."""
        known = self.find(name)
        seat = known or super().seat(name, parent)
        if known is None:
            seat.mailbox = CountedMailbox()
        return seat

    def _put(self, name: str, envelope: Envelope) -> Put:
        message = envelope.message
        told = repr(message) if envelope.lane in (Lane.FACT, Lane.COMMAND) else ""
        told = told.replace(self.folder, "")  # what fails on the disk names its file
        self._note(f"{name}<{type(message).__name__}{told}".encode())
        self.on_put(name, envelope)
        return super()._put(name, envelope)

    def lose(self, seat: str, envelope: Envelope, cause: str, *, quarantined: bool = False) -> None:
        """As in production, before other eyes."""
        self.on_lost(seat, envelope, cause, quarantined=quarantined)
        super().lose(seat, envelope, cause, quarantined=quarantined)


@dataclass
class Answer:
    """Where an answer to a question from outside goes."""

    value: Any = None
    error: BaseException | None = None
    done: bool = False
    then: Callable[[Answer], None] | None = None

    def set(self, value: Any = None) -> None:
        """It was answered."""
        self.value, self.done = value, True
        if self.then is not None:
            self.then(self)

    def set_exception(self, exc_info: Any = None) -> None:
        """It was refused."""
        self.error, self.done = exc_info[1], True
        if self.then is not None:
            self.then(self)


@dataclass
class Kelpie:
    """One machine with Kelpie on it; `boot` starts the process, `kill` is `kill -9`."""

    loop: VirtualLoop
    network: Network
    folder: Path
    epoch: datetime
    port: int
    seed: int
    basis: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    given: dict[str, str] = field(default_factory=dict)
    """Settings that stand above those of the basis."""
    telemetry: Write | None = None
    """Where each line of telemetry goes; without it there is no such seat."""
    said: list[str] = field(default_factory=list)
    """What the narrator told the owner."""
    exits: list[int] = field(default_factory=list)
    """With which code each process ended by itself."""
    on_put: Callable[[str, Envelope], None] = lambda *_: None
    """Told of each message that goes into a mailbox, and to whom, before it does."""
    on_lost: Callable[..., None] = lambda *_, **__: None
    """Told of each that goes to the dead letters, as `ActorSystem.lose` is."""
    starts: int = 0
    graveyard: list[object] = field(default_factory=list)
    """All that was killed is kept: collected, its `finally` blocks would run."""

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.loop, self.epoch)
        self.state_dir = self.folder / "state-0"
        self.host = Host("kelpie 0")
        self.host.alive = False
        self._boots = itertools.count(1)
        self.limits = NO_LIMITS

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self.host.alive

    @property
    def book(self) -> Path:
        """The file of the ledger that is in use now."""
        return book_path(self.state_dir, "paper", ACCOUNT)

    def boot(self) -> None:
        """Start the process on what is on its disk."""
        number = next(self._boots)
        self.starts += 1
        state = self.folder / f"state-{number}"
        if self.state_dir.exists():
            _copy_state(self.state_dir, state)
        self.state_dir = state
        self.host = Host(f"kelpie {number}")
        self.runtime = VirtualRuntime(self.loop, self.host, self.clock, self.seed)
        self.system = TracingSystem(self.runtime)
        self.system.folder = str(self.folder)
        self.system.on_put, self.system.on_lost = self.on_put, self.on_lost
        environ = {
            **self.basis,
            "IB_PORT": str(self.port),
            "STATE_DIR": str(state),
            "LOG_DIR": str(self.folder / "logs"),
            **self.given,
        }
        settings = Settings.load(environ, env_file=None)
        self.limits = limits_of(settings)
        options = TreeOptions(
            hook=None,
            gateway=None,
            say=self.said.append,
            link_backoff=Backoff(first=1.0, ceiling=60.0, reset_after=30.0),
            lag_seconds=_LAG_SECONDS,
            watch_seconds=_LIMITS_SECONDS,
            calendars={},
            year_end=False,
            uptime=False,
            telemetry=self.telemetry,
        )
        self.watch = Watch(self.system, _WATCH_SECONDS)
        main = Thread(self.loop, self.host, f"{self.host.name} main").context()
        main.run(root, self.system, settings, options)
        main.run(self.watch.start)
        self.system.when_over = lambda code: self._over(number, code)

    def kill(self) -> None:
        """As SIGKILL does: nothing more runs, the kernel closes what was open."""
        if not self.alive:
            return
        self.host.alive = False
        self.network.kill(self.host)
        self.graveyard.append((self.runtime, self.system, self.watch, self.host))
        # What the next process opens is a copy: the dead one's connection is never closed.
        for reference in list(pykka.ActorRegistry.get_all()):
            pykka.ActorRegistry.unregister(reference)

    def close(self) -> None:
        """The world is over: kill it, and close the files that the killed have left open."""
        self.kill()
        for each in gc.get_objects():
            if type(each) is Connection and each.path.is_relative_to(self.folder):
                each.close()

    def stop(self) -> None:
        """As SIGTERM does: an orderly end."""
        self.tell(names.ROOT, Stop())

    def tell(self, seat: str, message: Message) -> None:
        """Say something from outside."""
        if self.alive:
            self.system.tell(seat, message, sender="owner")

    def ask(
        self, seat: str, message: Message, then: Callable[[Answer], None] | None = None
    ) -> Answer:
        """Ask from outside; the answer comes in its own time, or never."""
        answer = Answer(then=then)
        if self.alive:
            self.system.ask_into(seat, message, answer, sender="owner")
        return answer

    def _over(self, number: int, code: int) -> None:
        """The tree has come to its end: so does the process, and systemd may start another."""
        outside = Thread(self.loop, Host("init"), "init").context()

        def end() -> None:
            if self.host.name != f"kelpie {number}":
                return
            self.exits.append(code)
            self.kill()
            if code == EXIT_RESTART_ME:
                self.loop.call_later(_RESTART_SECONDS, self.boot, context=outside)

        self.loop.call_soon(end, context=outside)


def _copy_state(before: Path, after: Path) -> None:
    """What is on the disk at this moment, but for the locks: the kernel let them go."""
    shutil.copytree(
        before, after, ignore=shutil.ignore_patterns("*lock", "*-shm"), dirs_exist_ok=False
    )

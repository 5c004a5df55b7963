"""A small tree to break: real threads, real supervisors, actors that record what they handle."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from actors.base import Actor, on
from actors.child import Child, Intensity, Strategy
from actors.lanes import Command, Exit, Lane, Message, State, Stop
from actors.seat import Seat
from actors.supervision import RootSupervisor, Supervisor
from actors.system import ActorSystem
from actors.watch import Watch
from domain.backoff import Backoff
from runtime.clocks import WarpClock
from runtime.threads import ThreadRuntime
from tests.actors.rest import settle

LIMIT = 20.0
"""Seconds after which an event that should have come is a failure."""
PATIENT = Intensity(crashes=1000, seconds=60)


@dataclass(frozen=True, slots=True)
class Fact(Message):
    lane: ClassVar[Lane] = Lane.FACT
    text: str


@dataclass(frozen=True, slots=True)
class Question(Message):
    lane: ClassVar[Lane] = Lane.QUERY
    text: str


@dataclass(frozen=True, slots=True)
class Order(Command):
    text: str


@dataclass(frozen=True, slots=True)
class Crash(Message):
    """Raise this error in the handler."""

    lane: ClassVar[Lane] = Lane.COMMAND
    error: BaseException


@dataclass(frozen=True, slots=True)
class End(Message):
    """End with this reason."""

    lane: ClassVar[Lane] = Lane.COMMAND
    exit: Exit


@dataclass(frozen=True, slots=True)
class Hang(Message):
    """Block the handler until the event is set."""

    lane: ClassVar[Lane] = Lane.COMMAND
    until: threading.Event
    begun: threading.Event


class Diary:
    """What happened, in order, to wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.entries: list[tuple[str, str]] = []

    def add(self, who: str, what: str) -> None:
        with self._changed:
            self.entries.append((who, what))
            self._changed.notify_all()

    def wait_for(self, who: str, what: str, times: int = 1) -> None:
        with self._changed:
            if not self._changed.wait_for(
                lambda: self.entries.count((who, what)) >= times, timeout=LIMIT
            ):
                raise AssertionError(f"{who}: {what!r} ×{times} never came: {self.entries}")

    def of(self, what: str) -> list[str]:
        with self._changed:
            return [who for who, entry in self.entries if entry == what]


class Recorder(Actor):
    """Writes all that it handles into the diary."""

    def __init__(self, system: ActorSystem, seat: Seat, diary: Diary) -> None:
        super().__init__(system, seat)
        self.diary = diary

    def on_start(self) -> None:
        self.diary.add(self.seat.name, "start")

    def on_stop(self) -> None:
        self.diary.add(self.seat.name, "stop")

    def describe(self) -> State:
        return {"kind": "recorder"}

    def on_expired(self, command: Command) -> Any:
        assert isinstance(command, Order)
        self.diary.add(self.seat.name, f"expired {command.text}")

    @on(Fact)
    def _fact(self, message: Fact) -> None:
        if message.text.startswith("poison"):
            self.diary.add(self.seat.name, "poisoned")
            raise ValueError(message.text)
        self.diary.add(self.seat.name, message.text)

    @on(Order)
    def _order(self, message: Order) -> None:
        self.diary.add(self.seat.name, message.text)

    @on(Question)
    def _question(self, message: Question) -> str:
        return message.text.upper()

    @on(Crash)
    def _crash_asked(self, message: Crash) -> None:
        raise message.error

    @on(End)
    def _end_asked(self, message: End) -> None:
        self.end(message.exit)

    @on(Hang)
    def _hang(self, message: Hang) -> None:
        message.begun.set()
        message.until.wait(LIMIT)


class LoopRecorder(Recorder):
    """The same, on an event loop."""

    on_loop = True


class BreakableSupervisor(Supervisor):
    """A supervisor that crashes on request."""

    @on(Crash)
    def _crash_asked(self, message: Crash) -> None:
        raise message.error


@dataclass
class Tree:
    """A running tree of recorders."""

    system: ActorSystem
    diary: Diary
    clock: WarpClock
    names: tuple[str, ...]

    def incarnations(self) -> dict[str, int]:
        return {name: self.system.seat(name).incarnation for name in self.names}

    def tell(self, name: str, message: Message) -> None:
        self.system.tell(name, message)

    def leap(self, seconds: float, *, held: tuple[str, ...] = ()) -> None:
        """Let so much time go by once all but those that are held up have come to rest."""
        settle(self.system, but=held)
        self.clock.leap(seconds)


@pytest.fixture
def grow() -> Iterator[Any]:
    """Build a tree: `grow(Strategy.ONE_FOR_ONE, "a", "b", "c")`; it is felled afterwards."""
    felled: list[tuple[ActorSystem, Watch]] = []

    def build(
        strategy: Strategy,
        *names: str,
        loop: tuple[str, ...] = (),
        budget: float = 5.0,
        intensity: Intensity = PATIENT,
        owners: tuple[str, ...] = (),
        nested: tuple[str, ...] = (),
    ) -> Tree:
        clock = WarpClock()
        system = ActorSystem(ThreadRuntime(clock, seed=1))
        diary = Diary()

        def child(name: str) -> Child:
            base = LoopRecorder if name in loop else Recorder
            kind = type(
                base.__name__,
                (base,),
                {"budget_seconds": budget, "owns_handle": name in owners},
            )
            return Child(
                name,
                lambda system, seat: kind(system, seat, diary),
                backoff=Backoff(first=0.01, ceiling=0.05, reset_after=5.0, floor=0.001),
            )

        def supervisor(name: str) -> Child:
            below = tuple(child(each) for each in nested)
            return Child(
                name,
                lambda system, seat: BreakableSupervisor(
                    system, seat, strategy=Strategy.ONE_FOR_ONE, children=below
                ),
                backoff=Backoff(first=0.01, ceiling=0.05, reset_after=5.0, floor=0.001),
            )

        children = tuple(supervisor(name) if nested else child(name) for name in names)
        system.fill(
            system.seat("root"),
            lambda system, seat: RootSupervisor(
                system, seat, strategy=strategy, children=children, intensity=intensity
            ),
        )
        watch = Watch(system)
        watch.start()
        felled.append((system, watch))
        for name in nested or names:
            diary.wait_for(name, "start")
        return Tree(system, diary, clock, names)

    yield build
    for system, watch in felled:
        watch.stop()
        fell(system)


def fell(system: ActorSystem) -> None:
    """Stop a tree from its root; no thread of it may live on."""
    system.tell("root", Stop())
    assert system.wait_for_end(LIMIT) is not None, "the tree did not stop"
    runtime = system.runtime
    assert isinstance(runtime, ThreadRuntime)
    for thread in runtime.threads():
        thread.join(LIMIT)
        assert not thread.is_alive(), f"{thread.name} is left behind"
    runtime.close()


class FullChance(random.Random):
    """Always the longest wait that the jitter allows."""

    def random(self) -> float:
        return 1.0


class NotingRoot(RootSupervisor):
    """Writes down who ended, how, and after which wait it is tried again."""

    diary: Diary

    def noticed(self, child: str, exit: Exit, delay: float | None) -> None:
        self.diary.add(child, f"{exit.kind.name} {delay}")


@pytest.fixture
def plant() -> Iterator[Any]:
    """Build a tree of any children: `plant(diary, Child(...), …)`; it is felled afterwards."""
    felled: list[ActorSystem] = []

    def build(
        diary: Diary,
        *children: Child,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        intensity: Intensity = PATIENT,
    ) -> Tree:
        clock = WarpClock()
        runtime = ThreadRuntime(clock)
        runtime.chance = FullChance()
        system = ActorSystem(runtime)
        kind = type("Root", (NotingRoot,), {"diary": diary})
        system.fill(
            system.seat("root"),
            lambda system, seat: kind(
                system, seat, strategy=strategy, children=children, intensity=intensity
            ),
        )
        felled.append(system)
        return Tree(system, diary, clock, tuple(child.name for child in children))

    yield build
    for system in felled:
        fell(system)


SHORT = Backoff(first=0.01, ceiling=0.05, reset_after=5.0, floor=0.001)


def recorder(diary: Diary, name: str, kind: type[Recorder] = Recorder, **spec: Any) -> Child:
    """A child that writes into the diary."""
    spec.setdefault("backoff", SHORT)
    return Child(name, lambda system, seat: kind(system, seat, diary), **spec)

"""Two stages on which the same scenario plays: our actors, and Pykka as it comes.

The bare one is given what a careful user of Pykka would write: `on_failure` starts the actor
again. What it still gets wrong is the library's.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import pykka

from actors.base import Actor, on
from actors.child import Child, Intensity, Strategy
from actors.lanes import Command, Exit, Lane, Message, State, Stop
from actors.mailbox import Envelope, Mailbox, Put
from actors.seat import Seat
from actors.supervision import RootSupervisor
from actors.system import ActorSystem
from actors.watch import Watch
from domain.backoff import Backoff
from runtime.threads import ThreadRuntime

Own = dict[str, Any]
"""What an actor of a scenario keeps for itself."""
Work = Callable[[Own], Any]
FAST = Backoff(first=0.01, ceiling=0.05, reset_after=5.0, floor=0.001)


@dataclass(frozen=True, slots=True)
class Fact(Message):
    work: Work


@dataclass(frozen=True, slots=True)
class Order(Command):
    work: Work


@dataclass(frozen=True, slots=True)
class Question(Message):
    lane: ClassVar[Lane] = Lane.QUERY
    work: Work


@dataclass(frozen=True, slots=True)
class Tick(Message):
    lane: ClassVar[Lane] = Lane.QUOTE
    work: Work

    def slot(self) -> Hashable:
        return "BHP/AUD"

    def replacing(self, older: Tick) -> Tick:
        return self


class Hesitation:
    """Whoever asks comes as far as putting the question, and waits there."""

    def __init__(self, limit: float) -> None:
        self.begun, self.over = threading.Event(), threading.Event()
        self._limit = limit

    def before(self, message: object) -> None:
        if isinstance(message, Question):
            self.begun.set()
            assert self.over.wait(self._limit)


class Ends:
    """Which actors were reported as ended, to wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._seen: list[str] = []

    def add(self, name: str) -> None:
        with self._changed:
            self._seen.append(name)
            self._changed.notify_all()

    def reported(self, name: str, limit: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: name in self._seen, timeout=limit)


class Stage(Protocol):
    """What a scenario may do; `patience` is in seconds."""

    patience: float

    def play(self, starts: Mapping[str, Callable[[], None]]) -> None:
        """Start these actors; each runs its function in `on_start`."""

    def tell(self, name: str, message: Message) -> None: ...

    def ask(self, name: str, message: Message) -> pykka.Future[Any]: ...

    def stop(self, name: str) -> None:
        """Have it end in order; does not wait."""

    def was_reported(self, name: str) -> bool:
        """Somebody who could start it again was told that it ended."""

    def settle(self, name: str) -> None:
        """Wait until the end of the incarnation that crashed has had all its effects."""

    def throwaway(self, hesitation: Hesitation | None = None) -> str:
        """Start one that nobody starts again; its name."""

    def join(self, name: str) -> None:
        """Wait until its thread has ended."""

    def close(self) -> None: ...


class _HesitantMailbox(Mailbox):
    def __init__(self, hesitation: Hesitation) -> None:
        super().__init__()
        self._hesitation = hesitation

    def put(self, envelope: Envelope) -> Put:
        self._hesitation.before(envelope.message)
        return super().put(envelope)


class _OurActor(Actor):
    budget_seconds = 1.0

    def __init__(self, system: ActorSystem, seat: Seat, start: Callable[[], None]) -> None:
        super().__init__(system, seat)
        self._start = start
        self._own: Own = {}

    def on_start(self) -> None:
        self._start()

    def describe(self) -> State:
        return {}

    @on(Fact)
    def _fact(self, message: Fact) -> None:
        message.work(self._own)

    @on(Order)
    def _order(self, message: Order) -> None:
        message.work(self._own)

    @on(Question)
    def _question(self, message: Question) -> Any:
        return message.work(self._own)

    @on(Tick)
    def _tick(self, message: Tick) -> None:
        message.work(self._own)


class OurStage:
    """A root supervisor with the actors below it, and the watch."""

    patience = 20.0

    def __init__(self) -> None:
        self._ends = ends = Ends()
        self._system = ActorSystem(ThreadRuntime(seed=1))
        self._watch = Watch(self._system)

        class Root(RootSupervisor):
            def noticed(self, child: str, exit: Exit, delay: float | None) -> None:
                ends.add(child)

        self._root = Root

    def play(self, starts: Mapping[str, Callable[[], None]]) -> None:
        def child(name: str, start: Callable[[], None]) -> Child:
            return Child(name, lambda system, seat: _OurActor(system, seat, start), backoff=FAST)

        children = tuple(child(name, start) for name, start in starts.items())
        self._system.fill(
            self._system.seat("root"),
            lambda system, seat: self._root(
                system,
                seat,
                strategy=Strategy.ONE_FOR_ONE,
                children=children,
                intensity=Intensity(crashes=100),
            ),
        )
        self._watch.start()

    def tell(self, name: str, message: Message) -> None:
        self._system.tell(name, message)

    def ask(self, name: str, message: Message) -> pykka.Future[Any]:
        return self._system.ask(name, message)

    def stop(self, name: str) -> None:
        self._system.tell(name, Stop())

    def was_reported(self, name: str) -> bool:
        return self._ends.reported(name, self.patience)

    def settle(self, name: str) -> None:
        assert self.was_reported(name)

    def throwaway(self, hesitation: Hesitation | None = None) -> str:
        seat = self._system.seat("throwaway")
        if hesitation is not None:
            seat.mailbox = _HesitantMailbox(hesitation)
        self._system.fill(seat, lambda system, seat: _OurActor(system, seat, lambda: None))
        return seat.name

    def join(self, name: str) -> None:
        runtime = self._system.runtime
        assert isinstance(runtime, ThreadRuntime)
        for thread in runtime.threads():
            if thread.name == f"{name}#1":
                thread.join(self.patience)

    def close(self) -> None:
        self._watch.stop()
        if self._system.find("root") is not None:
            self._system.tell("root", Stop())
            assert self._system.wait_for_end(self.patience) is not None
        runtime = self._system.runtime
        assert isinstance(runtime, ThreadRuntime)
        for thread in runtime.threads():
            thread.join(self.patience)
        runtime.close()


class _HesitantInbox(queue.Queue[Any]):
    def __init__(self, hesitation: Hesitation) -> None:
        super().__init__()
        self._hesitation = hesitation

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        self._hesitation.before(item.message)
        super().put(item, block, timeout)


class _BareActor(pykka.ThreadingActor):
    def __init__(
        self,
        stage: BareStage,
        name: str,
        start: Callable[[], None],
        hesitation: Hesitation | None = None,
    ) -> None:
        super().__init__()
        self._stage, self._name, self._start = stage, name, start
        self._own: Own = {}
        if hesitation is not None:
            self.actor_inbox = _HesitantInbox(hesitation)
            self._actor_ref = pykka.ActorRef(self)

    def on_start(self) -> None:
        self._stage.threads[self._name] = threading.current_thread()
        self._start()

    def on_failure(self, *_: Any) -> None:
        self._stage.failed(self._name)

    def on_receive(self, message: Any) -> Any:
        return message.work(self._own)


class BareStage:
    """Pykka alone, with `on_failure` for a supervisor. Poisons its process: run it in its own."""

    patience = 1.5

    def __init__(self) -> None:
        self.threads: dict[str, threading.Thread] = {}
        self._starts: dict[str, Callable[[], None]] = {}
        self._refs: dict[str, pykka.ActorRef[_BareActor]] = {}
        self._ends = Ends()

    def play(self, starts: Mapping[str, Callable[[], None]]) -> None:
        self._starts.update(starts)
        for name in starts:
            self._start(name)

    def _start(self, name: str) -> None:
        self._refs[name] = _BareActor.start(self, name, self._starts[name])

    def failed(self, name: str) -> None:
        self._start(name)
        self._ends.add(name)

    def tell(self, name: str, message: Message) -> None:
        self._refs[name].tell(message)

    def ask(self, name: str, message: Message) -> pykka.Future[Any]:
        return self._refs[name].ask(message, block=False)

    def stop(self, name: str) -> None:
        self._refs[name].stop(block=False)

    def was_reported(self, name: str) -> bool:
        return self._ends.reported(name, self.patience)

    def settle(self, name: str) -> None:
        self.threads[name].join(self.patience)

    def throwaway(self, hesitation: Hesitation | None = None) -> str:
        name = "throwaway"
        started = threading.Event()
        self._refs[name] = _BareActor.start(self, name, started.set, hesitation)
        assert started.wait(self.patience)
        return name

    def join(self, name: str) -> None:
        self.settle(name)

    def close(self) -> None:
        """Its process ends: nothing else would stop what is trapped."""

"""One real actor or two among listeners: what it tells is written down, to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from actors.base import Actor
from actors.child import Child, Intensity, Strategy
from actors.lanes import Command, Message, RestartChild, Stop
from actors.messages import GetDesk
from actors.seat import Seat
from actors.supervision import RootSupervisor
from actors.system import ActorSystem
from runtime.clocks import WarpClock
from runtime.threads import ThreadRuntime
from tests.actors.conftest import LIMIT, SHORT
from tests.actors.rest import settle, timers_have_told
from tests.store.material import NOON

M = TypeVar("M", bound=Message)
Build = Callable[[ActorSystem, Seat], Actor]


class Heard:
    """What each listener was told, in the order of its coming."""

    def __init__(self, settle: Callable[[], None] = lambda: None) -> None:
        self._settle = settle
        """Waits until the listeners have written down what they were told."""
        self._changed = threading.Condition()
        self._all: list[tuple[str, Message]] = []
        self.correlations: dict[int, str] = {}
        """By the identity of the message; all are kept, so no identity comes twice."""

    def add(self, seat: str, message: Message, correlation: str) -> None:
        with self._changed:
            self._all.append((seat, message))
            self.correlations[id(message)] = correlation
            self._changed.notify_all()

    def of(self, kind: type[M], seat: str = "") -> list[M]:
        """All of this type that have been told to this seat (or to any)."""
        # Whoever told it is done; the listener's thread may still be about to write it down.
        self._settle()
        with self._changed:
            return self._of(kind, seat)

    def wait_for(
        self,
        kind: type[M],
        right: Callable[[M], bool] = lambda _: True,
        *,
        seat: str = "",
        times: int = 1,
    ) -> M:
        """Wait until so many have come that are right; gives the last of them."""

        def matching() -> list[M]:
            return [message for message in self._of(kind, seat) if right(message)]

        with self._changed:
            if not self._changed.wait_for(lambda: len(matching()) >= times, timeout=LIMIT):
                raise AssertionError(f"{kind.__name__} ×{times} never came: {self._all}")
            return matching()[times - 1]

    def _of(self, kind: type[M], seat: str) -> list[M]:
        return [m for s, m in self._all if isinstance(m, kind) and (not seat or s == seat)]


class Listener(Actor):
    """Takes whatever it is told, and answers nothing."""

    def __init__(self, system: ActorSystem, seat: Seat, heard: Heard) -> None:
        super().__init__(system, seat)
        self._heard = heard

    def on_receive(self, message: Any) -> Any:
        """Write it down."""
        self._heard.add(self.seat.name, message, self.correlation)

    def on_expired(self, command: Command) -> Any:
        """It was told all the same: a leap may overtake what waits on a slow machine."""
        self._heard.add(self.seat.name, command, self.correlation)


class Company:
    """Real actors under a supervisor of their own, and listeners on the seats around them."""

    def __init__(self, actors: Mapping[str, Build], listeners: tuple[str, ...]) -> None:
        self.clock = WarpClock(NOON)  # the day on which these tests are run changes nothing
        self.runtime = ThreadRuntime(self.clock, seed=1)
        self.system = ActorSystem(self.runtime)
        self.heard = Heard(self._listeners_have_heard)
        self._listeners = listeners
        for name in listeners:
            self.system.fill(
                self.system.seat(name), lambda system, seat: Listener(system, seat, self.heard)
            )
        for name in actors:
            self.system.seat(name, "root")
        children = tuple(Child(name, build, backoff=SHORT) for name, build in actors.items())
        self.system.fill(
            self.system.seat("root"),
            lambda system, seat: RootSupervisor(
                system,
                seat,
                strategy=Strategy.ONE_FOR_ONE,
                children=children,
                intensity=Intensity(crashes=1000, seconds=60),
            ),
        )

    def tell(self, name: str, *messages: Message) -> None:
        """Tell them in this order; each has been handled when this returns."""
        for message in messages:
            self.system.ask(name, message, sender="test").get(timeout=LIMIT)

    def put(self, name: str, *messages: Message) -> None:
        """Only put them into the mailbox."""
        for message in messages:
            self.system.tell(name, message, sender="test")

    def leap(self, seconds: float) -> None:
        """Let so much time go by; what was due has been told when this returns."""
        # A handler that runs would count from after the leap what it arms, or take it for its own.
        self.settle()
        self.clock.leap(seconds)
        timers_have_told(self.runtime)

    def settle(self) -> None:
        """Wait until everybody has handled all that was told, and all that came of it."""
        settle(self.system)

    def _listeners_have_heard(self) -> None:
        settle(self.system, self._listeners)

    def drain(self, name: str) -> None:
        """Wait until it has handled all facts and commands: a question comes after them."""
        self.system.ask(name, GetDesk(), sender="test").get(timeout=LIMIT)

    def state(self, name: str) -> dict[str, Any]:
        """What it says of itself."""
        state = self.system.inspect(name).get(timeout=LIMIT)
        assert isinstance(state, dict)
        return state

    def restart(self, name: str) -> None:
        """End it in order and start it again."""
        self.put("root", RestartChild(name, "a test"))

    def close(self) -> None:
        """Stop everybody; no thread may live on."""
        self.put("root", Stop())
        assert self.system.wait_for_end(LIMIT) is not None, "they did not stop"
        for name in self._listeners:
            self.put(name, Stop())
        for thread in self.runtime.threads():
            thread.join(LIMIT)
            assert not thread.is_alive(), f"{thread.name} is left behind"
        self.runtime.close()


@contextmanager
def gathered(actors: Mapping[str, Build], *listeners: str) -> Iterator[Company]:
    """A company that is stopped afterwards."""
    company = Company(actors, listeners)
    try:
        yield company
    finally:
        company.close()

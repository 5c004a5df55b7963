"""Actors that crash, hang and are flooded: any seat, at the next message, start or coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors import names
from actors.base import Actor
from actors.lanes import Inspect, Lane, Message
from actors.messages import GetDesk, GetFills, GetOrders
from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal

if TYPE_CHECKING:
    from rehearsal.world import World

_SEATS = (
    names.LEDGER,
    names.connection(names.IB),
    names.quotes(names.IB),
    names.history(names.IB),
    names.orders(names.IB),
    names.resync(names.IB),
    names.bars(names.IB),
    names.DESK,
    names.PLAN_MONITOR,
    names.NARRATOR,
)
_SUPERVISORS = (names.IB, names.TRADING, names.CONSOLE)
#: Every kind that Python, asyncio or a library can let loose in a handler (reliability 44).
_ERRORS: tuple[type[BaseException], ...] = (
    ValueError,
    RuntimeError,
    RecursionError,
    MemoryError,
    asyncio.CancelledError,
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
)
_REPEATS, _QUESTIONS = 1500, 300


class _Bomb:
    """Raises in the place of one handler or start, once."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error
        self.went_off = False

    def in_handler(self, actor: Actor, *, of_facts: bool = False) -> None:
        """In the next message that this incarnation takes."""
        usual = actor.on_receive

        def receive(message: Message) -> object:
            if of_facts and message.lane is not Lane.FACT:
                return usual(message)
            actor.on_receive = usual  # type: ignore[method-assign]
            self.went_off = True
            raise self.error("a fault of the rehearsal")

        actor.on_receive = receive  # type: ignore[method-assign]

    def at_start(self, actor: Actor) -> None:
        """In place of its start."""

        def start() -> None:
            self.went_off = True
            raise self.error("a fault of the rehearsal")

        actor.on_start = start  # type: ignore[method-assign]


def _occupant(world: World, name: str) -> Actor | None:
    seat = world.kelpie.system.find(name) if world.kelpie.alive else None
    actor = seat.occupant if seat is not None else None
    return actor if actor is not None and not actor.actor_stopped.is_set() else None


def _crash(world: World) -> Heal | None:
    """An error in a handler (reliability 44)."""
    actor = _occupant(world, world.chance.choice((*_SEATS, *_SUPERVISORS)))
    if actor is None:
        return None
    bomb = _Bomb(world.chance.choice(_ERRORS))
    world.tell(f"{actor.name} raises {bomb.error.__name__}")
    bomb.in_handler(actor)
    staged.owner_acts(world)
    return 15.0, lambda: bomb.went_off


def _poison(world: World) -> Heal | None:
    """A fact that crashes its handler, and the next one's too (reliability 53)."""
    name = world.chance.choice((names.LEDGER, names.orders(names.IB), names.resync(names.IB)))
    actor, system = _occupant(world, name), world.kelpie.system
    if actor is None or name in system.when_built:
        return None
    bombs = [_Bomb(ValueError), _Bomb(ValueError)]
    bombs[0].in_handler(actor, of_facts=True)

    def spoil(successor: Actor) -> None:
        del system.when_built[name]
        bombs[1].in_handler(successor, of_facts=True)

    system.when_built[name] = spoil
    staged.owner_acts(world)

    def mend() -> bool:
        system.when_built.pop(name, None)
        return bombs[1].went_off

    return 20.0, mend


def _crash_at_start(world: World) -> Heal | None:
    """Two starts in a row that fail, after a crash (reliability 45)."""
    name = world.chance.choice(_SEATS)
    actor, system = _occupant(world, name), world.kelpie.system
    if actor is None or name in system.when_built:
        return None
    first, second = _Bomb(RuntimeError), _Bomb(world.chance.choice(_ERRORS))
    first.in_handler(actor)

    def spoil(successor: Actor) -> None:
        del system.when_built[name]
        second.at_start(successor)

    system.when_built[name] = spoil
    staged.owner_acts(world)

    def mend() -> bool:
        system.when_built.pop(name, None)
        return second.went_off

    return 20.0, mend


def _crash_in_a_coroutine(world: World) -> Heal | None:
    """An error in a coroutine of the link's loop, where asyncio would swallow it."""
    actor = _occupant(world, names.connection(names.IB))
    source = world.kelpie.runtime.seats.get(actor.name) if actor is not None else None
    if actor is None or source is None:
        return None
    error = world.chance.choice(_ERRORS)

    async def fail() -> None:
        later = asyncio.get_running_loop().create_future()
        later.get_loop().call_later(0.01, later.set_result, None)
        await later
        raise error("a fault of the rehearsal")

    source.inside(actor.run, fail())
    staged.owner_acts(world)
    return 10.0, lambda: True


def _hang(world: World) -> Heal | None:
    """A handler that takes its time: a slow disk, a library that blocks (reliability 46)."""
    actor = _occupant(world, world.chance.choice((*_SEATS, *_SUPERVISORS)))
    source = world.kelpie.runtime.seats.get(actor.name) if actor is not None else None
    if actor is None or source is None:
        return None
    world.tell(f"{actor.name} hangs in its next message")
    source.hang_in_next(lambda: _take(actor))
    staged.owner_acts(world)

    def mend() -> bool:
        hung = source.stalled
        source.go_on()
        return hung

    return world.chance.uniform(11.0, 40.0), mend


def _take(actor: Actor) -> Callable[[], bool] | None:
    """The first half of a step: from here on the watch sees that it handles something."""
    envelope = actor.seat.mailbox.take(actor)
    if envelope is None:
        return None
    actor.seat.handling = (type(envelope.message).__name__, actor.clock.monotonic())

    def handle() -> bool:
        actor._handle(envelope)
        return actor._exit is None and not actor.fenced

    return handle


def _flood(world: World) -> Heal | None:
    """The same news a thousand times and more (reliability 52)."""
    row = {
        "name": "flood",
        "on": ["orderStatus", "execDetails"],
        "do": "repeat",
        "times": 2,
        "with": {"copies": _REPEATS},
    }
    heal = staged.while_rules(world, 15.0, [row])
    staged.owner_acts(world)
    return heal


def _questions(world: World) -> Heal | None:
    """Somebody's program asks and asks (reliability 75)."""
    if not world.kelpie.alive:
        return None
    for _ in range(_QUESTIONS):
        world.kelpie.ask(names.LEDGER, GetOrders(limit=50))
        world.kelpie.ask(names.LEDGER, GetFills(limit=50))
        world.kelpie.ask(names.DESK, GetDesk())
        world.kelpie.ask(world.chance.choice(_SEATS), Inspect())
    staged.owner_acts(world)
    return 1.0, lambda: True


_CRASHED = (
    r"\S+: \S+ crashed while (handling \w+|on_start)",
    r"\S+: \S+ crashed more than \d+ times",
    r"root: ",
)
_HUNG = (r"\S+: \S+ hangs ", r"\S+: \S+ did not stop within ", *_CRASHED[1:])

ACTORS = (
    Fault("actor crashes", _crash, weight=2.0, errors=_CRASHED),
    Fault("poisoned fact", _poison, errors=(*_CRASHED, r"\S+: A fact crashed its handler twice")),
    Fault("actor crashes at its start", _crash_at_start, errors=_CRASHED),
    Fault("coroutine crashes", _crash_in_a_coroutine, errors=_CRASHED),
    Fault("actor hangs", _hang, weight=2.0, errors=_HUNG),
    Fault("flood of news", _flood, weight=0.7),
    Fault("flood of questions", _questions),
)

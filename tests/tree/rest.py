"""When nothing is in flight in a tree beside a gateway: the moment at which its clock may leap.

A leap is a delay of whatever is on its way to or from the gateway, whose time goes on as always:
the silence of a subscription would count from after the leap, a deadline pass by it alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pykka

from actors import names
from actors.base import Actor
from actors.lanes import Lane, Message
from actors.mailbox import Put, Reply
from actors.seat import Seat
from actors.system import ActorSystem, NobodyThere
from runtime.interface import Runtime

_ANSWER_SECONDS = 1.0
_ROUNDED = 0.001
"""The age of a heartbeat is told to the millisecond."""


class CountingSystem(ActorSystem):
    """The system as it is, and how many messages were begun to be put, and have been."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._counting = threading.Lock()
        self._begun = self._done = 0

    def tell(
        self, name: str, message: Message, *, sender: str = "outside", correlation: str = ""
    ) -> Put:
        """Counted, unless it is a quote: those come without end."""
        with self._counted(message):
            return super().tell(name, message, sender=sender, correlation=correlation)

    def ask_into(
        self,
        name: str,
        message: Message,
        reply: Reply,
        *,
        sender: str = "outside",
        correlation: str = "",
    ) -> None:
        """Counted like what is told."""
        with self._counted(message):
            super().ask_into(name, message, reply, sender=sender, correlation=correlation)

    @contextmanager
    def _counted(self, message: Message) -> Iterator[None]:
        counts = message.lane is not Lane.QUOTE
        with self._counting:
            self._begun += counts
        try:
            yield
        finally:
            with self._counting:
                self._done += counts

    def is_settled(self) -> bool:
        """Nobody has a fact waiting, whether it can be handled now or not; and nothing moves."""
        waits = any(seat.mailbox.depth(Lane.FACT) for seat in self.seats())
        return not waits and self.is_still()

    def is_still(self) -> bool:
        """Nobody handles anything, nor has anything that could be handled: all at one moment.

        Seats are looked at one after the other, and what is handled at one is told to the next;
        so nothing may have been put anywhere meanwhile. What waits where nobody sits, or for a
        disk, is waiting for a time: it is not on its way.
        """
        with self._counting:
            begun, done = self._begun, self._done
        if begun != done or any(map(_moves, self.seats())):
            return False
        with self._counting:
            return self._begun == begun


def _moves(seat: Seat) -> bool:
    if seat.occupant is None or seat.occupant.actor_stopped.is_set():
        return False
    box = seat.mailbox
    return box._in_hand is not None or seat.handling is not None or box.has_any()


def is_at_rest(system: CountingSystem, since: float) -> bool:
    """Nothing is in flight that was so at `since` (monotonic seconds)."""
    return system.is_still() and _has_heard(system, since) and system.is_still()


def _has_heard(system: ActorSystem, since: float) -> bool:
    """What the gateway had answered has come: it answers in order, and has since told its time.

    True without a link: nothing can come then.
    """
    actor = _at_work(system, names.connection(names.IB))
    if actor is None:
        return True
    now = system.runtime.clock.monotonic()
    link = _state(actor)
    if link is None:
        return False
    if not link["up"]:
        return True
    beat = link["last_heartbeat_age_seconds"] + link["heartbeat_round_trip_seconds"]
    return now - beat - _ROUNDED > since and not actor._tasks


def _at_work(system: ActorSystem, name: str) -> Actor | None:
    """Who sits there and takes messages; what is asked of an empty seat may wait for long."""
    seat = system.find(name)
    actor = seat.occupant if seat is not None else None
    return actor if actor is not None and actor.at_work else None


def _state(actor: Actor) -> dict[str, Any] | None:
    """What it says of itself; None where it ended meanwhile, or takes its time."""
    try:
        state: dict[str, Any] = actor.system.inspect(actor.seat.name).get(timeout=_ANSWER_SECONDS)
    except (NobodyThere, pykka.Timeout):
        return None
    return state

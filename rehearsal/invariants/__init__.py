"""What must always hold, asked of the broker's own truth and of the bytes on the wire.

Looked at where it is cheap at every event (bytes leave, bytes arrive, the ledger tells), else at
intervals and at rest: the end of a day that had time to come right. What a room finds is raised
between two steps of the scheduler, outside all handlers, where nothing swallows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import names
from actors.lanes import Message
from actors.mailbox import Envelope
from actors.messages import OrderJudged
from rehearsal.faults import Fault
from rehearsal.invariants.absence import Absence
from rehearsal.invariants.bookings import Bookings
from rehearsal.invariants.bounds import Bounds
from rehearsal.invariants.desk import DeskFigures
from rehearsal.invariants.intents import Intents
from rehearsal.invariants.limits import Limited
from rehearsal.invariants.outputs import Outputs
from rehearsal.invariants.protection import Protected
from rehearsal.invariants.readiness import READY_WITHIN, Readiness
from rehearsal.invariants.sending import Sending
from rehearsal.invariants.truth import CLIENT_ID, PREFIX
from rehearsal.invariants.violation import Scene, Violation

if TYPE_CHECKING:
    from rehearsal.world import World

__all__ = ["CLIENT_ID", "PREFIX", "READY_WITHIN", "Invariants", "Violation"]

_SOON, _EVERY, _COUNT_EVERY = 0.05, 60.0, 300.0
_SETTLING = 5.0


class Invariants:
    """All of them, for one world; `close` when it has ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.scene = Scene(world)
        self.frames = 0
        """Messages that the gateway sent."""
        self.intents = Intents(self.scene)
        self.bookings = Bookings(self.scene)
        self.desk = DeskFigures(self.scene)
        self.protected = Protected(self.scene)
        self.limited = Limited(self.scene)
        self.sending = Sending(self.scene, self.protected)
        self.absence = Absence(self.scene)
        self.readiness = Readiness(self.scene)
        self.bounds = Bounds(self.scene)
        self.outputs = Outputs(self.scene)
        self._told = self._desk_moved = False
        """The ledger has said something, and the desk may not have read it yet."""
        self._next = self._look_at = self._count_at = 0.0
        self._said = 0
        self._starts = 0

    # -- what happens ------------------------------------------------------------------------

    def on_bytes(self, direction: str, data: bytes) -> None:
        """Bytes are leaving; of Kelpie or of the gateway."""
        if direction.endswith("<"):
            self.frames += _frames_in(data)
            return
        for said in self.scene.wire.left(direction, data):
            self.intents.leaves(said)
            self.sending.leaves(said)
            self.limited.leaves(said)

    def on_arrival(self, direction: str, data: bytes) -> None:
        """Bytes have reached whom they were sent to."""
        if direction.endswith("<"):
            self.scene.wire.arrived(direction, data)

    def on_put(self, name: str, envelope: Envelope) -> None:
        """A message goes into a mailbox of Kelpie."""
        message: Message = envelope.message
        self.protected.told(name, message)
        if envelope.sender == names.LEDGER:
            self.bookings.told(message)
            self._told = True
            self._desk_moved = self._desk_moved or name == names.DESK
        elif name in (names.DESK, names.LEDGER):
            self.sending.said(message)
        elif isinstance(message, OrderJudged):
            self.absence.judged(message)

    def on_lost(self, seat: str, envelope: Envelope, cause: str, *, quarantined: bool) -> None:
        """A message goes to the dead letters of Kelpie."""
        self.bounds.lost(seat, envelope, cause, quarantined=quarantined)

    def between_steps(self) -> None:
        """Outside all handlers.

        Raises:
            Violation: of the first invariant that did not hold.
        """
        if self._told:
            self._after_telling()
        now = self._world.loop.time()
        self.protected.look()
        if now >= self._next:
            self.readiness.look()
            if now >= self._look_at:
                self._look_at = now + _EVERY
                self._look_around()
            self._next = now + _SOON if self.readiness.is_waiting else self._look_at
        if self.scene.found is not None:
            raise self.scene.found

    def struck(self, fault: Fault) -> None:
        """Something is wrong, perhaps beside other things."""
        self.scene.struck.append(fault.name)
        self.readiness.struck()

    def healed(self, fault: Fault) -> None:
        """Nothing is wrong any more, this was the last."""
        struck, self.scene.struck = self.scene.struck, []
        self.scene.healed = struck
        self.scene.healed_at = self.scene.now
        self.readiness.healed(struck)
        self._next = 0.0

    def at_rest(self) -> None:
        """The end of a day: everything must agree.

        Raises:
            Violation: it does not.
        """
        loop = self._world.loop
        loop.run_until(loop.time() + _SETTLING)
        for room in (self.readiness, self.bookings):
            room.at_rest()
        self._look_around()
        self.desk.look()
        if self.scene.found is not None:
            raise self.scene.found

    def complaints(self) -> list[str]:
        """What loop callbacks raised: nobody else would ever hear of it."""
        return [
            f"a callback failed: {error.get('exception') or error.get('message')!r}"
            for error in self._world.loop.errors
        ]

    def close(self) -> None:
        """The world has ended."""
        self.outputs.close()
        self.scene.book.close()

    def _after_telling(self) -> None:
        self.bookings.after_step()
        if self._desk_moved:
            self._desk_moved = not self.desk.look()
        self._told = self._desk_moved

    # -- at intervals ------------------------------------------------------------------------

    def _look_around(self) -> None:
        kelpie = self._world.kelpie
        if kelpie.starts != self._starts:
            self._starts = kelpie.starts
            self.sending.restarted()
            self.protected.restarted()
        self.intents.look()
        self.desk.look_at_holdings()
        if self.scene.now >= self._count_at:
            self._count_at = self.scene.now + _COUNT_EVERY
            self.bounds.look()
        said = kelpie.said[self._said :]
        self._said = len(kelpie.said)
        for line in said:
            self.outputs.shown("what the narrator says", self.outputs.redacted(line))


def _frames_in(data: bytes) -> int:
    """How many messages begin in it, where none is cut."""
    at = count = 0
    while at + 4 <= len(data):
        at += 4 + int.from_bytes(data[at : at + 4], "big")
        count += 1
    return count

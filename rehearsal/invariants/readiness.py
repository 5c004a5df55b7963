"""I9: after a fault has healed Kelpie is ready again by itself, each kind within its limit."""

from __future__ import annotations

from actors import names
from actors.desk import Desk
from rehearsal.faults import FAULTS
from rehearsal.invariants.violation import Scene

I9 = "I9 ready again"

#: The longest from the end of most faults to ready, virtual seconds: a minute's backoff, a client
#: id that the gateway has not let go, a start. Each fault has a limit of its own.
READY_WITHIN = 240.0


class Readiness:
    """Waits for the desk to call the venue tradable; its word is enough, others check it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._since: float | None = None

    def struck(self) -> None:
        """Something is wrong again: nobody is to be ready until it is healed."""
        self._since = None

    def healed(self, struck: list[str]) -> None:
        """All of these are over: from now on it has to become ready by itself."""
        scene = self._scene
        self._since = scene.now
        limit = max((FAULTS[name].ready_within for name in struck), default=READY_WITHIN)
        scene.world.in_(limit, self._must_be_ready, self._since, limit, struck)

    @property
    def is_waiting(self) -> bool:
        """All faults are over, and it was not seen ready since."""
        return self._since is not None

    def look(self) -> None:
        """Is it ready now?"""
        # In the very moment of a cut its link is still there.
        if self._since is not None and self._scene.now > self._since and self._reason() == "":
            self._scene.world.ready_after.append(self._scene.now - self._since)
            self._since = None

    def at_rest(self) -> None:
        """A day ends ready."""
        reason = self._reason()
        if reason:
            self._scene.blame(I9, f"not ready at the end of the day: {reason}")

    def _reason(self) -> str:
        kelpie = self._scene.world.kelpie
        seat = kelpie.system.find(names.DESK) if kelpie.alive else None
        desk = seat.occupant if seat is not None else None
        if not isinstance(desk, Desk):
            return "it does not run"
        world = self._scene.world
        if not world.network.open_links(world.gateway.port):
            return "there is no link"  # whether or not the desk has heard of it
        return desk._venues[names.IB].reason()

    def _must_be_ready(self, since: float, limit: float, struck: list[str]) -> None:
        if self._since == since:
            last = self._scene.world.kelpie.said[-1:]
            self._scene.blame(
                I9,
                f"{limit:.0f} s after {', '.join(struck)}: {self._reason()}; last words {last}",
            )

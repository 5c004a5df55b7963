"""What a supervisor knows of its children: the words of supervision, as values."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from actors.base import Actor
from actors.seat import Seat
from actors.system import ActorSystem
from domain.backoff import Backoff

CHILD_BACKOFF = Backoff(first=0.2, ceiling=30.0, reset_after=30.0)


class Strategy(Enum):
    """Who is restarted with a child that ended."""

    ONE_FOR_ONE = "one_for_one"
    REST_FOR_ONE = "rest_for_one"
    ONE_FOR_ALL = "one_for_all"


class Restart(Enum):
    """Whether a child that ended is started again."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    """Only when it did not end in order."""
    TEMPORARY = "temporary"


class OnStreak(Enum):
    """What becomes of a child that crashes again and again."""

    ESCALATE = "escalate"
    """Its supervisor gives up, and that one's own supervisor decides."""
    PARK = "park"
    """It is not started any more until a person says so; its siblings live on."""


@dataclass(frozen=True, slots=True)
class Child:
    """What a supervisor knows of a child before it is born."""

    name: str
    build: Callable[[ActorSystem, Seat], Actor]
    restart: Restart = Restart.PERMANENT
    start_seconds: float = 10.0
    stop_seconds: float = 5.0
    backoff: Backoff = CHILD_BACKOFF
    on_streak: OnStreak = OnStreak.ESCALATE
    longest_streak: int | None = 10
    """So many crashes in a row are borne, with never `backoff.reset_after` healthy seconds between
    them; None for any number.
    """


@dataclass(frozen=True, slots=True)
class Intensity:
    """More than so many crashes in so many seconds are not borne.

    Those of the children are counted together, but for each that is to be parked on its own.
    """

    crashes: int = 5
    seconds: float = 60.0


USUAL_INTENSITY = Intensity()


class Phase(Enum):
    """Where a child stands."""

    IDLE = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    ENDED = "ended"
    PARKED = "parked"


@dataclass(slots=True)
class ChildRecord:
    """What a supervisor keeps of a child."""

    spec: Child
    seat: Seat
    phase: Phase = Phase.IDLE
    wanted: bool = True
    not_before: float = 0.0
    running_since: float = 0.0
    was_running: bool = False
    """When it ended it had been started, and was not being stopped."""
    streak: int = 0
    """Ends in a row, of any kind: how long the next wait may be."""
    crashes_in_a_row: int = 0
    crashes: deque[float] = field(default_factory=deque)
    """When it crashed, monotonic seconds; of one that is to be parked."""
    waiting_for: str = ""
    occupant: Actor | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        """Somebody sits there, or is about to, or is leaving."""
        return self.phase in (Phase.STARTING, Phase.RUNNING, Phase.STOPPING)

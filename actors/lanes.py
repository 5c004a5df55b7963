"""The lanes of a mailbox, and the messages that every actor knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, ClassVar


class Lane(IntEnum):
    """Which queue a message waits in; the lower one is served first."""

    CONTROL = 0
    """Stop, inspect, timers, the supervisor's affairs."""
    FACT = 1
    """What happened, about money: never shed, kept over restarts."""
    COMMAND = 2
    """What should be done by a deadline; later it is not done."""
    QUERY = 3
    """Questions from outside; refused when too many wait."""
    QUOTE = 4
    """One slot per instrument: the newest."""


@dataclass(frozen=True, slots=True)
class Message:
    """What actors send each other: frozen, of plain values."""

    lane: ClassVar[Lane] = Lane.FACT


@dataclass(frozen=True, slots=True)
class Command(Message):
    """To be done before `deadline` (monotonic seconds) and on the link on which it was decided."""

    lane: ClassVar[Lane] = Lane.COMMAND
    deadline: float


class ExitKind(Enum):
    """How an incarnation ended."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"
    START_FAILED = "start failed"
    LINK_LOST = "link lost"
    WEDGED = "wedged"
    GAVE_UP = "gave up"

    @property
    def is_crash(self) -> bool:
        """It counts towards the intensity of its supervisor."""
        return self in (
            ExitKind.CRASHED,
            ExitKind.START_FAILED,
            ExitKind.WEDGED,
            ExitKind.GAVE_UP,
        )


@dataclass(frozen=True, slots=True)
class Exit:
    """The reason of an end: `cause` a stable code or exception type, `sentence` for people."""

    kind: ExitKind
    cause: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Stop(Message):
    """End in order, after what is being handled."""

    lane: ClassVar[Lane] = Lane.CONTROL


@dataclass(frozen=True, slots=True)
class Inspect(Message):
    """Say how you are. Answered with the actor's own state, as plain values."""

    lane: ClassVar[Lane] = Lane.CONTROL


@dataclass(frozen=True, slots=True)
class TimerDue(Message):
    """A timer of this actor is due; stale ones (another incarnation or arming) are ignored."""

    lane: ClassVar[Lane] = Lane.CONTROL
    name: str
    incarnation: int
    arming: int


@dataclass(frozen=True, slots=True)
class TaskFailed(Message):
    """A coroutine of a loop actor raised: the actor crashes with its error."""

    lane: ClassVar[Lane] = Lane.CONTROL
    incarnation: int
    error: BaseException


@dataclass(frozen=True, slots=True)
class Wake(Message):
    """Look again at whether you have ended."""

    lane: ClassVar[Lane] = Lane.CONTROL


@dataclass(frozen=True, slots=True)
class ChildStarted(Message):
    """To a supervisor: built, and receiving."""

    lane: ClassVar[Lane] = Lane.CONTROL
    child: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class ChildExited(Message):
    """To a supervisor: this incarnation has ended, its thread is done."""

    lane: ClassVar[Lane] = Lane.CONTROL
    child: str
    incarnation: int
    exit: Exit


@dataclass(frozen=True, slots=True)
class ChildWedged(Message):
    """To a supervisor: a handler of this child is past its budget."""

    lane: ClassVar[Lane] = Lane.CONTROL
    child: str
    incarnation: int
    handling: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RestartChild(Message):
    """To a supervisor, from a person: end this child and start it again."""

    lane: ClassVar[Lane] = Lane.CONTROL
    child: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined(Message):
    """To whom it concerns: a fact crashed its handler twice and is kept apart.

    What it said is not booked: its venue must be reconciled before it is traded again.
    """

    lane: ClassVar[Lane] = Lane.FACT
    seat: str
    dead_letter: str
    summary: str
    content: str = ""
    """All of it, as text."""
    cause: str = ""
    correlation: str = ""
    times: int = 1
    """How often it came here under this id."""
    what: Message | None = None


@dataclass(frozen=True, slots=True)
class Released(Message):
    """To whom it concerns: a person has put a quarantined fact back to its seat, once more.

    Until the next comparison that finds nothing its venue is not traded.
    """

    seat: str
    dead_letter: str


@dataclass(frozen=True, slots=True)
class FactsPileUp(Message):
    """To whom it concerns: more facts wait at a seat than the soft mark allows; 0 when no longer.

    Facts are never shed. Above the soft mark no position is opened; above the hard one the
    venue is cut, and what is missed is asked for again when the link is made anew.
    """

    lane: ClassVar[Lane] = Lane.CONTROL
    seat: str
    waiting: int
    cut: bool


State = Mapping[str, Any]
"""What an actor says of itself: names to plain values."""

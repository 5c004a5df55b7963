"""What may still be sent when: the table of the design, as data, and the strictest cell of it.

Rows are states of things, columns are acts. Whoever wants to send something asks here, and
nowhere else; `domain.conditions` says which of the states hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum, auto
from types import MappingProxyType

from domain.orders import Purpose


class Act(StrEnum):
    """What somebody wants to have sent."""

    ENTRY = auto()
    EXIT = auto()
    """By a plan; a person's own sale of what is held is one, too."""
    STOP = auto()
    """Placed or repaired."""
    CANCEL = auto()
    FLATTEN = auto()
    """By a person: everything out, on purpose."""


class Permit(IntEnum):
    """A cell of the table; the larger, the stricter."""

    YES = auto()
    HELD_ONLY = auto()
    """What is provably held: managed and held, less what works or may work already."""
    BY_PERSON = auto()
    CONFIRMED = auto()
    """By a person who was shown what it would do, and said yes to that."""
    SHADOW = auto()
    """Only into the shadow book, which fills it by quotes: nothing is sent."""
    NO = auto()


class Condition(StrEnum):
    """A state of things. Of two that are equally strict the one named first here speaks."""

    OBSERVE = auto()
    SAFE_MODE_MISMATCH = auto()
    SAFE_MODE_RECONCILED = auto()
    DISARMED = auto()
    PAUSED = auto()
    FALLING_BEHIND = auto()
    """Facts wait to be handled, so what is known is old."""
    AWAY = auto()
    """The owner is away, and nobody will make the next weekly login."""
    ANNOUNCED = auto()
    """An announced restart or reset of the venue is near, or on."""
    NOT_CONNECTED = auto()
    NOT_RECONCILED = auto()
    CIRCUIT_OPEN = auto()
    SYMBOL_RED = auto()
    """An order of the symbol is UNKNOWN, the venue disagrees about it, or it is unprotected."""
    FLATTENING = auto()
    """A person has the symbol taken out just now."""
    DATA_STALE = auto()
    STANDING_NOT_KNOWN = auto()
    """Whether this start is in safe mode has not been said yet."""
    UNHEARD = auto()
    """No alert has reached the owner for a day, so nobody would hear of what goes wrong."""


def _row(*cells: Permit) -> Mapping[Act, Permit]:
    return MappingProxyType(dict(zip(Act, cells, strict=True)))


_Y, _NO, _SHADOW = Permit.YES, Permit.NO, Permit.SHADOW
_CONFIRMED = Permit.CONFIRMED
_NO_ENTRIES = _row(_NO, _Y, _Y, _Y, _Y)

#: The columns:                    ENTRY, EXIT, STOP, CANCEL, FLATTEN
TABLE: Mapping[Condition, Mapping[Act, Permit]] = MappingProxyType(
    {
        Condition.PAUSED: _NO_ENTRIES,
        Condition.DISARMED: _NO_ENTRIES,
        Condition.CIRCUIT_OPEN: _NO_ENTRIES,
        Condition.DATA_STALE: _NO_ENTRIES,
        Condition.SYMBOL_RED: _row(_NO, Permit.HELD_ONLY, _Y, _Y, _Y),
        Condition.NOT_RECONCILED: _row(_NO, _NO, _NO, _Y, _CONFIRMED),
        Condition.SAFE_MODE_RECONCILED: _NO_ENTRIES,
        Condition.SAFE_MODE_MISMATCH: _row(_NO, _NO, _NO, Permit.BY_PERSON, _CONFIRMED),
        Condition.OBSERVE: _row(_SHADOW, _SHADOW, _NO, _NO, _NO),
        # What the design does not name, and this house holds entries back for all the same.
        Condition.FALLING_BEHIND: _NO_ENTRIES,
        Condition.AWAY: _NO_ENTRIES,
        Condition.ANNOUNCED: _NO_ENTRIES,
        Condition.STANDING_NOT_KNOWN: _NO_ENTRIES,
        Condition.UNHEARD: _NO_ENTRIES,
        # A cancel is a durable wish, said as soon as there is a link.
        Condition.NOT_CONNECTED: _row(_NO, _NO, _NO, _Y, _NO),
        # Two who leave one position at a time could sell it twice.
        Condition.FLATTENING: _row(_NO, _NO, _NO, _Y, _Y),
    }
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A state that holds, with its words: a stable code, a sentence, what to do."""

    condition: Condition
    code: str
    sentence: str
    cure: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants it: a person or Kelpie itself, and whether the person has confirmed it."""

    person: bool = False
    confirmed: bool = False


KELPIE = Asker()


def act_of(purpose: Purpose) -> Act:
    """Which column an order of this purpose falls under."""
    return _ACTS[purpose]


_ACTS = {
    Purpose.ENTRY: Act.ENTRY,
    Purpose.CONVERT: Act.ENTRY,
    Purpose.EXIT: Act.EXIT,
    Purpose.PROTECTION: Act.STOP,
    Purpose.FLATTEN: Act.FLATTEN,
}


def forbids(act: Act, holds: Sequence[Hold], asker: Asker = KELPIE) -> Hold | None:
    """The state that forbids the act to this asker; None when it may be done.

    `HELD_ONLY` forbids nothing by itself: every order that leaves a position is held to what is
    provably held, whatever the state of things.
    """
    shut = [each for each in holds if not _open(TABLE[each.condition][act], asker)]
    if not shut:
        return None
    rank = list(Condition)
    return max(shut, key=lambda h: (TABLE[h.condition][act], -rank.index(h.condition)))


def needs_confirmation(act: Act, holds: Sequence[Hold]) -> Hold | None:
    """The state for which a person is to look first; None when nothing asks for that."""
    asking = [each for each in holds if TABLE[each.condition][act] is Permit.CONFIRMED]
    return asking[0] if asking else None


def _open(permit: Permit, asker: Asker) -> bool:
    match permit:
        case Permit.YES | Permit.HELD_ONLY:
            return True
        case Permit.BY_PERSON:
            return asker.person
        case Permit.CONFIRMED:
            return asker.confirmed
        case _:
            return False

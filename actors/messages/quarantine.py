"""Facts that crashed their handlers: kept on disk to be looked at, and let go of by a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Lane, Message


@dataclass(frozen=True, slots=True)
class EndQuarantine(Message):
    """To the ledger, from a person: this fact is kept apart no longer. Audited.

    `outcome` is `released` (it went back to its seat, once more) or `superseded` (it was of an
    earlier start, and the comparison with the venue has taken its place).
    """

    dead_letter: str
    who: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class GetQuarantine(Message):
    """To the ledger: what is kept apart, of earlier starts too. Answered with `KeptFact`s."""

    lane: ClassVar[Lane] = Lane.QUERY

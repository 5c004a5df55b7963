"""The owner's absence: told to the desk, taken back, looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.away import Then


@dataclass(frozen=True, slots=True)
class SetAway(Command):
    """To the desk, from a person: nobody can log the gateway in meanwhile. Durable, audited.

    A later word replaces an earlier one. Answered with a `domain.away.AwayView`, or with a
    `Verdict` that refuses it.
    """

    since: datetime
    until: datetime
    then: Then
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndAway(Command):
    """To the desk, from a person: somebody can log it in after all. Answered as `SetAway`."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class GetAway(Message):
    """To the desk. Answered with a `domain.away.AwayView`."""

    lane: ClassVar[Lane] = Lane.QUERY

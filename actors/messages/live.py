"""The way to live trading: what was seen, arming and disarming by a person, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.admission import Admission
from domain.checklist import Item


@dataclass(frozen=True, slots=True)
class EvidenceSeen(Message):
    """To the live gate, from whoever saw it: something that an item of the checklist asks for.

    The one with `good` false takes back what the item had been shown to be.
    """

    item: Item
    good: bool
    detail: str
    """A sentence, for a person."""


@dataclass(frozen=True, slots=True)
class ClockSeen(Message):
    """From the connection, with a heartbeat: how far our clock is ahead of the venue's."""

    venue: str
    epoch: int
    offset_seconds: float
    doubt_seconds: float
    """The venue tells whole seconds, and its answer takes its time: it may be less by so much."""


@dataclass(frozen=True, slots=True)
class LimitsChanged(Message):
    """To the live gate: a limit is another than when the process began."""

    sentence: str
    who: str


@dataclass(frozen=True, slots=True)
class Arm(Command):
    """To the live gate, from a person on the box: open positions with real money from now on.

    Answered with an `ArmingChanged`, or with a `domain.admission.Refusal`.
    """

    hours: float
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Disarm(Command):
    """To the live gate, from a person: open none. Answered with an `ArmingChanged`."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShadowAdmitted(Message):
    """From the desk, where a shadow is kept beside: this order is on its way to its venue."""

    admission: Admission


@dataclass(frozen=True, slots=True)
class ArmingChanged(Message):
    """From the live gate: at each change, and as its answer to `Introduce`."""

    disarmed: str
    """Why live trading opens no position; empty where it may, and in every other mode."""
    until: datetime | None = None
    """Until when it is armed, UTC."""


@dataclass(frozen=True, slots=True)
class GetChecklist(Message):
    """To the live gate. Answered with an `actors.live_gate.Checklist`."""

    lane: ClassVar[Lane] = Lane.QUERY

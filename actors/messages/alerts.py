"""Alerts on their way to the owner, and what the owner says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from actors.lanes import Command, Lane, Message
from domain.alerting import Incident


@dataclass(frozen=True, slots=True)
class AlertsHealth(Message):
    """To the desk: why no alert would reach the owner; empty while one would.

    From `actors.alerts`, at each change and as its answer to `Introduce`.
    """

    trouble: str


@dataclass(frozen=True, slots=True)
class AnswerAlert(Command):
    """From a person: it is known. `id` is one as `A17`, or `all`.

    Answered with the incidents that were open, and are answered now (a tuple).
    """

    id: str
    who: str


@dataclass(frozen=True, slots=True)
class SendTest(Command):
    """From a person: send a test with four digits. Answered with an `AlertsView`.

    Raises `Declared` where there is no way to send one.
    """

    who: str


@dataclass(frozen=True, slots=True)
class EchoDigits(Command):
    """From a person: the four digits that came with the last test.

    Answered with whether they are the right ones, as an `Echo`.
    """

    digits: str
    who: str


@dataclass(frozen=True, slots=True)
class GetAlerts(Message):
    """Answered with an `AlertsView`."""

    lane: ClassVar[Lane] = Lane.QUERY


@dataclass(frozen=True, slots=True)
class AlertsView:
    """All of it at one moment; times are UTC."""

    incidents: tuple[Incident, ...]
    """Open ones, and those of the last 30 days, newest first."""
    ways: int
    """How many URLs there are."""
    delivered_at: datetime | None
    """When anything was delivered last."""
    delivered: int
    """How many messages were, ever since the file was begun."""
    failed: int
    """How many attempts brought nothing to anybody."""
    proven_at: datetime | None
    """When a person proved by an echo that what is sent is received; None: not by these ways."""
    acknowledged_at: datetime | None
    """When a person last answered something that had been delivered."""
    test_sent_at: datetime | None
    """When the digits that are waited for were delivered."""
    trouble: str
    """Why nothing reaches the owner, as a sentence; empty where nothing is known to be wrong."""
    holds: str
    """Why entries are held for that; empty where they are not."""
    watcher: str
    """How the outside watcher was last told, as a sentence; empty where there is none."""
    morning_at: datetime
    """When the next morning message is due."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What became of an echo."""

    right: bool
    sentence: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class AlertsTold(Message):
    """An answer to something that `actors.alerts` asked another seat for, about `subject`.

    `value` is None where the seat could not answer.
    """

    subject: str
    ticket: int
    value: Any

"""How venues stand, told every so often to whoever remembers it by the hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Lane, Message
from domain.uptime import Stood


@dataclass(frozen=True, slots=True)
class VenueStood(Message):
    """From the desk, every few seconds: how it sees the venue at this moment."""

    venue: str
    stood: Stood


@dataclass(frozen=True, slots=True)
class GetUptime(Message):
    """To `console.uptime`. Answered with a `domain.uptime.UptimeView`."""

    lane: ClassVar[Lane] = Lane.QUERY
    since: datetime
    """UTC."""

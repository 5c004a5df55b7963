"""Where it is written down how venues stood: what it promises, whatever stores it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from domain.uptime import HourPart, UptimeEvent


class Uptime(Protocol):
    """Seconds by venue, hour and state, and what was started when. No evidence of trading."""

    def add(self, parts: Iterable[HourPart], events: Iterable[UptimeEvent], now: datetime) -> None:
        """Add seconds to their hours, and events to the list; forgets what is too old by `now`.

        Raises:
            BookError: it cannot be written; nothing of it is.
        """
        ...

    def parts(self, since: datetime) -> tuple[HourPart, ...]:
        """Of all hours that begin no earlier, oldest first.

        Raises:
            BookError: the file cannot be read.
        """
        ...

    def events(self, since: datetime) -> tuple[UptimeEvent, ...]:
        """Newest first, and no more than the store keeps.

        Raises:
            BookError: the file cannot be read.
        """
        ...

    def began(self) -> datetime | None:
        """When the oldest that is remembered was written; None while nothing is.

        Raises:
            BookError: the file cannot be read.
        """
        ...

    def close(self) -> None: ...

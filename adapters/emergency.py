"""What exits, and switches that a person threw, are written on while the book cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.orders import Order, OrderState


@dataclass(frozen=True, slots=True)
class EmergencyIntent:
    """Orders that left in one piece on the emergency file, while the book could not be written."""

    orders: tuple[Order, ...]
    correlation: str
    why: str
    """What the book's disk had, as a sentence."""


@dataclass(frozen=True, slots=True)
class EmergencyEnd:
    """How an order ended while the book could not be written, without a fill that waits."""

    client_order_id: str
    state: OrderState
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class EmergencySetting:
    """A durable switch that was thrown while the book could not be written."""

    key: str
    value: str
    who: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EmergencyCancel:
    """A wish to cancel that was taken while the book could not be written."""

    client_order_id: str
    who: str
    at: datetime


EmergencyRecord = EmergencyIntent | EmergencyEnd | EmergencySetting | EmergencyCancel


class Emergency(Protocol):
    """Where exits are written down while the book cannot be; what is written is durable."""

    @property
    def torn(self) -> bool:
        """Behind the records lies what is none: nothing was ever sent on it."""
        ...

    @property
    def usable(self) -> bool:
        """Records can be written, as far as is known."""
        ...

    @property
    def records(self) -> Sequence[EmergencyRecord]:
        """What is not in the book yet, in the order of its writing."""
        ...

    def append(self, record: EmergencyRecord) -> None:
        """Write it durably.

        Raises:
            BookError: it cannot be written, and is not there.
        """
        ...

    def clear(self) -> None:
        """All of it is in the book: make it ready anew.

        Raises:
            BookError: it cannot be written.
        """
        ...

    def close(self) -> None: ...

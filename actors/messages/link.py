"""What is told of the link to a venue, and of what the venue says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from actors.lanes import Message
from adapters.venue import LinkOpened
from domain.venue import (
    AccountValue,
    InstrumentDetails,
    InstrumentRefused,
    PositionReport,
    VenueNotice,
)


@dataclass(frozen=True, slots=True)
class LinkUp(Message):
    """The link stands, not synchronised yet. `epoch` rises with every link of the process."""

    venue: str
    epoch: int
    opened: LinkOpened


@dataclass(frozen=True, slots=True)
class Introduce(Message):
    """To a venue's seats: somebody has (re)started and has missed what you last said. Say it again.

    Answered with the messages themselves: `LinkUp`, `InstrumentKnown`, `Reconciled`,
    `QuoteUpdate`, …
    """

    seat: str


@dataclass(frozen=True, slots=True)
class LinkDown(Message):
    """There is no link; the next try is in `next_try_seconds`, None when nobody tries.

    `epoch` is that of the link, or of the attempt, that has ended.
    """

    venue: str
    epoch: int
    cause: str
    sentence: str
    next_try_seconds: float | None


@dataclass(frozen=True, slots=True)
class CircuitChanged(Message):
    """The venue's circuit: `closed`, `open` or `half-open`, and why."""

    venue: str
    state: str
    sentence: str


@dataclass(frozen=True, slots=True)
class VenueExposed(Message):
    """To the venue's supervisor: something is open or working there, so reconnect faster."""

    venue: str
    exposed: bool


@dataclass(frozen=True, slots=True)
class InstrumentKnown(Message):
    """The venue described an instrument."""

    venue: str
    details: InstrumentDetails


@dataclass(frozen=True, slots=True)
class InstrumentFailed(Message):
    """The venue knows no such instrument."""

    venue: str
    refused: InstrumentRefused


@dataclass(frozen=True, slots=True)
class VenueSaid(Message):
    """A notice about the link, a farm or an instrument."""

    venue: str
    notice: VenueNotice


@dataclass(frozen=True, slots=True)
class AccountChanged(Message):
    """A row of the account."""

    venue: str
    value: AccountValue


@dataclass(frozen=True, slots=True)
class PositionChanged(Message):
    """What the account holds of an instrument, live."""

    venue: str
    report: PositionReport

"""What is told of the link to a venue, and of what the venue says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Lane, Message
from adapters.venue import LinkOpened
from domain.farms import Farm
from domain.symbols import Symbol
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
    at: datetime | None = None
    """When it was made; the same whenever it is told. None where nobody said."""


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
    """The venue's circuit: `closed`, `open`, `half-open` or `forced-open`, and why."""

    venue: str
    state: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ForceCircuit(Message):
    """To the venue's supervisor, from a person: hold the circuit open, or let go of it.

    Durable, audited. It gates entries and nothing else.
    """

    lane: ClassVar[Lane] = Lane.CONTROL
    open: bool
    who: str
    reason: str


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
    """A notice about the link, a farm or an instrument, said on the link of that epoch."""

    venue: str
    epoch: int
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
    after: tuple[str, ...] = ()
    """The last executions of it that were heard before this, on the same link: it has them in it.
    By their ids."""


@dataclass(frozen=True, slots=True)
class FarmChanged(Message):
    """How one of the venue's data farms is from now on, on this link."""

    venue: str
    epoch: int
    farm: Farm


@dataclass(frozen=True, slots=True)
class DataTrouble(Message):
    """To the venue's supervisor: an instrument brings no data, and asking again has not helped.

    `code` is `DATA_SILENT`, `IB` and the code with which the venue refuses, or why the instrument
    cannot be traded at all (`UNKNOWN_SYMBOL`, …).
    """

    venue: str
    epoch: int
    code: str
    symbol: Symbol
    sentence: str
    cure: str


@dataclass(frozen=True, slots=True)
class DataFlows(Message):
    """To the venue's supervisor: an instrument brings data; whatever troubled it is over."""

    venue: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Alert(Message):
    """A person should hear of it: on the screen, over the hook, and by `actors.alerts` in a pocket.

    `level` is `info`, `warning` or `error`; `code` is stable; `told` counts how often it was
    said. While it `stands` it is said again, on a schedule; the one that does not stand ends it.
    """

    venue: str
    level: str
    code: str
    sentence: str
    cure: str
    since: datetime
    told: int
    stands: bool
    by: str = ""
    """The seat that says it; empty for the venue's supervisor."""


@dataclass(frozen=True, slots=True)
class AlertsBegin(Message):
    """From the venue's supervisor at its start: none of the alerts that it said before stands."""

    venue: str

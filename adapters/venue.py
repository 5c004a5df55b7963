"""What an adapter of a venue offers, and where it puts what it hears.

Everything here is called on the event loop of the connection that owns the adapter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from domain.bars import Bar, SeriesKey
from domain.depth import Depth
from domain.orders import OrderRequest
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    CommissionReport,
    ExecutionReport,
    InstrumentDetails,
    OrderPreview,
    OrderReport,
    PositionReport,
    Round,
    VenueNotice,
)


class LinkError(Exception):
    """The link could not be made, or is gone.

    `cause` is a stable code (`REFUSED`, `NO_VERSION`, `NO_ACCOUNTS`, `CLIENT_ID_IN_USE`,
    `WRONG_ACCOUNT`, `NOT_TWS`, `HEARTBEAT`, `FRAME_TOO_LONG`, `PEER_CLOSED`, …),
    the text a sentence that says what to do.
    """

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """The link stands; nothing is synchronised yet."""

    server_version: int
    account: str
    accounts: tuple[str, ...]
    gateway_time: datetime | None
    gateway_zone: tzinfo = UTC
    """Whose midnight ends the gateway's day: its lists reach back no further."""


@dataclass(frozen=True, slots=True)
class BarsQuery:
    """One request for bars, as the venue takes it."""

    key: SeriesKey
    duration: str
    """How far back from the end, in IB's words (`3600 S`, `1 W`)."""
    end: datetime | None = None
    """Aware; None: now."""


@dataclass(frozen=True, slots=True)
class BarSeries:
    """Bars oldest first; the last one of a series that reaches to now may still be forming."""

    key: SeriesKey
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a venue said of an instrument some time ago."""

    details: InstrumentDetails
    heard_at: datetime


class VenueSink(Protocol):
    """Where the adapter puts what it hears, straight from the wire. Must not block or raise."""

    def quote(self, quote: Quote) -> None: ...

    def order_fact(
        self, fact: OrderReport | ExecutionReport | CommissionReport | VenueNotice
    ) -> None:
        """About an order: ours, or another client's."""
        ...

    def position(self, report: PositionReport) -> None: ...

    def account_value(self, value: AccountValue) -> None: ...

    def bar(self, key: SeriesKey, bar: Bar) -> None:
        """A bar of a series that is followed, as it stands now."""
        ...

    def bars_ended(self, key: SeriesKey, code: str, sentence: str) -> None:
        """A series that was followed is not kept up to date any more; `code` of HistoryError."""
        ...

    def notice(self, notice: VenueNotice) -> None:
        """About the link, a farm or an instrument."""
        ...

    def instrument_doubted(self, symbol: Symbol) -> None:
        """The venue refused something for what we believed of this instrument: ask again."""
        ...

    def lost(self, error: LinkError) -> None:
        """The link is gone. Called once, last."""
        ...


class VenueLink(Protocol):
    """One connection to a venue, used once: after `lost` or `close` a new one is built."""

    async def open(self) -> LinkOpened:
        """Connect, shake hands, learn the account.

        Raises:
            LinkError: with the step that failed as its cause.
        """
        ...

    def close(self) -> None:
        """Say goodbye; nothing is put into the sink any more."""
        ...

    async def server_time(self) -> datetime:
        """Ask the venue for its time: the heartbeat. The caller sets the time limit."""
        ...

    def remembered(self, symbol: Symbol) -> Remembered | None:
        """What was last heard of an instrument, over any link, in this run or before.

        By it the instrument can be subscribed to and traded at once.
        """
        ...

    async def instrument(self, symbol: Symbol) -> InstrumentDetails:
        """Ask for contract details and price steps.

        Raises:
            UnknownInstrument: it cannot be traded under this symbol.
            TimeoutError: the venue did not answer in time, or could not.
        """
        ...

    def subscribe(self, symbol: Symbol) -> None:
        """Have quotes of a resolved instrument put into the sink."""
        ...

    def unsubscribe(self, symbol: Symbol) -> None: ...

    async def depth(self, symbol: Symbol, rows: int, seconds: float) -> Depth:
        """The book of a resolved instrument, `rows` levels a side at most.

        Raises:
            MarketDataError: the venue refused, or sent nothing in time.
        """
        ...

    def telemetry(self) -> Mapping[str, object]:
        """What is worth showing of the link and never reckoned with."""
        ...

    async def round(self, number: int, list_seconds: float) -> Round:
        """Ask for all lists, each with this time limit, and gather the answers.

        Facts go into the sink as they come; the answers gather them a second time, to be counted.
        """
        ...

    async def bars(self, query: BarsQuery) -> BarSeries:
        """One request of history.

        Raises:
            HistoryError: with the venue's text.
        """
        ...

    async def follow_bars(self, query: BarsQuery) -> BarSeries:
        """History up to now, and from then on each change put into the sink.

        Asked again for the same key, the subscription is made anew.

        Raises:
            HistoryError: with the venue's text; the series is then not followed.
        """
        ...

    def place(self, request: OrderRequest, attached: Sequence[OrderRequest] = ()) -> str:
        """Write a new order to the socket; the venue's session id of it, as text.

        Those `attached` leave with it, in one piece or not at all. When it returns, bytes may
        have left. It raises LinkError only while none has.
        """
        ...

    def amend(self, request: OrderRequest) -> None:
        """Write an order of ours to the socket with other terms.

        Its parent is named as long as that is open, and not afterwards.

        Raises:
            LinkError: no byte has left.
            OrderError: the wire cannot carry the terms exactly; no byte has left.
            OrderNotKnown: this link knows no session id for the order; ask for the lists first.
        """
        ...

    async def preview(self, request: OrderRequest, seconds: float) -> OrderPreview:
        """Ask what an order would cost, without placing it.

        Raises:
            PreviewFailed: the venue refused it, or did not answer in time.
            OrderError: the wire cannot carry it exactly.
            LinkError: the link is gone.
        """
        ...

    def cancel(self, client_order_id: str, venue_order_id: str | None) -> None:
        """Write a cancel to the socket.

        Raises:
            LinkError: no byte has left.
            OrderNotKnown: this link knows no session id for the order; ask for the lists first.
        """
        ...


class UnknownInstrument(Exception):
    """An instrument that cannot be traded; the text says why, and what to do.

    `code` is UNKNOWN_SYMBOL (`nearest` are those that may be meant), AMBIGUOUS_SYMBOL (`nearest`
    are the candidates), FORBIDDEN_INSTRUMENT or INSTRUMENT_CHANGED.
    """

    def __init__(self, code: str, sentence: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.code = code
        self.nearest = tuple(nearest)


class HistoryError(Exception):
    """`code` is PACING, NO_DATA, NO_PERMISSION, CANCELLED, TIMEOUT or OTHER."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class MarketDataError(Exception):
    """The venue refused a book or a quote, or sent none in time; `code` is its own, or None."""

    def __init__(self, code: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class PreviewFailed(Exception):
    """`code` is PREVIEW_REFUSED or PREVIEW_UNANSWERED."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class OrderNotKnown(Exception):
    """The link cannot name the order to the venue."""


def decimal_of(value: float) -> Decimal:
    """The decimal that a venue meant by a float: its shortest spelling."""
    return Decimal(repr(value))

"""What every venue offers to whoever may ask it directly: one interface, async, for all venues.

It is for what is not the tree: `kelpie doctor`, the tests against a real account, measurements.
In the running tree only `connection` speaks to a venue, and nothing is placed but what the desk
has admitted and the ledger has on disk; a trader of this kind therefore places nothing unless it
was made to.

Amounts and order prices are exact decimals; prices that are only looked at are floats; times are
aware and in UTC. What a venue does not say is None, or `unknown`, and never zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.venue import LinkOpened
from domain.account import AccountSummary
from domain.bars import Bar
from domain.depth import Depth
from domain.orders import OrderRequest
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.terms import Terms
from domain.venue import (
    ExecutionReport,
    InstrumentDetails,
    OrderPreview,
    OrderReport,
    PositionReport,
    TradingSession,
    VenueNotice,
)


class AnswerIncomplete(Exception):
    """A list did not come whole, so nothing may be read from what it lacks."""

    def __init__(self, lists: tuple[str, ...]) -> None:
        super().__init__(
            f"The venue did not finish: {', '.join(lists)}. What it did not say is not known; "
            "ask again."
        )
        self.lists = lists


class PlacesNothing(Exception):
    """This trader only looks."""

    def __init__(self) -> None:
        super().__init__("This connection was made to look, not to trade. Nothing was sent.")


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution as last corrected, and what it cost."""

    execution: ExecutionReport
    commission: Decimal | None
    """None while the venue has not said; negative is a rebate."""
    commission_currency: str | None

    @property
    def liquidity(self) -> str:
        """`added`, `removed`, `routed`, or `unknown` where the venue does not say."""
        return self.execution.liquidity


class BaseTrader(ABC):
    """One venue. Made, connected, asked, closed: once."""

    @abstractmethod
    async def connect(self) -> LinkOpened:
        """Connect and shake hands.

        Raises:
            LinkError: with the step that failed as its cause.
        """

    @abstractmethod
    def close(self) -> None:
        """Say goodbye; whoever still waits hears a LinkError."""

    @abstractmethod
    async def instrument(self, symbol: Symbol) -> InstrumentDetails:
        """What the venue says of an instrument: price steps, lot, sessions.

        Raises:
            UnknownInstrument: none, or more than one, goes by this symbol.
        """

    @property
    @abstractmethod
    def notices(self) -> tuple[VenueNotice, ...]:
        """All that the venue has said beside its answers, oldest first."""

    @abstractmethod
    async def server_time(self) -> datetime:
        """The venue's clock, UTC.

        Raises:
            LinkError: the link is gone.
        """

    async def hours(self, symbol: Symbol) -> tuple[TradingSession, ...]:
        """The sessions that the venue announces, UTC, earliest first.

        Raises:
            UnknownInstrument: none, or more than one, goes by this symbol.
        """
        return (await self.instrument(symbol)).sessions

    @abstractmethod
    async def account(self) -> AccountSummary:
        """Money by currency, in the base currency, margin, buying power.

        Raises:
            AnswerIncomplete: the venue did not finish.
        """

    @abstractmethod
    async def equity(self) -> Decimal:
        """What the account is worth, in its base currency.

        Raises:
            AnswerIncomplete: the venue did not finish, or does not say.
        """

    @abstractmethod
    async def quote(self, symbol: Symbol, seconds: float = 5.0) -> Quote:
        """The top of the book: two-sided if that comes within `seconds`, else as far as it came.

        Its price, spread in percent and imbalance are properties of it.

        Raises:
            MarketDataError: nothing came in time.
            UnknownInstrument: none, or more than one, goes by this symbol.
        """

    @abstractmethod
    async def depth(self, symbol: Symbol, rows: int = 5, seconds: float = 5.0) -> Depth:
        """The book, best prices first.

        Raises:
            MarketDataError: the venue refused, or sent nothing in time.
        """

    @abstractmethod
    async def preview(self, request: OrderRequest, seconds: float) -> OrderPreview:
        """What an order would cost, without placing it; also where this trader only looks.

        Raises:
            PreviewFailed: the venue refused it, or did not answer in time.
        """

    @abstractmethod
    async def place(self, request: OrderRequest) -> str:
        """Send a new order; the venue's session id of it. What became of it, the lists say.

        Raises:
            PlacesNothing: this trader only looks.
            LinkError, OrderError: no byte has left.
        """

    @abstractmethod
    async def modify(self, request: OrderRequest, terms: Terms) -> None:
        """Change a working order to these terms.

        Raises:
            PlacesNothing: this trader only looks.
            OrderNotKnown: this link has not seen the order; ask for the open orders first.
        """

    @abstractmethod
    async def cancel(self, client_order_id: str) -> None:
        """Ask for an order to be taken back; it may still fill.

        Raises:
            PlacesNothing: this trader only looks.
            OrderNotKnown: this link has not seen the order; ask for the open orders first.
        """

    @abstractmethod
    async def positions(self) -> tuple[PositionReport, ...]:
        """What the account holds; short is negative, currency pairs are cash and left out.

        Raises:
            AnswerIncomplete: the venue did not finish.
        """

    @abstractmethod
    async def open_orders(self) -> tuple[OrderReport, ...]:
        """Every order that may still trade, of all clients.

        Raises:
            AnswerIncomplete: the venue did not finish.
        """

    @abstractmethod
    async def trades(self, since: datetime | None = None) -> tuple[Trade, ...]:
        """Executions, oldest first, as far back as the venue tells them (IB: its own midnight).

        Raises:
            AnswerIncomplete: the venue did not finish.
        """

    @abstractmethod
    async def bars(self, symbol: Symbol, timeframe: str, count: int = 100) -> list[Bar]:
        """The newest bars, oldest first, `[start in epoch seconds, o, h, l, c, volume or None]`.

        A timeframe that the venue does not have is clamped to the nearest one below it. The last
        bar may still be forming.

        Raises:
            HistoryError: with the venue's text.
            TimeframeError: the text is no timeframe.
        """

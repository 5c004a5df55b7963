"""The checks, one after the other, against a real connection that only looks.

Each fault has the code of its cure. What cannot be looked at because something before it failed
is said to be unchecked, never to be well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.trader import AnswerIncomplete, BaseTrader
from adapters.venue import (
    HistoryError,
    LinkError,
    LinkOpened,
    MarketDataError,
    PreviewFailed,
    UnknownInstrument,
)
from config.modes import money_of_account
from config.redaction import Redaction
from console.doctor.findings import Finding, code_of, cures, fault, not_checked, well
from domain.hours import open_session
from domain.orders import OrderRequest, OrderType, Side, Tif
from domain.price_steps import floor_to_step
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from runtime.interface import Clock

#: The gateway tells its time in whole seconds, and the answer takes its way.
CLOCK_SECONDS = 3.0

#: A subscription's first prices come within a second or two where the market is open.
QUOTE_SECONDS = 8.0

PREVIEW_SECONDS = 5.0

_HIDE = Redaction()
_OUT_OF_REACH = frozenset({1100, 2110})
_BACK_IN_REACH = frozenset({1101, 1102})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings ask of the gateway."""

    mode: str
    symbols: Sequence[Symbol]
    order_prefix: str


Check = tuple[str, Callable[[], Awaitable[Finding]]]
"""A check's name, and what looks."""


class Examination:
    """One look at one gateway. `run` gives the findings as they come.

    `more` are checks of the caller's own; they come last, over the same connection.
    """

    def __init__(
        self, trader: BaseTrader, wanted: Wanted, clock: Clock, more: Sequence[Check] = ()
    ) -> None:
        self._trader = trader
        self._wanted = wanted
        self._clock = clock
        self._more = more
        self._known: dict[Symbol, InstrumentDetails] = {}
        self._quote: Quote | None = None

    @property
    def instruments(self) -> Mapping[Symbol, InstrumentDetails]:
        """Those of the wanted symbols that the gateway knows, as far as it was asked."""
        return self._known

    async def run(self) -> AsyncIterator[Finding]:
        """Every check in order; the link is closed at the end."""
        checks: list[Check] = [
            ("servers", self._servers),
            ("clock", self._clocks),
            ("lists", self._lists),
            ("contracts", self._contracts),
            ("quotes", self._quotes),
            ("bars", self._bars),
            ("orders", self._orders),
            *self._more,
        ]
        ended = ""
        try:
            opened = await self._trader.connect()
            yield self._connected(opened)
            yield self._account(opened)
        except LinkError as error:
            yield of_link("connection", error)
            ended = "there is no connection"
        for name, check in checks:
            if ended:
                yield not_checked(name, f"Not looked at: {ended}.")
                continue
            try:
                yield await check()
            except LinkError as error:
                yield fault(name, "LINK_LOST", str(error), cause=error.cause)
                ended = "the connection was lost"
        self._trader.close()

    # -- the gateway itself --------------------------------------------------------------

    def _connected(self, opened: LinkOpened) -> Finding:
        version = opened.server_version
        return well("connection", f"It answers, server version {version}.", server_version=version)

    def _account(self, opened: LinkOpened) -> Finding:
        money = money_of_account(opened.account) or "unknown"
        return well(
            "account",
            f"Account {masked(opened.account)}, {money} money, as MODE={self._wanted.mode} asks.",
            account=masked(opened.account),
            money=money,
            accounts=len(opened.accounts),
        )

    async def _servers(self) -> Finding:
        await self._trader.server_time()  # what the gateway has to say at once has come by then
        said = [notice.code for notice in self._trader.notices]
        out = max((i for i, code in enumerate(said) if code in _OUT_OF_REACH), default=-1)
        back = max((i for i, code in enumerate(said) if code in _BACK_IN_REACH), default=-1)
        if out > back:
            return fault("servers", "OUT_OF_REACH", self._trader.notices[out].text)
        if (words := self._said("PAPER_DISCLAIMER")) is not None:
            return fault("servers", "PAPER_DISCLAIMER", words)
        return well("servers", "The gateway is in touch with IB's servers.")

    async def _clocks(self) -> Finding:
        asked = self._clock.now()
        theirs = await self._trader.server_time()
        apart = seconds_apart(theirs, asked, self._clock.now())
        sentence = f"The gateway's clock is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}"
        if abs(apart) > CLOCK_SECONDS:
            return fault("clock", "CLOCK_OFF", f"{sentence}.", seconds=round(apart, 1))
        return well("clock", "The gateway's clock and ours agree.", seconds=round(apart, 1))

    async def _lists(self) -> Finding:
        try:
            orders = await self._trader.open_orders()
            positions = await self._trader.positions()
        except AnswerIncomplete as error:
            return fault("lists", "LISTS_UNENDED", str(error), lists=error.lists)
        foreign = sum(1 for order in orders if order.foreign)
        return well(
            "lists",
            f"It lists {len(positions)} holdings and {len(orders)} open orders, "
            f"{foreign} of them not of this client.",
            holdings=len(positions),
            open_orders=len(orders),
            foreign_orders=foreign,
        )

    # -- the market ----------------------------------------------------------------------

    async def _contracts(self) -> Finding:
        wrong = []
        for symbol in self._wanted.symbols:
            try:
                self._known[symbol] = await self._trader.instrument(symbol)
            except (UnknownInstrument, TimeoutError) as error:
                wrong.append(str(error) or f"{symbol}: no answer came in time.")
        if wrong:
            return fault("contracts", "WRONG_SYMBOL", " ".join(wrong), known=len(self._known))
        names = ", ".join(map(str, self._known))
        return well("contracts", f"It knows {names}.", known=len(self._known))

    async def _quotes(self) -> Finding:
        symbol = self._first_open() or next(iter(self._known), None)
        if symbol is None:
            return not_checked("quotes", "Not looked at: no instrument is known.")
        try:
            quote = self._quote = await self._trader.quote(symbol, QUOTE_SECONDS)
        except MarketDataError as error:
            return self._no_quote(symbol, error)
        if (words := self._said("COMPETING_SESSION")) is not None:
            return fault("quotes", "COMPETING_SESSION", words, symbol=str(symbol))
        if quote.data_type is not DataType.LIVE:
            words = f"Quotes of {symbol} come {quote.data_type.lower()}."
            return fault("quotes", "DELAYED_DATA", words, data_type=quote.data_type.value)
        if (words := self._said("PART_OF_DATA")) is not None:
            return fault("quotes", "PART_OF_DATA", words, symbol=str(symbol))
        if not quote.two_sided and self._is_open(symbol):
            return fault("quotes", "SILENT_DATA", f"{symbol} trades now and shows no two sides.")
        return well("quotes", f"Live quotes of {symbol} come.", symbol=str(symbol))

    def _no_quote(self, symbol: Symbol, error: MarketDataError) -> Finding:
        code = code_of(error.code) if error.code is not None else None
        if code is None and (words := self._said("COMPETING_SESSION")) is not None:
            return fault("quotes", "COMPETING_SESSION", words, symbol=str(symbol))
        if code is not None:
            return fault("quotes", code, str(error), symbol=str(symbol), ib_code=error.code)
        if self._is_open(symbol):
            return fault("quotes", "SILENT_DATA", str(error), symbol=str(symbol))
        return not_checked(
            "quotes", f"No quote of {symbol} came, and its market is closed: look again when open."
        )

    async def _bars(self) -> Finding:
        symbol = next(iter(self._known), None)
        if symbol is None:
            return not_checked("bars", "Not looked at: no instrument is known.")
        try:
            bars = await self._trader.bars(symbol, "1d", 2)
        except HistoryError as error:
            return fault("bars", "NO_BARS", f"{error} [{error.code}]", symbol=str(symbol))
        return well("bars", f"Bars of {symbol} come.", symbol=str(symbol), bars=len(bars))

    # -- orders --------------------------------------------------------------------------

    async def _orders(self) -> Finding:
        """Ask what an order would cost: a gateway that is read-only refuses even that."""
        request = self._harmless_order()
        if request is None:
            return not_checked("orders", "Not looked at: there is no price to ask with.")
        try:
            preview = await self._trader.preview(request, PREVIEW_SECONDS)
        except PreviewFailed as error:
            code = "READ_ONLY" if "read-only" in str(error).lower() else "PREVIEW_FAILED"
            return fault("orders", code, str(error))
        cost = f"{preview.commission} {preview.currency}" if preview.commission else "not told"
        return well(
            "orders",
            f"It takes orders: {request.side} {request.quantity} {request.symbol} would cost "
            f"{cost}. Nothing was placed.",
            commission=str(preview.commission),
        )

    def _harmless_order(self) -> OrderRequest | None:
        quote = self._quote
        price = quote.bid or quote.last or quote.close if quote is not None else None
        if quote is None or price is None:
            return None
        details = self._known[quote.symbol]
        limit = floor_to_step(Decimal(repr(price)), details.price_steps)
        return OrderRequest(
            f"{self._wanted.order_prefix}-DOCTOR",
            quote.symbol,
            Side.BUY,
            details.lot,
            OrderType.LIMIT,
            limit_price=limit,
            tif=Tif.DAY,
        )

    # -- what was said -------------------------------------------------------------------

    def _said(self, code: str) -> str | None:
        """IB's own words for this fault, if it has said so."""
        codes = cures()[code].ib_codes
        said = [notice.text for notice in self._trader.notices if notice.code in codes]
        return said[-1] if said else None

    def _first_open(self) -> Symbol | None:
        return next((symbol for symbol in self._known if self._is_open(symbol)), None)

    def _is_open(self, symbol: Symbol) -> bool:
        return open_session(self._known[symbol].sessions, self._clock.now()) is not None


def seconds_apart(theirs: datetime, asked: datetime, answered: datetime) -> float:
    """By how much a clock differs that showed `theirs` at some time between these two of ours.

    An answer that was long on its way tells less, and is no clock that is behind.
    """
    if theirs < asked:
        return (theirs - asked).total_seconds()
    return max((theirs - answered).total_seconds(), 0.0)


def of_link(check: str, error: LinkError) -> Finding:
    """What ended a connection, as a finding with its cure."""
    code = error.cause if error.cause in cures() else "LINK_LOST"
    return fault(check, code, str(error), cause=error.cause)


def masked(account: str) -> str:
    """Its ends alone, as everywhere: `DU***001`."""
    hidden = _HIDE(account)
    return hidden if hidden != account else "***"

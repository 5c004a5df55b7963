"""Questions about an instrument: its details with price steps, and its bars."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, tzinfo
from decimal import Decimal

from adapters.ib.client import Calls
from adapters.ib.contracts import (
    at_exchange,
    contract_of,
    describe,
    market_rule_id,
    resolved,
    symbol_of,
)
from adapters.ib.decoding import bar_start, number, sessions_of, zone_of
from adapters.ib.errors import UNREADABLE, error_table
from adapters.ib.identity import OrderIdentities
from adapters.ib.library import Contract, ContractDescription, ContractDetails, PriceIncrement
from adapters.ib.opening import IBLinkOptions
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import BarSeries, HistoryError, UnknownInstrument, VenueSink
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession

_NO_SUCH_INSTRUMENT = 200

#: What the texts of 162 and its kin mean; the first that fits counts.
_HISTORY_TEXTS = (
    ("pacing violation", "PACING"),
    ("query cancelled", "CANCELLED"),
    ("no market data permissions", "NO_PERMISSION"),
    ("requires additional subscription", "NO_PERMISSION"),
    ("not subscribed", "NO_PERMISSION"),
    ("returned no data", "NO_DATA"),
    ("no historical market data", "NO_DATA"),
    ("no data of type", "NO_DATA"),
)
_BAR_SIZE = re.compile(r"^(\d+) (sec|min|hour|day|week|month)s?$")
_UNIT_SECONDS = {
    "sec": 1,
    "min": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 30 * 86400,
}


class Lookups:
    """Asks over one link, and keeps the contracts and price steps it was told."""

    def __init__(
        self,
        calls: Calls,
        requests: Requests,
        identities: OrderIdentities,
        options: IBLinkOptions,
        sink: VenueSink,
    ) -> None:
        self._calls = calls
        self._requests = requests
        self._identities = identities
        self._options = options
        self._sink = sink
        self._contracts: dict[Symbol, Contract] = {}
        self._zones: dict[Symbol, str] = {}
        self._rules: dict[int, tuple[PriceStep, ...]] = {}
        self._one_rule_at_a_time = asyncio.Lock()

    def contract(self, symbol: Symbol) -> Contract:
        """The resolved contract, or the one that the symbol spells."""
        return self._contracts.get(symbol) or contract_of(symbol, self._options.exchange_preference)

    def listing(self, symbol: Symbol) -> Contract:
        """The contract at its own exchange, not at the router: where its book is kept."""
        found = self.contract(symbol)
        return at_exchange(found, found.primaryExchange or found.exchange)

    async def instrument(self, symbol: Symbol) -> InstrumentDetails:
        """Contract details and price steps.

        Raises:
            UnknownInstrument: none, or more than one, goes by this symbol.
            TimeoutError: the venue did not answer in time.
        """
        asked = contract_of(symbol, self._options.exchange_preference)
        found = await self._details(symbol, asked)
        contract = resolved(found, asked)
        steps = await self._price_steps(found, contract.exchange)
        self._contracts[symbol] = contract
        self._zones[symbol] = found.timeZoneId
        lot = number(found.sizeIncrement) or number(found.minSize) or Decimal(1)
        return InstrumentDetails(
            symbol=symbol,
            name=found.longName,
            kind=contract.secType,
            exchange=contract.primaryExchange or contract.exchange,
            time_zone=found.timeZoneId,
            price_steps=steps,
            lot=lot,
            sessions=self._sessions(symbol, found),
        )

    async def _details(self, symbol: Symbol, asked: Contract) -> ContractDetails:
        request = self._identities.fresh_request_id()
        answer = self._requests.begin(request, self._options.step_seconds)
        self._calls.reqContractDetails(request, asked)
        try:
            rows: list[ContractDetails] = await answer
        except RequestUnended:
            raise TimeoutError(f"The venue gave no details of {symbol} in time.") from None
        except RequestRefused as refused:
            if refused.code != _NO_SUCH_INSTRUMENT:
                raise UnknownInstrument(
                    "UNKNOWN_SYMBOL", f"The venue refused to name {symbol}: {refused.text}"
                ) from None
            rows = []
        finally:
            self._requests.give_up(request)
        fitting = {
            row.contract.conId: row
            for row in rows
            if row.contract is not None and symbol_of(row.contract) == symbol
        }
        if len(fitting) == 1:
            return next(iter(fitting.values()))
        if fitting:
            names = [describe(row.contract) for row in fitting.values() if row.contract]
            raise UnknownInstrument(
                "AMBIGUOUS_SYMBOL",
                f"{symbol} is the name of {len(fitting)} instruments: {'; '.join(names)}. Say "
                "in IB_EXCHANGE where it is listed.",
                names,
            )
        nearest = await self._nearest(symbol)
        hint = f" Similar: {', '.join(nearest)}." if nearest else ""
        raise UnknownInstrument(
            "UNKNOWN_SYMBOL",
            f"The venue knows no {symbol} at {self._options.exchange_preference}.{hint} "
            "Write SYMBOL/CCY, as in BHP/AUD, and pairs in the venue's order, as in AUD/USD.",
            nearest,
        )

    async def _nearest(self, symbol: Symbol) -> list[str]:
        request = self._identities.fresh_request_id()
        answer = self._requests.begin(request, self._options.step_seconds)
        self._calls.reqMatchingSymbols(request, symbol.base)
        try:
            samples: list[ContractDescription] = await answer
        except (RequestUnended, RequestRefused):
            return []
        finally:
            self._requests.give_up(request)
        names = [symbol_of(sample.contract) for sample in samples if sample.contract is not None]
        return sorted({str(name) for name in names if name is not None})[:5]

    async def _price_steps(self, details: ContractDetails, route: str) -> tuple[PriceStep, ...]:
        """The market rule at the exchange used; `minTick` is only its smallest step."""
        rule = market_rule_id(details, route)
        if rule is None:
            return (PriceStep(Decimal(0), number(details.minTick) or Decimal("0.01")),)
        async with self._one_rule_at_a_time:
            if rule not in self._rules:
                self._rules[rule] = await self._ask_rule(rule)
        return self._rules[rule]

    async def _ask_rule(self, rule: int) -> tuple[PriceStep, ...]:
        key = ("market_rule", rule)
        answer = self._requests.begin(key, self._options.step_seconds)
        self._calls.reqMarketRule(rule)
        try:
            rows: list[PriceIncrement] = await answer
        except RequestUnended:
            raise TimeoutError(f"The venue did not give market rule {rule} in time.") from None
        finally:
            self._requests.give_up(key)
        steps = [
            PriceStep(number(row.lowEdge) or Decimal(0), number(row.increment) or Decimal(0))
            for row in rows
        ]
        return tuple(sorted(steps, key=lambda step: step.low_edge))

    def _sessions(self, symbol: Symbol, details: ContractDetails) -> tuple[TradingSession, ...]:
        try:
            return sessions_of(details.tradingHours, details.liquidHours, details.timeZoneId)
        except ValueError as error:
            text = f"Trading hours: {error}"
            self._sink.notice(error_table().notice(UNREADABLE, text, symbol=symbol))
            return ()

    async def bars(self, symbol: Symbol, duration: str, bar_size: str) -> BarSeries:
        """Bars up to now, oldest first; the last one may still be forming. Pairs: mid prices.

        Raises:
            HistoryError: with the venue's text.
        """
        size = _BAR_SIZE.match(bar_size)
        if size is None:
            raise HistoryError("OTHER", f"{bar_size!r} is no bar size of IB's, as `5 mins` is.")
        request = self._identities.fresh_request_id()
        answer = self._requests.begin(request, self._options.history_seconds)
        what = "MIDPOINT" if symbol.is_currency_pair else "TRADES"
        contract = self.contract(symbol)
        self._calls.reqHistoricalData(
            request, contract, "", duration, bar_size, what, False, 2, False, []
        )
        try:
            rows: list[tuple[str, ...]] = await answer
        except RequestUnended:
            self._calls.cancelHistoricalData(request)
            raise HistoryError("TIMEOUT", f"No bars of {symbol} came in time.") from None
        except RequestRefused as refused:
            raise HistoryError(history_cause(refused.text), refused.text) from None
        except asyncio.CancelledError:
            if self._requests.give_up(request):
                self._calls.cancelHistoricalData(request)
            raise
        zone = zone_of(self._zones.get(symbol, "")) or UTC
        try:
            bars = tuple(_bar(row, zone) for row in rows)
        except ValueError as error:
            raise HistoryError("OTHER", f"The bars of {symbol} cannot be read: {error}") from None
        seconds = int(size[1]) * _UNIT_SECONDS[size[2]]
        return BarSeries(symbol, seconds, bars)


def history_cause(text: str) -> str:
    """The code of HistoryError for a text of the venue's."""
    lower = text.lower()
    return next((cause for words, cause in _HISTORY_TEXTS if words in lower), "OTHER")


def _bar(
    row: tuple[str, ...], zone: tzinfo
) -> tuple[float, float, float, float, float, float | None]:
    start, opening, high, low, close, volume = row
    traded = float(volume) if volume else -1.0
    return (
        bar_start(start, zone),
        float(opening),
        float(high),
        float(low),
        float(close),
        traded if traded >= 0 else None,
    )

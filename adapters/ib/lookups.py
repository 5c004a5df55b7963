"""Questions about an instrument: what it is, with its price steps and hours."""

from __future__ import annotations

import asyncio
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
from adapters.ib.decoding import number, sessions_of
from adapters.ib.errors import UNREADABLE, error_table
from adapters.ib.identity import OrderIdentities
from adapters.ib.library import Contract, ContractDescription, ContractDetails, PriceIncrement
from adapters.ib.opening import IBLinkOptions
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import UnknownInstrument, VenueSink
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession

_NO_SUCH_INSTRUMENT = 200


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

    def zone(self, symbol: Symbol) -> str:
        """The name of a resolved instrument's time zone, else nothing."""
        return self._zones.get(symbol, "")

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

"""What our symbols are at IB: contracts, price steps and hours, asked for once and kept.

An instrument is described by one request, and one more for each market rule that was never heard
of; what was heard is kept by the store, over links and over restarts.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from adapters.ib.client import Calls
from adapters.ib.contracts import (
    asked_as,
    contract_of,
    describe,
    fields_of,
    instrument_type,
    market_rule_id,
    resolved,
    symbol_of,
)
from adapters.ib.decoding import number, sessions_of
from adapters.ib.errors import UNREADABLE, error_table
from adapters.ib.identity import OrderIdentities
from adapters.ib.instrument_store import Description, InstrumentStore, Rule
from adapters.ib.library import Contract, ContractDescription, ContractDetails, PriceIncrement
from adapters.ib.opening import IBLinkOptions
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import Remembered, UnknownInstrument, VenueSink
from domain.spelling import in_pair_order, nearest
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from runtime.interface import Clock

_NO_SUCH_INSTRUMENT = 200

#: A market rule that was heard longer ago is asked for again with its instrument.
_RULE_LASTS = timedelta(hours=20)

#: Where the exchanges keep their clocks, in IB's own words.
_ZONES = {"ASX": "Australia/NSW", "IDEALPRO": "US/Eastern", "NYSE": "US/Eastern"} | {
    name: "US/Eastern" for name in ("NASDAQ", "ARCA", "AMEX", "BATS")
}


class Instruments:
    """Resolves symbols over one link, by what is remembered or by asking."""

    def __init__(
        self,
        calls: Calls,
        requests: Requests,
        identities: OrderIdentities,
        options: IBLinkOptions,
        sink: VenueSink,
        clock: Clock,
        store: InstrumentStore,
    ) -> None:
        self._calls = calls
        self._requests = requests
        self._identities = identities
        self._options = options
        self._sink = sink
        self._clock = clock
        self._store = store
        self._contracts: dict[Symbol, Contract] = {}
        self._doubted: set[Symbol] = set()
        self._asking_rule: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def contract(self, symbol: Symbol) -> Contract:
        """The resolved contract, or the one that the symbol spells."""
        contract = self._contracts.get(symbol)
        if contract is None:
            contract = self._asked(symbol)
            known = self._store.instrument(symbol, asked_as(contract))
            if known is not None:
                contract = self._contracts[symbol] = resolved(known.contract, contract.exchange)
        return contract

    def listing(self, symbol: Symbol) -> Contract:
        """The contract at its own exchange, not at the router: where its book is kept."""
        found = self.contract(symbol)
        return resolved(fields_of(found), found.primaryExchange or found.exchange)

    def zone(self, symbol: Symbol) -> str:
        """IB's name of the instrument's time zone; empty while it is not known."""
        known = self._store.instrument(symbol, asked_as(self._asked(symbol)))
        return "" if known is None else known.details.time_zone

    def remembered(self, symbol: Symbol) -> Remembered | None:
        """What was last heard of it, over this link or an earlier one, in this run or before."""
        known = self._store.instrument(symbol, asked_as(self._asked(symbol)))
        if known is None or known.details.kind not in self._options.instrument_types:
            return None
        return Remembered(known.details, known.heard_at)

    def doubt(self, symbol: Symbol) -> None:
        """The venue refused a price or the contract: its price steps are asked for anew."""
        self._doubted.add(symbol)

    async def instrument(self, symbol: Symbol) -> InstrumentDetails:
        """Ask for contract details and price steps.

        Raises:
            UnknownInstrument: none, or more than one, goes by this symbol, it is of a type that
                may not be traded, or it is another contract than before.
            TimeoutError: the venue did not answer in time, or could not.
        """
        asked = self._asked(symbol)
        found = await self._details(symbol, asked)
        contract = found.contract
        assert contract is not None
        known = self._store.instrument(symbol, asked_as(asked))
        if known is not None and known.contract.con_id != contract.conId:
            raise _changed(symbol, known.details.name, found.longName)
        exchange = contract.primaryExchange or contract.exchange
        # Some gateways leave it out, and hours without a zone are no hours.
        found.timeZoneId = found.timeZoneId or _ZONES.get(exchange, "")
        steps = await self._price_steps(symbol, found, asked.exchange)
        details = InstrumentDetails(
            symbol=symbol,
            name=found.longName,
            kind=instrument_type(found),
            exchange=exchange,
            time_zone=found.timeZoneId,
            price_steps=steps,
            lot=number(found.sizeIncrement) or number(found.minSize) or Decimal(1),
            sessions=self._sessions(symbol, found),
            contract_id=str(contract.conId),
        )
        heard = Description(details, fields_of(contract), asked_as(asked), self._clock.now())
        self._store.keep(heard)
        return details

    def _asked(self, symbol: Symbol) -> Contract:
        return contract_of(symbol, self._options.exchange_preference)

    # -- which contract --------------------------------------------------------------------

    async def _details(self, symbol: Symbol, asked: Contract) -> ContractDetails:
        fitting = {
            row.contract.conId: row
            for row in await self._rows(symbol, asked)
            if row.contract is not None
            and symbol_of(row.contract) == symbol
            and asked.primaryExchange in ("", row.contract.primaryExchange)
        }
        if len(fitting) == 1:
            found = next(iter(fitting.values()))
            kind = instrument_type(found)
            if kind not in self._options.instrument_types:
                raise self._forbidden(symbol, kind)
            return found
        if fitting:
            names = [describe(row.contract) for row in fitting.values() if row.contract]
            raise UnknownInstrument(
                "AMBIGUOUS_SYMBOL",
                f"{symbol} is the name of {len(names)} instruments: {'; '.join(sorted(names))}. "
                "Kelpie cannot tell which is meant; leave it out of ALLOWED_SYMBOLS.",
                names,
            )
        raise await self._why_unknown(symbol, asked)

    async def _rows(self, symbol: Symbol, asked: Contract) -> list[ContractDetails]:
        request = self._identities.fresh_request_id()
        answer = self._requests.begin(request, self._options.step_seconds)
        self._calls.reqContractDetails(request, asked)
        try:
            return await answer
        except RequestUnended:
            raise TimeoutError(f"The venue gave no details of {symbol} in time.") from None
        except RequestRefused as refused:
            if refused.code == _NO_SUCH_INSTRUMENT:
                return []
            # Any other code says that it could not look, not that there is nothing.
            raise TimeoutError(f"The venue could not look for {symbol}: {refused}") from None
        finally:
            self._requests.give_up(request)

    async def _why_unknown(self, symbol: Symbol, asked: Contract) -> UnknownInstrument:
        samples = await self._samples(asked.symbol)
        for contract in samples:
            same = (contract.symbol, contract.currency) == (asked.symbol, asked.currency)
            if same and contract.secType not in ("STK", "CASH"):
                return self._forbidden(symbol, contract.secType)
        upright = in_pair_order(symbol)
        known = {*self._options.known_symbols, *self._store.symbols()}
        theirs = {each for each in map(symbol_of, samples) if each is not None} - {symbol}
        alike = nearest(symbol, known | theirs)
        others = sorted(
            theirs - {*alike}, key=lambda each: (each.currency != symbol.currency, each)
        )
        first = () if upright == symbol else (upright,)
        names = list(dict.fromkeys(map(str, (*first, *alike, *others))))[:5]
        where = asked_as(asked)
        hint = f" Write {' or '.join(names)}?" if names else " Check its spelling at IB."
        return UnknownInstrument(
            "UNKNOWN_SYMBOL", f"The venue knows no {symbol} at {where}.{hint}", names
        )

    async def _samples(self, pattern: str) -> list[Contract]:
        request = self._identities.fresh_request_id()
        answer = self._requests.begin(request, self._options.step_seconds)
        self._calls.reqMatchingSymbols(request, pattern)
        try:
            samples: list[ContractDescription] = await answer
        except (RequestUnended, RequestRefused):
            return []  # only the hint is lost
        finally:
            self._requests.give_up(request)
        return [sample.contract for sample in samples if sample.contract is not None]

    def _forbidden(self, symbol: Symbol, kind: str) -> UnknownInstrument:
        types = ",".join(self._options.instrument_types)
        return UnknownInstrument(
            "FORBIDDEN_INSTRUMENT",
            f"{symbol} is of the type {kind}, and IB_ALLOWED_INSTRUMENT_TYPES is {types}. "
            "Leave it out of ALLOWED_SYMBOLS"
            + (", or allow its type." if kind in ("STK", "ETF", "CASH") else "."),
        )

    # -- its price steps and hours ---------------------------------------------------------

    async def _price_steps(
        self, symbol: Symbol, details: ContractDetails, route: str
    ) -> tuple[PriceStep, ...]:
        """The market rule at the exchange used; `minTick` is only its smallest step."""
        rule = market_rule_id(details, route)
        if rule is None:
            return (PriceStep(Decimal(0), number(details.minTick) or Decimal("0.01")),)
        async with self._asking_rule[rule]:
            known = self._store.rule(rule)
            now = self._clock.now()
            fresh = known is not None and now - known.heard_at < _RULE_LASTS
            if known is None or not fresh or symbol in self._doubted:
                known = Rule(await self._ask_rule(rule), now)
                self._store.keep_rule(rule, known)
                self._doubted.discard(symbol)
        return known.steps

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
            PriceStep(number(row.lowEdge) or Decimal(0), increment)
            for row in rows
            if (increment := number(row.increment))
        ]
        if not steps:
            raise TimeoutError(f"The venue gave market rule {rule} without a single step.")
        return tuple(sorted(steps, key=lambda step: step.low_edge))

    def _sessions(self, symbol: Symbol, details: ContractDetails) -> tuple[TradingSession, ...]:
        try:
            return sessions_of(details.tradingHours, details.liquidHours, details.timeZoneId)
        except ValueError as error:
            text = f"Trading hours: {error}"
            self._sink.notice(error_table().notice(UNREADABLE, text, symbol=symbol))
            return ()


def _changed(symbol: Symbol, before: str, now: str) -> UnknownInstrument:
    return UnknownInstrument(
        "INSTRUMENT_CHANGED",
        f"{symbol} was {before!r} and names another contract now, {now!r}: a new listing, or a "
        "change of the company's. Nothing is traded in it. Look at it at IB; if the new one is "
        "meant, stop Kelpie, remove instruments.json from its folder in STATE_DIR, start it again.",
    )

"""Writes down for programs what was decided, sent, filled and asked for; keeps what was refused.

All of it is told behind what it is about, so that nothing waits for it.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    DataAnswered,
    DecisionMade,
    FillRecorded,
    GetRefusal,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    OrderAnswered,
    OrderRecorded,
    PositionAdopted,
    PositionRestated,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import BookError, Fill
from adapters.refusals import Refusals
from domain.decisions import Decision
from domain.orders import Order, OrderState
from domain.symbols import Symbol
from domain.used_rates import UsedRate
from domain.venue import InstrumentDetails
from runtime.histogram import Histogram

_REMEMBERED = 2000
"""Orders, the newest: one that has ended may still be filled or charged."""
_PARTS = 1_000_000
HOPS = (
    "quoted",
    "decided",
    "admitted",
    "durable",
    "sent",
    "acknowledged",
    "filled",
    "commission",
)
"""The stations of an order, in their order."""

Write = Callable[[dict[str, Any]], None]
"""Takes one line, as JSON has it; times and decimals as they are."""


@dataclass(frozen=True, slots=True)
class TelemetryOptions:
    """Where lines and refusals go, and of how many is told."""

    write: Write
    open_refusals: Callable[[], Refusals]
    mode: str
    sample: float = 1.0
    """The share of orders, refusals and requests of which is told."""


class _Way:
    """What is known of the way of one order."""

    __slots__ = ("state", "times")

    def __init__(self) -> None:
        self.times: dict[str, datetime | None] = dict.fromkeys(HOPS)
        self.state: OrderState | None = None

    def first(self, hop: str, at: datetime | None) -> None:
        """It passed there; the first time counts."""
        if self.times[hop] is None:
            self.times[hop] = at

    def micros(self) -> dict[str, int | None]:
        """From each station that is known to the next one."""
        known: datetime | None = None
        between: dict[str, int | None] = {}
        for hop, at in self.times.items():
            took = None
            if at is not None and known is not None and at >= known:
                took = round((at - known).total_seconds() * 1e6)
            between[hop] = took
            known = at or known
        del between["quoted"]
        return between


class Telemetry(Actor):
    """Its death never stops trading, and neither does a disk that takes nothing of it."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        options: TelemetryOptions,
        venues: tuple[str, ...],
    ) -> None:
        super().__init__(system, seat)
        self.options = options
        self._venues = venues
        self._refusals: Refusals | None = None
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._ways: OrderedDict[str, _Way] = OrderedDict()
        self._acknowledged = Histogram()
        """From the bytes of an order to the venue's first word about it."""
        self._written = 0
        self._left_out = 0
        self._not_kept = ""
        """Why the last refusal could not be kept."""

    def on_start(self) -> None:
        """Open what refusals are kept in, and ask what the instruments are."""
        self._open_refusals()
        for venue in self._venues:
            self.tell(names.connection(venue), Introduce(self.seat.name))

    def on_stop(self) -> None:
        """Close it."""
        if self._refusals is not None:
            self._refusals.close()

    def describe(self) -> State:
        """How much it has written, and what it could not keep."""
        return {
            "lines": self._written,
            "order_ack_seconds": self._acknowledged.plain(),
            "left_out": self._left_out,
            "refusals_not_kept": self._not_kept,
        }

    # -- what is told ----------------------------------------------------------------------

    @on(DecisionMade)
    def _decision(self, message: DecisionMade) -> None:
        decision = message.decision
        name = decision.client_order_id
        if decision.admitted:
            way = self._way(name)
            way.first("quoted", decision.quote.time if decision.quote is not None else None)
            way.first("decided", decision.proposed_at)
            way.first("admitted", decision.at)
        else:
            self._keep(decision)
        if self._told(name):
            where = self._where(decision.venue, decision.request.symbol)
            self._write("decision", name, where | _decision(decision))

    @on(OrderAnswered)
    def _answered(self, message: OrderAnswered) -> None:
        way = self._way(message.client_order_id)
        way.first("durable", message.durable_at)
        way.first("sent", message.sent_at)
        way.first("acknowledged", message.acknowledged_at)
        if message.sent_at is not None:
            took = (message.acknowledged_at - message.sent_at).total_seconds()
            self._acknowledged.observe(max(0.0, took))

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        way = self._way(name)
        way.first("sent", order.sent_at)
        if way.state is order.state:
            return
        way.state = order.state
        if self._told(name):
            where = self._where(order.venue, order.request.symbol)
            self._write("order", name, where | _order(order) | _hops(way))

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        fill, now = message.fill, self.clock.now()
        name = fill.client_order_id
        way = self._way(name)
        way.first("filled", now)
        if fill.commission_final:
            way.first("commission", now)
        if self._told(name):
            where = self._where(fill.venue, fill.symbol)
            line = where | _fill(fill, new=message.new) | _hops(way)
            self._write("fill", name, line)

    @on(DataAnswered)
    def _data(self, message: DataAnswered) -> None:
        name = f"{message.kind} {message.symbol} {message.what}".rstrip()
        if self._told(name):
            line = {
                "kind": message.kind,
                "what": message.what,
                "micros": round(message.seconds * 1e6),
                "items": message.items,
                "code": message.code,
            }
            self._write("request", name, self._where(message.venue, message.symbol) | line)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        self._instruments[message.details.symbol] = message.details

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        """What is known of it is its number still."""

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        """Its instruments follow."""

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        """A person's word, which is in the audit."""

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        """A person's word as well."""

    @on(GetRefusal)
    def _refusal(self, message: GetRefusal) -> Mapping[str, Any] | None:
        if self._refusals is None:
            return None
        try:
            return self._refusals.find(message.client_order_id)
        except BookError as error:
            self._trouble(error)
            return None

    # -- inside ----------------------------------------------------------------------------

    def _way(self, client_order_id: str) -> _Way:
        way = self._ways.get(client_order_id)
        if way is None:
            way = self._ways[client_order_id] = _Way()
            if len(self._ways) > _REMEMBERED:
                self._ways.popitem(last=False)
        return way

    def _told(self, correlation: str) -> bool:
        """By the id alone, so that all lines about one are there or none."""
        told = zlib.crc32(correlation.encode()) % _PARTS < self.options.sample * _PARTS
        self._left_out += not told
        return told

    def _where(self, venue: str, symbol: Symbol) -> dict[str, Any]:
        details = self._instruments.get(symbol)
        return {
            "venue": venue,
            "symbol": str(symbol),
            "contract_id": (details.contract_id or None) if details is not None else None,
            "exchange": details.exchange if details is not None else None,
        }

    def _write(self, event: str, correlation: str, line: dict[str, Any]) -> None:
        head = {
            "ts": self.clock.now(),
            "event": event,
            "correlation": correlation,
            "mode": self.options.mode,
        }
        self.options.write(head | line)
        self._written += 1

    def _keep(self, decision: Decision) -> None:
        if self._refusals is None and not self._open_refusals():
            return
        assert self._refusals is not None
        try:
            self._refusals.keep(decision)
            self._not_kept = ""
        except BookError as error:
            self._trouble(error)

    def _open_refusals(self) -> bool:
        try:
            self._refusals = self.options.open_refusals()
        except BookError as error:
            self._trouble(error)
        return self._refusals is not None

    def _trouble(self, error: BookError) -> None:
        """Told once for each trouble: a person learns the refusals from the log as well."""
        if str(error) != self._not_kept:
            self.log.error("Refusals cannot be kept or read: {}", error)
        self._not_kept = str(error)


def _decision(decision: Decision) -> dict[str, Any]:
    request, quote, estimate = decision.request, decision.quote, decision.estimate
    seen = None
    if quote is not None:
        prices = {"bid": quote.bid, "ask": quote.ask, "last": quote.last}
        seen = prices | {"data_type": quote.data_type.value, "time": quote.time}
    return {
        "client_order_id": decision.client_order_id,
        "proposer": decision.proposer,
        "reason": decision.reason,
        "side": request.side.value,
        "purpose": request.purpose.value,
        "type": request.type.value,
        "asked_quantity": str(decision.asked.quantity),
        "quantity": str(request.quantity),
        "admitted": decision.admitted,
        "code": decision.code,
        "gates": {word.gate: word.open for word in decision.words},
        "value": _text(decision.value),
        "base_currency": decision.base_currency,
        "price": _text(decision.price),
        "rate": _text(decision.rate),
        "commission": _text(estimate.commission) if estimate is not None else None,
        "commission_currency": estimate.currency if estimate is not None else None,
        "commission_source": estimate.source.value if estimate is not None else "none",
        "quote": seen,
    }


def _order(order: Order) -> dict[str, Any]:
    request = order.request
    return {
        "client_order_id": order.client_order_id,
        "venue_order_id": order.venue_order_id,
        "side": request.side.value,
        "purpose": request.purpose.value,
        "type": request.type.value,
        "quantity": str(request.quantity),
        "filled": str(order.filled),
        "state": order.state.value,
        "reason": order.reason,
    }


def _fill(fill: Fill, *, new: bool) -> dict[str, Any]:
    return {
        "client_order_id": fill.client_order_id,
        "execution_id": fill.execution_id,
        "revision": fill.revision,
        "news": "fill" if new else "revised",
        "side": fill.side.value,
        "quantity": str(fill.quantity),
        "price": str(fill.price),
        "currency": fill.symbol.currency,
        "traded_at": fill.time,
        "executed_on": fill.exchange,
        "liquidity": fill.liquidity,
        "commission": _text(fill.commission),
        "commission_currency": fill.commission_currency,
        "commission_source": "reported" if fill.commission_final else "none",
        "commission_rate": _rate(fill.commission_rate),
        "rate": _rate(fill.rate),
        "rate_source": fill.rate.source if fill.rate is not None else None,
    }


def _rate(used: UsedRate | None) -> str | None:
    return None if used is None else str(used.value)


def _hops(way: _Way) -> dict[str, Any]:
    return {"hops": dict(way.times), "hop_micros": way.micros()}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)

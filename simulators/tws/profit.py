"""Profit and loss as a stream: of the account, and of one position.

In the base currency, as IB does. The day begins at midnight of the gateway's operator; what it
made is the change of value since yesterday's close, today's trades and commissions counted in.
The first message after a request comes before anything is worked out: it holds IB's sentinel.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.orders import Side
from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    BrokerPosition,
)
from simulators.tws.fields import UNSET_DOUBLE, FieldReader, money, size
from simulators.tws.protocol import Reply, Request
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.times import midnight

#: Changes are sent this often.
UPDATE_SECONDS = 1.0

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Profit:
    """Of one position, or of all: money in the base currency."""

    quantity: Decimal = _ZERO
    daily: Decimal = _ZERO
    unrealised: Decimal = _ZERO
    realised: Decimal = _ZERO
    value: Decimal = _ZERO

    def __add__(self, other: Profit) -> Profit:
        return Profit(
            _ZERO,
            self.daily + other.daily,
            self.unrealised + other.unrealised,
            self.realised + other.realised,
            self.value + other.value,
        )


@dataclass(slots=True)
class _Stream:
    con_id: int | None
    """None for the account."""
    told: list[str]


class ProfitDesk:
    """Answers requests for profit and loss. `time_zone` is that of the gateway's operator."""

    def __init__(self, broker: Broker, clock: Clock, time_zone: str) -> None:
        self._broker = broker
        self._clock = clock
        self._zone = time_zone
        self._streams: dict[Session, dict[int, _Stream]] = {}
        self._updated_at = clock.monotonic()

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.PNL: self._account,
            Request.CANCEL_PNL: self._cancel,
            Request.PNL_SINGLE: self._single,
            Request.CANCEL_PNL_SINGLE: self._cancel,
        }

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._streams.pop(session, None)

    def beat(self) -> None:
        """Send what changed, once a second."""
        now = self._clock.monotonic()
        if now - self._updated_at < UPDATE_SECONDS:
            return
        self._updated_at = now
        if not any(self._streams.values()):
            return
        profits = self._profits()
        total = sum(profits.values(), Profit())
        for session, mine in self._streams.items():
            for req_id, stream in mine.items():
                if stream.con_id is None:
                    row = _account_row(req_id, total)
                else:
                    profit = profits.get(stream.con_id, Profit())
                    row = _single_row(req_id, profit, session.version)
                if row != stream.told:
                    stream.told = row
                    session.send(row)

    def _account(self, session: Session, fields: FieldReader) -> None:
        req_id, account = fields.integer(), fields.text().strip()
        fields.skip()  # the model
        row = [str(Reply.PNL.value), str(req_id), *[UNSET_DOUBLE] * 3]
        self._begin(session, req_id, account, _Stream(None, row))

    def _single(self, session: Session, fields: FieldReader) -> None:
        req_id, account = fields.integer(), fields.text().strip()
        fields.skip()  # the model
        con_id = fields.integer()
        held = next((p for p in self._broker.positions() if p.instrument.con_id == con_id), None)
        quantity = size(held.quantity if held else _ZERO, session.version)
        row = [str(Reply.PNL_SINGLE.value), str(req_id), quantity, *[UNSET_DOUBLE] * 4]
        self._begin(session, req_id, account, _Stream(con_id, row))

    def _begin(self, session: Session, req_id: int, account: str, stream: _Stream) -> None:
        mine = self._streams.setdefault(session, {})
        if account != self._broker.account:
            cause = f"cause - Invalid account code '{account[:20]}'."
            session.send_error(req_id, 321, f"Error validating request.-'bZ' : {cause}")
        elif req_id in mine:
            cause = "cause - Duplicate ticker id"
            session.send_error(req_id, 322, f"Error processing request.-'bZ' : {cause}")
        else:
            mine[req_id] = stream
            session.send(stream.told)

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        req_id = fields.integer()
        if self._streams.get(session, {}).pop(req_id, None) is None:
            session.send_error(req_id, 300, f"Can't find EId with tickerId:{req_id}")

    def _profits(self) -> dict[int, Profit]:
        """By contract id. Virtual positions in currencies are cash, and no part of it."""
        since = midnight(self._clock.now(), self._zone)
        bought: dict[int, Decimal] = {}
        paid: dict[int, Decimal] = {}
        realised: dict[int, Decimal] = {}
        for execution, commission in self._broker.executions():
            if execution.time < since:
                continue
            con_id = execution.order.request.con_id
            buys = execution.order.request.side is Side.BUY
            signed = execution.quantity if buys else -execution.quantity
            fee = commission.amount if commission else _ZERO
            gain = (commission.realised_pnl if commission else None) or _ZERO
            bought[con_id] = bought.get(con_id, _ZERO) + signed
            paid[con_id] = paid.get(con_id, _ZERO) + signed * execution.price + fee
            realised[con_id] = realised.get(con_id, _ZERO) + gain
        return {
            held.instrument.con_id: self._profit(held, bought, paid, realised)
            for held in self._broker.positions()
            if held.instrument.sec_type != "CASH"
        }

    def _profit(
        self,
        held: BrokerPosition,
        bought: dict[int, Decimal],
        paid: dict[int, Decimal],
        realised: dict[int, Decimal],
    ) -> Profit:
        con_id = held.instrument.con_id
        rate = self._broker.rate(held.instrument.symbol.currency)
        value = held.quantity * held.market_price
        close = self._broker.top(con_id).previous_close or held.market_price
        yesterday = (held.quantity - bought.get(con_id, _ZERO)) * close
        return Profit(
            held.quantity,
            (value - yesterday - paid.get(con_id, _ZERO)) * rate,
            (value - held.quantity * held.average_cost) * rate,
            realised.get(con_id, _ZERO) * rate,
            value * rate,
        )


def _account_row(req_id: int, total: Profit) -> list[str]:
    amounts = (total.daily, total.unrealised, total.realised)
    return [str(Reply.PNL.value), str(req_id), *map(money, amounts)]


def _single_row(req_id: int, profit: Profit, version: int) -> list[str]:
    amounts = (profit.daily, profit.unrealised, profit.realised, profit.value)
    quantity = size(profit.quantity, version)
    return [str(Reply.PNL_SINGLE.value), str(req_id), quantity, *map(money, amounts)]

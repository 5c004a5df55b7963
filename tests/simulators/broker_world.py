"""A broker on a clock that a test moves by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.orders import OrderType, Side, Tif
from simulators.broker import SimulatedBroker, open_broker
from simulators.habits import Habits
from simulators.model import (
    BrokerEvent,
    BrokerOrder,
    CommissionCharged,
    Execution,
    NewOrder,
    OrderChanged,
    OrderNotice,
    OrderRefused,
    Traded,
)

BHP = 4036812
AUDUSD = 14433401
EURUSD = 12087792
NOON = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
"""In the middle of a session of either timetable (a Monday, 11:30 in Sydney)."""


class HandClock:
    """Shows what it is told."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class BrokerWorld:
    """A broker with a still market, and short words for what tests do with it."""

    def __init__(
        self,
        directory: Path,
        *,
        now: datetime = NOON,
        market: str = "still",
        asx_hours: bool = False,
        seed: int = 1,
        fresh: bool = False,
        habits: Habits | None = None,
    ) -> None:
        self.clock = HandClock(now)
        self.broker: SimulatedBroker = open_broker(
            directory,
            self.clock,
            market=market,
            asx_hours=asx_hours,
            seed=seed,
            fresh=fresh,
            habits=habits,
        )
        self._next = self.broker.next_order_id(1)

    def place(
        self,
        side: Side,
        quantity: int | str,
        limit: Decimal | str | None = None,
        stop: Decimal | str | None = None,
        *,
        tif: Tif = Tif.DAY,
        con_id: int = BHP,
        order_id: int | None = None,
        client_id: int = 1,
        **terms: Any,
    ) -> list[BrokerEvent]:
        """Place an order; its type follows from its prices, `terms` are more of its fields."""
        if order_id is None:
            order_id, self._next = self._next, self._next + 1
        kind = {
            (False, False): OrderType.MARKET,
            (True, False): OrderType.LIMIT,
            (False, True): OrderType.STOP,
            (True, True): OrderType.STOP_LIMIT,
        }[limit is not None, stop is not None]
        order = NewOrder(
            client_id=client_id,
            order_id=order_id,
            order_ref=f"k-{order_id}",
            account="DU9000001",
            con_id=con_id,
            exchange="IDEALPRO" if con_id in (AUDUSD, EURUSD) else "SMART",
            side=side,
            quantity=Decimal(quantity),
            type=kind,
            limit_price=None if limit is None else Decimal(limit),
            stop_price=None if stop is None else Decimal(stop),
            tif=tif,
        )
        order = replace(order, **terms)
        return self.broker.place(order)

    def habit(self, **changed: Any) -> None:
        """From now on the broker answers otherwise."""
        self.broker.habits = replace(self.broker.habits, **changed)

    def after(self, seconds: float) -> list[BrokerEvent]:
        self.clock.pass_by(seconds)
        return self.broker.advance()

    def fair(self, price: str, con_id: int = BHP) -> list[BrokerEvent]:
        """Move the crowd to a price."""
        self.broker.exchange.set_fair_price(con_id, Decimal(price))
        return self.broker.advance()

    def trade(self, price: Decimal | str, quantity: int, con_id: int = BHP) -> list[BrokerEvent]:
        """Somebody else trades through to a price."""
        self.broker.exchange.trade_through(con_id, Decimal(price), Decimal(quantity))
        return self.broker.advance()

    def bid(self, con_id: int = BHP) -> Decimal:
        price = self.broker.top(con_id).bid
        assert price is not None
        return price

    def ask(self, con_id: int = BHP) -> Decimal:
        price = self.broker.top(con_id).ask
        assert price is not None
        return price

    def order(self, order_id: int, client_id: int = 1) -> BrokerOrder:
        found = [
            order
            for order in self.broker.orders()
            if (order.request.client_id, order.request.order_id) == (client_id, order_id)
        ]
        return found[-1]


def statuses(events: Sequence[BrokerEvent]) -> list[str]:
    return [event.order.status for event in events if isinstance(event, OrderChanged)]


def fills(events: Sequence[BrokerEvent]) -> list[Execution]:
    return [event.execution for event in events if isinstance(event, Traded)]


def charges(events: Sequence[BrokerEvent]) -> list[Decimal]:
    return [event.commission.amount for event in events if isinstance(event, CommissionCharged)]


def codes(events: Sequence[BrokerEvent]) -> list[int]:
    """Errors and notices, in order."""
    return [event.code for event in events if isinstance(event, OrderRefused | OrderNotice)]


def story(events: Sequence[BrokerEvent]) -> list[str]:
    """What was said, a word for each: the order's id with its status, a fill, a code."""
    said = []
    for event in events:
        match event:
            case OrderChanged(order):
                why = f" {order.why_held}" if order.why_held else ""
                said.append(f"{order.request.order_id} {order.status}{why}")
            case Traded(execution):
                said.append(f"{execution.order.request.order_id} trades {execution.quantity}")
            case OrderRefused() | OrderNotice():
                said.append(f"{event.order_id} {event.code}")
    return said

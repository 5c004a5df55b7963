"""An order whose fate cannot be proven, settled by a person's word.

The word is audited, booked as an execution that says it is by hand, and gives way when the venue
sends the true one.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from actors import names
from actors.base import Declared, on
from actors.messages import BookFill, RecordAudit, ResolveOrder, Verdict
from actors.order_amending import OrderAmending
from domain.order_life import Change
from domain.orders import Order, OrderError
from domain.resolution import BY_HAND_KEY, Resolution, resolve
from domain.venue import ExecutionReport


class OrderResolving(OrderAmending):
    """Takes a person's word for what nobody can prove."""

    @on(ResolveOrder)
    def _resolve(self, message: ResolveOrder) -> Resolution | Verdict:
        name = message.client_order_id
        if not self._loaded:
            raise Declared("The orders of this venue have not been read from the book yet.")
        order = self._open.get(name) or self._final.get(name)
        if order is None:
            raise Declared(f"{self.venue} has no order {name} in hand; it ended long ago.")
        try:
            resolution = resolve(order, message.outcome, message.who)
        except OrderError as error:
            return Verdict(name, False, error.code, str(error))
        if message.dry_run:
            return resolution
        self.correlation = name
        self.log.warning("{} is {} now: {}.", name, resolution.state, resolution.reason)
        words = f"{name}: {resolution.was} becomes {resolution.state}, {resolution.reason}"
        self.tell(names.LEDGER, RecordAudit(message.who, "resolve", words))
        if resolution.booked and resolution.price is not None:
            report = self._by_hand(order, resolution.booked, resolution.price)
            self.tell(names.LEDGER, BookFill(self.venue, report))
            order = replace(order, filled=order.filled + resolution.booked)
        self._said.pop(name, None)
        self._change(order, Change(resolution.state, resolution.reason))
        return resolution

    def _by_hand(self, order: Order, quantity: Decimal, price: Decimal) -> ExecutionReport:
        key = f"{BY_HAND_KEY}{order.client_order_id}-{self.runtime.new_id()}"
        return ExecutionReport(
            execution_id=key,
            execution_key=key,
            revision=0,
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            symbol=order.request.symbol,
            side=order.request.side,
            quantity=quantity,
            price=price,
            time=self.clock.now(),
            exchange="",
            liquidity="unknown",
            account="",
        )

"""I3 and I6: each execution is booked once, as the broker has it, and told when it is on disk.

Looked at when the ledger tells of something, which it may only after the commit; and at rest.
"""

from __future__ import annotations

from decimal import Decimal

from actors.lanes import Message
from actors.messages import (
    AmendmentDurable,
    CancelDurable,
    FillRecorded,
    IntentDurable,
    OrderRecorded,
)
from adapters.book import Fill
from domain.orders import Order, OrderState
from domain.resolution import BY_HAND_KEY
from rehearsal.invariants.violation import Scene
from simulators.model import BrokerOrder

I3, I6 = "I3 booked once", "I6 told when durable"


class Bookings:
    """Holds what the ledger tells against its file, and its file against the broker's."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._told: dict[str, Order] = {}
        """What was told of orders in the step that goes on."""
        self._positions: dict[str, Decimal] = {}

    def told(self, message: Message) -> None:
        """The ledger tells this."""
        book = self._scene.book
        if isinstance(message, OrderRecorded):
            self._told[message.order.client_order_id] = message.order
        elif isinstance(message, IntentDurable):
            for order in (message.order, *message.attached):
                if book.intent(order.client_order_id) is None:
                    self._early(f"the intent of {order.client_order_id}")
        elif isinstance(message, CancelDurable):
            row = book.order(message.client_order_id)
            durable = row is not None and row[2] == "CANCEL"
            if not durable and not self._scene.disk_is_dead:
                self._early(f"the cancel of {message.client_order_id}")
        elif isinstance(message, AmendmentDurable):
            name = message.order.client_order_id
            if not any(state == "INTENDED" for *_, state in book.amendments(name)):
                self._early(f"a change of {name}")
        elif isinstance(message, FillRecorded):
            self._fill(message)

    def after_step(self) -> None:
        """Of several words on one thing in one step the last is what is on disk."""
        positions, self._positions = self._positions, {}
        for symbol, quantity in positions.items():
            on_disk = self._scene.book.position(symbol)
            if quantity != on_disk:
                text = f"{symbol}: position {quantity}, the fills on disk make {on_disk}"
                self._scene.blame(I3, text)
        told, self._told = self._told, {}
        for name, order in told.items():
            row = self._scene.book.order(name)
            if row is None and self._scene.book.emergency(name) is not None:
                continue  # told of while the book cannot be written
            if order.state.is_final and self._scene.disk_is_dead:
                continue  # the venue's word, which waits at the ledger until it can be written
            if row is None or (row[0], Decimal(row[1])) != (order.state.value, order.filled):
                self._early(f"{name} as {order.state} with {order.filled}; on disk is {row}")
                return
            filled = self._scene.book.filled_of(name)
            if filled != order.filled:
                self._scene.blame(I3, f"{name}: fills of {filled}, filled says {order.filled}")
            self._is_not_over(order)

    def at_rest(self) -> None:
        """All has come right: every execution is there, as the broker has it."""
        scene = self._scene
        ours = {
            key: (name, side, Decimal(quantity), Decimal(price))
            for key, name, side, quantity, price in scene.book.rows(_ALL_FILLS)
            if not key.startswith(BY_HAND_KEY) and Decimal(quantity)
        }
        theirs = {}
        for key, (execution, _) in scene.truth.executions().items():
            request = execution.order.request
            if not execution.quantity:
                continue  # it never was
            theirs[key] = (
                request.order_ref,
                request.side.value,
                execution.quantity,
                execution.price,
            )
        for key in sorted({*ours, *theirs}):
            mine, true = ours.get(key), theirs.get(key)
            if mine != true:
                scene.blame(I3, f"execution {key} is {mine} in the ledger, {true} at the broker")
        self._orders_agree()
        self._commissions_agree()

    def _early(self, what: str) -> None:
        self._scene.blame(I6, f"told before it is on disk: {what}")

    def _fill(self, message: FillRecorded) -> None:
        fill, scene = message.fill, self._scene
        row = scene.book.fill(fill.venue, fill.execution_key)
        if row is None or row[0] < fill.revision:
            self._early(f"the fill {fill.execution_id}; on disk is {row}")
            return
        if fill.execution_key.startswith(BY_HAND_KEY):
            return
        self._is_true(fill)
        self._positions[str(fill.symbol)] = message.position.quantity

    def _is_true(self, fill: Fill) -> None:
        scene = self._scene
        found = scene.truth.execution(fill.execution_id)
        if found is None:
            scene.blame(I3, f"the broker has no execution {fill.execution_id}")
            return
        execution, _ = found
        request = execution.order.request
        theirs = (
            request.order_ref,
            scene.truth.symbol(request.con_id),
            request.side,
            execution.quantity,
            execution.price,
        )
        ours = (fill.client_order_id, fill.symbol, fill.side, fill.quantity, fill.price)
        if ours != theirs:
            scene.blame(I3, f"{fill.execution_id} is booked as {ours}, the broker has {theirs}")
        if not scene.truth.is_ours(execution.order):
            scene.blame(I3, f"{fill.execution_id} is of another client, and booked as ours")
        if fill.commission_final and fill.commission is None:
            scene.blame(I3, f"the commission of {fill.execution_id} is final, and there is none")
        if fill.commission_final and fill.execution_key not in scene.wire.charged:
            scene.blame(I3, f"a commission of {fill.execution_id} that nobody has told")

    def _is_not_over(self, order: Order) -> None:
        """What has ended here has ended at the broker."""
        if not order.state.is_final:
            return
        for their in self._scene.truth.live():
            if their.request.order_ref == order.client_order_id:
                self._scene.blame(
                    I2_OVER, f"{order.client_order_id} is {order.state} here, and lives there"
                )

    def _orders_agree(self) -> None:
        scene = self._scene
        left = {row[0]: row for row in scene.book.rows(_ALL_ORDERS)}
        for their in scene.truth.orders():
            row = left.pop(their.request.order_ref, None)
            if row is None:
                scene.blame(I3, f"{their.request.order_ref} is at the broker, not in the ledger")
            else:
                self._agrees(row[0], OrderState(row[1]), Decimal(row[2]), their)
        for name, state, filled in left.values():
            if not OrderState(state).is_final and Decimal(filled) == 0:
                scene.blame(I3, f"{name} is {state} here, and the broker has none")

    def _agrees(self, name: str, state: OrderState, filled: Decimal, their: BrokerOrder) -> None:
        if filled != their.filled:
            self._scene.blame(I3, f"{name} filled {filled} here, {their.filled} there")
        if state.is_final is their.is_open and state is not OrderState.UNKNOWN:
            self._scene.blame(I2_OVER, f"{name} is {state} here, {their.status} there")

    def _commissions_agree(self) -> None:
        booked = {
            key: (Decimal(amount), currency)
            for key, amount, currency in self._scene.book.rows(_COMMISSIONS)
        }
        for key, (execution, _) in self._scene.truth.executions().items():
            told = self._scene.wire.charged.get(key)
            if told and execution.quantity and booked.get(key) not in told:
                text = f"commission of {key}: {booked.get(key)}, told were {told[-3:]}"
                self._scene.blame(I3, text)


I2_OVER = "I2 over is over"
_ALL_FILLS = """
SELECT execution_key, client_order_id, side, quantity, price FROM fills
"""
_ALL_ORDERS = "SELECT client_order_id, state, filled FROM orders"
_COMMISSIONS = """
SELECT c.execution_key, c.amount, c.currency FROM commissions AS c
JOIN fills AS f ON f.venue = c.venue AND f.execution_key = c.execution_key
"""

"""Orders on their way to the venue: nothing is handed over but what the ledger has on disk.

Nothing is handed over twice. What provably has not left is closed as NOT_SENT.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actors import names
from actors.base import on
from actors.lanes import Command
from actors.messages import (
    CancelDurable,
    CancelHanded,
    CancelNotSent,
    CancelOrder,
    IntentDurable,
    OrderHanded,
    OrderNotSent,
    PlaceOrder,
    RecordCancel,
)
from actors.order_keeping import OrderKeeping
from domain.assurance import never_handed
from domain.order_groups import are_of_one_piece
from domain.order_life import Change
from domain.orders import Order, OrderState

_CANCEL_WITHIN = 10.0


class OrderSending(OrderKeeping):
    """Intents and cancels, from the ledger to the connection, and what became of them."""

    @on(IntentDurable)
    def _intent(self, message: IntentDurable) -> None:
        if self._waits(message):
            return
        members = [self._taken_up(order) for order in (message.order, *message.attached)]
        if any(order.state is not OrderState.INTENDED for order in members):
            return
        if self._epoch is None or message.epoch != self._epoch:
            for order in members:
                self._not_sent(order, "the link on which it was decided is gone")
            return
        if message.emergency:
            self.log.warning("{} leaves on an emergency intent.", message.order.client_order_id)
        names_of_all = [order.client_order_id for order in members]
        never_handed(names_of_all, self._handed_over)
        self._handed_over.update(dict.fromkeys(names_of_all))
        self._durable_at.update(dict.fromkeys(names_of_all, self.clock.now()))
        place = PlaceOrder(message.deadline, message.admission, message.epoch)
        self.tell(names.connection(self.venue), place)

    def _taken_up(self, order: Order) -> Order:
        return self._open.setdefault(order.client_order_id, order)

    @on(CancelDurable)
    def _cancel(self, message: CancelDurable) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.client_order_id)
        if order is None:
            return
        order = replace(order, pending_change="CANCEL")
        # A state that was on its way to the ledger knows nothing of the wish: say it after that.
        self._record(order)
        self._hand_cancel(order, message.deadline)

    def _hand_cancel(self, order: Order, deadline: float) -> None:
        if self._epoch is not None:
            self._cancelled_on[order.client_order_id] = self._epoch
        cancel = CancelOrder(deadline, order.client_order_id, order.venue_order_id)
        self.tell(names.connection(self.venue), cancel)

    def on_expired(self, command: Command) -> Any:
        """What comes too late is closed as not sent, durably; not before the book has come.

        Else the book, older than that word, would bring it back as open.
        """
        if self._waits(command):
            return
        if isinstance(command, IntentDurable):
            for order in map(self._taken_up, (command.order, *command.attached)):
                if order.state is OrderState.INTENDED:
                    self._not_sent(order, "its deadline was over before it could be sent")
        elif isinstance(command, CancelDurable):
            self._cancel_not_sent(command.client_order_id, "Its deadline was over.")

    @on(OrderHanded)
    def _handed(self, message: OrderHanded) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.client_order_id)
        if order is None:
            return
        state = OrderState.SENT if order.state is OrderState.INTENDED else order.state
        self._record(replace(order, state=state, sent_at=message.at))

    @on(OrderNotSent)
    def _order_not_sent(self, message: OrderNotSent) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.client_order_id)
        if order is not None and self._never_seen(order):
            self._not_sent(order, message.sentence)

    def _never_seen(self, order: Order) -> bool:
        """The venue has never said a word of it: proof that nothing left is believed."""
        early = (OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN)
        return order.state in early and not order.venue_order_id and order.filled == 0

    @on(CancelHanded)
    def _cancel_handed(self, message: CancelHanded) -> None:
        self.log.debug("The cancel of {} has left.", message.client_order_id)
        if message.client_order_id in self._open:
            # It may have met a link of which nobody here had heard: on that it is said, too.
            self._cancelled_on[message.client_order_id] = message.epoch

    @on(CancelNotSent)
    def _cancel_failed(self, message: CancelNotSent) -> None:
        if self._waits(message):
            return
        self._cancel_not_sent(message.client_order_id, message.sentence)

    def _cancel_again(self) -> None:
        """A wish to cancel is durable: on a new link it is said again, once orders are known."""
        for order in list(self._open.values()):
            name = order.client_order_id
            if order.pending_change == "CANCEL" and self._cancelled_on.get(name) != self._epoch:
                self.log.info("Asking again for the cancel of {}.", name)
                self._hand_cancel(order, self.clock.monotonic() + _CANCEL_WITHIN)

    def _discard_with(self, refused: Order) -> None:
        """Take back those that left in one piece with a refused one and were never transmitted.

        IB keeps them unseen, in no list, until somebody transmits or discards them.
        """
        for order in list(self._open.values()):
            waits = order.state is OrderState.SENT and order.pending_change is None
            if waits and are_of_one_piece(order.request, refused.request):
                self.log.warning(
                    "{} is taken back: {} of the same group was refused.",
                    order.client_order_id,
                    refused.client_order_id,
                )
                deadline = self.clock.monotonic() + _CANCEL_WITHIN
                wish = RecordCancel(order.client_order_id, self.seat.name, deadline, self.venue)
                self.tell(names.LEDGER, wish)

    def _not_sent(self, order: Order, reason: str) -> None:
        self.log.warning("{} is not sent: {}.", order.client_order_id, reason.rstrip("."))
        self._change(order, Change(OrderState.NOT_SENT, reason))

    def _cancel_not_sent(self, client_order_id: str, sentence: str) -> None:
        """The wish stands: whoever had it was told that it is taken."""
        order = self._open.get(client_order_id)
        if order is None:
            return
        self.log.warning(
            "The cancel of {} has not left: {} It is asked for again when the venue's orders are "
            "known.",
            client_order_id,
            sentence,
        )
        self._cancelled_on.pop(client_order_id, None)
        self._record(replace(order, pending_change="CANCEL"))

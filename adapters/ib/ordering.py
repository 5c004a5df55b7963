"""Orders as TWS takes them: placed, changed, taken back, and asked about beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from adapters.ib.budget import Lane
from adapters.ib.client import KelpieClient
from adapters.ib.decoding import TYPE_NAMES
from adapters.ib.errors import NOT_WRITTEN, error_table
from adapters.ib.facts import order_preview
from adapters.ib.identity import OrderIdentities
from adapters.ib.instruments import Instruments
from adapters.ib.library import Order
from adapters.ib.receiver import Receiver
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import LinkError, OrderNotKnown, PreviewFailed, VenueSink, decimal_of
from domain.order_groups import oca_kind
from domain.orders import OrderError, OrderRequest
from domain.venue import OrderPreview

_PLACE = "3"
_BY_LAST, _BY_BID_OR_ASK = 2, 4
"""What sets a stop off (`triggerMethod`): said, so that no preset of the account decides it."""


class Ordering:
    """What one link writes about orders. Nothing here asks whether it should be written."""

    def __init__(
        self,
        client: KelpieClient,
        receiver: Receiver,
        requests: Requests,
        identities: OrderIdentities,
        instruments: Instruments,
        sink: VenueSink,
        client_id: int,
    ) -> None:
        self._client = client
        self._receiver = receiver
        self._requests = requests
        self._identities = identities
        self._instruments = instruments
        self._sink = sink
        self._client_id = client_id

    def place(self, request: OrderRequest, attached: Sequence[OrderRequest]) -> str:
        """Write an order, and those attached to it, in one piece; the session id of the first.

        All but the last of a bracket say that they are not to be transmitted yet: TWS keeps them
        until the last has come, and sends them to the market together.

        Raises:
            LinkError: too many orders wait; no byte has left.
            OrderError: a number that the wire cannot carry exactly; no byte has left.
            ValueError: one of them was placed over this link already.
        """
        if not self._client.budget.takes_orders:
            raise LinkError(
                "BUDGET",
                "Too many orders at once: the venue takes 50 messages a second. Try again.",
            )
        requests = (request, *attached)
        orders = [self._order(each) for each in requests]
        linked = any(each.parent is not None for each in attached)
        with self._client.gathering() as piece:
            for each, order in zip(requests, orders, strict=True):
                order.orderId = self._identities.fresh_order_id(each.client_order_id)
                self._receiver.ordered[each.client_order_id] = each.symbol
                if each.parent is not None:
                    order.parentId = self._identities.order_id(each.parent) or 0
                order.transmit = not linked or each is requests[-1]
                contract = self._instruments.contract(each.symbol)
                self._client.calls.placeOrder(order.orderId, contract, order)
        self._client.budget.submit(Lane.ORDER, *piece)
        return str(orders[0].orderId)

    def amend(self, request: OrderRequest) -> None:
        """Write an order of ours again, with other terms.

        The group must be named as it was, and so must the parent while it is there: of a child
        whose parent has gone TWS refuses the change if it is named (135).

        Raises:
            OrderError: a number that the wire cannot carry exactly; no byte has left.
            OrderNotKnown: this link knows no session id for the order.
        """
        order_id = self._session_id(request.client_order_id, None)
        order = self._order(request)
        order.orderId = order_id
        if request.parent is not None:
            order.parentId = self._identities.order_id(request.parent) or 0
        self._receiver.ordered[request.client_order_id] = request.symbol
        contract = self._instruments.contract(request.symbol)
        with self._client.gathering() as piece:
            self._client.calls.placeOrder(order_id, contract, order)
        self._client.budget.submit(Lane.AMEND, *piece)

    def take_back(self, client_order_id: str, venue_order_id: str | None) -> bool:
        """Take back what has not been written: True when the order itself had not.

        The whole piece in which it waits goes with it: a group leaves as one or not at all.

        Raises:
            OrderNotKnown: this link knows no session id for the order.
        """
        order_id = self._session_id(client_order_id, venue_order_id)
        start = f"{_PLACE}\0{order_id}\0"
        for lane in (Lane.AMEND, Lane.ORDER):
            taken = self._client.budget.withdraw(lane, lambda text: text.startswith(start))
            self.say_not_written(taken)
            if taken and lane is Lane.ORDER:
                return True
        return False

    def cancel(self, client_order_id: str, venue_order_id: str | None) -> None:
        """Write a cancel."""
        self._client.calls.cancelOrder(self._session_id(client_order_id, venue_order_id))

    async def preview(self, request: OrderRequest, seconds: float) -> OrderPreview:
        """Ask what an order would cost; it is not placed.

        Raises:
            PreviewFailed: the venue refused it, or did not answer in time.
            OrderError: a number that the wire cannot carry exactly.
            LinkError: the link went meanwhile.
        """
        order = self._order(request)
        order.orderId = self._identities.fresh_preview_id()
        order.orderRef = ""
        order.ocaGroup, order.ocaType = "", 0
        order.whatIf = True
        answer = self._requests.begin(order.orderId, seconds)
        contract = self._instruments.contract(request.symbol)
        with self._client.gathering() as piece:
            self._client.calls.placeOrder(order.orderId, contract, order)
        # Behind all orders: who asks has not decided yet.
        self._client.budget.submit(Lane.LIST, *piece)
        try:
            [state] = await answer
        except RequestRefused as refused:
            raise PreviewFailed("PREVIEW_REFUSED", str(refused)) from None
        except RequestUnended:
            sentence = f"The venue did not say within {seconds:g} s what the order would cost."
            raise PreviewFailed("PREVIEW_UNANSWERED", sentence) from None
        return order_preview(state)

    def say_not_written(self, messages: Sequence[str]) -> None:
        """Tell of each placement or change among these that not one byte of it has left."""
        for message in messages:
            kind, order_id, *_ = message.split("\0", 2)
            reference = self._identities.of_error(int(order_id)) if kind == _PLACE else None
            if reference is not None:
                text = f"Order {order_id} was taken back before a byte of it had left."
                notice = error_table().notice(NOT_WRITTEN, text, client_order_id=reference)
                self._sink.order_fact(notice)

    def _session_id(self, client_order_id: str, venue_order_id: str | None) -> int:
        order_id = self._identities.order_id(client_order_id, venue_order_id)
        if order_id is None:
            raise OrderNotKnown(
                f"Order {client_order_id} (venue id {venue_order_id or 'not known'}) has no "
                "session id on this link. Ask for the open orders first."
            )
        return order_id

    def _order(self, request: OrderRequest) -> Order:
        order = Order(
            clientId=self._client_id,
            action=request.side.value,
            totalQuantity=_on_the_wire(request.quantity),
            orderType=TYPE_NAMES[request.type],
            tif=request.tif.value,
            orderRef=request.client_order_id,
            account=self._receiver.account,
            transmit=True,
        )
        if request.limit_price is not None:
            order.lmtPrice = _on_the_wire(request.limit_price)
        if request.stop_price is not None:
            order.auxPrice = _on_the_wire(request.stop_price)
            order.triggerMethod = _BY_BID_OR_ASK if request.symbol.is_currency_pair else _BY_LAST
        if request.oca_group is not None:
            order.ocaGroup, order.ocaType = request.oca_group, int(oca_kind(request))
        return order


def _on_the_wire(value: Decimal) -> float:
    """The number as the library's encoder takes it, printed as the same decimal.

    Raises:
        OrderError: it has more digits than a double holds.
    """
    if value == value.to_integral_value() and abs(value) < Decimal(10**15):
        return int(value)
    number = float(value)
    if decimal_of(number) != value:
        raise OrderError(
            "NOT_EXACT", f"{value} has more digits than the venue's interface carries. Round it."
        )
    return number

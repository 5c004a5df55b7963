"""Orders over the wire: placing, changing, cancelling, and what TWS then says, in its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from domain.orders import Side, Tif
from simulators.model import (
    BookMoved,
    Broker,
    BrokerEvent,
    BrokerOrder,
    Commission,
    CommissionCharged,
    NewOrder,
    OrderChanged,
    OrderNotice,
    OrderRefused,
    Traded,
)
from simulators.tws import encode, encode_orders
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.encode_orders import ORDER_TYPES
from simulators.tws.fields import FieldReader
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import OrderTicket
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: Finds the session of a client id, if it is connected.
FindSession = Callable[[int], Session | None]

#: Is told the contract id of every trade.
OnTrade = Callable[[int], None]

_INVALID = "Error validating request.-'bF' : cause - "

#: Order types of TWS that are not served here; any other name is no order type at all.
_OTHER_TYPES = frozenset(
    {"MOC", "LOC", "MIT", "LIT", "MTL", "TRAIL", "TRAIL LIMIT", "REL", "MIDPRICE", "PEG BENCH"}
    | {"PEG MID", "PEG BEST", "PEG MKT", "BOX TOP", "SNAP MID", "SNAP MKT", "SNAP PRIM", "MKT PRT"}
    | {"STP PRT", "PEG STK", "VOL", "PASSV REL"}
)
_SERVED_TIFS = frozenset({tif.value for tif in Tif})


class OrderDesk:
    """Takes orders to the broker and the broker's events to the client that owns the order."""

    def __init__(
        self, broker: Broker, book: ContractBook, find_session: FindSession, on_trade: OnTrade
    ) -> None:
        self._broker = broker
        self._book = book
        self._find_session = find_session
        self._on_trade = on_trade
        self._charged: dict[int, tuple[Decimal, str]] = {}
        self._order_of_execution: dict[str, BrokerOrder] = {}
        for execution, commission in broker.executions():
            if commission is not None:
                self._charge(execution.order.perm_id, commission)

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.PLACE_ORDER: self._place,
            Request.CANCEL_ORDER: self._cancel,
            Request.GLOBAL_CANCEL: self._global_cancel,
            Request.OPEN_ORDERS: self._open_orders,
            Request.ALL_OPEN_ORDERS: self._all_open_orders,
            Request.AUTO_OPEN_ORDERS: self._auto_open_orders,
            Request.IDS: self._ids,
        }

    def publish(self, events: Sequence[BrokerEvent]) -> None:
        """Send the messages that these events make, in their order, to the orders' owners."""
        for event in events:
            match event:
                case OrderChanged(order):
                    self._tell_change(order)
                case OrderRefused(client_id, order_id, code, text, refused):
                    self._tell_error(client_id, order_id, code, text)
                    if refused is not None:
                        self._tell_change(refused)
                case OrderNotice(client_id, order_id, code, text):
                    self._tell_error(client_id, order_id, code, text)
                case Traded(execution):
                    order = execution.order
                    self._order_of_execution[execution.execution_id] = order
                    self._on_trade(order.request.con_id)
                    session = self._find_session(order.request.client_id)
                    if session is not None:
                        instrument = self._book.by_id(order.request.con_id)
                        session.send(
                            encode_orders.execution(-1, execution, instrument, session.version)
                        )
                case CommissionCharged():
                    self._tell_commission(event)
                case BookMoved():
                    pass  # quotes are looked up when their beat comes

    def _tell_change(self, order: BrokerOrder) -> None:
        """An order's state: the terms and the status, or the status alone of a cancelled one."""
        session = self._find_session(order.request.client_id)
        if session is None:
            return
        if order.status not in ("PendingCancel", "Cancelled"):
            self._send_open_order(session, order)
        session.send(encode_orders.order_status(order, session.version))

    def _tell_error(self, client_id: int, order_id: int, code: int, text: str) -> None:
        session = self._find_session(client_id)
        if session is not None:
            session.send_error(order_id, code, text)

    def _tell_commission(self, event: CommissionCharged) -> None:
        """The order again, now with its commission, then the report, as TWS sends them."""
        commission = event.commission
        order = self._order_of_execution.pop(commission.execution_id, None)
        if order is not None:
            self._charge(order.perm_id, commission)
        session = self._find_session(event.client_id)
        if session is None:
            return
        if order is not None:
            self._send_open_order(session, order)
            session.send(encode_orders.order_status(order, session.version))
        session.send(encode_orders.commission_report(commission))

    def _charge(self, perm_id: int, commission: Commission) -> None:
        before, _ = self._charged.get(perm_id, (Decimal(0), ""))
        self._charged[perm_id] = (before + commission.amount, commission.currency)

    def _send_open_order(self, session: Session, order: BrokerOrder) -> None:
        session.send(
            encode_orders.open_order(
                order,
                self._book.by_id(order.request.con_id),
                self._charged.get(order.perm_id),
                session.version,
            )
        )

    # Requests.

    def _place(self, session: Session, fields: FieldReader) -> None:
        ticket = OrderTicket.read(fields)
        refusal = _refusal(ticket, self._broker.account)
        if refusal is not None:
            session.send_error(ticket.order_id, *refusal)
            return
        try:
            instrument = self._book.resolve(ticket.contract)
        except ContractError as fault:
            session.send_error(ticket.order_id, 200, str(fault))
            return
        assert session.client_id is not None and ticket.quantity is not None
        order_type = ORDER_TYPES[ticket.order_type]
        order = NewOrder(
            client_id=session.client_id,
            order_id=ticket.order_id,
            order_ref=ticket.order_ref,
            account=self._broker.account,
            con_id=instrument.con_id,
            exchange=ticket.contract.exchange or instrument.exchange,
            side=Side(ticket.action),
            quantity=ticket.quantity,
            type=order_type,
            limit_price=ticket.limit_price if order_type.needs_limit else None,
            stop_price=ticket.aux_price if order_type.needs_stop else None,
            tif=Tif(ticket.tif or "DAY"),
        )
        events = self._broker.place(order)
        if not ticket.tif:
            session.send_error(
                ticket.order_id, 10349, "Order TIF was set to DAY based on order preset."
            )
        if ticket.outside_rth:
            session.send_error(
                ticket.order_id,
                2109,
                "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based "
                "on the order type and destination. PlaceOrder is now being processed.",
            )
        self.publish(events)

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        assert session.client_id is not None
        self.publish(self._broker.cancel(session.client_id, fields.integer()))

    def _global_cancel(self, session: Session, fields: FieldReader) -> None:
        for order in self._broker.orders():
            if order.is_open:
                request = order.request
                self.publish(self._broker.cancel(request.client_id, request.order_id))

    def _open_orders(self, session: Session, fields: FieldReader) -> None:
        self._list_open(session, session.client_id)

    def _all_open_orders(self, session: Session, fields: FieldReader) -> None:
        self._list_open(session, None)

    def _list_open(self, session: Session, client_id: int | None) -> None:
        for order in self._broker.orders():
            if order.is_open and client_id in (None, order.request.client_id):
                self._send_open_order(session, order)
                session.send(encode_orders.order_status(order, session.version))
        session.send(encode.simple(Reply.OPEN_ORDER_END))

    def _auto_open_orders(self, session: Session, fields: FieldReader) -> None:
        """There are no orders entered by hand here, so binding them changes nothing."""
        if session.client_id != 0:
            session.send_error(-1, 327, "Only the default client (i.e 0) can auto bind orders")

    def _ids(self, session: Session, fields: FieldReader) -> None:
        assert session.client_id is not None
        next_id = self._broker.next_order_id(session.client_id)
        session.send(encode.simple(Reply.NEXT_VALID_ID, next_id))


def _refusal(ticket: OrderTicket, account: str) -> tuple[int, str] | None:
    """The error for what no order here can have, before the broker sees it."""
    if ticket.order_type not in ORDER_TYPES:
        if ticket.order_type in _OTHER_TYPES:
            return 387, "Unsupported order type for this exchange and security type."
        return 321, f"{_INVALID}Invalid order type was entered"
    if ticket.action not in ("BUY", "SELL"):
        return 321, f"{_INVALID}Invalid order side was entered"
    if not ticket.quantity:
        return 434, "The order size cannot be zero."
    if ticket.account not in ("", account):
        return 321, f"{_INVALID}Invalid account code '{ticket.account}'."
    if ticket.tif not in ("", *_SERVED_TIFS):
        return (
            201,
            f"Order rejected - reason:The time-in-force {ticket.tif} is invalid for this "
            "combination of exchange and security type.",
        )
    for present, code, text in (
        (ticket.e_trade_only, 10268, "The 'EtradeOnly' order attribute is not supported."),
        (ticket.firm_quote_only, 10269, "The 'FirmQuoteOnly' order attribute is not supported."),
        (ticket.what_if, 321, f"{_INVALID}What-if orders are not served here"),
        (not ticket.transmit, 321, f"{_INVALID}Orders cannot be kept without transmission here"),
        (ticket.parent_id != 0, 321, f"{_INVALID}Attached orders are not served here"),
        (ticket.oca_group != "", 321, f"{_INVALID}OCA groups are not served here"),
        (ticket.conditions != 0, 321, f"{_INVALID}Conditional orders are not served here"),
        (ticket.hedge_type != "", 321, f"{_INVALID}Hedge orders are not served here"),
        (ticket.algo_strategy != "", 321, f"{_INVALID}Algo orders are not served here"),
        (ticket.all_or_none, 321, f"{_INVALID}All-or-none is invalid for this exchange"),
        (ticket.hidden, 321, f"{_INVALID}Hidden orders are not served here"),
        (ticket.good_after_time != "", 321, f"{_INVALID}Good-after-time is not served here"),
        (ticket.good_till_date != "", 321, f"{_INVALID}Good-till-date is not served here"),
    ):
        if present:
            return code, text
    return None

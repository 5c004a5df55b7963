"""Requests about orders: placing, changing, cancelling, and the lists of what is open."""

from __future__ import annotations

from domain.orders import Side, Tif
from simulators.broker_interface import Broker
from simulators.model import (
    NewOrder,
    OrderRefused,
    Trail,
)
from simulators.tws import encode, encode_orders
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.encode_orders import ORDER_TYPES
from simulators.tws.fields import FieldReader
from simulators.tws.order_news import OrderNews
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import OrderTicket
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

_INVALID = "Error validating request.-'bF' : cause - "

#: Order types of TWS that are not served here; any other name is no order type at all.
_OTHER_TYPES = frozenset(
    {"MOC", "LOC", "MIT", "LIT", "REL", "MIDPRICE", "PEG BENCH"}
    | {"PEG MID", "PEG BEST", "PEG MKT", "BOX TOP", "SNAP MID", "SNAP MKT", "SNAP PRIM", "MKT PRT"}
    | {"STP PRT", "PEG STK", "VOL", "PASSV REL"}
)
#: Fill-or-kill is an IOC order that may not be filled in part.
_TIFS = {**{tif.value: tif for tif in Tif}, "": Tif.DAY, "FOK": Tif.IOC}


class OrderDesk:
    """Takes the requests of clients to the broker, and hands its answers to `news`."""

    def __init__(self, broker: Broker, book: ContractBook, news: OrderNews) -> None:
        self._broker = broker
        self._book = book
        self._news = news

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

    def _place(self, session: Session, fields: FieldReader) -> None:
        ticket = OrderTicket.read(fields)
        refusal = self._read_only() or _refusal(ticket, self._broker.account)
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
        trail = _trail(ticket)
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
            stop_price=ticket.trail_stop_price
            if trail is not None
            else ticket.aux_price
            if order_type.needs_stop
            else None,
            tif=_TIFS[ticket.tif],
            parent_id=ticket.parent_id,
            transmit=ticket.transmit,
            oca_group=ticket.oca_group,
            oca_type=ticket.oca_type if ticket.oca_type in (1, 2) else 3,
            trail=trail,
            market_to_limit=ticket.order_type == "MTL",
            fill_or_kill=ticket.tif == "FOK",
        )
        if ticket.what_if:
            self._preview(session, order)
            return
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
        self._news.publish(events)

    def _preview(self, session: Session, order: NewOrder) -> None:
        """Answer a what-if: an openOrder with figures and no orderStatus."""
        habits = self._broker.habits
        preview = self._broker.preview(order)
        if isinstance(preview, OrderRefused):
            session.send_error(order.order_id, preview.code, preview.text)
        elif habits.what_if != "mute":
            if habits.what_if == "sentinel_first":
                self._news.send_preview(session, preview.order, encode_orders.NO_FIGURES)
            exact = habits.what_if_commission == "exact"
            figures = encode_orders.preview_figures(preview, exact=exact)
            self._news.send_preview(session, preview.order, figures)

    def _read_only(self) -> tuple[int, str] | None:
        if self._broker.habits.read_only:
            return 321, f"{_INVALID}The API interface is currently in Read-Only mode."
        return None

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        order_id = fields.integer()
        refusal = self._read_only()
        if refusal is not None:
            session.send_error(order_id, *refusal)
            return
        assert session.client_id is not None
        self._news.publish(self._broker.cancel(session.client_id, order_id))

    def _global_cancel(self, session: Session, fields: FieldReader) -> None:
        refusal = self._read_only()
        if refusal is not None:
            session.send_error(-1, *refusal)
            return
        self._news.publish(self._broker.cancel_all())

    def _open_orders(self, session: Session, fields: FieldReader) -> None:
        self._list_open(session, session.client_id)

    def _all_open_orders(self, session: Session, fields: FieldReader) -> None:
        self._list_open(session, None)

    def _list_open(self, session: Session, client_id: int | None) -> None:
        for order in self._broker.orders():
            request = order.request
            if order.is_open and request.transmit and client_id in (None, request.client_id):
                self._news.send_state(session, order)
        session.send(encode.simple(Reply.OPEN_ORDER_END))

    def _auto_open_orders(self, session: Session, fields: FieldReader) -> None:
        """Client 0 may have the orders that are entered by hand bound to it."""
        fields.skip()
        if session.client_id != 0:
            session.send_error(-1, 327, "Only the default client (i.e 0) can auto bind orders")
        elif fields.flag():
            self._news.publish(self._broker.bind_manual_orders())

    def _ids(self, session: Session, fields: FieldReader) -> None:
        assert session.client_id is not None
        next_id = self._broker.next_order_id(session.client_id)
        session.send(encode.simple(Reply.NEXT_VALID_ID, next_id))


def _trail(ticket: OrderTicket) -> Trail | None:
    """How a trailing stop follows; a limit without an offset keeps the distance it has."""
    if not ticket.order_type.startswith("TRAIL"):
        return None
    offset, stop = ticket.limit_offset, ticket.trail_stop_price
    if ticket.order_type == "TRAIL":
        offset = None
    elif offset is None and stop is not None and ticket.limit_price is not None:
        offset = abs(stop - ticket.limit_price)
    return Trail(ticket.aux_price or None, ticket.trailing_percent, offset, stop is not None)


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
    if ticket.tif not in _TIFS:
        return (
            201,
            f"Order rejected - reason:The time-in-force {ticket.tif} is invalid for this "
            "combination of exchange and security type.",
        )
    for present, code, text in (
        (ticket.e_trade_only, 10268, "The 'EtradeOnly' order attribute is not supported."),
        (ticket.firm_quote_only, 10269, "The 'FirmQuoteOnly' order attribute is not supported."),
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

"""What happens to orders, told to whom it concerns, in the order in which TWS tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from simulators.model import (
    BookMoved,
    Broker,
    BrokerEvent,
    BrokerOrder,
    Commission,
    CommissionCharged,
    OrderChanged,
    OrderNotice,
    OrderRefused,
    Traded,
)
from simulators.tws import encode_orders
from simulators.tws.contracts import ContractBook
from simulators.tws.session import Session

#: Finds the session of a client id, if it is connected.
FindSession = Callable[[int], Session | None]

#: Is told the contract id of every trade.
OnTrade = Callable[[int], None]


class OrderNews:
    """Sends the broker's events to the client that owns the order, and to the master client."""

    def __init__(
        self, broker: Broker, book: ContractBook, find_session: FindSession, on_trade: OnTrade
    ) -> None:
        self._broker = broker
        self._book = book
        self._find_session = find_session
        self._on_trade = on_trade
        self._charged: dict[int, tuple[Decimal, str]] = {}
        for execution, commission in broker.executions():
            if commission is not None:
                self._charge(execution.order, commission)

    def publish(self, events: Sequence[BrokerEvent]) -> None:
        """Send the messages that these events make, in their order."""
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
                    self._on_trade(order.request.con_id)
                    instrument = self._book.by_id(order.request.con_id)
                    for session in self._audience(order):
                        session.send(
                            encode_orders.execution(-1, execution, instrument, session.version)
                        )
                case CommissionCharged(commission, order):
                    self._tell_commission(commission, order)
                case BookMoved():
                    pass  # quotes are looked up when their beat comes

    def send_open_order(self, session: Session, order: BrokerOrder) -> None:
        """The terms of an order, with what it has cost so far."""
        session.send(
            encode_orders.open_order(
                order,
                self._book.by_id(order.request.con_id),
                self._charged.get(order.perm_id),
                session.version,
            )
        )

    def send_preview(self, session: Session, order: BrokerOrder, figures: list[str]) -> None:
        """What an order would cost: an openOrder and no orderStatus."""
        instrument = self._book.by_id(order.request.con_id)
        session.send(encode_orders.open_order(order, instrument, None, session.version, figures))

    def send_state(self, session: Session, order: BrokerOrder) -> None:
        """An order as lists have it: the terms, then the status."""
        self.send_open_order(session, order)
        session.send(encode_orders.order_status(order, session.version))

    def _audience(self, order: BrokerOrder) -> list[Session]:
        """The owner of an order, and the master client."""
        ids = dict.fromkeys((order.request.client_id, self._broker.habits.master_client_id))
        found = [self._find_session(client_id) for client_id in ids if client_id is not None]
        return [session for session in found if session is not None]

    def _tell_change(self, order: BrokerOrder) -> None:
        """An order's state: the terms and the status, or the status alone of a cancelled one."""
        for session in self._audience(order):
            if order.status not in ("PendingCancel", "Cancelled"):
                self.send_open_order(session, order)
            session.send(encode_orders.order_status(order, session.version))

    def _tell_error(self, client_id: int, order_id: int, code: int, text: str) -> None:
        session = self._find_session(client_id)
        if session is not None:
            session.send_error(order_id, code, text)

    def _tell_commission(self, commission: Commission, order: BrokerOrder) -> None:
        """The order again, now with its commission, then the report, as TWS sends them."""
        self._charge(order, commission)
        for session in self._audience(order):
            self.send_state(session, order)
            session.send(encode_orders.commission_report(commission))

    def _charge(self, order: BrokerOrder, commission: Commission) -> None:
        before, _ = self._charged.get(order.perm_id, (Decimal(0), ""))
        self._charged[order.perm_id] = (before + commission.amount, commission.currency)

"""What happens to orders, told to whom it concerns, in the order in which TWS tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    BookMoved,
    BrokerEvent,
    BrokerOrder,
    Commission,
    CommissionCharged,
    Execution,
    OrderBound,
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
    """Sends the broker's events to the client that owns the order, and to the master client.

    Orders entered by hand are client 0's. The broker's habits decide on repetitions, omissions
    and the order of messages.
    """

    def __init__(
        self,
        broker: Broker,
        book: ContractBook,
        clock: Clock,
        find_session: FindSession,
        on_trade: OnTrade,
    ) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._find_session = find_session
        self._on_trade = on_trade
        self._charged: dict[int, dict[str, Commission]] = {}
        self._late: list[tuple[datetime, CommissionCharged]] = []
        for execution, commission in broker.executions():
            if commission is not None:
                self._charge(execution.order, commission)

    def publish(self, events: Sequence[BrokerEvent]) -> None:
        """Send the messages that these events make, in their order."""
        for event in self._as_told(events):
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
                    self._on_trade(execution.order.request.con_id)
                    for session in self._audience(execution.order):
                        self.send_execution(session, -1, execution)
                case CommissionCharged(commission, order):
                    self._tell_commission(commission, order)
                case OrderBound(order):
                    for session in self._audience(order):
                        session.send(encode_orders.order_bound(order))
                case BookMoved():
                    pass  # quotes are looked up when their beat comes

    def beat(self) -> None:
        """Report the commissions that are due by now."""
        if self._late:
            now = self._clock.now()
            due = [event for at, event in self._late if at <= now]
            self._late = [(at, event) for at, event in self._late if at > now]
            for event in due:
                self._tell_commission(event.commission, event.order)

    def send_preview(self, session: Session, order: BrokerOrder, figures: list[str]) -> None:
        """What an order would cost: an openOrder and no orderStatus."""
        instrument = self._book.by_id(order.request.con_id)
        session.send(encode_orders.open_order(order, instrument, None, session.version, figures))

    def send_state(self, session: Session, order: BrokerOrder) -> None:
        """An order as lists have it: the terms, then the status."""
        self._send_open_order(session, order)
        session.send(encode_orders.order_status(order, session.version))

    def send_execution(self, session: Session, req_id: int, execution: Execution) -> None:
        """A trade; `req_id` is -1 for one that nobody asked for."""
        instrument = self._book.by_id(execution.order.request.con_id)
        by_hand = self._broker.habits.manual_execution_id
        session.send(
            encode_orders.execution(req_id, execution, instrument, session.version, by_hand)
        )

    def report(self, execution_id: str, commission: Commission | None) -> list[str] | None:
        """The report of what an execution cost, where the gateway has got one to send."""
        habits = self._broker.habits
        is_late = any(late.commission.execution_id == execution_id for _, late in self._late)
        if commission is None or is_late or habits.commission == "never":
            return None
        if habits.commission_reported is not None:
            commission = replace(commission, amount=habits.commission_reported)
        if habits.realised_pnl_unset:
            commission = replace(commission, realised_pnl=None)
        return encode_orders.commission_report(commission)

    # Inside

    def _as_told(self, events: Sequence[BrokerEvent]) -> list[BrokerEvent]:
        """The events in the order that is this gateway's habit; late commissions put aside."""
        habits = self._broker.habits
        told: list[BrokerEvent] = []
        for event in events:
            if isinstance(event, OrderChanged) and habits.status_before_execution:
                before = told[-1] if told else None
                if isinstance(before, Traded) and before.execution.order == event.order:
                    told.insert(-1, event)
                    continue
            if isinstance(event, CommissionCharged):
                if habits.commission_delay:
                    wait = timedelta(seconds=float(habits.commission_delay))
                    self._late.append((self._clock.now() + wait, event))
                    continue
                if habits.commission == "before_execution":
                    told.insert(_place_of(event, told), event)
                    continue
            told.append(event)
        return told

    def _audience(self, order: BrokerOrder) -> list[Session]:
        """The owner of an order, and the master client."""
        ids = dict.fromkeys((order.request.client_id, self._broker.habits.master_client_id))
        found = [self._find_session(client_id) for client_id in ids if client_id is not None]
        return [session for session in found if session is not None]

    def _tell_change(self, order: BrokerOrder) -> None:
        """An order's state: the terms and the status, or the status alone of a cancelled one."""
        for session in self._audience(order):
            if order.status not in ("PendingCancel", "Cancelled"):
                self._send_open_order(session, order)
            self._send_status(session, order)

    def _send_status(self, session: Session, order: BrokerOrder) -> None:
        habits = self._broker.habits
        at_once = order.status == "Filled" and order.completed_at == order.placed_at
        if at_once and habits.status_of_fill == "missing":
            return
        for _ in range(2 if habits.status_twice else 1):
            session.send(encode_orders.order_status(order, session.version))

    def _send_open_order(self, session: Session, order: BrokerOrder) -> None:
        charged = list(self._charged.get(order.perm_id, {}).values())
        total = sum((commission.amount for commission in charged), Decimal(0))
        session.send(
            encode_orders.open_order(
                order,
                self._book.by_id(order.request.con_id),
                (total, charged[0].currency) if charged else None,
                session.version,
            )
        )

    def _tell_error(self, client_id: int, order_id: int, code: int, text: str) -> None:
        session = self._find_session(client_id)
        if session is not None:
            session.send_error(order_id, code, text)

    def _tell_commission(self, commission: Commission, order: BrokerOrder) -> None:
        """The order again, now with its commission, then the report, as TWS sends them."""
        report = self.report(commission.execution_id, commission)
        if report is None:
            return
        self._charge(order, commission)
        for session in self._audience(order):
            if self._broker.habits.open_order_with_commission:
                self._send_open_order(session, order)
                self._send_status(session, order)
            session.send(report)

    def _charge(self, order: BrokerOrder, commission: Commission) -> None:
        """Remember what a trade cost; that of a correction takes the place of the first."""
        trade = commission.execution_id.rpartition(".")[0]
        self._charged.setdefault(order.perm_id, {})[trade] = commission


def _place_of(charged: CommissionCharged, told: list[BrokerEvent]) -> int:
    """Where the execution stands to which a commission belongs."""
    wanted = charged.commission.execution_id
    for index, event in enumerate(told):
        if isinstance(event, Traded) and event.execution.execution_id == wanted:
            return index
    return len(told)

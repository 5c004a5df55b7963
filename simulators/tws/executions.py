"""Executions and completed orders of the gateway's day: they reach back to its midnight."""

from __future__ import annotations

from datetime import datetime

from domain.orders import Side
from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    Execution,
)
from simulators.tws import encode, encode_orders
from simulators.tws.contracts import ContractBook
from simulators.tws.fields import FieldReader
from simulators.tws.order_news import OrderNews
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import ExecutionFilter
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.times import BAD_TIME, ZONE_MISSING, BadTime, midnight, parse_time


class ExecutionDesk:
    """Answers what happened today. `time_zone` decides when today began."""

    def __init__(
        self, broker: Broker, book: ContractBook, clock: Clock, time_zone: str, news: OrderNews
    ) -> None:
        self._broker = broker
        self._news = news
        self._book = book
        self._clock = clock
        self._zone = time_zone
        self._forgotten_until: datetime | None = None

    def forget_until(self, moment: datetime) -> None:
        """What is older is in no list any more, as after a restart behind midnight."""
        self._forgotten_until = moment

    def _since(self) -> datetime:
        today = midnight(self._clock.now(), self._zone)
        return today if self._forgotten_until is None else max(today, self._forgotten_until)

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.EXECUTIONS: self._executions,
            Request.COMPLETED_ORDERS: self._completed_orders,
        }

    def _executions(self, session: Session, fields: FieldReader) -> None:
        """A client hears of its own trades; client 0 and the master client hear of all."""
        fields.skip()
        req_id = fields.integer()
        wanted = ExecutionFilter.read(fields)
        since = self._since()
        if wanted.time:
            try:
                asked, has_zone = parse_time(wanted.time, self._zone)
            except BadTime:
                session.send_error(req_id, 10314, BAD_TIME.format(what="Execution filter time"))
                return
            if not has_zone:
                session.send_error(req_id, *ZONE_MISSING)
            since = max(since, asked)
        habits = self._broker.habits
        for execution, commission in self._broker.executions():
            client_id = execution.order.request.client_id
            if session.client_id not in (0, client_id, habits.master_client_id):
                continue
            silent = not execution.quantity and habits.bust == "silent"
            if silent or not self._passes(execution, wanted, since):
                continue
            report = self._news.report(execution.execution_id, commission)
            if report is not None and habits.commission == "before_execution":
                session.send(report)
            self._news.send_execution(session, req_id, execution)
            if report is not None and habits.commission != "before_execution":
                session.send(report)
        session.send(encode.simple(Reply.EXECUTION_END, req_id))

    def _passes(self, execution: Execution, wanted: ExecutionFilter, since: datetime) -> bool:
        request = execution.order.request
        instrument = self._book.by_id(request.con_id)
        side = {"BUY": Side.BUY, "BOT": Side.BUY, "SELL": Side.SELL, "SLD": Side.SELL}
        return (
            execution.time >= since
            and wanted.client_id in (0, request.client_id)
            and wanted.account in ("", request.account)
            and wanted.symbol in ("", instrument.symbol.base)
            and wanted.sec_type in ("", instrument.sec_type)
            and wanted.exchange in ("", execution.exchange, request.exchange)
            and (not wanted.side or side.get(wanted.side) is request.side)
        )

    def _completed_orders(self, session: Session, fields: FieldReader) -> None:
        since = self._since()
        for order in self._broker.orders():
            if not order.request.transmit:
                continue
            if order.completed_at is not None and order.completed_at >= since:
                instrument = self._book.by_id(order.request.con_id)
                session.send(
                    encode_orders.completed_order(order, instrument, self._zone, session.version)
                )
        session.send([str(Reply.COMPLETED_ORDER_END.value)])

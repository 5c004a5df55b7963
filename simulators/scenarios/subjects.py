"""Which instrument and which order of ours a message is about, where it does not say so itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulators.broker_interface import Broker
from simulators.scenarios import names
from simulators.tws.session import Session


@dataclass(slots=True)
class _Known:
    """What one session asked for: instrument and client order id by order or request id."""

    symbols: dict[int, str] = field(default_factory=dict)
    order_refs: dict[int, str] = field(default_factory=dict)


class Subjects:
    """Remembers what requests were about, for the replies to them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._symbols = {item.con_id: str(item.symbol) for item in broker.instruments()}
        self._sessions: dict[Session, _Known] = {}
        self._order_of_execution: dict[str, int] = {}

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._sessions.pop(session, None)

    def learn_request(self, session: Session, name: str, fields: Sequence[str]) -> None:
        """Remember the instrument, and the client order id, of a request."""
        contract, about = names.contract_of(name, fields), names.about(name, fields)
        if contract is None or about is None:
            return
        known = self._sessions.setdefault(session, _Known())
        con_id, written = contract
        known.symbols[about] = self._symbols.get(con_id, written)
        known.order_refs[about] = names.named_fields(name, fields).get("order_ref", "")

    def learn_reply(self, session: Session, name: str, fields: Sequence[str]) -> None:
        """Remember whose execution this is: its commission says no more than the execution id."""
        if name == "execDetails":
            told = names.named_fields(name, fields)
            self._order_of_execution[told["execution_id"]] = int(told["order_id"])

    def of(self, session: Session, name: str, fields: Sequence[str]) -> tuple[int | None, str, str]:
        """The order or request id, `SYMBOL/CCY` and client order id; None and "" if unknown."""
        told = names.named_fields(name, fields)
        about = names.about(name, fields)
        if name == "commissionReport":
            about = self._order_of_execution.get(told.get("execution_id", ""))
        known = self._sessions.get(session, _Known())
        symbol, order_ref = told.get("symbol", ""), told.get("order_ref", "")
        con_id = told.get("con_id", "")
        if con_id.isdecimal():
            symbol = self._symbols.get(int(con_id), "")
        if about is not None:
            symbol = symbol or known.symbols.get(about, "")
            order_ref = order_ref or known.order_refs.get(about, "")
            if not order_ref and name not in names.MARKET_DATA:
                return about, *self._of_order(session, about, symbol)
        return about, symbol, order_ref

    def _of_order(self, session: Session, order_id: int, symbol: str) -> tuple[str, str]:
        """An order of an earlier session: the broker's books know it."""
        for order in reversed(self._broker.orders()):
            request = order.request
            if (request.client_id, request.order_id) == (session.client_id, order_id):
                return self._symbols.get(request.con_id, symbol), request.order_ref
        return symbol, ""

"""What the gateway asks of the broker behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.orders import Side
from simulators.back_office import BackOffice
from simulators.habits import Habits
from simulators.model import (
    Bar,
    BrokerEvent,
    BrokerOrder,
    BrokerPosition,
    Commission,
    Execution,
    Instrument,
    Margin,
    NewOrder,
    OrderRefused,
    Phase,
    Preview,
    Session,
    TopOfBook,
)


class Broker(Protocol):
    """The broker behind the gateway: accounts, orders and executions, on disk.

    Whatever changes is on disk before a method returns. It outlives the gateway process:
    a new one opened on the same folder goes on where the last one stopped. The events that
    a method returns are in the order in which TWS would send their messages.
    """

    account: str
    base_currency: str
    back_office: BackOffice
    """What happens to the account without a client asking."""
    habits: Habits
    """May be exchanged at any time; what comes next goes by the new ones."""

    def instruments(self) -> Sequence[Instrument]: ...

    def sessions(self, con_id: int, days: int) -> Sequence[Session]:
        """The sessions from the start of today, exchange time, for so many days."""
        ...

    def top(self, con_id: int) -> TopOfBook: ...

    def depth(self, con_id: int, rows: int) -> dict[Side, list[tuple[Decimal, Decimal]]]:
        """The best levels of each side, (price, quantity), best first; none when closed."""
        ...

    def bars(
        self,
        con_id: int,
        what: str,
        end: datetime,
        duration_seconds: int,
        bar_seconds: int,
        *,
        regular_hours: bool = True,
    ) -> Sequence[Bar]:
        """Bars up to `end`, oldest first; `what` is TRADES, MIDPOINT, BID, ASK or BID_ASK."""
        ...

    def first_bar(self, con_id: int) -> datetime:
        """When the history of an instrument begins."""
        ...

    def place(self, order: NewOrder) -> list[BrokerEvent]:
        """Take a new order, or change the live one that has its client id and order id."""
        ...

    def preview(self, order: NewOrder) -> Preview | OrderRefused:
        """What would come of an order; nothing is kept of the question."""
        ...

    def cancel(self, client_id: int, order_id: int) -> list[BrokerEvent]: ...

    def cancel_all(self) -> list[BrokerEvent]:
        """Cancel every open order of the account, whoever placed it."""
        ...

    def bind_manual_orders(self) -> list[BrokerEvent]:
        """Give the orders that were entered by hand ids of client 0, later ones too."""
        ...

    def advance(self) -> list[BrokerEvent]:
        """Let the markets move up to the clock's present, and match."""
        ...

    def reissue_order_ids(self) -> None: ...

    def move_price(self, con_id: int, price: Decimal) -> None: ...

    def trade_through(self, con_id: int, price: Decimal, quantity: Decimal) -> None: ...

    def set_phase(self, con_id: int, phase: Phase) -> None: ...

    def next_order_id(self, client_id: int) -> int:
        """One above the highest order id that this client has used."""
        ...

    def orders(self) -> Sequence[BrokerOrder]:
        """All orders, open and completed, oldest first."""
        ...

    def executions(self) -> Sequence[tuple[Execution, Commission | None]]:
        """All executions, oldest first."""
        ...

    def positions(self) -> Sequence[BrokerPosition]: ...

    def cash(self) -> dict[str, Decimal]:
        """Cash by currency."""
        ...

    @property
    def initial_margin_rate(self) -> Decimal:
        """The part of a share's value that is needed to buy it."""
        ...

    def margin(self) -> Margin: ...

    def rate(self, currency: str) -> Decimal:
        """Units of the base currency for one of `currency`, at mid."""
        ...

    def close(self) -> None: ...

"""What happens to an account without a client asking: at the terminal, at the exchange, at IB.

Orders entered and cancelled by hand, trades corrected and busted, commissions reported anew,
orders purged, markets halted. Everything is on disk when a method returns; the next `advance` of
the broker tells what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.orders import OrderType, Side, Tif
from simulators.exchange import Exchange
from simulators.exchange_orders import Happening, What
from simulators.funds import Funds
from simulators.habits import Habits
from simulators.model import (
    BrokerEvent,
    BrokerOrder,
    Commission,
    CommissionCharged,
    Execution,
    NewOrder,
    OrderBound,
    OrderChanged,
    OrderRefused,
    Payment,
    Traded,
)
from simulators.order_desk import OrderDesk
from simulators.order_register import OrderRegister
from simulators.settlement import Settlement

#: Takes an order that somebody enters at the terminal; checked like any other.
Take = Callable[[NewOrder], list[BrokerEvent]]

_PRICE_PLACES = Decimal("0.00000001")


class BackOffice:
    """Belongs to the broker, which is told by `commit` to write down what was done."""

    def __init__(
        self,
        register: OrderRegister,
        desk: OrderDesk,
        exchange: Exchange,
        settlement: Settlement,
        funds: Funds,
        account: str,
        habits: Callable[[], Habits],
        take: Take,
        commit: Callable[[], None],
    ) -> None:
        self._register = register
        self._desk = desk
        self._exchange = exchange
        self._settlement = settlement
        self._funds = funds
        self._account = account
        self._habits = habits
        self._take = take
        self._commit = commit
        self._news: list[BrokerEvent] = []
        self.binds = False
        """Client 0 has asked that orders entered by hand get an id of its own (below zero)."""

    def take_news(self) -> list[BrokerEvent]:
        """What has happened since this was last asked."""
        news, self._news = self._news, []
        return news

    # At the terminal

    def place(
        self,
        con_id: int,
        side: Side,
        quantity: Decimal,
        limit_price: Decimal | None = None,
        stop_price: Decimal | None = None,
        tif: Tif = Tif.DAY,
    ) -> int:
        """Enter an order by hand; gives its permanent id. It has order id 0 and no `orderRef`.

        Raises:
            ValueError: the broker refuses it; the text is that of TWS.
        """
        kind = {
            (False, False): OrderType.MARKET,
            (True, False): OrderType.LIMIT,
            (False, True): OrderType.STOP,
            (True, True): OrderType.STOP_LIMIT,
        }[limit_price is not None, stop_price is not None]
        instrument = self._exchange.markets[con_id].listing.instrument
        events = self._take(
            NewOrder(
                client_id=0,
                order_id=self._register.lowest_id(0) - 1 if self.binds else 0,
                order_ref="",
                account=self._account,
                con_id=con_id,
                exchange=instrument.valid_exchanges[0],
                side=side,
                quantity=quantity,
                type=kind,
                limit_price=limit_price,
                stop_price=stop_price,
                tif=tif,
            )
        )
        for event in events:
            if isinstance(event, OrderRefused):
                raise ValueError(f"{event.code}: {event.text}")
        order = self._register.orders()[-1]
        if self.binds:
            self._news.append(OrderBound(order))
        self._tell(events)
        return order.perm_id

    def bind(self) -> list[BrokerEvent]:
        """Give every open order that was entered by hand an id of client 0; from now on at once."""
        self.binds = True
        events: list[BrokerEvent] = []
        for order in self._register.open_orders():
            if order.request.order_id == 0:
                lowest = self._register.lowest_id(0)
                request = replace(order.request, order_id=lowest - 1)
                bound = self._register.put(replace(order, request=request))
                events += [OrderBound(bound), OrderChanged(bound)]
        self._commit()
        return events

    def cancel(self, perm_id: int) -> None:
        """Cancel any open order by hand, or as IB does by itself.

        Raises:
            LookupError: there is no such order.
        """
        order = self._register.order(perm_id)
        if order.is_open:
            self._tell(self._desk.cancel(order))

    def purge(self, con_id: int | None = None) -> None:
        """GTC orders end: of one instrument before its ex-date, of all at a quarter's end."""
        for order in self._register.open_orders():
            asked = order.request
            if asked.tif is Tif.GTC and con_id in (None, asked.con_id) and asked.transmit:
                self._tell(self._desk.end(order, "Cancelled by System:\n", pending=False))

    def split(self, con_id: int, new: int, old: int) -> None:
        """So many new units for old ones: orders end, holdings and prices are restated.

        No execution tells of it.
        """
        for order in self._register.open_orders():
            if order.request.con_id == con_id:
                self._tell(self._desk.end(order, "Cancelled by System:\n", pending=False))
        self._settlement.split(con_id, new, old)
        self._exchange.split(con_id, new, old)
        self._commit()

    # At the exchange

    def fill(
        self, perm_id: int, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> None:
        """An order trades at a price, its own, or the market's: wholly, or so much of it.

        Raises:
            LookupError: there is no such order.
            ValueError: it has not so much left, or does not work at the exchange.
        """
        order = self._register.order(perm_id)
        traded = order.remaining if quantity is None else quantity
        if not order.is_open or order.waits_at_broker or not 0 < traded <= order.remaining:
            raise ValueError(f"order {perm_id} cannot trade {traded}: {order}")
        con_id = order.request.con_id
        price = price or order.request.limit_price or self._funds.market_price(con_id)
        left = int(order.remaining - traded)
        if left:
            self._exchange.reduce(con_id, perm_id, left)
        else:
            self._exchange.withdraw(con_id, perm_id)
        fill = Happening(What.FILLED, perm_id, self._exchange.now, price, traded, 2)
        self._tell(self._desk.tell([fill]))

    def tell_close(self, con_id: int, price: Decimal) -> None:
        """The price of the last close is told as another one, as by a bad tick."""
        self._exchange.set_previous_close(con_id, price)

    def halt(self, con_id: int) -> None:
        """Nobody trades in an instrument until `lift`; its orders are held."""
        self._exchange.halt(con_id)
        self._register.put_halts()
        self._commit()

    def lift(self, con_id: int) -> None:
        """A halt is over."""
        self._exchange.lift(con_id)
        self._register.put_halts()
        self._commit()

    # At IB

    def locate(self, perm_id: int) -> None:
        """Shares were found for a short sale that is held for them.

        Raises:
            LookupError: there is no such order.
            ValueError: it does not wait for any.
        """
        order = self._register.order(perm_id)
        if not order.is_open or order.why_held != "locate":
            raise ValueError(f"order {perm_id} does not wait to be located: {order}")
        self._tell(self._desk.locate(order))

    def end(self, perm_id: int, status: str, how: str) -> None:
        """IB ends an order by itself: `Cancelled`, or `Inactive` with error 201.

        `how` is the completed status, and the text of the error.

        Raises:
            LookupError: there is no such order.
        """
        order = self._register.order(perm_id)
        if order.is_open:
            self._tell(self._desk.end_by_broker(order, status, how))

    def correct(
        self, execution_id: str, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> str:
        """A trade was of another quantity or price: it comes again, the last part of its id raised.

        Gives the new id. Position, cash and the order follow.

        Raises:
            LookupError: there is no such execution.
        """
        before = self._register.effective()
        prefix = execution_id.rpartition(".")[0]
        old, charged = before[prefix]
        order = self._register.order(old.order.perm_id)
        corrected = replace(
            old,
            execution_id=f"{prefix}.{int(old.execution_id.rpartition('.')[2]) + 1:02d}",
            quantity=old.quantity if quantity is None else quantity,
            price=old.price if price is None else price,
        )
        order, corrected = self._recount(order, corrected, prefix)
        commission = replace(charged, execution_id=corrected.execution_id)
        after = {**before, prefix: (corrected, commission)}
        commission = self._settlement.correct(before, after, prefix)
        self._register.put_execution(corrected, commission)
        told: list[BrokerEvent] = [
            Traded(corrected),
            OrderChanged(order),
            CommissionCharged(commission, order),
        ]
        silent = not corrected.quantity and self._habits().bust == "silent"
        self._tell([] if silent else told)
        return corrected.execution_id

    def bust(self, execution_id: str) -> str:
        """A trade never was: corrected to nothing. Gives the new id.

        Raises:
            LookupError: there is no such execution.
        """
        return self.correct(execution_id, quantity=Decimal(0))

    def report_commission(self, execution_id: str, amount: Decimal) -> None:
        """A commission is reported again, now with another amount; the difference is charged.

        Raises:
            LookupError: there is no such execution.
        """
        for execution, charged in self._register.executions():
            if execution.execution_id == execution_id and charged is not None:
                commission = replace(charged, amount=amount)
                self._settlement.recharge(charged, commission)
                self._register.put_commission(commission)
                order = self._register.order(execution.order.perm_id)
                self._tell([CommissionCharged(commission, order)])
                return
        raise LookupError(f"there is no execution {execution_id}")

    def pay(
        self,
        type: str,
        currency: str,
        amount: Decimal,
        con_id: int | None = None,
        ex_date: date | None = None,
        description: str = "",
    ) -> None:
        """Cash comes, or goes with a minus; `type` as an IB statement words it."""
        at = self._exchange.now
        self._settlement.pay(
            Payment(0, type, currency, amount, at, con_id, ex_date, description or type)
        )
        self._commit()

    # Inside

    def _tell(self, events: list[BrokerEvent]) -> None:
        self._news += events
        self._commit()

    def _recount(
        self, order: BrokerOrder, corrected: Execution, prefix: str
    ) -> tuple[BrokerOrder, Execution]:
        """The order with what it has really traded, and the correction with these sums."""
        trades: list[tuple[Execution, Commission]] = [
            (corrected, commission) if known == prefix else (execution, commission)
            for known, (execution, commission) in self._register.effective().items()
            if execution.order.perm_id == order.perm_id
        ]
        filled = sum((trade.quantity for trade, _ in trades), Decimal(0))
        value = sum((trade.quantity * trade.price for trade, _ in trades), Decimal(0))
        average = (value / filled).quantize(_PRICE_PLACES) if filled else Decimal(0)
        order = self._register.put(
            replace(order, filled=filled, average_price=average, last_fill_price=corrected.price)
        )
        return order, replace(
            corrected, order=order, cumulative_quantity=filled, average_price=average
        )

"""The simulated broker: takes orders to the exchange, keeps the account, never forgets.

Whatever changes is on disk before a method returns. Not safe for several threads at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.orders import Side
from runtime.interface import Clock
from simulators import order_checks
from simulators.account import Account
from simulators.back_office import BackOffice
from simulators.broker_store import BrokerStore, forget
from simulators.exchange import Exchange
from simulators.funds import Funds
from simulators.habits import Habits
from simulators.history import first_bar, history
from simulators.listings import LISTINGS, Listing
from simulators.model import (
    Bar,
    BookMoved,
    BrokerEvent,
    BrokerOrder,
    BrokerPosition,
    Commission,
    Execution,
    Instrument,
    Margin,
    NewOrder,
    OrderNotice,
    OrderRefused,
    Phase,
    Preview,
    Session,
    TopOfBook,
)
from simulators.order_desk import OrderDesk
from simulators.order_entry import OrderEntry
from simulators.order_register import OrderRegister
from simulators.settlement import Settlement

ACCOUNT = "DU9000001"
BASE_CURRENCY = "AUD"
OPENING_CASH = {BASE_CURRENCY: Decimal(1_000_000)}

_COST_PLACES = Decimal("0.00000001")

#: Market figures are written this often when no order of ours is; a crash loses no more of them.
_MARKETS_EVERY = timedelta(seconds=30)


def open_broker(
    directory: Path,
    clock: Clock,
    *,
    seed: int = 1,
    asx_hours: bool = False,
    fresh: bool = False,
    market: str = "lively",
    cash: dict[str, Decimal] | None = None,
    habits: Habits | None = None,
    listings: Sequence[Listing] = LISTINGS,
    account: str = ACCOUNT,
    shift: timedelta = timedelta(),
) -> SimulatedBroker:
    """Open the broker's books in a folder, or begin them, and let its markets run.

    `market` is `lively`, or `still`: prices then move only when `broker.exchange` is told to.
    `cash` is what a new account begins with, A$1,000,000 unless said otherwise. `habits` are
    the answers that IB is not known to give alike; they are not kept on disk. `listings` is what
    is traded, everything unless said otherwise. `account` is its number, which the books keep.
    `shift` is how long past the even hours of UTC a market round the clock has its rest.

    Raises:
        BrokerStoreError: another process has the books, or they cannot be read.
        ValueError: there is no such kind of market.
    """
    if market not in ("lively", "still"):
        raise ValueError(f"market is {market!r}: it must be 'lively' or 'still'")
    now = clock.now()
    last_perm_id, last_execution = forget(directory) if fresh else (0, 0)
    store = BrokerStore(directory, account, OPENING_CASH if cash is None else cash, now)
    if last_perm_id:
        store.put_meta("last_perm_id", str(last_perm_id))
        store.put_meta("last_execution", str(last_execution))
        store.commit()
    stopped = store.meta("market_time")
    start = min(now, datetime.fromisoformat(stopped)) if stopped else now
    exchange = Exchange(
        start,
        seed=seed,
        asx_hours=asx_hours,
        still=market == "still",
        shift=shift,
        listings=listings,
    )
    try:
        return SimulatedBroker(store, exchange, clock, seed, habits or Habits(), account)
    except BaseException:
        store.close()
        raise


class SimulatedBroker:
    """Implements `simulators.broker_interface.Broker`; made by `open_broker`."""

    def __init__(
        self,
        store: BrokerStore,
        exchange: Exchange,
        clock: Clock,
        seed: int,
        habits: Habits,
        account: str = ACCOUNT,
    ) -> None:
        self.account = account
        self.base_currency = BASE_CURRENCY
        self.exchange = exchange
        self.habits = habits
        self._clock = clock
        self._seed = seed
        self._store = store
        books = store.books()
        self._money = Account(dict(books.cash), dict(books.positions))
        self._funds = Funds(exchange, self._money, BASE_CURRENCY, lambda: self.habits)
        self._register = OrderRegister(store, exchange, books)
        settlement = Settlement(store, exchange, self._money, self._funds)
        for execution, commission in self._register.effective().values():
            settlement.remember(execution, commission)
        self._desk = OrderDesk(
            self._register, exchange, settlement, self._funds, lambda: self.habits
        )
        self._entry = OrderEntry(
            store, self._register, self._desk, exchange, self._funds, account, lambda: self.habits
        )
        self.back_office = BackOffice(
            self._register,
            self._desk,
            exchange,
            settlement,
            self._funds,
            account,
            lambda: self.habits,
            self._entry.take,
            self._commit,
        )
        self._markets_written = exchange.now
        for con_id, market in exchange.markets.items():
            store.restore_market(con_id, market)
            market.halted = str(con_id) in (store.meta("halted") or "").split()
        self._desk.put_back(store.working_state())
        self._desk.tell(exchange.open_markets())
        self.advance()
        self._write_markets()
        self._commit()

    @property
    def habits(self) -> Habits:
        """How it answers where IB's answer is not known; may be exchanged at any time."""
        return self._habits

    @habits.setter
    def habits(self, habits: Habits) -> None:
        self._habits = habits
        self.exchange.has_post_close(habits.post_close != "closed")

    # What is listed, and its prices

    def instruments(self) -> Sequence[Instrument]:
        """Everything that is listed."""
        return [market.listing.instrument for market in self.exchange.markets.values()]

    def sessions(self, con_id: int, days: int) -> Sequence[Session]:
        """The sessions that touch the `days` days from the start of today, exchange time."""
        zone = ZoneInfo(self._instrument(con_id).time_zone_id)
        today = self._clock.now().astimezone(zone).date()
        first = datetime.combine(today, time(), zone)
        last = datetime.combine(today + timedelta(days=days), time(), zone)
        return self.exchange.timetable(con_id).sessions(first, last)

    def top(self, con_id: int) -> TopOfBook:
        """Level 1 as of the last `advance`."""
        return self.exchange.markets[con_id].top(self.exchange.now)

    def depth(self, con_id: int, rows: int) -> dict[Side, list[tuple[Decimal, Decimal]]]:
        """The best levels of each side as of the last `advance`; none when closed."""
        return self.exchange.markets[con_id].depth(rows)

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
        """Bars up to `end` or the present, oldest first; see `simulators.history`."""
        return history(
            self.exchange,
            con_id,
            what,
            min(end, self._clock.now()),
            duration_seconds,
            bar_seconds,
            self._seed,
            regular_hours=regular_hours,
        )

    def first_bar(self, con_id: int) -> datetime:
        """When the history of an instrument begins."""
        return first_bar(self.exchange, con_id)

    # Orders

    def place(self, order: NewOrder) -> list[BrokerEvent]:
        """Take a new order, or change the live one that has its client id and order id."""
        events = self._catch_up() + self._entry.place(order)
        self._commit()
        return events

    def preview(self, order: NewOrder) -> Preview | OrderRefused:
        """What would come of an order, as of the last `advance`; nothing is kept of it."""
        return self._entry.preview(order)

    def cancel(self, client_id: int, order_id: int) -> list[BrokerEvent]:
        """Cancel an order of a client; whether another's can be is a matter of habit."""
        events = self._catch_up()
        order = self._register.find(client_id, order_id)
        if order is None and self.habits.cancel_of_another_clients == "allowed":
            order = self._register.find_any(order_id)
        refusal = order_checks.refuse_cancel(order, order_id)
        if refusal is not None or order is None:
            assert refusal is not None
            return [*events, OrderRefused(client_id, order_id, refusal.code, refusal.text)]
        events += self._desk.cancel(order)
        if order.request.client_id != client_id:
            events.append(OrderNotice(client_id, order_id, 202, "Order Canceled - reason:"))
        self._commit()
        return events

    def cancel_all(self) -> list[BrokerEvent]:
        """Cancel every open order of the account, whoever placed it."""
        events = self._catch_up()
        for order in self._register.open_orders():
            if order.request.transmit and self._register.order(order.perm_id).is_open:
                events += self._desk.cancel(self._register.order(order.perm_id))
        self._commit()
        return events

    def bind_manual_orders(self) -> list[BrokerEvent]:
        """Give the orders that were entered by hand ids of client 0, later ones too."""
        return self.back_office.bind()

    def advance(self) -> list[BrokerEvent]:
        """Let the markets move up to the clock's present, and match."""
        events = self._catch_up()
        if self.exchange.now - self._markets_written >= _MARKETS_EVERY:
            self._write_markets()
        self._commit()
        events += [BookMoved(con_id) for con_id in self.exchange.take_moved()]
        return events

    def reissue_order_ids(self) -> None:
        """Forget which order ids clients have used, as after some restarts of TWS."""
        self._entry.reissue_order_ids()

    def next_order_id(self, client_id: int) -> int:
        """One above the highest order id that this client has used."""
        return self._entry.next_order_id(client_id)

    def orders(self) -> Sequence[BrokerOrder]:
        """All orders, open and completed, oldest first."""
        return self._register.orders()

    def executions(self) -> Sequence[tuple[Execution, Commission | None]]:
        """All executions with their commissions, oldest first."""
        return self._register.executions()

    # The market, by the hand of a scenario; the next `advance` tells what came of it

    def move_price(self, con_id: int, price: Decimal) -> None:
        """Move the crowd's quotes to a price."""
        self.exchange.set_fair_price(con_id, price)

    def trade_through(self, con_id: int, price: Decimal, quantity: Decimal) -> None:
        """Somebody trades up or down to a price."""
        self.exchange.trade_through(con_id, price, quantity)

    def set_phase(self, con_id: int, phase: Phase) -> None:
        """Put a market into a phase."""
        self.exchange.set_phase(con_id, phase)

    # The account

    def positions(self) -> Sequence[BrokerPosition]:
        """What is held, and what was held and is flat now (quantity 0).

        Currency counts as cash; that it is a position too is the habit of TWS alone.
        """
        virtual = self.habits.virtual_currency_positions
        return [
            BrokerPosition(
                instrument=self._instrument(con_id),
                quantity=holding.quantity,
                average_cost=holding.average_cost.quantize(_COST_PLACES),
                market_price=self._funds.market_price(con_id),
                realised_pnl=holding.realised_pnl,
            )
            for con_id, holding in self._money.holdings.items()
            if virtual or not self.exchange.markets[con_id].listing.is_currency
        ]

    def cash(self) -> dict[str, Decimal]:
        """Cash by currency; negative is borrowed."""
        return dict(self._money.cash)

    @property
    def initial_margin_rate(self) -> Decimal:
        """The part of a share's value that is needed to buy it."""
        return self._funds.margin_rates()[0]

    def margin(self) -> Margin:
        """What the account is worth, and what its shares tie up of it."""
        return self._funds.margin()

    def rate(self, currency: str) -> Decimal:
        """Units of the base currency for one of `currency`, at mid."""
        return self._funds.rate(currency)

    def close(self) -> None:
        """Write where the markets stand, and let another process have the books."""
        self._write_markets()
        self._commit()
        self._store.close()

    # Inside

    def _commit(self) -> None:
        """Make it durable, with the time up to which the markets have lived."""
        if self._store.pending:
            self._store.put_meta("market_time", self.exchange.now.isoformat())
            self._store.commit()

    def _catch_up(self) -> list[BrokerEvent]:
        """What has happened up to now; each step is acted on before the next is taken."""
        events = self.back_office.take_news()
        for step in self.exchange.steps(self._clock.now()):
            events += self._desk.tell(step)
        return events

    def _instrument(self, con_id: int) -> Instrument:
        return self.exchange.markets[con_id].listing.instrument

    def _write_markets(self) -> None:
        self._markets_written = self.exchange.now
        self._store.put_markets(self.exchange.markets, self.exchange.now)

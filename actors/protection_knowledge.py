"""What protection knows: plans, orders, holdings, quotes, and the venue's own list of orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from actors import names
from actors.base import Actor, on
from actors.messages import (
    BookLoaded,
    FillRecorded,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    LoadBook,
    OrderRecorded,
    PlanRecorded,
    PositionAdopted,
    QuoteUpdate,
    VenueListed,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.calendar import ExchangeCalendar
from domain.figures import RISK_REDUCING
from domain.orders import Order, OrderState, OrderType, Purpose, Side
from domain.phases import Phase, phase_at
from domain.plans import Plan, PlanState
from domain.protection import Listed, VenueList, generation_of, listed_of, plan_of
from domain.quotes import Quote
from domain.shadow import SHADOW
from domain.symbols import Symbol
from domain.triggers import reading_of
from domain.venue import InstrumentDetails

_NOT_TAKEN = (OrderState.REJECTED, OrderState.NOT_SENT)


@dataclass(frozen=True, slots=True)
class ProtectionOptions:
    """How protection is set."""

    venues: tuple[str, ...]
    stale_after_seconds: float
    command_seconds: float
    renew_after: timedelta = timedelta(days=30)
    """A stop that has stood for so long is renewed before a market opens."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    """By exchange: where the venue's announced hours do not reach."""
    close_max_gap: Decimal = Decimal(3)
    """In percent: a previous close farther from the last price seen may be of other units."""
    lower_ex_dividend: bool = False
    """On an ex-date stops are lowered by the dividend."""
    prefix: str = "KLP"
    """How the ids of all of Kelpie's orders begin."""


class ProtectionKnowledge(Actor):
    """Keeps the newest of everything, and since when the venue's list is too old."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ProtectionOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._loaded = False
        self._plans: dict[str, Plan] = {}
        """All that are not closed, oldest first; of those that are, while an order of it is open.
        """
        self._orders: dict[str, Order] = {}
        self._positions: dict[Symbol, ManagedPosition] = {}
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._quotes: dict[Symbol, Quote] = {}
        self._traded: dict[tuple[Symbol, Side], Decimal] = {}
        """The last price of continuous trading, by the side that would leave."""
        self._epochs: dict[str, int] = {}
        self._lists: dict[str, tuple[float, VenueList]] = {}
        """By venue: when its list was asked for, on the link that stands."""
        self._changed: dict[Symbol, float] = {}
        """When something about a symbol last became other: an older list proves nothing of it."""
        self._short: dict[Symbol, int] = {}
        """How many lists in a row have shown less than is managed."""
        self._spent: dict[str, None] = {}
        """Groups of which a member has traded or ended."""
        self._generations: dict[str, int] = {}
        """The highest that was ever in use, by plan."""
        self._stop_refused: dict[str, bool] = {}
        """By plan: the venue takes no stop-market of it; the last word of either kind counts."""
        self._part_filled: dict[str, float] = {}
        """Since when a part of an entry that works has been filled, by plan."""
        self._dirty: dict[Symbol, None] = {}

    def on_start(self) -> None:
        """Nothing is judged before the book has come, and nothing done before the venue's list."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self.options.venues:
            for name in (names.connection(venue), names.quotes(venue)):
                self.tell(name, Introduce(self.seat.name))

    # -- the book ------------------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._plans = {plan.plan_id: plan for plan in message.plans}
        self._positions = {position.symbol: position for position in message.positions}
        self._orders = {order.client_order_id: order for order in message.open_orders}
        for name in message.groups:
            self._count(name, name.rpartition(".")[0])
        for order in (*message.ended, *message.open_orders):
            self._follow(order)
        self._loaded = True
        symbols = [plan.symbol for plan in message.plans]
        symbols += [p.symbol for p in message.positions if p.quantity]
        for symbol in [*symbols, *(o.request.symbol for o in message.open_orders)]:
            self._touch(symbol)

    @on(PlanRecorded)
    def _plan(self, message: PlanRecorded) -> None:
        plan, before = message.plan, self._plans.get(message.plan.plan_id)
        self._plans[plan.plan_id] = plan
        if before is None or (before.lot, before.state) != (plan.lot, plan.state):
            self._touch(plan.symbol)
        self._look_at(plan.symbol)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name, before = order.client_order_id, self._orders.get(message.order.client_order_id)
        if order.state.is_final:
            self._orders.pop(name, None)
        else:
            self._orders[name] = order
        self._follow(order)
        if before is None or _word(before) != _word(order):
            self._touch(order.request.symbol)

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        self._hold(message.position)

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        self._hold(message.position)

    def _hold(self, position: ManagedPosition) -> None:
        before = self._positions.get(position.symbol)
        self._positions[position.symbol] = position
        if before is None or before.quantity != position.quantity:
            self._touch(position.symbol)

    def _follow(self, order: Order) -> None:
        """What it says of its group, and of the kind of stop that the venue takes."""
        request, plan_id = order.request, plan_of(order.request)
        if not plan_id or request.purpose not in RISK_REDUCING:
            return
        if request.oca_group is not None:
            self._count(request.oca_group, plan_id)
            if order.filled or (order.state.is_final and order.state not in _NOT_TAKEN):
                self._spent[request.oca_group] = None
        if order.state is OrderState.REJECTED:
            if request.purpose is Purpose.PROTECTION:
                self._stop_refused[plan_id] = request.type is OrderType.STOP
            elif request.oca_group is not None:
                self._spent[request.oca_group] = None  # it may have been refused for the group

    def _count(self, group: str, plan_id: str) -> None:
        number = generation_of(group, plan_id)
        self._generations[plan_id] = max(self._generations.get(plan_id, 0), number)

    # -- the venue -----------------------------------------------------------------------

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        if message.epoch > self._epochs.get(message.venue, 0):
            self._epochs[message.venue] = message.epoch
            self._lists.pop(message.venue, None)
            self._look_at_all(message.venue)

    @on(VenueListed)
    def _listed(self, message: VenueListed) -> None:
        if message.epoch < self._epochs.get(message.venue, 0):
            return
        self._epochs[message.venue] = message.epoch
        held = {r.symbol: r.quantity for r in message.positions if r.symbol is not None}
        listed = VenueList(listed_of(message.open_orders), held)
        self._lists[message.venue] = (message.asked, listed)
        for symbol, position in self._positions.items():
            if position.venue == message.venue and not symbol.is_currency_pair:
                there = held.get(symbol, Decimal(0))
                sign = 1 if position.quantity > 0 else -1
                short = there * sign < position.quantity * sign
                self._short[symbol] = self._short.get(symbol, 0) + 1 if short else 0
        self._look_at_all(message.venue)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        self._instruments[message.details.symbol] = message.details
        self._look_at(message.details.symbol)

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        """What it was described as before still tells its price steps."""

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        self._quotes[message.quote.symbol] = message.quote
        self._read(message.quote)

    def _read(self, quote: Quote) -> None:
        """What a quote tells of a symbol that is held; before it was, the quote told nothing."""
        symbol = quote.symbol
        position, instrument = self._positions.get(symbol), self._instruments.get(symbol)
        if position is None or not position.quantity or instrument is None:
            return
        leaving = Side.SELL if position.quantity > 0 else Side.BUY
        now, stale = self.clock.monotonic(), self.options.stale_after_seconds
        phase = self._phase(instrument)
        reading = reading_of(quote, None, leaving, phase, now=now, stale_after_seconds=stale)
        if reading is not None:
            self._traded[symbol, leaving] = reading.price

    def _phase(self, instrument: InstrumentDetails) -> Phase:
        quote = self._quotes.get(instrument.symbol)
        calendar = self.options.calendars.get(instrument.exchange)
        halted = quote is not None and quote.halted
        return phase_at(instrument, calendar, self.clock.now(), halted=halted)

    # -- what is asked of it -------------------------------------------------------------

    def _touch(self, symbol: Symbol) -> None:
        """Something of it is other than before: the venue's list has to be newer than this."""
        self._changed[symbol] = self.clock.monotonic()
        self._look_at(symbol)

    def _look_at(self, symbol: Symbol) -> None:
        self._dirty[symbol] = None

    def _look_at_all(self, venue: str) -> None:
        for plan in self._plans.values():
            if plan.venue == venue:
                self._look_at(plan.symbol)
        for position in self._positions.values():
            if position.venue == venue:
                self._look_at(position.symbol)

    def _list_for(self, venue: str, symbol: Symbol) -> VenueList | None:
        """The venue's list, where it was asked for after the last change of the symbol.

        The shadow is no venue: of what is open there the book itself is the list.
        """
        if venue == SHADOW:
            open_there = (o for o in self._orders.values() if o.venue == SHADOW)
            return VenueList(
                {o.client_order_id: Listed(o.remaining, awake=True) for o in open_there}
            )
        asked, listed = self._lists.get(venue, (0.0, None))
        return listed if asked > self._changed.get(symbol, -1.0) else None

    def _plan_ids(self, symbol: Symbol) -> Iterable[str]:
        """Its plans, oldest first, and those of which only orders are left over."""
        known = [plan.plan_id for plan in self._plans.values() if plan.symbol == symbol]
        left = [
            plan_of(order.request)
            for order in self._orders.values()
            if order.request.symbol == symbol and order.request.purpose in RISK_REDUCING
        ]
        return dict.fromkeys([*known, *(name for name in left if name)])

    def _leaving_of(self, plan_id: str) -> tuple[Order, ...]:
        """What leaves a plan, in the book and open; a flatten is nobody's."""
        return tuple(
            order
            for order in self._orders.values()
            if order.request.purpose in (Purpose.PROTECTION, Purpose.EXIT)
            and plan_of(order.request) == plan_id
        )

    def _forget_closed(self, symbol: Symbol) -> None:
        """Plans that are closed and of which nothing is left over."""
        closed = [
            plan_id
            for plan_id, plan in self._plans.items()
            if plan.symbol == symbol and plan.state is PlanState.CLOSED
            if plan_id not in self._orders and not self._leaving_of(plan_id)
        ]
        for plan_id in closed:
            del self._plans[plan_id]
            self.forget(plan_id)

    def forget(self, plan_id: str) -> None:
        """A plan is over, with all its orders; a late fill opens it again, in another group."""
        self._stop_refused.pop(plan_id, None)
        self._part_filled.pop(plan_id, None)
        for group in [g for g in self._spent if g.rpartition(".")[0] == plan_id]:
            del self._spent[group]


def _word(order: Order) -> tuple[object, ...]:
    """What of an order matters here."""
    return (
        order.state,
        order.filled,
        order.request.terms,
        order.pending_change,
        order.amending is None,
    )

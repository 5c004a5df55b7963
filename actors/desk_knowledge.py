"""What the desk knows: of venues, holdings, open orders, quotes and instruments.

Everything here is what others said, held together so that one consistent view can be taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from actors.base import Actor, on
from actors.desk_instruments import DeskInstruments
from actors.desk_view import VenueState, rates_in, told_by
from actors.lanes import FactsPileUp, Quarantined
from actors.messages import (
    AccountChanged,
    Alert,
    CircuitChanged,
    FarmChanged,
    FillRecorded,
    InstrumentFailed,
    InstrumentKnown,
    LinkDown,
    LinkUp,
    NotReconciled,
    PositionChanged,
    QuoteUpdate,
    Reconciled,
    VenueExposed,
)
from actors.quotes import is_stale
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.admission import Admission
from domain.calendar import ExchangeCalendar
from domain.figures import DeskFigures
from domain.holdings import working_of
from domain.maintenance import Schedule
from domain.orders import Order, OrderRequest, Side
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.terms import Amendment


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """The limits, in the base currency, and what may be traded where."""

    observing: bool
    """The mode sends no orders at all."""
    disarmed: str
    """Why the mode opens no positions; empty when it may."""
    base_currency: str
    max_order_value: Decimal
    stale_after_seconds: float
    command_seconds: float
    venues: tuple[str, ...]
    venue_of: dict[Symbol, str] = field(default_factory=dict)
    market_as_limit: bool = True
    """A market order is priced as a limit through the touch."""
    max_slippage_bps: Decimal = Decimal(50)
    """How far through, in basis points of the touch."""
    odd_lots_allowed: bool = False
    idealpro_minimum_usd: Decimal = Decimal(25_000)
    previews: bool = True
    """The venue is asked what an entry would cost: the first of its kind each day, and large ones.
    """
    preview_above: Decimal = Decimal("0.5")
    """Which entries are large, as a share of `max_order_value`."""
    preview_seconds: float = 2.0
    """An entry that gets no answer in this time is refused."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    """By exchange: what the venue's announced hours are held against."""
    schedules: dict[str, Schedule] = field(default_factory=dict)
    """What each venue announces of itself."""


class DeskKnowledge(Actor):
    """One consistent view of everything that an order depends on."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._loaded = False
        self._paused = False
        self._paused_reason = ""
        self._venues = {
            venue: VenueState(venue, self.clock.now(), options.schedules.get(venue))
            for venue in options.venues
        }
        self._instruments = DeskInstruments(options.calendars)
        self._quotes: dict[Symbol, Quote] = {}
        self._orders: dict[str, Order] = {}
        self._reserved: dict[str, Admission] = {}
        self._amending: dict[str, Amendment] = {}
        """On their way to the disk."""
        self._positions: dict[Symbol, ManagedPosition] = {}
        self._exposed: dict[str, bool] = {}
        self._waiting: dict[str, int] = {}

    # -- what is asked of it -------------------------------------------------------------

    def _figures(self, request: OrderRequest, amended: Order | None = None) -> DeskFigures:
        """The view of a request; an order to be amended does not stand in its own way.

        Nor do those that it cancels.
        """
        symbol = request.symbol
        venue = self.options.venue_of.get(symbol, "")
        state = self._venues.get(venue)
        position = self._positions.get(symbol)
        managed = position.quantity if position is not None else Decimal(0)
        held = managed if symbol.is_currency_pair or state is None else state.held(symbol)
        orders = [o for o in self._all_orders() if not _goes_with(o, amended)]
        working = working_of(orders, symbol)
        return DeskFigures(
            venue=venue or "no venue",
            base_currency=self.options.base_currency,
            observing=self.options.observing,
            disarmed=self.options.disarmed,
            paused=self._paused,
            paused_reason=self._paused_reason,
            facts_waiting=sum(self._waiting.values()),
            venue_reason=state.reason() if state is not None else "it is not active",
            venue_reconciled=self._loaded and state is not None and state.reconciled,
            circuit_closed=state is not None and state.circuit == "closed",
            instrument=self._instruments.get(symbol),
            allowed=symbol in self.options.venue_of,
            symbol_blocked=self._blocked(symbol, state),
            price=self._price(symbol, request.side),
            rate=self._rate(symbol.currency),
            managed=managed,
            held=held,
            working_buys=working.buys,
            working_sells=working.sells,
            max_order_value=self.options.max_order_value,
            active_buys=working.active_buys,
            active_sells=working.active_sells,
            usd_rate=self._rate("USD") if symbol.is_currency_pair else None,
            odd_lots_allowed=self.options.odd_lots_allowed,
            idealpro_minimum_usd=self.options.idealpro_minimum_usd,
            announced=state.schedule.hold_sentence(self.clock.now()) if state is not None else "",
        )

    def _all_orders(self) -> list[Order]:
        """Open orders, and those whose intent or amendment is on its way to the disk."""
        now = self.clock.now()
        open_orders = [
            replace(order, amending=order.amending or self._amending.get(name))
            if name in self._amending
            else order
            for name, order in self._orders.items()
        ]
        on_their_way = [
            Order.intended(admission.request, admission.venue, now)
            for name, admission in self._reserved.items()
            if name not in self._orders
        ]
        return [*open_orders, *on_their_way]

    def _blocked(self, symbol: Symbol, state: VenueState | None) -> str:
        for order in self._orders.values():
            if order.request.symbol == symbol and order.state.value == "UNKNOWN":
                return f"the fate of {order.client_order_id} is not known"
        return state.mismatch(symbol) if state is not None else ""

    def _price(self, symbol: Symbol, side: Side) -> Decimal | None:
        quote = self._quotes.get(symbol)
        if quote is None:
            return None
        if is_stale(quote, self.clock.monotonic(), self.options.stale_after_seconds):
            return None
        price = quote.ask if side is Side.BUY else quote.bid
        return Decimal(repr(price)) if price is not None else None

    def _rate(self, currency: str) -> Decimal | None:
        """Base currency for one unit of this one; a rate that is too old is none."""
        if currency == self.options.base_currency:
            return Decimal(1)
        rates = rates_in(
            self.options.base_currency,
            (currency,),
            told_by(self._venues.values()),
            self._quotes,
            self.clock.monotonic(),
            self.options.stale_after_seconds,
        )
        rate = rates.get(currency)
        return None if rate is None or rate.stale else rate.value

    def _tell_exposure(self, venue: str) -> None:
        exposed = any(order.venue == venue for order in self._all_orders()) or any(
            position.venue == venue and position.quantity != 0
            for position in self._positions.values()
        )
        if self._exposed.get(venue) is not exposed:
            self._exposed[venue] = exposed
            self.tell(venue, VenueExposed(venue, exposed))

    # -- what happened -------------------------------------------------------------------

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        # What is held is the venue's own word, which follows: until then an exit finds too little
        # to sell, and is proposed again; reckoned ahead, it would be counted twice.
        self._positions[message.position.symbol] = message.position
        self._tell_exposure(message.position.venue)

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        self._quotes[message.quote.symbol] = message.quote

    @on(InstrumentKnown)
    def _instrument(self, message: InstrumentKnown) -> None:
        self._instruments.take(message.details)
        differ = self._instruments.to_tell(message.details, self.clock.now().date())
        if differ:
            # In one line: a market with hours of its own differs on every day.
            more = f" And {len(differ) - 2} more; `GET /venues` has all." if differ[2:] else ""
            self.log.warning("{}{}", " ".join(differ[:2]), more)

    @on(InstrumentFailed)
    def _instrument_failed(self, message: InstrumentFailed) -> None:
        self._instruments.refuse(message.refused)

    @on(AccountChanged)
    def _account(self, message: AccountChanged) -> None:
        now, monotonic = self.clock.now(), self.clock.monotonic()
        self._venues[message.venue].take_value(message.value, now, monotonic)

    @on(PositionChanged)
    def _position(self, message: PositionChanged) -> None:
        self._venues[message.venue].take_position(message.report)

    # -- the venues ----------------------------------------------------------------------

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        self._venues[message.venue].link_up(message, self.clock.now())
        # Its supervisor may have begun anew, and not know.
        self.tell(
            message.venue, VenueExposed(message.venue, self._exposed.get(message.venue, False))
        )

    @on(LinkDown)
    def _link_down(self, message: LinkDown) -> None:
        due = None
        if message.next_try_seconds is not None:
            due = self.clock.monotonic() + message.next_try_seconds
        self._venues[message.venue].link_down(message, self.clock.now(), due)

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        state = self._venues[message.venue]
        was_ready = not state.reason()
        state.take_reconciled(message, self.clock.now())
        if not was_ready and not state.reason():
            self.log.info("{} is ready to trade.", message.venue)

    @on(NotReconciled)
    def _not_reconciled(self, message: NotReconciled) -> None:
        self._venues[message.venue].take_not_reconciled(message, self.clock.now())

    @on(CircuitChanged)
    def _circuit(self, message: CircuitChanged) -> None:
        self._venues[message.venue].take_circuit(message, self.clock.now())

    @on(FarmChanged)
    def _farm(self, message: FarmChanged) -> None:
        self._venues[message.venue].take_farm(message)

    @on(Alert)
    def _alert(self, message: Alert) -> None:
        self._venues[message.venue].take_alert(message)

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        venue = message.seat.partition(".")[0]
        touched = [venue] if venue in self._venues else list(self._venues)
        for name in touched:
            state = self._venues[name]
            sentence = f"a fact could not be handled ({message.dead_letter})"
            told = NotReconciled(name, state.epoch, "QUARANTINED", sentence)
            state.take_not_reconciled(told, self.clock.now())

    @on(FactsPileUp)
    def _pressure(self, message: FactsPileUp) -> None:
        self._waiting[message.seat] = message.waiting


def _goes_with(order: Order, amended: Order | None) -> bool:
    if amended is None:
        return False
    group = amended.request.oca_group
    same_group = group is not None and order.request.oca_group == group
    return same_group or order.client_order_id == amended.client_order_id

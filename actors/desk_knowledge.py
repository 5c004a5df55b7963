"""What the desk knows: of venues, holdings, open orders, quotes and instruments.

Everything here is what others said, held together so that one consistent view can be taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from actors import names
from actors.base import Actor, on
from actors.desk_instruments import DeskInstruments
from actors.desk_money import CostOptions, DeskMoney
from actors.desk_plans import DeskPlans
from actors.desk_view import VenueState
from actors.lanes import FactsPileUp, Quarantined, Released
from actors.messages import (
    AccountChanged,
    Alert,
    AlertsBegin,
    AlertsHealth,
    ArmingChanged,
    BookHealth,
    CircuitChanged,
    FarmChanged,
    FillRecorded,
    GuardChanged,
    InstrumentFailed,
    InstrumentKnown,
    LinkDown,
    LinkUp,
    NotReconciled,
    PlanRecorded,
    PositionChanged,
    QuoteUpdate,
    Reconciled,
    Standing,
    VenueExposed,
)
from actors.quotes import is_stale
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.admission import Admission
from domain.calendar import ExchangeCalendar
from domain.figures import DeskFigures
from domain.foreign import foreign_working
from domain.guard import Colour, Guard
from domain.holdings import working_of
from domain.limits import NO_LIMITS, Limits
from domain.maintenance import Recurrence, Schedule
from domain.orders import Order, Side
from domain.phases import Phase
from domain.plan_rules import PlanRules
from domain.quotes import Quote
from domain.risk_figures import NO_RISK, RiskFigures
from domain.symbols import Symbol
from domain.terms import Amendment


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """The limits, in the base currency, and what may be traded where."""

    observing: bool
    """The mode sends no orders at all."""
    disarmed: str
    """Why the mode opens no positions until the live gate has spoken; empty when it may."""
    base_currency: str
    max_order_value: Decimal
    stale_after_seconds: float
    command_seconds: float
    venues: tuple[str, ...]
    venue_of: dict[Symbol, str] = field(default_factory=dict)
    shadow_beside: bool = False
    """Whatever is admitted lives in a shadow beside as well."""
    order_prefix: str = "KLP"
    """How the ids of the desk's own orders begin."""
    unheard: str = ""
    """Why no alert would reach the owner until `actors.alerts` has spoken; empty: it may."""
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
    protect_entries: bool = False
    """Every entry leaves with its stop, in one piece."""
    plan_rules: PlanRules | None = None
    """The terms of an entry that brings none; without them no entry has a plan."""
    max_plans_per_symbol: int = 0
    """0 is no bound."""
    short_selling: bool = False
    """Shares may be sold that nobody holds."""
    schedules: dict[str, Schedule] = field(default_factory=dict)
    """What each venue announces of itself."""
    logins: tuple[Recurrence, ...] = ()
    """The weekly logins that a person has to make; none where the gateway knows none."""
    costs: CostOptions = field(default_factory=CostOptions)
    """What trading costs, and what may be borrowed."""
    limits: Limits = NO_LIMITS
    """All others that the owner has set."""
    watch_seconds: float = 5.0
    """How often those limits that shut by themselves are looked at."""
    entry_phases: tuple[Phase, ...] | None = None
    """In which phases of its market a position may be opened; None asks nobody."""
    telemetry: str = ""
    """The seat that is told of each decision; empty where nobody is."""
    uptime: str = ""
    """The seat that is told how the venues stand; empty where nobody is."""


class DeskKnowledge(Actor):
    """One consistent view of everything that an order depends on."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._limits = replace(options.limits, max_order_value=options.max_order_value)
        """As the settings have them, or as they were tightened since."""
        self._loaded = False
        self._paused = False
        self._paused_reason = ""
        self._venues = {
            venue: VenueState(venue, self.clock.now(), options.schedules.get(venue))
            for venue in options.venues
        }
        self._instruments = DeskInstruments(options.calendars)
        self._quotes: dict[Symbol, Quote] = {}
        self._money = DeskMoney(
            options.costs,
            options.base_currency,
            options.stale_after_seconds,
            self.clock,
            self._quotes,
            self._venues,
        )
        self._orders: dict[str, Order] = {}
        self._reserved: dict[str, Admission] = {}
        self._amending: dict[str, Amendment] = {}
        """On their way to the disk."""
        self._positions: dict[Symbol, ManagedPosition] = {}
        self._guards: dict[Symbol, Guard] = {}
        """How protection says that each symbol is guarded."""
        self._plans = DeskPlans(options.plan_rules)
        self._exposed: dict[str, bool] = {}
        self._waiting: dict[str, int] = {}
        self._standing: Standing | None = None
        """How this start of the process stands; None until it has been said."""
        self._taken_out: dict[Symbol, str] = {}
        """Symbols that a person has flattened just now, and who."""
        self._book_health = BookHealth("")
        self._disarmed = options.disarmed
        self._unheard = options.unheard

    # -- what is asked of it -------------------------------------------------------------

    def _figures_of(
        self,
        symbol: Symbol,
        side: Side,
        amended: Order | None = None,
        group: str | None = None,
        risk: RiskFigures = NO_RISK,
    ) -> DeskFigures:
        """The view of a symbol; an order to be amended does not stand in its own way.

        Nor do those of its group: the venue lets one of them trade at a time.
        """
        position = self._positions.get(symbol)
        venue = self._venue_of(symbol)
        state = self._venues.get(venue)
        managed = position.quantity if position is not None else Decimal(0)
        held = managed
        if state is not None and not symbol.is_currency_pair and not self.options.observing:
            held = state.provably_held(symbol)
        orders = self._orders_without(amended, group)
        working = working_of(orders, symbol, self._plans.lots())
        standing = self._standing
        foreign = state.foreign if state is not None else ()
        return DeskFigures(
            venue=venue or "no venue",
            base_currency=self.options.base_currency,
            observing=self.options.observing,
            disarmed=self._disarmed,
            paused=self._paused,
            paused_reason=self._paused_reason,
            facts_waiting=sum(self._waiting.values()),
            venue_reason=state.reason() if state is not None else "it is not active",
            venue_reconciled=self._loaded and state is not None and state.reconciled,
            circuit_closed=state is not None and state.circuit == "closed",
            instrument=self._instruments.get(symbol),
            allowed=symbol in self.options.venue_of,
            symbol_blocked=self._blocked(symbol, state),
            price=self._price(symbol, side),
            rate=self._money.rate(symbol.currency),
            managed=managed,
            held=held,
            working_buys=working.buys,
            working_sells=working.sells,
            max_order_value=self._max_order_value,
            foreign_buys=foreign_working(foreign, symbol, Side.BUY),
            foreign_sells=foreign_working(foreign, symbol, Side.SELL),
            active_buys=working.active_buys,
            active_sells=working.active_sells,
            usd_rate=self._money.rate("USD") if symbol.is_currency_pair else None,
            odd_lots_allowed=self.options.odd_lots_allowed,
            idealpro_minimum_usd=self.options.idealpro_minimum_usd,
            announced=state.schedule.hold_sentence(self.clock.now()) if state is not None else "",
            venue_connected=state is not None and state.connected,
            venue_mismatch=state.mismatch() if state is not None else "",
            standing_known=standing is not None,
            unheard=self._unheard,
            safe_mode=standing.cause if standing is not None and standing.safe_mode else None,
            away=self._away_word(symbol, state),
            flattening=self._taken_out.get(symbol, ""),
            book_trouble=self._book_health.trouble,
            exits_written=self._book_health.exits,
            risk=risk,
            fees=self._money.fees(symbol, venue, self._instruments.get(symbol)),
            max_round_trip=self.options.costs.max_round_trip,
            spends=self._money.spends(symbol, side, state, orders, self._instruments.known),
            open_plans=self._plans.count(symbol, self._reserved, but=amended),
            max_plans=self.options.max_plans_per_symbol,
            short_selling=self.options.short_selling,
        )

    def _venue_of(self, symbol: Symbol) -> str:
        """Where it is traded; of one that is allowed no longer, where it is held or offered.

        What is held of it can still be left, and what works of it be taken back.
        """
        position = self._positions.get(symbol)
        known = self.options.venue_of.get(symbol) or (position.venue if position else "")
        working = (o.venue for o in self._all_orders() if o.request.symbol == symbol)
        return known or next(working, "")

    def _everywhere(self) -> list[DeskFigures]:
        """The view of one symbol of each venue, for what holds whatever the symbol."""
        first_of = {venue: symbol for symbol, venue in reversed(self.options.venue_of.items())}
        return [self._figures_of(symbol, Side.BUY) for symbol in first_of.values()]

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

    @property
    def _max_order_value(self) -> Decimal:
        limit = self._limits.max_order_value
        return self.options.max_order_value if limit is None else limit

    def _orders_without(self, amended: Order | None, group: str | None = None) -> list[Order]:
        return [o for o in self._all_orders() if not _goes_with(o, amended, group)]

    def _away_word(self, symbol: Symbol, state: VenueState | None) -> str:
        """Why the owner's absence holds entries in it; empty when it does not."""
        return ""

    def _blocked(self, symbol: Symbol, state: VenueState | None) -> str:
        for order in self._orders.values():
            if order.request.symbol == symbol and order.state.value == "UNKNOWN":
                return f"the fate of {order.client_order_id} is not known"
        guard = self._guards.get(symbol)
        if guard is not None and guard.colour is Colour.RED:
            return f"it is not protected: {guard.cause}"
        return state.mismatch(symbol) if state is not None else ""

    def _price(self, symbol: Symbol, side: Side) -> Decimal | None:
        quote = self._quotes.get(symbol)
        if quote is None:
            return None
        if is_stale(quote, self.clock.monotonic(), self.options.stale_after_seconds):
            return None
        price = quote.ask if side is Side.BUY else quote.bid
        return Decimal(repr(price)) if price is not None else None

    def _tell_exposure(self, venue: str) -> None:
        if venue not in self._venues:
            return  # the shadow book is exposed to nothing
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
        position, before = message.position, self._positions.get(message.position.symbol)
        self._positions[position.symbol] = position
        if message.new:
            self._money.take_fill(message.fill, self._instruments.get(position.symbol))
        state = self._venues.get(position.venue)
        if before is not None and state is not None and not position.symbol.is_currency_pair:
            execution = message.fill.execution_id
            state.take_fill(position.symbol, before.quantity, position.quantity, execution)
        self._tell_exposure(position.venue)

    @on(GuardChanged)
    def _guard(self, message: GuardChanged) -> None:
        self._guards[message.guard.symbol] = message.guard

    @on(PlanRecorded)
    def _plan(self, message: PlanRecorded) -> None:
        self._plans.take(message.plan)

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
        self._venues[message.venue].take_position(message.report, message.after)

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

    @on(AlertsBegin)
    def _alerts_begin(self, message: AlertsBegin) -> None:
        self._venues[message.venue].forget_alerts()

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        sentence = f"a fact could not be handled ({message.dead_letter})"
        self._doubt_venues(message.seat, sentence)

    @on(Released)
    def _released(self, message: Released) -> None:
        sentence = f"a fact that could not be handled was put back ({message.dead_letter})"
        self._doubt_venues(message.seat, sentence)

    def _doubt_venues(self, seat: str, sentence: str) -> None:
        venue = seat.partition(".")[0]
        touched = [venue] if venue in self._venues else list(self._venues)
        for name in touched:
            state = self._venues[name]
            told = NotReconciled(name, state.epoch, "QUARANTINED", sentence)
            state.take_not_reconciled(told, self.clock.now())

    @on(Standing)
    def _stands(self, message: Standing) -> None:
        before, self._standing = self._standing, message
        if before != message and message.safe_mode:
            self.log.warning("Entries are held: {}", message.cause)

    @on(ArmingChanged)
    def _arming(self, message: ArmingChanged) -> None:
        if message.disarmed and message.disarmed != self._disarmed:
            self.log.warning("Entries are held: {}", message.disarmed)
        self._disarmed = message.disarmed

    @on(AlertsHealth)
    def _alerts_health(self, message: AlertsHealth) -> None:
        if message.trouble and not self._unheard:
            self.log.warning("Entries are held: {}", message.trouble)
        self._unheard = message.trouble

    @on(BookHealth)
    def _health(self, message: BookHealth) -> None:
        self._book_health = message
        now, stands = self.clock.now(), bool(message.trouble)
        code = "BOOK_NOT_WRITABLE"
        for name, state in self._venues.items():
            alert = Alert(name, "error", code, message.trouble, "", now, told=1, stands=stands)
            # The venue's supervisor, which may begin anew, does not say it again.
            state.take_alert(replace(alert, by=names.LEDGER))

    @on(FactsPileUp)
    def _pressure(self, message: FactsPileUp) -> None:
        self._waiting[message.seat] = message.waiting


def _goes_with(order: Order, amended: Order | None, group: str | None) -> bool:
    if amended is not None:
        if order.client_order_id == amended.client_order_id:
            return True
        group = amended.request.oca_group
    return group is not None and order.request.oca_group == group

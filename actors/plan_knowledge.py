"""What the plan monitor knows: plans, holdings, instruments, quotes. No holding lacks a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

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
    PlanRecorded,
    PositionAdopted,
    PositionRestated,
    RecordPlan,
)
from actors.quotes import is_stale
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.calendar import ExchangeCalendar
from domain.orders import Order
from domain.phases import Phase, phase_at
from domain.plan_lots import unplanned
from domain.plan_rules import PlanRules, plan_of_holding
from domain.plans import Plan, PlanState, merged
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.trailing import TrailRules
from domain.venue import InstrumentDetails


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """How the plan monitor is set."""

    prefix: str
    """How the ids of all of Kelpie's orders begin."""
    venues: tuple[str, ...]
    stale_after_seconds: float
    rules: PlanRules = field(default_factory=PlanRules)
    trail: TrailRules = field(default_factory=TrailRules)
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    """By exchange: where the venue's announced hours do not reach."""
    protected: bool = False
    """Stops stand at the venue: protection leaves a plan, by the orders that it keeps there."""


class PlanKnowledge(Actor):
    """Keeps the newest of everything. A level that it has changed holds at once, here."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: MonitorOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._loaded = False
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._positions: dict[Symbol, ManagedPosition] = {}
        self._plans: dict[Symbol, dict[str, Plan]] = {}
        """All that are not closed, by symbol and id, oldest first."""
        self._wanted: dict[str, Plan] = {}
        """Levels on their way to the disk, by plan."""
        self._quotes: dict[Symbol, Quote] = {}
        self._quotes_due = self.clock.monotonic() + options.stale_after_seconds
        """Before then a missing quote may only be on its way."""

    def on_start(self) -> None:
        """The plans and positions of the book are watched from the start."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self.options.venues:
            for name in (names.connection(venue), names.quotes(venue)):
                self.tell(name, Introduce(self.seat.name))

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._loaded = True
        self._plans = {}
        for plan in message.plans:
            self._take(plan)
        for order in message.open_orders:
            self.follow(order)
        for position in message.positions:
            self._watch(position)

    def follow(self, order: Order) -> None:
        """An order that works."""

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        self._instruments[message.details.symbol] = message.details
        self._cover(message.details.symbol)

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        """Its instruments follow, and its quotes: they have their time to come."""
        self._quotes_due = self.clock.monotonic() + self.options.stale_after_seconds

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self._instruments.pop(message.refused.symbol, None)

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        self._watch(message.position)

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        """Its to look after from now on, or not any more."""
        self._watch(message.position)

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        """Of other units; its plans came before it."""
        self._watch(message.position)

    @on(PlanRecorded)
    def _plan_recorded(self, message: PlanRecorded) -> None:
        plan = message.plan
        wanted = self._wanted.get(plan.plan_id)
        if wanted is not None:
            after = replace(merged(plan, wanted), version=plan.version, reason=plan.reason)
            if after == plan:
                del self._wanted[plan.plan_id]
            plan = after
        self._take(plan)

    # -- plans ---------------------------------------------------------------------------

    def _take(self, plan: Plan) -> None:
        if plan.state is PlanState.CLOSED:
            self._plans.get(plan.symbol, {}).pop(plan.plan_id, None)
            self._wanted.pop(plan.plan_id, None)
            self.forget(plan)
        else:
            self._plans.setdefault(plan.symbol, {})[plan.plan_id] = plan

    def forget(self, plan: Plan) -> None:
        """It is closed."""

    def _plan(self, plan_id: str) -> Plan | None:
        return next((plan for plan in self._all_plans() if plan.plan_id == plan_id), None)

    def _all_plans(self) -> Iterable[Plan]:
        return [plan for plans in self._plans.values() for plan in plans.values()]

    def _change(self, plan: Plan, who: str) -> None:
        """These levels hold from now on, and are written down; `who` is empty for a rule."""
        self._wanted[plan.plan_id] = plan
        self._take(plan)
        self.correlation = plan.plan_id
        self.tell(names.LEDGER, RecordPlan(plan, who))

    def _watch(self, position: ManagedPosition) -> None:
        if position.quantity == 0:
            self._positions.pop(position.symbol, None)
        else:
            self._positions[position.symbol] = position
        self._cover(position.symbol)

    def _cover(self, symbol: Symbol) -> None:
        """Whatever is managed and no plan guards gets one by the settings."""
        position, instrument = self._positions.get(symbol), self._instruments.get(symbol)
        if position is None or instrument is None or position.average_price <= 0:
            return
        bare = unplanned(tuple(self._plans.get(symbol, {}).values()), position.quantity)
        if not bare:
            return
        plan = plan_of_holding(
            f"{self.options.prefix}-H-{self.runtime.new_id()}",
            symbol,
            position.venue,
            self.options.rules,
            quantity=bare.copy_sign(position.quantity),
            price=position.average_price,
            opened_at=position.opened_at,
            steps=instrument.price_steps,
            at=self.clock.now(),
        )
        self.correlation = plan.plan_id
        self.log.info("{} {} had no plan; it is {} now.", bare, symbol, plan.plan_id)
        self._take(replace(plan, state=PlanState.OPEN, lot=bare))
        self.tell(names.LEDGER, RecordPlan(plan, ""))

    # -- the market ----------------------------------------------------------------------

    def _is_stale(self, quote: Quote) -> bool:
        return is_stale(quote, self.clock.monotonic(), self.options.stale_after_seconds)

    def _calendar(self, instrument: InstrumentDetails) -> ExchangeCalendar | None:
        return self.options.calendars.get(instrument.exchange)

    def _phase(self, symbol: Symbol) -> Phase:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            return Phase.UNKNOWN
        return phase_at(instrument, self._calendar(instrument), self.clock.now())

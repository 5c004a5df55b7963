"""The only door to a venue: one consistent view, the gates, the reservation, then the intent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from actors import names
from actors.base import Actor, on
from actors.desk_view import VenueState, desk_view, rates_in
from actors.lanes import Command, FactsPileUp, Quarantined, State
from actors.messages import (
    AccountChanged,
    BookLoaded,
    CircuitChanged,
    FillRecorded,
    GetDesk,
    InstrumentFailed,
    InstrumentKnown,
    IntentRefused,
    Introduce,
    LinkDown,
    LinkUp,
    LoadBook,
    NotReconciled,
    OrderRecorded,
    PositionChanged,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    Reconciled,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    SetPaused,
    VenueExposed,
    Verdict,
)
from actors.quotes import is_stale
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.admission import Admission, Refusal
from domain.gates import DeskFigures, decide, purpose_of
from domain.holdings import working_of
from domain.orders import Order, OrderRequest, OrderState, Side
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from domain.views import DeskView


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


class Desk(Actor):
    """Admits or refuses."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._loaded = False
        self._paused = False
        self._paused_reason = ""
        self._venues = {venue: VenueState(venue, self.clock.now()) for venue in options.venues}
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._quotes: dict[Symbol, Quote] = {}
        self._orders: dict[str, Order] = {}
        self._reserved: dict[str, Admission] = {}
        self._proposers: dict[str, str] = {}
        self._positions: dict[Symbol, ManagedPosition] = {}
        self._exposed: dict[str, bool] = {}
        self._refused: dict[str, int] = {}
        self._admitted = 0
        self._untold: dict[str, tuple[Admission, str]] = {}
        self._waiting: dict[str, int] = {}

    def on_start(self) -> None:
        """Ask for the book; nothing is admitted before it has come."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self._venues:
            # The answers come in any order: each names the epoch of its link.
            seats = (names.connection(venue), names.resync(venue), names.quotes(venue))
            for name in (venue, *seats):
                self.tell(name, Introduce(self.seat.name))

    def describe(self) -> State:
        """What it admitted and refused, and by which gate."""
        return {
            "loaded": self._loaded,
            "paused": self._paused,
            "admitted": self._admitted,
            "refused": dict(self._refused),
            "open_orders": len(self._orders),
            "venues": {name: state.reason() for name, state in self._venues.items()},
        }

    # -- proposals -----------------------------------------------------------------------

    @on(Propose)
    def _propose(self, message: Propose) -> Verdict:
        position = self._positions.get(message.request.symbol)
        managed = position.quantity if position is not None else Decimal(0)
        purpose = purpose_of(message.request, managed)
        request = replace(message.request, purpose=purpose)
        self.correlation = request.client_order_id
        decision = self._decide(request)
        if isinstance(decision, Refusal):
            verdict = self._refuse(decision)
        else:
            verdict = self._admit(decision, message)
        return self._tell_proposer(message.proposer, verdict)

    def on_expired(self, command: Command) -> Verdict | None:
        """Whoever proposed is told: else it would wait for ever."""
        if not isinstance(command, Propose | ProposeCancel):
            return None
        if isinstance(command, Propose):
            name = command.request.client_order_id
        else:
            name = command.client_order_id
        verdict = Verdict(
            name,
            False,
            "ORDER_EXPIRED_UNSENT",
            "The desk came to it after its deadline, so nothing was sent.",
            "Propose it anew, by what holds now.",
        )
        return self._tell_proposer(command.proposer, verdict)

    def _tell_proposer(self, proposer: str, verdict: Verdict) -> Verdict:
        if proposer in (names.STRATEGIST, names.PLAN_MONITOR):
            self.tell(proposer, verdict)
        return verdict

    def _decide(self, request: OrderRequest) -> Admission | Refusal:
        name = request.client_order_id
        if name in self._reserved or name in self._orders:
            return Refusal(
                name,
                "ORDER_ID_TAKEN",
                f"There is an order {name} already.",
                "Give each order an id of its own, or none.",
            )
        return decide(request, self._figures(request))

    def _admit(self, admission: Admission, message: Propose) -> Verdict:
        request = admission.request
        self._reserved[request.client_order_id] = admission
        self._proposers[request.client_order_id] = message.proposer
        self._admitted += 1
        self._untold[request.client_order_id] = (admission, message.reason)
        deadline = min(message.deadline, self.clock.monotonic() + self.options.command_seconds)
        epoch = self._venues[admission.venue].epoch
        self.tell(names.LEDGER, RecordIntent(admission, deadline, epoch))
        self._tell_exposure(admission.venue)
        return Verdict(request.client_order_id, True)

    def _tell_log(self, client_order_id: str) -> None:
        """Write of an admission once its order has left or ended: words do not hold it back."""
        untold = self._untold.pop(client_order_id, None)
        if untold is None:
            return
        admission, reason = untold
        request = admission.request
        self.log.bind(correlation=client_order_id).info(
            "Admitted {} {} {} {} at {} (worth {:.2f} {}): {}",
            request.purpose.lower(),
            request.side,
            request.quantity,
            request.symbol,
            request.limit_price or "market",
            admission.value,
            admission.base_currency,
            reason,
        )

    def _refuse(self, refusal: Refusal) -> Verdict:
        self._refused[refusal.code] = self._refused.get(refusal.code, 0) + 1
        self.log.bind(correlation=refusal.client_order_id).info(
            "Refused {}: {} {} [{}]",
            refusal.client_order_id,
            refusal.sentence,
            refusal.cure,
            refusal.code,
        )
        return Verdict(refusal.client_order_id, False, refusal.code, refusal.sentence, refusal.cure)

    @on(ProposeCancel)
    def _propose_cancel(self, message: ProposeCancel) -> Verdict:
        name = message.client_order_id
        self.correlation = name
        if name not in self._orders and name not in self._reserved:
            verdict = Verdict(
                name,
                False,
                "ORDER_NOT_OPEN",
                f"There is no open order {name}.",
                "Look at /orders; one that has ended cannot be cancelled.",
            )
        else:
            deadline = self.clock.monotonic() + self.options.command_seconds
            self.tell(names.LEDGER, RecordCancel(name, message.proposer, deadline))
            verdict = Verdict(name, True)
        return self._tell_proposer(message.proposer, verdict)

    def _figures(self, request: OrderRequest) -> DeskFigures:
        symbol = request.symbol
        venue = self.options.venue_of.get(symbol, "")
        state = self._venues.get(venue)
        position = self._positions.get(symbol)
        managed = position.quantity if position is not None else Decimal(0)
        held = managed if symbol.is_currency_pair or state is None else state.held(symbol)
        working = working_of(self._all_orders(), symbol)
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
            rate=self._rate(symbol),
            managed=managed,
            held=held,
            working_buys=working.buys,
            working_sells=working.sells,
            max_order_value=self.options.max_order_value,
        )

    def _all_orders(self) -> list[Order]:
        """Open orders, and those whose intent is on its way to the disk."""
        now = self.clock.now()
        on_their_way = [
            Order.intended(admission.request, admission.venue, now)
            for name, admission in self._reserved.items()
            if name not in self._orders
        ]
        return [*self._orders.values(), *on_their_way]

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

    def _rate(self, symbol: Symbol) -> Decimal | None:
        """Base currency for one unit of the symbol's; a rate that is too old is none."""
        rates = rates_in(
            self.options.base_currency,
            list(self._venues.values()),
            (symbol,),
            self._quotes,
            self.clock.monotonic(),
            self.options.stale_after_seconds,
        )
        rate = rates.get(symbol.currency)
        return None if rate is None or rate.stale else rate.value

    # -- what happened -------------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._orders = {order.client_order_id: order for order in message.open_orders}
        self._positions = {position.symbol: position for position in message.positions}
        settings = dict(message.settings)
        self._paused_reason = settings.get("paused", "")
        self._paused = bool(self._paused_reason)
        self._loaded = True
        for venue in self._venues:
            self._tell_exposure(venue)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        self._reserved.pop(order.client_order_id, None)
        self._proposers.pop(order.client_order_id, None)
        if order.state is not OrderState.INTENDED:
            self._tell_log(order.client_order_id)
        if order.state.is_final:
            self._orders.pop(order.client_order_id, None)
        else:
            self._orders[order.client_order_id] = order
        self._tell_exposure(order.venue)

    @on(IntentRefused)
    def _intent_refused(self, message: IntentRefused) -> None:
        self._reserved.pop(message.client_order_id, None)
        self._tell_log(message.client_order_id)
        self.log.warning("No intent was written: {}", message.sentence)
        refused = Verdict(
            message.client_order_id,
            False,
            "ORDER_ID_TAKEN",
            message.sentence,
            "Give each order an id of its own, or none.",
        )
        proposer = self._proposers.pop(message.client_order_id, "")
        self._tell_proposer(proposer, refused)

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
        self._instruments[message.details.symbol] = message.details

    @on(InstrumentFailed)
    def _instrument_failed(self, message: InstrumentFailed) -> None:
        self._instruments.pop(message.refused.symbol, None)

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

    # -- the switch, and the view --------------------------------------------------------

    @on(SetPaused)
    def _set_paused(self, message: SetPaused) -> None:
        self._paused = message.paused
        self._paused_reason = (message.reason or "no reason given") if message.paused else ""
        self.log.warning(
            "New entries are {} by {}: {}.",
            "paused" if message.paused else "allowed again",
            message.who,
            message.reason or "no reason given",
        )
        reason = message.reason or "no reason given"
        self.tell(names.LEDGER, RecordSetting("paused", self._paused_reason, message.who, reason))

    @on(GetDesk)
    def _view(self, message: GetDesk) -> DeskView:
        return desk_view(
            now=self.clock.now(),
            monotonic=self.clock.monotonic(),
            quote_stale_seconds=self.options.stale_after_seconds,
            paused=self._paused,
            paused_reason=self._paused_reason,
            venues=list(self._venues.values()),
            positions=self._positions,
            quotes=self._quotes,
            working=len(self._all_orders()),
            reserved=sum((a.value for a in self._reserved.values()), Decimal(0)),
            max_order_value=self.options.max_order_value,
            base_currency=self.options.base_currency,
        )

    def _tell_exposure(self, venue: str) -> None:
        exposed = any(order.venue == venue for order in self._all_orders()) or any(
            position.venue == venue and position.quantity != 0
            for position in self._positions.values()
        )
        if self._exposed.get(venue) is not exposed:
            self._exposed[venue] = exposed
            self.tell(venue, VenueExposed(venue, exposed))

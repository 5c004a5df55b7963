"""The only door to a venue: one consistent view, the gates, the reservation, then the intent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from actors import names
from actors.base import on
from actors.circuit import setting_of
from actors.desk_knowledge import DeskOptions
from actors.desk_pace import OF_THE_ORDER
from actors.desk_uptime import DeskUptime
from actors.lanes import State
from actors.messages import (
    Alert,
    BookLoaded,
    GetDesk,
    Introduce,
    LoadBook,
    Propose,
    ProposeCancel,
    RecordSetting,
    SetPaused,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal
from domain.figures import RISK_REDUCING
from domain.gates import purpose_of, sized
from domain.order_groups import OrderGroup
from domain.orders import OrderRequest
from domain.permits import Asker
from domain.quotes import Quote
from domain.views import DeskView


class Desk(DeskUptime):
    """Admits or refuses."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._early_switch: SetPaused | None = None
        """Thrown before the book was here."""

    def on_start(self) -> None:
        """Ask for the book; nothing is admitted before it has come."""
        super().on_start()
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for name in (names.STARTS, names.LIVE_GATE, names.ALERTS):
            self.tell(name, Introduce(self.seat.name))
        if self.options.protect_entries:
            self.tell(names.PROTECTION, Introduce(self.seat.name))
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
            "awaiting_previews": list(self._parked),
            "venues": {name: state.reason() for name, state in self._venues.items()},
        }

    # -- proposals -----------------------------------------------------------------------

    @on(Propose)
    def _propose(self, message: Propose) -> Verdict:
        self.correlation = message.request.client_order_id
        self._take_newer(message.quote)
        group = self._ready(message)
        if isinstance(group, Refusal):
            return self._tell_proposer(message.proposer, self._refuse(group))
        decision = self._decide_group(group, message.proposer)
        if isinstance(decision, Refusal):
            verdict = self._refuse(decision)
            self._tell_refused(message, group.first, decision)
            if decision.code in OF_THE_ORDER and not self._is_person(message.proposer):
                self._pace.refused(message.request.symbol, self._limits)
        elif message.preview_only or self._wants_preview(decision):
            verdict = self._park(decision, message, group)
        else:
            verdict = self._admit(decision, message)
        return self._tell_proposer(message.proposer, verdict)

    def _take_newer(self, quote: Quote | None) -> None:
        """A proposal overtakes the quote it was made on, which waits in the slowest lane."""
        known = None if quote is None else self._quotes.get(quote.symbol)
        if quote is not None and (known is None or known.received < quote.received):
            self._quotes[quote.symbol] = quote

    def _ready(self, message: Propose) -> OrderGroup | Refusal:
        """With its purpose, a market order with its bound, an entry with its stop."""
        first, *others = (
            self._priced(self._with_purpose(request))
            for request in (message.request, *message.attached)
        )
        if message.proposer == names.PLAN_MONITOR and not others:
            first = sized(first, self._figures(first))
        group = self._plans.marked(OrderGroup(first, tuple(others)))
        if not self.options.protect_entries:
            return group
        symbol = first.symbol
        return self._plans.guarded(
            group,
            self._venue_of(symbol),
            self._instruments.get(symbol),
            self._price(symbol, first.side),
            terms=message.plan,
            at=self.clock.now(),
        )

    def _with_purpose(self, request: OrderRequest) -> OrderRequest:
        position = self._positions.get(request.symbol)
        managed = position.quantity if position is not None else Decimal(0)
        short = self.options.short_selling
        return replace(request, purpose=purpose_of(request, managed, short_selling=short))

    @on(ProposeCancel)
    def _propose_cancel(self, message: ProposeCancel) -> Verdict:
        name = message.client_order_id
        self.correlation = name
        asker = Asker(person=self._is_person(message.proposer))
        return self._tell_proposer(message.proposer, self._cancel(name, message.proposer, asker))

    def _is_person(self, proposer: str) -> bool:
        """Kelpie's own proposals come from its seats."""
        return self.system.find(proposer) is None

    # -- what the ledger says ------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        if message.ticket:
            self._settle_doubt(message)
            return
        self._orders = {order.client_order_id: order for order in message.open_orders}
        self._positions = {position.symbol: position for position in message.positions}
        self._plans.load(message.plans)
        settings = dict(message.settings)
        self._paused_reason = settings.get("paused", "")
        self._paused = bool(self._paused_reason)
        self._loaded = True
        self._take_up_flattening(settings.get("flatten", ""))
        self._take_up_absence(settings.get("away", ""))
        for venue, state in self._venues.items():
            state.book_says_circuit(settings.get(setting_of(venue), ""), self.clock.now())
            self._tell_exposure(venue)
            self._tell_of_orphans(venue)
        self._take_up_risk(message)
        early, self._early_switch = self._early_switch, None
        if early is not None:
            self._switch(early)  # the book was read before it was thrown
            if early.cancel_entries:
                self._cancel_entries(early.who)

    def _tell_of_orphans(self, venue: str) -> None:
        """A person hears of what is held of a symbol that the settings no longer name."""
        held = [p.symbol for p in self._positions.values() if p.venue == venue and p.quantity]
        orphans = sorted(str(symbol) for symbol in held if symbol not in self.options.venue_of)
        if not orphans:
            return
        sentence = (
            f"{', '.join(orphans)}: held, and not among ALLOWED_SYMBOLS. Nothing more of it is "
            "bought; its plan, stops and exits go on."
        )
        cure = "Name it in ALLOWED_SYMBOLS and start Kelpie again, or `kelpie flatten` it."
        now = self.clock.now()
        alert = Alert(
            venue,
            "error",
            "HELD_NOT_ALLOWED",
            sentence,
            cure,
            now,
            told=1,
            stands=True,
            by=self.seat.name,
        )
        self.log.error("{} {}", sentence, cure)
        self._alert(alert)
        for name in names.ALERT_READERS:
            self.tell(name, alert)

    # -- the switch, and the view --------------------------------------------------------

    @on(SetPaused)
    def _set_paused(self, message: SetPaused) -> tuple[str, ...]:
        reason = message.reason or "no reason given"
        self._switch(message)
        self.log.warning(
            "New entries are {} by {}: {}.",
            "paused" if message.paused else "allowed again",
            message.who,
            reason,
        )
        self.tell(names.LEDGER, RecordSetting("paused", self._paused_reason, message.who, reason))
        if not self._loaded:
            self._early_switch = message
        return self._cancel_entries(message.who) if message.cancel_entries else ()

    def _switch(self, message: SetPaused) -> None:
        self._paused = message.paused
        self._paused_reason = (message.reason or "no reason given") if message.paused else ""

    def _cancel_entries(self, who: str) -> tuple[str, ...]:
        """Take back whatever may still open a position; what guards one, or leaves it, stands."""
        entries = [
            order.client_order_id
            for order in self._all_orders()
            if order.request.purpose not in RISK_REDUCING and order.pending_change != "CANCEL"
        ]
        asker = Asker(person=True)
        return tuple(name for name in entries if self._cancel(name, who, asker).admitted)

    @on(GetDesk)
    def _view(self, message: GetDesk) -> DeskView:
        return self.view()

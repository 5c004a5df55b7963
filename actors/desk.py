"""The only door to a venue: one consistent view, the gates, the reservation, then the intent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from actors import names
from actors.base import on
from actors.desk_previews import DeskPreviews
from actors.desk_view import desk_view
from actors.lanes import State
from actors.messages import (
    Alert,
    BookLoaded,
    GetDesk,
    Introduce,
    LoadBook,
    Propose,
    ProposeCancel,
    RecordCancel,
    RecordSetting,
    SetPaused,
    Verdict,
)
from domain.admission import Refusal
from domain.gates import purpose_of, sized
from domain.market_rules import marketable
from domain.order_groups import OrderGroup
from domain.orders import OrderRequest
from domain.views import DeskView


class Desk(DeskPreviews):
    """Admits or refuses."""

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
            "awaiting_previews": list(self._parked),
            "venues": {name: state.reason() for name, state in self._venues.items()},
        }

    # -- proposals -----------------------------------------------------------------------

    @on(Propose)
    def _propose(self, message: Propose) -> Verdict:
        self.correlation = message.request.client_order_id
        group = self._ready(message)
        decision = self._decide_group(group)
        if isinstance(decision, Refusal):
            verdict = self._refuse(decision)
        elif message.preview_only or self._wants_preview(decision):
            verdict = self._park(decision, message, group)
        else:
            verdict = self._admit(decision, message)
        return self._tell_proposer(message.proposer, verdict)

    def _ready(self, message: Propose) -> OrderGroup:
        """With its purpose by what is held, and a market order with its bound."""
        first, *others = (
            self._priced(self._with_purpose(request))
            for request in (message.request, *message.attached)
        )
        if message.proposer == names.PLAN_MONITOR and not others:
            first = sized(first, self._figures(first))
        return OrderGroup(first, tuple(others))

    def _with_purpose(self, request: OrderRequest) -> OrderRequest:
        position = self._positions.get(request.symbol)
        managed = position.quantity if position is not None else Decimal(0)
        return replace(request, purpose=purpose_of(request, managed))

    def _priced(self, request: OrderRequest) -> OrderRequest:
        instrument = self._instruments.get(request.symbol)
        if not self.options.market_as_limit or instrument is None:
            return request
        return marketable(
            request,
            self._price(request.symbol, request.side),
            instrument.price_steps,
            self.options.max_slippage_bps,
            continuous=self._instruments.is_open(request.symbol, self.clock.now()),
        )

    @on(ProposeCancel)
    def _propose_cancel(self, message: ProposeCancel) -> Verdict:
        name = message.client_order_id
        self.correlation = name
        if name not in self._orders and name not in self._reserved:
            verdict = self._refuse(self._not_open(name, "cancelled"))
        else:
            deadline = self.clock.monotonic() + self.options.command_seconds
            self.tell(names.LEDGER, RecordCancel(name, message.proposer, deadline))
            verdict = Verdict(name, True)
        return self._tell_proposer(message.proposer, verdict)

    # -- what the ledger says ------------------------------------------------------------

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
            self._tell_of_orphans(venue)

    def _tell_of_orphans(self, venue: str) -> None:
        """What is held of a symbol that the settings no longer name is looked after by nobody."""
        held = [p.symbol for p in self._positions.values() if p.venue == venue and p.quantity]
        orphans = sorted(str(symbol) for symbol in held if symbol not in self.options.venue_of)
        if not orphans:
            return
        sentence = (
            f"{', '.join(orphans)}: held, and not among ALLOWED_SYMBOLS. There are no quotes of "
            "it, no plan and no exits; only stops that rest at the venue stand."
        )
        cure = "Name it in ALLOWED_SYMBOLS and start Kelpie again, or sell it by hand."
        now = self.clock.now()
        alert = Alert(venue, "error", "HELD_NOT_ALLOWED", sentence, cure, now, told=1, stands=True)
        self.log.error("{} {}", sentence, cure)
        self._alert(alert)
        self.tell(names.NARRATOR, alert)

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
            instruments=self._instruments.views(
                self.options.venue_of, self._quotes, self.clock.now()
            ),
            positions=self._positions,
            quotes=self._quotes,
            orders=self._all_orders(),
            max_order_value=self.options.max_order_value,
            base_currency=self.options.base_currency,
        )

"""Everything out, by a person: asked for, shown beforehand, and carried on until it is done.

It goes the way of every order: the table of permits, the gates, the reservation, the intent. What
comes next is worked out anew after each message (`domain.flatten`), so that a crash loses nothing
but the wish, and that is kept as a durable switch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from actors import names
from actors.base import on
from actors.desk_knowledge import DeskOptions
from actors.desk_previews import DeskPreviews
from actors.flattening import (
    ASK_AGAIN_SECONDS,
    REPRICE_SECONDS,
    Flattening,
    Taking,
    read_flattening,
)
from actors.messages import (
    Alert,
    OrderRecorded,
    Propose,
    RecordSetting,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal
from domain.figures import DeskFigures
from domain.flatten import (
    Cancel,
    Flat,
    FlattenItem,
    FlattenView,
    Leave,
    Progress,
    Wait,
    after_cancels,
    exit_request,
    next_step,
    previewed,
)
from domain.gates import decide
from domain.order_groups import OrderGroup
from domain.orders import Order, OrderState, OrderType, Purpose, Side
from domain.symbols import Symbol

_LOOK_EVERY = 1.0
SWITCH = "flatten"
"""The durable switch in the book, and the timer."""
_NOTHING = FlattenView(False, "", "", None, ())
_CURE = "Look at `kelpie flatten --show`, settle it, and ask for it again."


class DeskFlattening(DeskPreviews):
    """Takes back what works, waits for its end, and sells what is provably held."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._flattening: Flattening | None = None
        self._flattened = _NOTHING
        """How the last one ended."""

    # -- how far it is -------------------------------------------------------------------

    def _flatten_view(self) -> FlattenView:
        running = self._flattening
        if running is None:
            return self._flattened
        items = tuple(self._item_of(taking) for taking in running.takings.values())
        return FlattenView(running.running, running.who, running.reason, running.since, items)

    def _item_of(self, taking: Taking) -> FlattenItem:
        return replace(self._preview_of(taking.symbol), progress=taking.progress, note=taking.note)

    def _preview_of(self, symbol: Symbol) -> FlattenItem:
        figures = self._figures_of(symbol, Side.SELL)
        orders, lot = self._orders_in(symbol), self._lot(symbol)
        return previewed(symbol, orders, figures.managed, figures.free_of_others, lot)

    def _orders_in(self, symbol: Symbol) -> list[Order]:
        return [order for order in self._all_orders() if order.request.symbol == symbol]

    def _lot(self, symbol: Symbol) -> Decimal:
        instrument = self._instruments.get(symbol)
        return instrument.lot if instrument is not None else Decimal(1)

    # -- carrying it out -----------------------------------------------------------------

    def _take_up_flattening(self, text: str) -> None:
        """What the book says was asked for before this desk began."""
        if text:
            self._carry_on(read_flattening(text))

    def _carry_on(self, running: Flattening) -> None:
        self._flattening = running
        self._taken_out = dict.fromkeys(running.takings, running.who)
        self.after(_LOOK_EVERY, SWITCH)

    def on_settled(self) -> None:
        """All facts are in hand: what is to be done next?"""
        super().on_settled()
        running = self._flattening
        if running is not None and self._loaded:
            for taking in running.takings.values():
                if taking.progress is Progress.RUNNING:
                    self._go_on(running, taking)
                if taking.progress is Progress.LEFT:
                    # What is left of it is its plan's again, however long the others take.
                    self._taken_out.pop(taking.symbol, None)
            if not running.running:
                self._finish(running)

    def on_timer(self, name: str) -> None:
        """Time alone may be what it waited for."""
        if name != SWITCH:
            super().on_timer(name)
        elif self._flattening is not None:
            self.after(_LOOK_EVERY, SWITCH)

    def _go_on(self, running: Flattening, taking: Taking) -> None:
        symbol, now = taking.symbol, self.clock.monotonic()
        orders, figures = self._orders_in(symbol), self._figures_of(symbol, Side.SELL)
        overdue = self._overdue(taking, orders, now)
        step = next_step(
            orders, figures.managed, figures.free_of_others, self._lot(symbol), overdue
        )
        match step:
            case Cancel():
                self._take_back(running, taking, step, orders, figures)
            case Leave():
                self._send_exit(running, taking, step)
            case Wait():
                taking.wait(step.why, now, stuck=step.stuck)
            case Flat():
                taking.progress, taking.note = Progress.FLAT, ""

    def _overdue(self, taking: Taking, orders: Sequence[Order], now: float) -> set[str]:
        """Exits of ours that wait at a price which the market has left."""
        limits = [
            order.client_order_id
            for order in orders
            if order.request.purpose is Purpose.FLATTEN and order.request.type is OrderType.LIMIT
        ]
        since = {name: taking.seen.setdefault(name, now) for name in limits}
        if not self._instruments.is_open(taking.symbol, self.clock.now()):
            return set()
        return {name for name, at in since.items() if now - at >= REPRICE_SECONDS}

    def _take_back(
        self,
        running: Flattening,
        taking: Taking,
        step: Cancel,
        orders: Sequence[Order],
        figures: DeskFigures,
    ) -> None:
        wanted, now = step.names, self.clock.monotonic()
        after = after_cancels(
            orders, figures.managed, figures.free_of_others, self._lot(taking.symbol)
        )
        why = self._why_not_let_go(running, taking.symbol, after, figures) if step.leaving else ""
        if why:
            # The stop at the venue stands for as long as nothing could take its place.
            taking.wait(why, now, stuck=isinstance(after, Wait))
            wanted = step.entries
        else:
            taking.wait("the venue has not confirmed every cancel yet", now, stuck=False)
        asked_already = {o.client_order_id for o in orders if o.pending_change == "CANCEL"}
        for name in wanted:
            if name not in asked_already and now >= taking.asked.get(name, 0.0):
                taking.asked[name] = now + ASK_AGAIN_SECONDS
                self.correlation = name
                verdict = self._cancel(name, running.who, running.asker)
                taking.note = verdict.sentence or taking.note

    def _why_not_let_go(
        self,
        running: Flattening,
        symbol: Symbol,
        after: Leave | Wait | Flat,
        figures: DeskFigures,
    ) -> str:
        """Why the exit that would take its place could not go; empty when it could."""
        if isinstance(after, Wait):
            return after.why
        if isinstance(after, Flat):
            return ""
        alone = replace(figures, working_buys=Decimal(0), working_sells=Decimal(0))
        request = self._priced(exit_request("", symbol, after))
        decision = decide(request, alone, running.asker)
        return decision.sentence if isinstance(decision, Refusal) else ""

    def _send_exit(self, running: Flattening, taking: Taking, leave: Leave) -> None:
        now = self.clock.monotonic()
        taking.stuck_since = None
        if now < taking.not_before:
            return
        name = f"{self.options.order_prefix}-F-{self.runtime.new_id()}"
        self.correlation = name
        request = self._priced(exit_request(name, taking.symbol, leave))
        decision = self._decide_group(OrderGroup(request, ()), self.seat.name, running.asker)
        deadline = now + self.options.command_seconds
        proposed = Propose(deadline, request, running.who, running.reason)
        if isinstance(decision, Refusal):
            self._refuse(decision)
            self._tell_refused(proposed, request, decision)
            taking.refused(decision.sentence, now, by_venue=False)
            return
        self._admit(decision, proposed)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        super()._order(message)
        order, running = message.order, self._flattening
        if running is None or order.request.purpose is not Purpose.FLATTEN:
            return
        taking = running.takings.get(order.request.symbol)
        if taking is not None and order.state in (OrderState.REJECTED, OrderState.NOT_SENT):
            now = self.clock.monotonic()
            taking.refused(order.reason or order.state, now, by_venue=True)

    def _finish(self, running: Flattening) -> None:
        self._flattened = replace(self._flatten_view(), running=False)
        self._flattening = None
        self._taken_out = {}
        self.cancel_timer(SWITCH)
        left = [each for each in running.takings.values() if each.progress is Progress.LEFT]
        words = "; ".join(f"{each.symbol}: {each.note}" for each in left) or "all is out"
        self.tell(names.LEDGER, RecordSetting(SWITCH, "", running.who, words))
        self.log.warning(
            "What {} asked to be taken out has come to its end: {}.", running.who, words
        )
        for each in left:
            self._tell_of_left(each)

    def _tell_of_left(self, taking: Taking) -> None:
        venue = self._figures_of(taking.symbol, Side.SELL).venue
        sentence = f"{taking.symbol} is not all out: {taking.note.rstrip('.')}."
        now = self.clock.now()
        alert = Alert(venue, "error", "FLATTEN_LEFT", sentence, _CURE, now, told=1, stands=False)
        self.log.error("{} {}", sentence, _CURE)
        for name in names.ALERT_READERS:
            self.tell(name, alert)

"""Sees to it that a stop stands at the venue over whatever is held, and that exits keep to it.

What to do follows from what is known (`domain.guarding`); here it is asked of the desk, like any
other order, and what became of it is followed. Whether a symbol is GREEN, AMBER or RED is told to
the desk, which opens nothing in one that is RED.
"""

from __future__ import annotations

from decimal import Decimal

from actors import names
from actors.base import on
from actors.lanes import State
from actors.messages import (
    Alert,
    EvidenceSeen,
    GuardChanged,
    Introduce,
    LeavePlan,
)
from actors.protection_dividends import ProtectionDividends
from actors.protection_knowledge import ProtectionOptions
from actors.seat import Seat
from actors.system import ActorSystem
from domain.checklist import Item
from domain.colours import Shade, shaded
from domain.corporate_actions import text_of
from domain.exits import AUCTION_BOUND, SLIP, Urgency, exit_limit
from domain.figures import RISK_REDUCING
from domain.guard import Colour, Guard
from domain.guarding import judge
from domain.orders import Order, Purpose
from domain.phases import Phase, phase_at, spans
from domain.plans import Plan
from domain.protection import (
    AskList,
    Judgement,
    Leaving,
    Lot,
    Scene,
    plan_of,
)
from domain.symbols import Symbol
from domain.triggers import reading_of

_LOOK, _LOOK_EVERY = "look", 1.0
_AUDIT, _AUDIT_EVERY = "audit", 30.0
_AUDIT_AFTER = 3600.0
_BEFORE_OPEN = 600.0
_SEEN_SHORT = 2
"""So many lists in a row must show less than is managed: a position may lag behind its fill."""
_CODE = "UNPROTECTED"
_CURE = "Look at `kelpie status` and /plans; place a stop at the broker by hand if it lasts."


class Protection(ProtectionDividends):
    """One change at a time in each plan, by the venue's own list."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ProtectionOptions) -> None:
        super().__init__(system, seat, options=options)
        self._wishes: dict[str, LeavePlan] = {}
        self._shades: dict[Symbol, Shade] = {}
        self._red: dict[str, tuple[str, ...]] = {}
        """Of which symbols a person was told, by venue."""

    def on_start(self) -> None:
        """Look round from the start."""
        super().on_start()
        self.after(_AUDIT_EVERY, _AUDIT)

    def describe(self) -> State:
        """How each symbol is guarded, and what is in flight."""
        guards = [shade.guard for shade in self._shades.values()]
        return {
            "guards": {
                str(g.symbol): f"{g.colour} since {g.since.isoformat()}, {g.protected} protected"
                + (f": {g.cause}" if g.cause else "")
                for g in guards
            },
            "in_flight": list(self._busy),
            "leaving": {name: wish.reason for name, wish in self._wishes.items()},
            "kept": {str(symbol): text_of(kept) for symbol, kept in self._kept.items()},
            "paused": {name: pause.why for name, pause in self._pauses.items()},
        }

    # -- what others say -----------------------------------------------------------------

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        """The desk begins anew: it has to hear which symbols are RED."""
        for shade in self._shades.values():
            self.tell(message.seat, GuardChanged(shade.guard))

    @on(LeavePlan)
    def _leave(self, message: LeavePlan) -> None:
        plan = self._plans.get(message.plan_id)
        if plan is None:
            return  # it is over already
        if message.plan_id not in self._wishes:
            self.correlation = message.plan_id
            self.log.info("{} is left: {}.", message.plan_id, message.reason)
        self._wishes[message.plan_id] = message
        self._look_at(plan.symbol)

    def forget(self, plan_id: str) -> None:
        """A plan is over, with all its orders."""
        super().forget(plan_id)
        self._wishes.pop(plan_id, None)

    # -- looking round -------------------------------------------------------------------

    def on_settled(self) -> None:
        """All facts are in hand: how is each symbol that they were about guarded now?"""
        if not self._loaded or not self._dirty:
            return
        dirty, self._dirty = self._dirty, {}
        for symbol in dirty:
            self._judge(symbol)
        self._tell_red()
        if self._is_restless() and _LOOK not in self._timers:
            self.after(_LOOK_EVERY, _LOOK)

    def on_timer(self, name: str) -> None:
        """What is not well is looked at every second, the rest from time to time."""
        if name == _AUDIT:
            self.after(_AUDIT_EVERY, _AUDIT)
            self._audit()
            self.lower_stops()
        self.give_up_waiting()
        self.ask_of_doubts()
        for symbol, shade in self._shades.items():
            if shade.troubled_since is not None or name == _AUDIT:
                self._look_at(symbol)
        for plan_id in self._wishes:
            self._look_at(self._plans[plan_id].symbol)

    def _is_restless(self) -> bool:
        troubled = (shade.troubled_since is not None for shade in self._shades.values())
        return bool(self._wishes) or any(troubled)

    def _audit(self) -> None:
        """Each hour, and each morning before the opening auction, the venue is asked."""
        now = self.clock.monotonic()
        for plan in self._plans.values():
            asked, _ = self._lists.get(plan.venue, (None, None))
            if asked is None or not plan.is_open:
                continue
            room = self._until_open(plan.symbol)
            due = now - asked >= _AUDIT_AFTER
            if due or (room is not None and now - asked > _BEFORE_OPEN - room):
                self._ask(plan.venue)

    def _until_open(self, symbol: Symbol) -> float | None:
        """Seconds to the opening auction, in the last ten minutes before it."""
        instrument = self._instruments.get(symbol)
        if instrument is None:
            return None
        now = self.clock.now()
        calendar = self.options.calendars.get(instrument.exchange)
        for span in spans(instrument, calendar, now):
            if span.phase is Phase.PRE_OPEN and span.starts <= now < span.ends:
                seconds = (span.ends - now).total_seconds()
                return seconds if seconds <= _BEFORE_OPEN else None
        return None

    # -- one symbol ----------------------------------------------------------------------

    def _judge(self, symbol: Symbol) -> None:
        self._forget_closed(symbol)
        ids = list(self._plan_ids(symbol))
        position = self._positions.get(symbol)
        managed = position.quantity if position is not None else Decimal(0)
        left = self._offerable(symbol, managed, ids)
        said, planned = [], Decimal(0)
        doubt = self.held_back(symbol)
        for plan_id in ids:
            if doubt:
                # Whatever wished to leave it went by levels that may mean nothing now.
                self._wishes.pop(plan_id, None)
            scene = self._scene(plan_id, symbol, left)
            if scene is None:
                continue
            left -= scene.most
            planned += scene.lot.quantity
            each = self._softened(scene, judge(scene))
            said.append(each)
            self.carry_out(plan_id, scene, each)
        shade = shaded(
            self._shades.get(symbol),
            symbol,
            said,
            unplanned=max(abs(managed) - planned, Decimal(0)),
            now=self.clock.now(),
            monotonic=self.clock.monotonic(),
            held_back=doubt,
            foretold=self.is_purged(symbol),
        )
        before = self._shades.get(symbol)
        self._shades[symbol] = shade
        if before is None or before.guard != shade.guard:
            for name in (names.DESK, names.PLAN_MONITOR, names.NARRATOR):
                self.tell(name, GuardChanged(shade.guard))
            self._show(shade.guard)

    def _show(self, guard: Guard) -> None:
        """Before live trading somebody must have seen it work."""
        if guard.colour is Colour.GREEN and guard.protected:
            sentence = f"{guard.protected} {guard.symbol} stood under a stop at the venue."
            self.tell(names.LIVE_GATE, EvidenceSeen(Item.PROTECTION, True, sentence))

    def _offerable(self, symbol: Symbol, managed: Decimal, ids: list[str]) -> Decimal:
        """What may be offered of it at most: provably held, less what works beside the plans."""
        room = abs(managed)
        venue = self._positions[symbol].venue if symbol in self._positions else ""
        _, listed = self._lists.get(venue, (0.0, None))
        if listed is not None and self._short.get(symbol, 0) >= _SEEN_SHORT:
            held = listed.held.get(symbol, Decimal(0))
            room = min(room, max(held if managed > 0 else -held, Decimal(0)))
        beside = (
            order.exposed
            for order in self._orders.values()
            if order.request.symbol == symbol
            and order.request.purpose in RISK_REDUCING
            and plan_of(order.request) not in ids
        )
        return max(room - sum(beside, Decimal(0)), Decimal(0))

    def _scene(self, plan_id: str, symbol: Symbol, cap: Decimal) -> Scene | None:
        """All that is known of a plan; None where it cannot be judged yet."""
        plan, orders = self._plans.get(plan_id), self._leaving_of(plan_id)
        instrument = self._instruments.get(symbol)
        if plan is None and not orders:
            return None
        venue = plan.venue if plan is not None else orders[0].venue
        entry, now = self._orders.get(plan_id), self.clock.monotonic()
        lot = self._lot(plan_id, plan, symbol, orders)
        if entry is None or not lot.quantity:
            self._part_filled.pop(plan_id, None)
        else:
            self._part_filled.setdefault(plan_id, now)
        listed = self._list_for(venue, symbol)
        return Scene(
            lot=lot,
            entry=entry,
            orders=orders,
            listed=None if listed is None else listed.orders,
            cap=cap,
            generation=self._generations.get(plan_id, 0) + 1,
            fresh_id=self.runtime.new_id() if lot.leaving is not None else "",
            steps=instrument.price_steps if instrument is not None else (),
            spent=frozenset(self._spent),
            busy=frozenset(name for name, (of, _) in self._busy.items() if of == plan_id),
            asleep_seconds=now - self._part_filled.get(plan_id, now),
            unmoved_seconds=now - self._moved.get(plan_id, -1e9),
            unpriced_seconds=now - self._priced.get(plan_id, -1e9),
            old=self._is_old(symbol, orders),
            stop_limit=self._stop_refused.get(plan_id, False),
            unchangeable=now < self._unchangeable_until,
            held_back=self.held_back(symbol) or ("" if instrument else "nobody has described it"),
        )

    def _lot(
        self, plan_id: str, plan: Plan | None, symbol: Symbol, orders: tuple[Order, ...]
    ) -> Lot:
        if plan is None:
            return Lot(plan_id, symbol, orders[0].request.side, Decimal(0), Decimal(0))
        return Lot(
            plan_id,
            symbol,
            plan.leaving_side,
            plan.lot if plan.is_open else Decimal(0),
            plan.stop,
            plan.target,
            loosened=plan.day_stop is not None,
            leaving=self._leaving(plan),
        )

    def _leaving(self, plan: Plan) -> Leaving | None:
        """That it is to be left, and at which price by the newest quote.

        As plans are triggered so they are left: outside continuous trading a quote prices nothing,
        and only an exit that is meant for it goes into the closing auction. The stop stands.
        """
        wish, instrument = self._wishes.get(plan.plan_id), self._instruments.get(plan.symbol)
        if wish is None or instrument is None or not plan.is_open:
            return None
        phase, auction = self._phase(instrument), wish.urgency is Urgency.AUCTION
        if auction and phase is not Phase.PRE_CLOSE:
            del self._wishes[plan.plan_id]  # too late for it: the next day has to wish anew
            return None
        touch = self._touch_of(plan, phase)
        if auction:
            touch = self._traded.get((plan.symbol, plan.leaving_side))
        limit = None
        if touch is not None:
            slip = AUCTION_BOUND if auction else SLIP
            limit = exit_limit(plan.leaving_side, touch, slip, instrument.price_steps)
        blind = wish.urgency is Urgency.BLIND and phase is Phase.OPEN
        touch = touch if limit is not None else None
        return Leaving(wish.reason, touch, limit, blind, to_bound=auction)

    def _touch_of(self, plan: Plan, phase: Phase) -> Decimal | None:
        """The price that would fill it now; None where no fresh quote of a trading market says."""
        quote = self._quotes.get(plan.symbol)
        if quote is None:
            return None
        reading = reading_of(
            quote,
            None,
            plan.leaving_side,
            phase,
            now=self.clock.monotonic(),
            stale_after_seconds=self.options.stale_after_seconds,
        )
        return None if reading is None else reading.price

    def _is_old(self, symbol: Symbol, orders: tuple[Order, ...]) -> bool:
        """Its stop has stood for long, and nothing trades just now."""
        now, instrument = self.clock.now(), self._instruments.get(symbol)
        stops = [o for o in orders if o.request.purpose is Purpose.PROTECTION]
        if instrument is None or not stops:
            return False
        if now - min(stop.created_at for stop in stops) < self.options.renew_after:
            return False
        calendar = self.options.calendars.get(instrument.exchange)
        still = Phase.CLOSED if symbol.is_currency_pair else Phase.PRE_OPEN
        return phase_at(instrument, calendar, now) is still

    def _softened(self, scene: Scene, said: Judgement) -> Judgement:
        """On a link whose lists have not come yet a stop that stood is taken to stand.

        It was GREEN when the link went; what is not known is judged by the first list. Before the
        witnesses of a corporate action have been heard, nothing is done.
        """
        if self.is_unjudged(scene.lot.symbol) and not scene.held_back:
            why = said.cause or "it is looked whether its units are the same"
            return Judgement((), said.protected, why)
        if said.cause and not said.grave and self.is_purged(scene.lot.symbol):
            return Judgement((), said.protected, "its orders are purged until its ex-date")
        venue = self.venue_of(scene.lot.plan_id)
        before = self._shades.get(scene.lot.symbol)
        reading = said.steps == (AskList(),) and said.protected >= scene.lot.quantity
        was_green = before is not None and before.guard.colour is Colour.GREEN
        if reading and was_green and venue not in self._lists:
            return Judgement((), said.protected)
        return said

    def _tell_red(self) -> None:
        """A person hears of each venue's symbols that are RED, and of their end."""
        reds: dict[str, dict[str, str]] = {venue: {} for venue in self.options.venues}
        for symbol, shade in self._shades.items():
            position = self._positions.get(symbol)
            if shade.guard.colour is Colour.RED and position is not None and position.venue in reds:
                reds[position.venue][str(symbol)] = shade.guard.cause
        for venue, each in reds.items():
            if self._red.get(venue, ()) == tuple(each):
                continue  # why it is RED may change each second: /plans has it
            self._red[venue] = tuple(each)
            causes = "; ".join(f"{symbol}: {cause}" for symbol, cause in each.items())
            sentence = f"Not protected at the venue: {causes}."
            if not each:
                sentence = "All that is held is protected at the venue again."
            self._alert(venue, sentence, stands=bool(each))

    def _alert(self, venue: str, sentence: str, *, stands: bool) -> None:
        self.log.log("WARNING" if stands else "INFO", "{}", sentence)
        level, cure = ("error", _CURE) if stands else ("info", "")
        now, by = self.clock.now(), self.seat.name
        alert = Alert(venue, level, _CODE, sentence, cure, now, told=1, stands=stands, by=by)
        for name in names.HEAR_ALERTS:
            self.tell(name, alert)

"""Proposes entries by a small rule; places nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    BarClosed,
    BarsCame,
    BarsReady,
    BookLoaded,
    FillRecorded,
    GetSignal,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    LoadBook,
    OrderRecorded,
    PositionAdopted,
    PositionRestated,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    Verdict,
    WantBars,
)
from actors.quotes import is_stale
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.hours import may_enter
from domain.orders import Order, Purpose
from domain.phases import Phase, phase_at
from domain.plan_rules import PlanRules
from domain.quotes import Quote
from domain.rates import rate_of
from domain.results import SYDNEY
from domain.risk_views import SignalView
from domain.rules import Trend, entry, trend_of
from domain.sizing import Method, NotSized, SizingRules
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from domain.volatility import DAYS, average_true_range

_COOL_DOWN_SECONDS = 90.0
_AFTER_REFUSAL_SECONDS = 15.0
_BEFORE_THE_CLOSE = timedelta(minutes=4)
_CLOSING = timedelta(seconds=15)
_DEADLINE_SECONDS = 5.0
_GIVE_UP_SECONDS = 20.0
_NO_SIGNAL = "no signal: too little moves, or too few quotes were seen"
_DAYS, _DAYS_REACH, _HISTORY_SECONDS = "days ", timedelta(days=40), 600.0


@dataclass(frozen=True, slots=True)
class StrategistOptions:
    """How the rule is set."""

    prefix: str
    """How the ids of all of Kelpie's orders begin."""
    venues: tuple[str, ...]
    stale_after_seconds: float
    base_currency: str = "AUD"
    plans: PlanRules = field(default_factory=PlanRules)
    sizing: SizingRules = field(default_factory=SizingRules)


class Strategist(Actor):
    """One entry at a time in each symbol, and a pause after each."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        options: StrategistOptions,
    ) -> None:
        super().__init__(system, seat)
        self.options = options
        self.prefix = options.prefix
        self.venues = options.venues
        self.stale_after = options.stale_after_seconds
        self._loaded = False
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._trends: dict[Symbol, Trend] = {}
        self._pairs: dict[Symbol, Quote] = {}
        """What the rates are taken from."""
        self._ranges: dict[Symbol, Decimal] = {}
        """How far each moves in an average day, where sizes follow from that."""
        self._not_sized: dict[Symbol, str] = {}
        self._bars_until: dict[Symbol, float] = {}
        self._in: set[Symbol] = set()
        self._working: dict[str, Order] = {}
        self._not_before: dict[Symbol, float] = {}
        self._proposed: dict[str, Symbol] = {}
        self._decisions = 0
        self._last_word: dict[Symbol, str] = {}
        """What became of the last proposal in it."""

    def on_start(self) -> None:
        """Learn what is held and what works before proposing anything."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self.venues:
            self.tell(names.connection(venue), Introduce(self.seat.name))

    def describe(self) -> State:
        """What it looks at."""
        return {
            "decisions": self._decisions,
            "in_position": sorted(map(str, self._in)),
            "working": list(self._working),
            "last_bar_closed": {str(symbol): at for symbol, at in self._bars_until.items()},
            "quotes_seen": {str(symbol): trend.seen for symbol, trend in self._trends.items()},
            "not_sized": {str(symbol): why for symbol, why in self._not_sized.items()},
        }

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._in = {p.symbol for p in message.positions if p.quantity != 0}
        self._working = {
            order.client_order_id: order
            for order in message.open_orders
            if order.request.purpose is Purpose.ENTRY
        }
        for name in self._working:
            self.after(_GIVE_UP_SECONDS, f"give up {name}")
        self._loaded = True

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        symbol = message.details.symbol
        first = symbol not in self._instruments
        self._instruments[symbol] = message.details
        if first and self.options.sizing.method is Method.VOLATILITY:
            self._want_days(message.venue, symbol)

    def _want_days(self, venue: str, symbol: Symbol) -> None:
        now = self.clock.now()
        want = WantBars(
            self.clock.monotonic() + _HISTORY_SECONDS,
            f"{_DAYS}{symbol}",
            self.seat.name,
            symbol,
            "1 day",
            now - _DAYS_REACH,
            limit=DAYS + 1,
        )
        self.tell(names.history(venue), want)

    @on(BarsReady)
    def _days(self, message: BarsReady) -> None:
        true_range = average_true_range(message.bars)
        if true_range is not None:
            self._ranges[Symbol.parse(message.ticket.removeprefix(_DAYS))] = true_range

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        """Its instruments follow."""

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self._instruments.pop(message.refused.symbol, None)

    @on(BarsCame)
    def _bars(self, message: BarsCame) -> None:
        if message.symbol not in self._trends:
            self._trends[message.symbol] = trend_of([bar[4] for bar in message.series.bars])

    @on(BarClosed)
    def _bar_closed(self, message: BarClosed) -> None:
        self._bars_until[message.key.symbol] = message.bar[0]

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        quote = message.quote
        symbol, mid = quote.symbol, quote.mid
        if symbol.is_currency_pair:
            self._pairs[symbol] = quote
        now = self.clock.monotonic()
        if mid is None or is_stale(quote, now, self.stale_after):
            return
        trend = self._trends.get(symbol, Trend()).after(mid)
        self._trends[symbol] = trend
        if not self._free(symbol, now):
            return
        instrument = self._instruments[symbol]
        wall = self.clock.now()
        if phase_at(instrument, None, wall) is not Phase.OPEN:
            return  # the announced hours count the opening auction in, which takes no orders
        if not may_enter(instrument.sessions, wall, leave_out=_BEFORE_THE_CLOSE, closing=_CLOSING):
            return
        name = f"{self.prefix}-{self.runtime.new_id()}"
        idea = entry(
            name,
            quote,
            instrument,
            trend,
            self.options.plans,
            self.options.sizing,
            rate=self._rate(symbol.currency),
            true_range=self._ranges.get(symbol),
        )
        if idea is None:
            return
        if isinstance(idea, NotSized):
            self._not_sized[symbol] = f"{idea.sentence} [{idea.code}]"
            return
        self._not_sized.pop(symbol, None)
        self.correlation = name
        self._decisions += 1
        self._proposed[name] = symbol
        self._not_before[symbol] = now + _COOL_DOWN_SECONDS
        base = self.options.base_currency
        propose = Propose(
            now + _DEADLINE_SECONDS,
            idea.request,
            self.seat.name,
            f"{trend.signal}; at its stop it loses {idea.sized.risk:.2f} {base}",
            plan=idea.plan,
            quote=quote,
            decided_at=wall,
        )
        self.tell(names.DESK, propose)
        self.after(_GIVE_UP_SECONDS, f"give up {name}")

    def _rate(self, currency: str) -> Decimal | None:
        rate = rate_of(
            currency,
            self.options.base_currency,
            quotes=self._pairs,
            told={},
            now=self.clock.monotonic(),
            quote_stale_seconds=self.stale_after,
        )
        return None if rate is None or rate.stale else rate.value

    def _free(self, symbol: Symbol, now: float) -> bool:
        """Nothing is held or asked for, and the pause is over.

        Currencies are left alone: an IDEALPRO lot is larger than the demo's orders.
        """
        busy = symbol in self._in or symbol in self._proposed.values()
        busy = busy or any(order.request.symbol == symbol for order in self._working.values())
        return (
            self._loaded
            and not busy
            and not symbol.is_currency_pair
            and symbol in self._instruments
            and now >= self._not_before.get(symbol, 0.0)
        )

    @on(GetSignal)
    def _signal(self, message: GetSignal) -> SignalView:
        symbol = message.symbol
        held_back = self._held_back(symbol)
        trend = self._trends.get(symbol, Trend())
        sentence = held_back or (f"it would enter: {trend.signal}" if trend.signal else _NO_SIGNAL)
        wants = not held_back and bool(trend.signal)
        return SignalView(symbol, wants, sentence, self._last_word.get(symbol, ""))

    def _held_back(self, symbol: Symbol) -> str:
        """Why the rule does not even look for a signal; empty when it does."""
        if not self._loaded:
            return "it has not read the book yet"
        if symbol.is_currency_pair:
            return "this rule leaves currencies alone"
        instrument = self._instruments.get(symbol)
        if instrument is None:
            return "the venue has not described it"
        if symbol in self._in:
            return "it is in the position already"
        if not self._free(symbol, math.inf):
            return "an entry of its own is under way"
        now, wall = self.clock.monotonic(), self.clock.now()
        if not self._free(symbol, now):
            seconds = self._not_before[symbol] - now
            return f"it waits {seconds:.0f} s yet after its last proposal"
        if phase_at(instrument, None, wall) is not Phase.OPEN:
            return "the market is not in continuous trading"
        return ""

    @on(Verdict)
    def _verdict(self, message: Verdict) -> None:
        symbol = self._proposed.get(message.client_order_id)
        if symbol is not None:
            at = self.clock.now().astimezone(SYDNEY)
            became = message.sentence or "It was admitted."
            self._last_word[symbol] = f"{at:%a %H:%M:%S} (Sydney): {became}"
        if symbol is not None and not message.admitted:
            del self._proposed[message.client_order_id]
            self.cancel_timer(f"give up {message.client_order_id}")
            self._not_before[symbol] = self.clock.monotonic() + _AFTER_REFUSAL_SECONDS

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        if order.request.purpose is not Purpose.ENTRY:
            return
        self._proposed.pop(name, None)
        if order.state.is_final:
            self._working.pop(name, None)
            self.cancel_timer(f"give up {name}")
        else:
            if name not in self._working:
                self.after(_GIVE_UP_SECONDS, f"give up {name}")
            self._working[name] = order

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        self._take(message.position)

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        self._take(message.position)

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        self._take(message.position)

    def _take(self, position: ManagedPosition) -> None:
        if position.quantity == 0:
            self._in.discard(position.symbol)
        else:
            self._in.add(position.symbol)

    def on_timer(self, name: str) -> None:
        """An entry that has not filled by now is taken back.

        So is one of which nothing was heard: the desk may have fallen with it in hand.
        """
        order_id = name.removeprefix("give up ")
        if order_id in self._working or order_id in self._proposed:
            self.correlation = order_id
            deadline = self.clock.monotonic() + _DEADLINE_SECONDS
            self.tell(names.DESK, ProposeCancel(deadline, order_id, self.seat.name))
            self.after(_GIVE_UP_SECONDS, name)

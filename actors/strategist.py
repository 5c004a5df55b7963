"""Proposes entries by a small rule; places nothing."""

from __future__ import annotations

from datetime import timedelta

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    BarClosed,
    BarsCame,
    BookLoaded,
    FillRecorded,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    LoadBook,
    OrderRecorded,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    Verdict,
)
from actors.quotes import is_stale
from actors.seat import Seat
from actors.system import ActorSystem
from domain.hours import may_enter
from domain.orders import Order, Purpose
from domain.phases import Phase, phase_at
from domain.rules import Trend, entry, trend_of
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

_COOL_DOWN_SECONDS = 90.0
_AFTER_REFUSAL_SECONDS = 15.0
_BEFORE_THE_CLOSE = timedelta(minutes=4)
_CLOSING = timedelta(seconds=15)
_DEADLINE_SECONDS = 5.0
_GIVE_UP_SECONDS = 20.0


class Strategist(Actor):
    """One entry at a time in each symbol, and a pause after each."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        prefix: str,
        venues: tuple[str, ...],
        stale_after_seconds: float,
    ) -> None:
        super().__init__(system, seat)
        self.prefix = prefix
        self.venues = venues
        self.stale_after = stale_after_seconds
        self._loaded = False
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._trends: dict[Symbol, Trend] = {}
        self._bars_until: dict[Symbol, float] = {}
        self._in: set[Symbol] = set()
        self._working: dict[str, Order] = {}
        self._not_before: dict[Symbol, float] = {}
        self._proposed: dict[str, Symbol] = {}
        self._decisions = 0

    def on_start(self) -> None:
        """Learn what is held and what works before proposing anything."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self.venues:
            self.tell(names.connection(venue), Introduce(self.seat.name))

    def describe(self) -> State:
        """What it looks at."""
        return {
            "decisions": self._decisions,
            "in_position": [str(symbol) for symbol in self._in],
            "working": list(self._working),
            "last_bar_closed": {str(symbol): at for symbol, at in self._bars_until.items()},
            "quotes_seen": {str(symbol): trend.seen for symbol, trend in self._trends.items()},
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
        self._instruments[message.details.symbol] = message.details

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
        request = entry(name, quote, instrument, trend)
        if request is None:
            return
        self.correlation = name
        self._decisions += 1
        self._proposed[name] = symbol
        self._not_before[symbol] = now + _COOL_DOWN_SECONDS
        propose = Propose(now + _DEADLINE_SECONDS, request, self.seat.name, trend.signal)
        self.tell(names.DESK, propose)
        self.after(_GIVE_UP_SECONDS, f"give up {name}")

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

    @on(Verdict)
    def _verdict(self, message: Verdict) -> None:
        symbol = self._proposed.get(message.client_order_id)
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
        position = message.position
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

"""Watches every position of ours and proposes its exit: stop, target, age."""

from __future__ import annotations

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
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
from adapters.book import ManagedPosition
from domain.orders import Order, OrderState
from domain.phases import Phase, phase_at
from domain.plans import ExitRules, exit_order, reason_to_leave
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

_DEADLINE_SECONDS = 5.0
_REPRICE_SECONDS = 10.0
_AFTER_REFUSAL_SECONDS = 5.0
_NOT_TAKEN = (OrderState.REJECTED, OrderState.NOT_SENT)
_RULES = ExitRules()


class PlanMonitor(Actor):
    """One exit at a time in each symbol; one that does not fill is taken back and priced anew."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        prefix: str,
        venues: tuple[str, ...],
        stale_after_seconds: float,
        rules: ExitRules = _RULES,
    ) -> None:
        super().__init__(system, seat)
        self._mark = f"{prefix}-P-"
        """How its own exits begin: one that a person placed is left alone."""
        self.venues = venues
        self.stale_after = stale_after_seconds
        self.rules = rules
        self._instruments: dict[Symbol, InstrumentDetails] = {}
        self._positions: dict[Symbol, ManagedPosition] = {}
        self._exits: dict[str, Symbol] = {}
        self._recorded: set[str] = set()
        """Those of them that the book has: only their own end is their end."""
        self._not_before: dict[Symbol, float] = {}

    def on_start(self) -> None:
        """The positions of the book are watched from the start."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self.venues:
            for name in (names.connection(venue), names.quotes(venue)):
                self.tell(name, Introduce(self.seat.name))

    def describe(self) -> State:
        """What is watched, and which exits work."""
        return {
            "watched": {str(s): str(p.quantity) for s, p in self._positions.items()},
            "exits": list(self._exits),
        }

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        for position in message.positions:
            self._watch(position)
        for order in message.open_orders:
            self._follow(order)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        self._instruments[message.details.symbol] = message.details

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        """Its instruments follow."""

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self._instruments.pop(message.refused.symbol, None)

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        self._watch(message.position)

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        quote = message.quote
        position = self._positions.get(quote.symbol)
        instrument = self._instruments.get(quote.symbol)
        now = self.clock.monotonic()
        if position is None or instrument is None or quote.symbol in self._exits.values():
            return
        if now < self._not_before.get(quote.symbol, 0.0) or is_stale(quote, now, self.stale_after):
            return
        wall = self.clock.now()
        if phase_at(instrument, None, wall) is not Phase.OPEN:
            return
        reason = reason_to_leave(
            self.rules,
            position.quantity,
            position.average_price,
            position.opened_at,
            quote,
            wall,
        )
        if not reason:
            return
        name = f"{self._mark}{self.runtime.new_id()}"
        request = exit_order(name, self.rules, position.quantity, quote, instrument)
        if request is None:
            return
        self.correlation = name
        self._exits[name] = quote.symbol
        propose = Propose(now + _DEADLINE_SECONDS, request, self.seat.name, reason)
        self.tell(names.DESK, propose)
        self.after(_REPRICE_SECONDS, f"reprice {name}")

    @on(Verdict)
    def _verdict(self, message: Verdict) -> None:
        name = message.client_order_id
        symbol = self._exits.get(name)
        if symbol is None or message.admitted or name in self._recorded:
            return  # of one that is in the book only its cancel was refused: it is asked again
        if message.code != "ORDER_NOT_OPEN":
            self._not_before[symbol] = self.clock.monotonic() + _AFTER_REFUSAL_SECONDS
        self._done_with(name)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        if not order.state.is_final:
            self._follow(order)
        elif name in self._exits:
            if order.state in _NOT_TAKEN:
                # Else each tick would send another, all night long.
                later = self.clock.monotonic() + _AFTER_REFUSAL_SECONDS
                self._not_before[order.request.symbol] = later
            self._done_with(name)

    def on_timer(self, name: str) -> None:
        """An exit that has not filled by now is taken back; the next quote prices it anew."""
        order_id = name.removeprefix("reprice ")
        if order_id in self._exits:
            self.correlation = order_id
            deadline = self.clock.monotonic() + _DEADLINE_SECONDS
            self.tell(names.DESK, ProposeCancel(deadline, order_id, self.seat.name))
            self.after(_REPRICE_SECONDS, name)

    def _follow(self, order: Order) -> None:
        """An exit of its own works, whichever incarnation proposed it."""
        name = order.client_order_id
        if not name.startswith(self._mark):
            return
        self._recorded.add(name)
        if name not in self._exits:
            self._exits[name] = order.request.symbol
            self.after(_REPRICE_SECONDS, f"reprice {name}")

    def _done_with(self, order_id: str) -> None:
        self._exits.pop(order_id, None)
        self._recorded.discard(order_id)
        self.cancel_timer(f"reprice {order_id}")

    def _watch(self, position: ManagedPosition) -> None:
        if position.quantity == 0:
            self._positions.pop(position.symbol, None)
        else:
            self._positions[position.symbol] = position

"""Tells on the screen what happens, in lines that a person can read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    AccountChanged,
    Alert,
    BookLoaded,
    CircuitChanged,
    FillRecorded,
    GuardChanged,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkDown,
    LinkUp,
    LoadBook,
    NotReconciled,
    OrderRecorded,
    PlanRecorded,
    PositionAdopted,
    PositionRestated,
    QuoteUpdate,
    Reconciled,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.guard import Colour
from domain.orders import Order, OrderState
from domain.plans import PlanState
from domain.symbols import Symbol

_SETTLE_SECONDS = 2.0
_ANSWER_SECONDS = 0.5
_REMEMBER = 1000
_WHERE_SECONDS = 15.0


class Narrator(Actor):
    """The story of the run. Its death never stops trading."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        say: Callable[[str], None],
        base_currency: str,
        where_to_look: Sequence[str],
        venues: Sequence[str],
    ) -> None:
        super().__init__(system, seat)
        self._say = say
        self._base = base_currency
        self._where = tuple(where_to_look)
        self._venues = tuple(venues)
        self._told_account = False
        self._told_where = False
        self._told_orders: dict[str, OrderState] = {}
        self._told_fills: dict[str, None] = {}
        self._told_plans: dict[str, tuple[Decimal, Decimal | None]] = {}
        self._red: dict[Symbol, None] = {}
        self._quotes: dict[Symbol, str] = {}
        self._asked_quotes = False
        self._told_quotes = False
        self._down = False
        self._agreed_epoch = 0
        self._connected_epoch = 0

    def on_start(self) -> None:
        """Catch up with what was said before the console began."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self._venues:
            for name in (venue, names.connection(venue), names.resync(venue)):
                self.tell(name, Introduce(self.seat.name))

    def describe(self) -> State:
        """How much it has told."""
        return {"fills_told": len(self._told_fills)}

    def line(self, word: str, text: str) -> None:
        """One line of the story: what it is about, and what happened."""
        self._say(f"{word:<9} {text}")

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        held = [f"{p.quantity} {p.symbol}" for p in message.positions if p.quantity]
        if held or message.open_orders:
            orders = f"{len(message.open_orders)} open orders"
            self.line("GOES ON", f"with {', '.join(held) or 'no holdings'} and {orders}")

    @on(LinkUp)
    def _up(self, message: LinkUp) -> None:
        self._down = False
        if message.epoch == self._connected_epoch:
            return
        self._connected_epoch = message.epoch
        self.line(
            "CONNECTED",
            f"to {message.venue}, server version {message.opened.server_version}, "
            f"account {message.opened.account}",
        )

    @on(LinkDown)
    def _link_down(self, message: LinkDown) -> None:
        if self._down:
            return
        self._down = True
        again = message.next_try_seconds
        wait = f"; next try in {again:.1f} s" if again is not None else ""
        self.line("NO LINK", f"to {message.venue}: {message.sentence}{wait}")

    @on(InstrumentKnown)
    def _instrument(self, message: InstrumentKnown) -> None:
        """Not told: the quotes show what there is."""

    @on(InstrumentFailed)
    def _instrument_failed(self, message: InstrumentFailed) -> None:
        self.line("REFUSED", message.refused.sentence)

    @on(CircuitChanged)
    def _circuit(self, message: CircuitChanged) -> None:
        if message.state != "closed":
            self.line("CIRCUIT", f"of {message.venue} is {message.state}: {message.sentence}")

    @on(Alert)
    def _alert(self, message: Alert) -> None:
        word = "NOTE" if message.level == "info" else "ALERT"
        self.line(word, f"{message.sentence} {message.cure}".strip())

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        if not self._asked_quotes:
            # Asked for once: to be told each of them would take time from the order it leads to.
            self._asked_quotes = True
            self.after(_SETTLE_SECONDS, "ask")
        if self._agreed_epoch == message.epoch and not (message.mismatches or message.in_doubt):
            return
        self._agreed_epoch = message.epoch
        doubt = (
            f"{len(message.in_doubt)} orders in doubt" if message.in_doubt else "nothing in doubt"
        )
        rest = "; ".join(f"{symbol}: {why}" for symbol, why in message.mismatches)
        word = "MISMATCH" if rest else "AGREED"
        self.line(word, f"ledger and {message.venue}: {rest or 'no mismatch'}, {doubt}")

    @on(NotReconciled)
    def _not_reconciled(self, message: NotReconciled) -> None:
        self.line("ON HOLD", f"{message.venue}: {message.sentence}")

    @on(AccountChanged)
    def _account(self, message: AccountChanged) -> None:
        value = message.value
        if (
            self._told_account
            or not value.value
            or (value.tag, value.currency) != ("NetLiquidation", self._base)
        ):
            return
        self._told_account = True
        self.line("ACCOUNT", f"{value.account} is worth {self._money(Decimal(value.value))}")

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        quote = message.quote
        if self._told_quotes or not quote.two_sided:
            return
        self._quotes[quote.symbol] = f"{quote.symbol} {quote.bid:g}/{quote.ask:g}"

    def on_timer(self, name: str) -> None:
        """The first quotes have had time to come; or it is time to say where to look."""
        if name == "where":
            self._tell_where()
        elif name == "ask":
            for venue in self._venues:
                self.tell(names.quotes(venue), Introduce(self.seat.name))
            self.after(_ANSWER_SECONDS, "quotes")
        elif self._quotes:
            self._tell_quotes()
        else:
            self.after(_SETTLE_SECONDS, "ask")  # none has two sides yet

    def _tell_quotes(self) -> None:
        self._told_quotes = True
        self.after(_WHERE_SECONDS, "where")
        self.line("QUOTES", "  ".join(self._quotes[symbol] for symbol in sorted(self._quotes)))

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        if self._told_orders.get(name) is order.state:
            return
        first = name not in self._told_orders
        self._told_orders[name] = order.state
        if first and order.state is OrderState.INTENDED:
            self.line("DECIDED", f"{_terms(order)} ({name})")
        elif order.state is OrderState.WORKING:
            self.line("ORDER", f"{name} works at the venue ({order.venue_order_id})")
        elif order.state.is_final and order.state is not OrderState.FILLED:
            ended = order.state.lower().replace("_", " ")
            self.line("ENDED", f"{name} {ended}: {order.reason or 'no reason given'}")
        elif order.state is OrderState.UNKNOWN:
            self.line("UNKNOWN", f"{name}: {order.reason}")
        if order.state.is_final:
            self._told_orders = dict(list(self._told_orders.items())[-500:])

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        fill = message.fill
        if fill.execution_key in self._told_fills or not fill.commission_final:
            return
        self._told_fills[fill.execution_key] = None
        if len(self._told_fills) > _REMEMBER:
            del self._told_fills[next(iter(self._told_fills))]
        commission = fill.commission if fill.commission is not None else Decimal(0)
        self.line(
            "FILL",
            f"{fill.side} {fill.quantity} {fill.symbol} at {fill.price} "
            f"({fill.quantity * fill.price:,.2f} {fill.symbol.currency}), "
            f"commission {commission:.2f} {fill.commission_currency} ({fill.client_order_id})",
        )
        self._tell_where()

    @on(GuardChanged)
    def _guard(self, message: GuardChanged) -> None:
        guard = message.guard
        red = guard.colour is Colour.RED
        if red and guard.symbol not in self._red:
            self._red[guard.symbol] = None
            self.line("BARE", f"{guard.symbol} is not protected: {guard.cause}")
        elif guard.colour is Colour.GREEN and guard.symbol in self._red:
            del self._red[guard.symbol]
            self.line("GUARDED", f"{guard.symbol} is protected again")

    @on(PlanRecorded)
    def _plan(self, message: PlanRecorded) -> None:
        plan, levels = message.plan, (message.plan.stop, message.plan.target)
        told = self._told_plans.get(plan.plan_id)
        if plan.state is PlanState.CLOSED:
            if self._told_plans.pop(plan.plan_id, None) is not None:
                self.line("PLAN", f"{plan.plan_id} of {plan.symbol} is over: {plan.reason}")
        elif plan.is_open and told != levels:
            self._told_plans[plan.plan_id] = levels
            target = "none" if plan.target is None else plan.target
            words = f"{plan.lot} {plan.symbol}, stop {plan.stop}, target {target}"
            self.line("PLAN", f"{plan.plan_id} guards {words}")

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        adoption, managed = message.adoption, message.position.quantity
        verb = "takes over" if abs(managed) > abs(adoption.was) else "gives up"
        self.line(
            "ADOPTED",
            f"Kelpie {verb} {abs(adoption.quantity)} {adoption.symbol} by the word of "
            f"{adoption.who}: {managed} is managed now",
        )

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        split = message.split
        self.line(
            "SPLIT",
            f"{split.symbol} is split {split.ratio} by the word of {split.who}: {split.was} "
            f"managed became {message.position.quantity}, and its plans follow",
        )

    def _tell_where(self) -> None:
        if not self._told_where:
            self._told_where = True
            for text in self._where:
                self.line("LOOK", text)

    def _money(self, amount: Decimal) -> str:
        return f"A${amount:,.2f}" if self._base == "AUD" else f"{amount:,.2f} {self._base}"


def _terms(order: Order) -> str:
    request = order.request
    price = f"at {request.limit_price} or better" if request.limit_price else "at the market"
    if request.stop_price:
        price = f"{price}, once it trades at {request.stop_price}"
    return f"{request.purpose.lower()}: {request.side} {request.quantity} {request.symbol} {price}"

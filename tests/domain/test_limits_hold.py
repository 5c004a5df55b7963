"""Whatever comes in whatever order: no limit is broken, no sign flips, nothing external is sold.

A small account is played against the gates themselves: proposals of any kind, fills in parts,
fills that come late, corrections, sales by hand, prices that move. What is admitted is taken at
its word; what the account then holds is held against the limits.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.admission import Admission
from domain.exposure import Stake, exposure_of, openings
from domain.figures import DeskFigures
from domain.gates import decide, purpose_of
from domain.holdings import working_of
from domain.limits import Limits
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.risk_figures import PaceFigures, RiskFigures
from domain.symbols import Symbol
from tests.domain.risk_cases import CALM, NOON, PAIR, SHARE

BHP, VAS, EUR = Symbol("BHP", "AUD"), Symbol("VAS", "AUD"), Symbol("EUR", "AUD")
SYMBOLS = (BHP, VAS, EUR)
#: Each of them is the one that binds in some state of the account.
LIMITS = Limits(
    purse=Decimal(2200),
    max_position_value=Decimal(1900),
    max_total_exposure=Decimal(2600),
    max_positions=Decimal(2),
    min_cash=Decimal(500),
)
MAX_ORDER = Decimal(1500)
PRICE = Decimal(40)
"""Bought and sold at one price: what moves is the holding. Marks are for the day's loss."""
QUANTITIES = st.integers(min_value=1, max_value=60).map(Decimal)


class Trading(RuleBasedStateMachine):
    """One account, its orders, and somebody who sells by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Order] = {}
        self.managed = dict.fromkeys(SYMBOLS, Decimal(0))
        self.external = {BHP: Decimal(20), VAS: Decimal(0), EUR: Decimal(0)}
        self.cash = Decimal(2100)
        self.before = dict(self.managed)

    # -- what happens --------------------------------------------------------------------

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(Side),
        quantity=QUANTITIES,
        type=st.sampled_from([OrderType.LIMIT, OrderType.STOP]),
    )
    def propose(self, symbol: Symbol, side: Side, quantity: Decimal, type: OrderType) -> None:
        """Ask for anything."""
        limit, stop = (PRICE, None) if type is OrderType.LIMIT else (None, PRICE)
        name = f"K-{len(self.orders)}"
        self.propose_one(OrderRequest(name, symbol, side, quantity, type, limit, stop))

    def propose_one(self, request: OrderRequest) -> None:
        """What is admitted works from now on."""
        managed = self.managed[request.symbol]
        request = replace(request, purpose=purpose_of(request, managed))
        if isinstance(decide(request, self.figures(request.symbol)), Admission):
            order = Order.intended(request, "ib", NOON)
            self.orders[request.client_order_id] = replace(order, state=OrderState.WORKING)

    @precondition(lambda self: self.open())
    @rule(data=st.data(), quantity=QUANTITIES)
    def fill(self, data: st.DataObject, quantity: Decimal) -> None:
        """A part of an order trades, or all of it."""
        order = data.draw(st.sampled_from(self.open()))
        traded = min(quantity, order.remaining)
        self.trade(order, traded)
        filled = order.filled + traded
        state = OrderState.FILLED if filled == order.request.quantity else order.state
        self.orders[order.client_order_id] = replace(order, filled=filled, state=state)

    @precondition(lambda self: self.open())
    @rule(data=st.data(), state=st.sampled_from([OrderState.CANCELLED, OrderState.UNKNOWN]))
    def ends(self, data: st.DataObject, state: OrderState) -> None:
        """It is taken back, or nobody knows what became of it."""
        order = data.draw(st.sampled_from(self.open()))
        self.orders[order.client_order_id] = replace(order, state=state)

    @precondition(lambda self: self.filled())
    @rule(data=st.data())
    def corrected(self, data: st.DataObject) -> None:
        """The venue takes back one share of what was bought, or of a pair sold short."""
        order = data.draw(st.sampled_from(self.filled()))
        symbol = order.request.symbol
        # Of what is offered already a bust leaves too little: that is the venue's doing.
        if self.leaving(symbol) < self.managed[symbol] * order.request.side.sign:
            self.trade(order, Decimal(-1))
            again = replace(order, filled=order.filled - 1)
            self.orders[order.client_order_id] = again

    @rule(quantity=QUANTITIES)
    def sold_by_hand(self, quantity: Decimal) -> None:
        """Somebody sells what they hold in the same account; never more than that."""
        sold = min(quantity, self.external[BHP])
        self.external[BHP] -= sold
        self.cash += sold * PRICE

    # -- what always holds ---------------------------------------------------------------

    @invariant()
    def no_limit_is_broken_whatever_fills(self) -> None:
        exposure = self.figures(BHP).risk.exposure
        assert exposure.total is not None and exposure.total <= 2600
        assert exposure.ours is not None and exposure.ours <= 2200
        assert exposure.positions <= 2
        for symbol in SYMBOLS:
            worst = self.figures(symbol).risk.exposure
            assert worst.long is not None and worst.long <= 1900
            assert worst.short is not None and worst.short <= 1900
        for order in self.orders.values():
            if order.request.purpose is Purpose.ENTRY:
                assert order.request.quantity * PRICE <= MAX_ORDER
        assert self.free() >= 500

    @invariant()
    def no_sign_flips_and_nothing_external_is_sold(self) -> None:
        for symbol in SYMBOLS:
            assert self.before[symbol] * self.managed[symbol] >= 0, "through zero in one fill"
            if not symbol.is_currency_pair:
                assert self.managed[symbol] >= 0, "a share sold that was not ours"
            entries = [o for o in self.still_open(symbol) if o.request.purpose is Purpose.ENTRY]
            assert len({order.request.side for order in entries}) < 2, "either could fill alone"
            assert self.leaving(symbol) <= abs(self.managed[symbol])
        self.before = dict(self.managed)

    # -- the account ---------------------------------------------------------------------

    def figures(self, symbol: Symbol) -> DeskFigures:
        """As the desk would make them."""
        orders = [o for o in self.orders.values() if not o.state.is_final]
        ours = openings(orders, {"AUD": Decimal(1)})
        stakes = [
            Stake(each, self.managed[each] + self.external[each], self.managed[each], PRICE)
            for each in SYMBOLS
        ]
        working = working_of(orders, symbol)
        entries = tuple(
            o.request for o in self.still_open(symbol) if o.request.purpose is Purpose.ENTRY
        )
        instrument = PAIR if symbol.is_currency_pair else SHARE
        return replace(
            CALM,
            instrument=replace(instrument, symbol=symbol),
            price=PRICE,
            managed=self.managed[symbol],
            held=self.managed[symbol] + self.external[symbol],
            working_buys=working.buys,
            working_sells=working.sells,
            max_order_value=MAX_ORDER,
            odd_lots_allowed=True,
            risk=RiskFigures(
                limits=LIMITS,
                pace=PaceFigures(working=entries),
                exposure=exposure_of(symbol, stakes, ours),
                cash=self.free(),
            ),
        )

    def leaving(self, symbol: Symbol) -> Decimal:
        """What exits may still take out."""
        exits = (o for o in self.still_open(symbol) if o.request.purpose is not Purpose.ENTRY)
        return sum((order.exposed for order in exits), Decimal(0))

    def free(self) -> Decimal:
        orders = [o for o in self.orders.values() if not o.state.is_final]
        taken = (
            opening.value or Decimal(0)
            for opening in openings(orders, {"AUD": Decimal(1)})
            if opening.side is Side.BUY and not opening.symbol.is_currency_pair
        )
        return self.cash - sum(taken, Decimal(0))

    def trade(self, order: Order, quantity: Decimal) -> None:
        request = order.request
        self.managed[request.symbol] += request.side.sign * quantity
        if not request.symbol.is_currency_pair:
            self.cash -= request.side.sign * quantity * PRICE

    def still_open(self, symbol: Symbol) -> list[Order]:
        listed = self.orders.values()
        return [o for o in listed if o.request.symbol == symbol and not o.state.is_final]

    def open(self) -> list[Order]:
        return [o for o in self.orders.values() if not o.state.is_final and o.remaining]

    def filled(self) -> list[Order]:
        entries = (o for o in self.orders.values() if o.request.purpose is Purpose.ENTRY)
        return [order for order in entries if order.filled and order.state.is_final]


TestTrading = Trading.TestCase
TestTrading.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

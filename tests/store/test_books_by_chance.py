"""Whatever comes in whatever order, the books balance, and plans guard no more than there is.

The account of `tests.domain.test_limits_hold`, played against the gates, with its ledger of money
and its plans: each fill is entered at a price of its own, each correction takes back and enters
anew, plans are left and their stops moved. Truth is a recomputation from all fills.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from adapters.store.average_cost import Holding, after_fill
from domain.admission import Admission
from domain.exits import exit_order
from domain.figures import RISK_REDUCING
from domain.gates import decide, sized
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.plan_lots import Flow, followed
from domain.plan_rules import PlanRules, changed_levels, first_plan
from domain.plan_terms import Trail
from domain.plans import Plan, PlanChange, PlanError, changed
from domain.postings import Account, Change, Line, Trade, charged, corrected, filled, postings
from domain.price_steps import on_step
from domain.symbols import Symbol
from domain.trailing import BETWEEN_MOVES, TrailRules, for_the_day, for_the_night, trailed
from domain.venue import PriceStep
from tests.domain.risk_cases import NOON, PAIR, SHARE
from tests.domain.test_limits_hold import PRICE, QUANTITIES, SYMBOLS, Trading

RULES = PlanRules(stop=Decimal("0.03"), target=Decimal("0.06"))
NIGHT = TrailRules(night_room=Decimal("0.5"))
PRICES = st.decimals(min_value=35, max_value=45, places=4)
FEE = Decimal("6.60")
_ZERO = Decimal(0)


class Booked(Trading):
    """The same account with its books, and a plan for each entry."""

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[tuple[str, Trade]] = []
        self.balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self.plans: dict[str, Plan] = {}
        self.now = NOON

    # -- what happens besides ------------------------------------------------------------

    @rule(symbol=st.sampled_from(SYMBOLS), quantity=st.integers(1, 15).map(Decimal))
    def trade_at_once(self, symbol: Symbol, quantity: Decimal) -> None:
        """A small purchase, or a sale without a plan, that fills as it arrives."""
        side = Side.SELL if self.managed[symbol] >= quantity else Side.BUY
        name = f"K-{len(self.orders)}"
        self.propose_one(OrderRequest(name, symbol, side, quantity, OrderType.LIMIT, PRICE))
        order = self.orders.get(name)
        if order is not None:
            self.trade(order, quantity)
            self.orders[name] = replace(order, filled=quantity, state=OrderState.FILLED)

    @precondition(lambda self: self.guarded())
    @rule(data=st.data(), quantity=QUANTITIES)
    def leave(self, data: st.DataObject, quantity: Decimal) -> None:
        """A plan wants out, of more than it holds even."""
        plan = data.draw(st.sampled_from(self.guarded()))
        figures = self.figures(plan.symbol)
        request = exit_order(f"K-{len(self.orders)}", plan, quantity, PRICE)
        request = sized(request, figures)
        if isinstance(decide(request, figures), Admission):
            assert request.quantity <= abs(self.managed[plan.symbol])
            order = Order.intended(request, "ib", NOON)
            self.orders[request.client_order_id] = replace(order, state=OrderState.WORKING)

    @precondition(lambda self: self.guarded())
    @rule(data=st.data(), best=PRICES, price=PRICES)
    def stop_follows(self, data: st.DataObject, best: Decimal, price: Decimal) -> None:
        """The market moves; a stop moves with it, or not."""
        plan = data.draw(st.sampled_from(self.guarded()))
        self.now += BETWEEN_MOVES
        moved = trailed(plan, best, price, self.now, NIGHT, self.steps(plan.symbol))
        if moved is not None:
            assert (moved.stop - plan.stop) * plan.side.sign > 0
            self.plans[plan.plan_id] = moved

    @precondition(lambda self: self.guarded())
    @rule(data=st.data(), stop=PRICES)
    def stop_by_hand(self, data: st.DataObject, stop: Decimal) -> None:
        """A person names a stop between two steps."""
        plan = data.draw(st.sampled_from(self.guarded()))
        stepped = changed_levels(PlanChange(stop), plan.side, self.steps(plan.symbol))
        assert stepped.stop is not None
        assert (stepped.stop - stop) * plan.side.sign >= 0, "rounded to the worse side"
        try:
            after = changed(plan, stepped, "by hand")
        except PlanError:
            return
        assert (after.stop - plan.stop) * plan.side.sign > 0
        self.plans[plan.plan_id] = after

    @rule()
    def a_night(self) -> None:
        """Stops have some room for the night, and are back in the morning."""
        for plan in self.guarded():
            wide = for_the_night(plan, NIGHT, self.steps(plan.symbol))
            if wide is not None:
                assert (wide.stop - plan.terms.stop) * plan.side.sign >= 0
                day = for_the_day(wide)
                assert day is not None and day.stop == plan.stop

    # -- what always holds ---------------------------------------------------------------

    @invariant()
    def the_books_balance_and_show_the_cash_that_moved(self) -> None:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for (_, currency), amount in self.balances.items():
            sums[currency] += amount
        assert not any(sums.values())
        cash: dict[str, Decimal] = defaultdict(Decimal)
        for _, trade in self.fills:
            cash[trade.symbol.currency] -= trade.value + FEE
            if trade.symbol.is_currency_pair:
                cash[trade.symbol.base] += trade.side.sign * trade.quantity
        for currency, amount in cash.items():
            assert self.balances[Account.CASH, currency] == amount
        held = [self.holding(symbol) for symbol in SYMBOLS]
        assert self.balances[Account.POSITION, "AUD"] == sum(each.cost for each in held)
        assert self.balances[Account.REALISED, "AUD"] == -sum(each.realised for each in held)

    @invariant()
    def plans_guard_no_more_than_there_is(self) -> None:
        self.follow()
        for symbol in SYMBOLS:
            managed = self.managed[symbol]
            mine = [each for each in self.guarded() if each.symbol == symbol]
            assert sum((each.lot for each in mine), _ZERO) <= abs(managed)
            assert all(each.side.sign * managed > 0 for each in mine)
            assert all(on_step(each.stop, self.steps(symbol)) for each in mine)
            assert self.holding(symbol).quantity == managed

    # -- the books and the plans ---------------------------------------------------------

    def trade(self, order: Order, quantity: Decimal) -> None:
        before = self.managed[order.request.symbol]
        super().trade(order, quantity)
        if quantity < 0:
            self._take_back(order, -quantity)
            return
        if order.request.purpose in RISK_REDUCING:
            assert abs(self.managed[order.request.symbol]) < abs(before), "an exit enlarged it"
        price = PRICE - Decimal("0.0137") * (len(self.fills) % 7)
        trade = Trade(order.request.symbol, order.request.side, quantity, price)
        was = self.holding(trade.symbol)
        self.fills.append((order.client_order_id, trade))
        self._write(filled(trade, _change(was, self.holding(trade.symbol))))
        self._write(charged("AUD", FEE, Account.COMMISSION))

    def _take_back(self, order: Order, quantity: Decimal) -> None:
        """The newest fill of the order of which there is something left is corrected."""
        number, (name, old) = next(
            (number, each)
            for number, each in reversed(list(enumerate(self.fills)))
            if each[0] == order.client_order_id and each[1].quantity >= quantity
        )
        was, new = self.holding(old.symbol), replace(old, quantity=old.quantity - quantity)
        self.fills[number] = (name, new)
        for lines in corrected(old, new, _change(was, self.holding(old.symbol))):
            self._write(lines)

    def _write(self, lines: tuple[Line, ...]) -> None:
        for each in postings(lines):
            self.balances[each.debit, each.currency] += each.amount
            self.balances[each.credit, each.currency] -= each.amount

    def holding(self, symbol: Symbol) -> Holding:
        """By all fills, as they stand."""
        found = None
        for _, trade in self.fills:
            if trade.symbol == symbol and trade.quantity:
                found = after_fill(found, trade.side, trade.quantity, trade.price, NOON)
        return found or Holding(_ZERO, _ZERO, _ZERO, NOON)

    def guarded(self) -> list[Plan]:
        return [plan for plan in self.plans.values() if plan.is_open]

    def follow(self) -> None:
        """The next version of each plan, by what its orders have traded."""
        for order in self.orders.values():
            if order.request.purpose is Purpose.ENTRY and order.client_order_id not in self.plans:
                self.plans[order.client_order_id] = self.planned(order)
        for symbol in SYMBOLS:
            mine = [plan for plan in self.plans.values() if plan.symbol == symbol]
            flows = [(plan, self.flow(plan)) for plan in mine]
            for plan in followed(flows, self.managed[symbol], self.now):
                self.plans[plan.plan_id] = plan

    def planned(self, order: Order) -> Plan:
        request, steps = order.request, self.steps(order.request.symbol)
        plan = first_plan(
            request, "ib", None, RULES, price=PRICE, steps=steps, at=self.now, reason="entered"
        )
        return replace(plan, terms=replace(plan.terms, trail=Trail(_ZERO, Decimal("0.5"))))

    def flow(self, plan: Plan) -> Flow:
        entry = self.orders[plan.plan_id]
        exits = [order for order in self.orders.values() if order.request.plan == plan.plan_id]
        left = sum((each.filled for each in exits if each is not entry), _ZERO)
        return Flow(entry.filled, PRICE, left, not entry.state.is_final)

    def steps(self, symbol: Symbol) -> Sequence[PriceStep]:
        return (PAIR if symbol.is_currency_pair else SHARE).price_steps


def _change(before: Holding, after: Holding) -> Change:
    return Change(after.cost - before.cost, after.realised - before.realised)


TestBooked = Booked.TestCase
TestBooked.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)

"""Whatever a venue does, in whichever order it is heard: protected in the end, not sold twice.

The venue of this test follows each of the answers that IB leaves open. What is known lags behind
what is so; what is asked for comes about later, or is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.guarding import judge
from domain.orders import Order, OrderState, Purpose
from domain.protection import AskList, Cancel, Change, Leaving, Listed, Place, Scene, generation_of
from tests.domain.test_guarding import ENTRY, LOT, NOW, STEP, STOP, TARGET

_GO = Leaving("its age", Decimal("45.00"), Decimal("44.95"))
_BLIND = Leaving("its age", None, None, blind=True)
_EVENTS = (
    "entry fills", "entry fills", "entry ends", "first fills", "last fills", "purged",
    "carry out", "carry out", "carry out", "hear", "hear", "list", "judge", "judge", "later",
    "leave", "blind", "written",
)  # fmt: skip


@dataclass
class World:
    """The venue's truth, the book's knowledge of it, and what is on its way."""

    wakes: str
    fate: str
    together: str
    aimed: bool
    """It has a target."""
    entry: Order = field(default_factory=lambda: _sent(ENTRY))
    orders: dict[str, Order] = field(default_factory=dict)
    asleep: set[str] = field(default_factory=set)
    spent: set[str] = field(default_factory=set)
    known_entry: Order = field(default_factory=lambda: _sent(ENTRY))
    known: dict[str, Order] = field(default_factory=dict)
    known_bought: Decimal = Decimal(0)
    known_sold: Decimal = Decimal(0)
    listed: dict[str, Listed] | None = None
    queue: list[Cancel | Change | Place] = field(default_factory=list)
    leaving: bool = False
    blind: bool = False
    unchangeable: bool = False
    asleep_seconds: float = 0.0
    sold: Decimal = Decimal(0)
    generation: int = 1

    def __post_init__(self) -> None:
        for child in (_sent(TARGET), _sent(STOP))[0 if self.aimed else 1 :]:
            self.orders[child.client_order_id] = child
            self.asleep.add(child.client_order_id)
        self.known = dict(self.orders)

    # -- the venue -----------------------------------------------------------------------

    def open(self) -> list[Order]:
        return [order for order in self.orders.values() if not order.state.is_final]

    def entry_fills(self, quantity: int) -> None:
        if self.entry.state.is_final:
            return
        by = min(Decimal(quantity), self.entry.remaining)
        done = self.entry.remaining == by
        state = OrderState.FILLED if done else OrderState.WORKING
        self.entry = replace(self.entry, filled=self.entry.filled + by, state=state)
        if done or self.wakes == "parent_fills":
            self._wake()

    def entry_ends(self) -> None:
        if self.entry.state.is_final:
            return
        self.entry = replace(self.entry, state=OrderState.CANCELLED)
        if self.fate == "kept" and self.entry.filled:
            self._wake()
        else:
            for order in self.open():
                if order.request.parent:
                    self.end(order.client_order_id)

    def _wake(self) -> None:
        """Children work in the size of what their parent has filled, less what has left it."""
        for order in self.open():
            if order.request.parent:
                self.asleep.discard(order.client_order_id)
                quantity = self.entry.filled - self.sold + order.filled
                self._put(order, quantity)

    def _put(self, order: Order, quantity: Decimal) -> None:
        request = replace(order.request, quantity=quantity)
        self.orders[order.client_order_id] = replace(order, request=request)

    def trade(self, order: Order, quantity: int) -> None:
        """It fills; the others of its group are reduced."""
        name = order.client_order_id
        if name in self.asleep:
            return
        by = min(Decimal(quantity), order.remaining)
        self.sold += by
        full = by == order.remaining
        state = OrderState.FILLED if full else order.state
        self.orders[name] = replace(order, filled=order.filled + by, state=state)
        self.spent.add(order.request.oca_group or "")
        for other in self.open():
            if other.client_order_id != name and _one_group(order, other):
                if other.remaining <= by:
                    self._close(other)
                else:
                    self._put(other, other.request.quantity - by)
        assert self.sold <= self.entry.filled, "more is sold than was bought"

    def end(self, name: str) -> None:
        """It is cancelled, and by its habit the venue ends the group."""
        order = self.orders[name]
        if order.state.is_final:
            return
        self._close(order)
        named = self.together == "named_groups" and not order.request.parent
        for other in self.open():
            if (self.together == "always" or named) and _one_group(order, other):
                self._close(other)

    def _close(self, order: Order) -> None:
        self.spent.add(order.request.oca_group or "")
        self.orders[order.client_order_id] = replace(order, state=OrderState.CANCELLED)

    def carry_out(self, *, refuse: bool) -> None:
        if not self.queue:
            return
        step = self.queue.pop(0)
        self.listed = None  # the book has it, and the list is older than that
        match step:
            case Cancel(names):
                for name in names:
                    self.entry_ends() if name == ENTRY.client_order_id else self.end(name)
            case Change(name, wanted):
                order = self.orders[name]
                if order.state.is_final or refuse:
                    return
                quantity = wanted.quantity or order.request.quantity
                if quantity > order.filled:
                    self._put(order, quantity)
            case Place(requests):
                if refuse or requests[0].oca_group in self.spent:
                    return
                for request in requests:
                    assert request.client_order_id not in self.orders, "an id is used twice"
                    self.orders[request.client_order_id] = _sent(request)

    # -- what is known -------------------------------------------------------------------

    def hear(self, number: int) -> None:
        """Of one order, or of the entry, it becomes known how it stands."""
        names = [*self.orders, ENTRY.client_order_id, "fills"]
        name = names[number % len(names)]
        before = (self.known_entry, self.known.get(name), self.known_bought, self.known_sold)
        if name == "fills":
            self.known_bought, self.known_sold = self.entry.filled, self.sold
        elif name == ENTRY.client_order_id:
            self.known_entry = self.entry
        else:
            self.known[name] = self.orders[name]
        after = (self.known_entry, self.known.get(name), self.known_bought, self.known_sold)
        if after != before:
            self.listed = None

    def list(self) -> None:
        """A round of lists: by its end all that it shows is known."""
        for number in range(len(self.orders) + 2):
            self.hear(number)
        self.listed = {
            order.client_order_id: Listed(
                order.remaining, awake=order.client_order_id not in self.asleep
            )
            for order in self.open()
        }

    def scene(self) -> Scene:
        quantity = max(self.known_bought - self.known_sold, Decimal(0))
        leaving = (_BLIND if self.blind else _GO) if self.leaving else None
        entry = None if self.known_entry.state.is_final else self.known_entry
        used = [generation_of(o.request.oca_group, "K-1") for o in self.known.values()]
        self.generation = max(self.generation, *used)
        return Scene(
            lot=replace(
                LOT,
                quantity=quantity,
                leaving=leaving,
                target=LOT.target if self.aimed else None,
            ),
            entry=entry,
            orders=tuple(o for o in self.known.values() if not o.state.is_final),
            listed=self.listed,
            cap=quantity,
            generation=self.generation + 1,
            fresh_id=str(len(self.orders)),
            steps=STEP,
            spent=frozenset(self.spent),
            busy=frozenset(_busy(self.queue)),
            asleep_seconds=self.asleep_seconds,
            unchangeable=self.unchangeable,
        )

    def judge(self) -> None:
        if self.queue:
            return  # what was asked for has no answer yet
        for step in judge(self.scene()).steps:
            if not isinstance(step, AskList):
                self.queue.append(step)
                self.listed = None
                if isinstance(step, Place):
                    self.generation = max(
                        self.generation, generation_of(step.requests[0].oca_group, "K-1")
                    )

    def happen(self, event: str, number: int) -> None:
        live = self.open()
        match event:
            case "entry fills":
                self.entry_fills(number)
            case "entry ends":
                self.entry_ends()
            case "first fills" if live:
                self.trade(live[0], number)
            case "last fills" if live:
                self.trade(live[-1], number)
            case "purged" if live:
                self.end(live[number % len(live)].client_order_id)
            case "carry out":
                self.carry_out(refuse=number % 5 == 0)
            case "hear":
                self.hear(number)
            case "list":
                self.list()
            case "later":
                self.asleep_seconds = 5.0
            case "leave":
                self.leaving = number % 4 != 0
            case "blind":
                self.blind = number % 2 == 0
            case "written":
                self.unchangeable = number % 2 == 0
            case "judge":
                self.judge()


def _sent(request: object) -> Order:
    order = Order.intended(request, "ib", NOW)  # type: ignore[arg-type]
    return replace(order, state=OrderState.WORKING)


def _one_group(one: Order, other: Order) -> bool:
    group = one.request.oca_group
    return group is not None and group == other.request.oca_group


def _busy(queue: list[Cancel | Change | Place]) -> set[str]:
    names: set[str] = set()
    for step in queue:
        match step:
            case Cancel(cancelled):
                names.update(cancelled)
            case Change(name):
                names.add(name)
            case Place(requests):
                names.update(request.client_order_id for request in requests)
    return names


@given(
    st.sampled_from(["parent_complete", "parent_fills"]),
    st.sampled_from(["cancelled", "kept"]),
    st.sampled_from(["always", "named_groups", "never"]),
    st.booleans(),
    st.integers(0, 100),
    st.booleans(),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(_EVENTS), st.integers(1, 120)), max_size=60),
)
@settings(max_examples=1000, deadline=None)
def test_whatever_happens_nothing_is_sold_twice_and_it_ends_protected(
    wakes: str,
    fate: str,
    together: str,
    aimed: bool,
    filled: int,
    ended: bool,
    leaving: bool,
    events: list[tuple[str, int]],
) -> None:
    world = World(wakes, fate, together, aimed)
    world.entry_fills(filled)
    world.leaving = leaving
    if ended:
        world.entry_ends()
        world.list()
    for event, number in events:
        world.happen(event, number)
        _never_two_exits_beside_each_other(world)
    # Now the market is still, and time goes by.
    world.asleep_seconds, world.leaving, world.unchangeable = 5.0, False, False
    for _ in range(20):
        world.list()
        world.judge()
        while world.queue:
            world.carry_out(refuse=False)
            _never_two_exits_beside_each_other(world)
    world.list()
    held = world.entry.filled - world.sold
    stops = [o for o in world.open() if o.request.purpose is Purpose.PROTECTION]
    awake = [o for o in stops if o.client_order_id not in world.asleep]
    assert sum(order.remaining for order in awake) >= held
    assert world.entry.state.is_final or sum(o.remaining for o in awake) == held
    said = judge(world.scene())
    assert said.cause == "" and said.protected == held
    if world.entry.state.is_final:
        assert sum(order.remaining for order in awake) == held, "and no stop is too large"


def _never_two_exits_beside_each_other(world: World) -> None:
    """Of each group the largest may sell; together no more than is held."""
    largest: dict[str, Decimal] = {}
    for order in world.open():
        if order.client_order_id not in world.asleep:
            group = order.request.oca_group or order.client_order_id
            largest[group] = max(largest.get(group, Decimal(0)), order.remaining)
    assert sum(largest.values()) <= world.entry.filled - world.sold

"""The gateway's truth and Kelpie's book, held against each other when a story is over."""

from __future__ import annotations

from decimal import Decimal

from simulators.books import Books
from simulators.model import BrokerOrder
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.truth import of_broker, of_hook
from tests.tree.waiting import until

PREFIX = "KLP-"
BHP = 4036812


def at_broker(stage: Stage, name: str) -> BrokerOrder:
    """The one order that the broker has under this client order id."""
    [order] = [each for each in stage.books().orders if each.request.order_ref == name]
    return order


def status_at_broker(stage: Stage, name: str) -> str:
    """Its status in the broker's books; empty while it is not there."""
    orders = {order.request.order_ref: order for order in stage.books().orders}
    return orders[name].status if name in orders else ""


def held(books: Books, con_id: int = BHP) -> Decimal:
    """What the account holds of a contract, by the broker's books."""
    return books.positions[con_id].quantity if con_id in books.positions else Decimal(0)


def assert_agreed(stage: Stage, tree: Tree, **placed: int) -> None:
    """The broker and Kelpie are of one mind, and nothing was placed but once.

    First the broker's own word: each of our orders was placed once, changes left out, or as
    often as `placed` says (by id, with `_` for `-`). Then Kelpie's: the same executions with
    the same commissions, the same holding, and open is what is open there.
    """
    once = {name.replace("_", "-"): count for name, count in placed.items()}

    def disagreement() -> str:
        # Read anew each time: a plan may leave a position while this looks.
        books, placements = stage.books(), stage.wire().orders_per_ref()
        ours = [o for o in books.orders if o.request.order_ref.startswith(PREFIX)]
        names = [order.request.order_ref for order in ours]
        truth = sorted(of_broker(books, PREFIX))
        holding = (_bought(books), held(books))
        there = {o.request.order_ref for o in ours if o.is_open}
        here = {name for name in names if _is_open(tree, name)}
        told = sorted(of_hook(tree.get("/fills")["items"]))
        if placements != dict.fromkeys(names, 1) | once or len(names) != len(set(names)):
            return f"placed {placements}, in the books {names}"
        if told != truth:
            return f"executions there {truth}, here {told}"
        if _holdings(tree) != holding:
            return f"holding there {holding}, here {_holdings(tree)}"
        return "" if here == there else f"open there {there}, here {here}"

    said = disagreement()

    def agreed() -> bool:
        nonlocal said
        said = disagreement()
        return not said

    try:
        until(agreed, "agreed")
    except AssertionError:
        raise AssertionError(said) from None
    assert tree.lost_facts() == []


def _bought(books: Books) -> Decimal:
    executions = [e for e in books.executions if e.order.request.con_id == BHP]
    ours = [e for e in executions if e.order.request.order_ref.startswith(PREFIX)]
    return sum((e.order.request.side.sign * e.quantity for e in ours), Decimal(0))


def _holdings(tree: Tree) -> tuple[Decimal, Decimal]:
    """Managed and held of BHP, as the desk has it."""
    rows = [p for p in tree.get("/positions")["items"] if p["symbol"] == "BHP/AUD"]
    if not rows:
        return Decimal(0), Decimal(0)
    return Decimal(rows[0]["managed"]), Decimal(rows[0]["held"])


def _is_open(tree: Tree, name: str) -> bool:
    order = tree.order(name)
    return order is not None and not order.state.is_final

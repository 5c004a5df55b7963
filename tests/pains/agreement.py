"""The gateway's truth and Kelpie's book, held against each other when a story is over."""

from __future__ import annotations

from collections import Counter
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


def held(books: Books, con_id: int = BHP) -> Decimal:
    """What the account holds of a contract, by the broker's books."""
    return books.positions[con_id].quantity if con_id in books.positions else Decimal(0)


def assert_agreed(stage: Stage, tree: Tree, **placed: int) -> None:
    """The broker and Kelpie are of one mind, and nothing was placed but once.

    First the broker's own word: each of our orders was placed `placed` times (by id, with `_`
    for `-`; 1 where it is not named), changes left out. Then Kelpie's: the same executions with
    the same commissions, the same holding, and open is what is open there.
    """
    books = stage.books()
    ours = [o for o in books.orders if o.request.order_ref.startswith(PREFIX)]
    wanted = Counter({order.request.order_ref: 1 for order in ours})
    wanted.update({name.replace("_", "-"): count - 1 for name, count in placed.items()})
    assert stage.wire().orders_per_ref() == wanted
    assert len(ours) == len({order.request.order_ref for order in ours}), "an order twice"
    truth = sorted(of_broker(books, PREFIX))
    until(
        lambda: sorted(of_hook(tree.get("/fills")["items"])) == truth,
        f"Kelpie has the broker's executions: {truth}",
    )
    until(
        lambda: _holdings(tree) == (_bought(books), held(books)),
        f"Kelpie has the broker's holding: {(_bought(books), held(books))}",
    )
    until(
        lambda: (
            {o.request.order_ref for o in ours if _is_open(tree, o.request.order_ref)}
            == {o.request.order_ref for o in ours if o.is_open}
        ),
        "open here is what is open there",
    )
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

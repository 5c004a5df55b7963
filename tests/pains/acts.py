"""What the tests of pains do with a tree, again and again, and where they read what came of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from actors import names
from actors.messages import GetWhyNot
from domain.risk_views import WhyNotView
from domain.symbols import Symbol
from tests.tree.in_process import Tree
from tests.tree.waiting import SOON, until

RESTS = "30"
"""A bid for BHP that nobody hits while its market stands still."""
LIMIT = {"type": "LIMIT", "limit_price": RESTS}


def written(folder: Path, source: str, body: str) -> str:
    """A scenario of the test's own, for what no file of the house has; its path."""
    head = f'title = "Of a test"\nsource = "{source}"\nstory = "See the test."\n'
    path = folder / "scenario.toml"
    path.write_text(head + body, encoding="utf-8")
    return str(path)


def taken(tree: Tree, name: str, **terms: str) -> None:
    """An order that Kelpie takes; what becomes of it is another matter."""
    answer = tree.propose(name, **terms)
    assert answer.status_code == 202, answer.text


def buy(tree: Tree, name: str, **terms: str) -> None:
    """20 BHP at the market, and wait until they are there."""
    taken(tree, name, **terms)
    tree.wait_for_state(name, "FILLED")


def rest(tree: Tree, name: str, **terms: str) -> None:
    """An order that works and does not trade."""
    taken(tree, name, **(LIMIT | terms))
    tree.wait_for_state(name, "WORKING")


def refused(tree: Tree, name: str, **terms: str) -> tuple[str, str]:
    """Code and detail of the refusal that an order meets."""
    answer = tree.propose(name, **terms)
    assert answer.status_code >= 400, answer.text
    problem = answer.json()
    return problem["code"], problem["detail"]


def venue_row(tree: Tree) -> dict[str, Any]:
    """How the venue stands, as the owner sees it."""
    [item] = tree.get("/venues")["items"]
    row: dict[str, Any] = item
    return row


def alerts(tree: Tree) -> list[str]:
    """The codes of the alerts that stand."""
    return [alert["code"] for alert in venue_row(tree)["alerts"]]


def wait_for_cause(tree: Tree, cause: str, seconds: float = 20.0) -> None:
    """Wait until the venue is not tradable, and for this reason."""
    until(lambda: venue_row(tree)["cause"] == cause, f"the cause is {cause}", seconds)


def quote_of(tree: Tree, symbol: str = "BHP/AUD") -> dict[str, Any] | None:
    """The quote that the hook shows, if there is one."""
    for each in tree.get("/quotes")["items"]:
        if each["symbol"] == symbol:
            row: dict[str, Any] = each
            return row
    return None


def wait_for_quote(tree: Tree, symbol: str = "BHP/AUD") -> Decimal:
    """Wait for a fresh quote that the desk has as well; its ask."""

    def fresh() -> Any:
        quote = quote_of(tree, symbol)
        return quote if quote is not None and not quote["stale"] else None

    ask = Decimal(str(until(fresh, f"a fresh quote of {symbol}")["ask"]))

    def told() -> bool:
        said = tree.system.ask(names.DESK, GetWhyNot(Symbol.parse(symbol))).get(timeout=SOON)
        return isinstance(said, WhyNotView) and said.price is not None

    until(told, "the desk has been told of it")
    return ask


def state_of(tree: Tree, seat: str) -> dict[str, Any]:
    """An actor's own account of itself."""
    state: dict[str, Any] = tree.get(f"/actors/{seat}")["state"]
    return state

"""Somebody at a terminal before a real tree, and what they and others do at the venue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.store import open_book
from console.cli import main as kelpie
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from tests.pains.acts import rest
from tests.pains.again import rounds, tick
from tests.pains.agreement import BHP, held
from tests.pains.conftest import Stage
from tests.simulators.raw_client import RawClient, place_order
from tests.tree.in_process import Tree
from tests.tree.waiting import until

KELPIES_CLIENT, ANOTHERS_CLIENT = 17, 23


class Person:
    """Somebody at a terminal, with `kelpie` and what it says."""

    def __init__(self, stage: Stage, tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
        self.stage, self.tree = stage, tree
        self._capsys = capsys
        token = stage.folder / "hook.token"
        token.write_text(tree.hook.token)
        token.chmod(0o600)
        self._reach = ("--url", tree.hook.url, "--token-file", str(token))

    def says(self, *words: str) -> tuple[int, str]:
        """Exit status, and all that was printed."""
        self._capsys.readouterr()
        status = kelpie([*words, *self._reach])
        printed = self._capsys.readouterr()
        return status, printed.out + printed.err

    def reconciles(self) -> tuple[int, dict[str, Any]]:
        """`kelpie reconcile --json`, once two comparisons in a row have been made."""
        before = rounds(self.tree)
        assert self.tree.call("POST", "/reconcile").status_code == 202
        until(lambda: rounds(self.tree) > before, "lists have been judged")
        until(self.tree.settled, "and what came of it is done")
        status, said = self.says("reconcile", "--json")
        [row] = json.loads(said)["items"]
        return status, row

    def rules(self, kind: str) -> list[str]:
        """The rules of the differences of a kind that the last comparison found."""
        [row] = self.tree.get("/reconciliation")["items"]
        return [each["rule"] for each in row[kind]]


Sits = Callable[[Tree], Person]
"""Sits down before a tree."""


def audited(stage: Stage, what: str) -> list[str]:
    """The audit of a book that no process has open, by what was done."""
    book = open_book(stage.folder / "state", "paper", ACCOUNT, SystemClock())
    try:
        return [row.detail for row in book.audit(limit=1000) if row.what == what]
    finally:
        book.close()


def trades_again(stage: Stage, tree: Tree, name: str) -> None:
    """The symbol is on hold no more: an entry is taken, and comes to the venue."""
    tick(stage)
    tree.wait_until_ready()
    rest(tree, name)


def sell_by_hand(stage: Stage, quantity: int) -> None:
    before = held(stage.books(), BHP)
    stage.control.do(
        "manual_order", symbol="BHP/AUD", side="SELL", quantity=quantity, limit_price=30
    )
    if quantity > before:
        stage.control.do("locate")
    until(lambda: held(stage.books(), BHP) == before - quantity, "it is sold by hand")


def managed(tree: Tree) -> Decimal:
    rows = [p for p in tree.get("/positions")["items"] if p["symbol"] == "BHP/AUD"]
    return Decimal(rows[0]["managed"]) if rows else Decimal(0)


def place(stage: Stage, client_id: int, reference: str, *, limit: str) -> None:
    """Another program places an order for 10 BHP; its socket is closed again."""

    async def order() -> None:
        client = await RawClient.ready(stage.venue.port, client_id)
        client.send(*place_order(500, order_ref=reference, limit=limit))
        await client.until("5")
        await client.close()

    asyncio.run(order())

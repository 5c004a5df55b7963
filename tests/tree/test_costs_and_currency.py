"""Costs and currencies on the real tree, with its gates as they are shut by default.

The gateway's commissions and cash are data of its own, so that agreement says something.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest

from simulators.tws.protocol import Request
from supervisor import main
from tests.pains.acts import buy, refused, taken, wait_for_quote
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.person import Sits
from tests.tree.test_flatten import done, flatten
from tests.tree.waiting import until

PAIR = {"symbol": "AUD/USD", "type": "LIMIT"}


def strict(stage: Stage) -> AbstractContextManager[Tree]:
    """A tree whose gates on costs and borrowing are shut as they are by default."""
    return stage.tree(
        MAX_ROUND_TRIP_COST="1",
        BORROW_CURRENCY="refuse",
        MAX_ORDER_VALUE="100000",
        ODD_LOTS="allow",
        ALLOWED_SYMBOLS="BHP/AUD,AUD/USD",
    )


def convert(tree: Tree, stage: Stage, name: str, quantity: str) -> None:
    """So many A$ into US$, and wait until the gateway has told the cash since."""
    wait_for_quote(tree, "AUD/USD")
    terms = {"symbol": "AUD/USD", "type": "MARKET", "purpose": "CONVERT"}
    taken(tree, name, side="SELL", quantity=quantity, **terms)
    tree.wait_for_state(name, "FILLED")


def report(stage: Stage, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `kelpie report commissions` says beside the running tree."""
    [book] = (stage.folder / "state").glob("*/ledger.db")
    capsys.readouterr()
    assert main(["report", "commissions", "--json", "--book", str(book)]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def sums(said: dict[str, Any]) -> list[dict[str, str]]:
    """Of all months, by currency."""
    found: list[dict[str, str]] = said["sections"]["In all"]
    return found


def managed(tree: Tree) -> dict[str, str]:
    return {row["symbol"]: row["managed"] for row in tree.get("/positions")["items"]}


def refs(stage: Stage) -> list[str]:
    """The client order ids that went over the wire."""
    return sorted(stage.wire().orders_per_ref())


def test_what_was_reckoned_is_what_the_broker_charges(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.play()
    with strict(stage) as tree:
        tree.wait_until_ready()
        code, detail = refused(tree, "KLP-SMALL", quantity="20")
        assert code == "COST_TOO_HIGH" and "it would pass" in detail
        buy(tree, "KLP-MIN", quantity="100")
        buy(tree, "KLP-RATE", quantity="1000")
        convert(tree, stage, "KLP-FX", "40000")
        estimate = tree.get("/orders/KLP-MIN")["estimate"]
        assert Decimal(estimate["commission"]) == Decimal("6.60")
        assert Decimal(estimate["gst"]) == Decimal("0.60")

        def told() -> bool:
            return not any(each["incomplete"] != "0" for each in sums(report(stage, capsys)))

        until(told, "every commission has come")
        said = report(stage, capsys)
    assert "KLP-SMALL" not in refs(stage)
    rows = {row["order"]: row for row in said["lines"]}
    assert set(rows) == {"KLP-MIN", "KLP-RATE", "KLP-FX"}
    for row in rows.values():
        assert abs(Decimal(row["unexplained"])) <= Decimal("0.0001"), row
    assert Decimal(rows["KLP-MIN"]["difference"]) == 0
    # It was reckoned at its bound, half a percent through the market, and filled below.
    assert Decimal("-0.25") < Decimal(rows["KLP-RATE"]["difference"]) < 0
    assert rows["KLP-FX"]["currency"] == "AUD", "a pair is charged in the base currency"
    charged = sum(each.amount for each in stage.books().commissions.values())
    [total] = sums(said)
    assert Decimal(total["charged"]) == charged
    assert (total["orders"], total["compared"]) == ("3", "3")


def test_a_purchase_that_would_borrow_goes_nowhere_until_cash_is_converted(stage: Stage) -> None:
    stage.play()
    with strict(stage) as tree:
        tree.wait_until_ready()
        wait_for_quote(tree, "AUD/USD")
        long = PAIR | {"side": "BUY", "quantity": "10000", "limit_price": "0.6000"}
        code, detail = refused(tree, "KLP-EARLY", **long)
        assert code == "WOULD_BORROW" and "USD" in detail
        convert(tree, stage, "KLP-FX", "20000")
        until(
            lambda: tree.propose("KLP-LATER", **long).status_code == 202,
            "the account has told its dollars",
        )
        second = {**long, "quantity": "20000"}
        assert refused(tree, "KLP-MORE", **second)[0] == "WOULD_BORROW", "the first one works"
        tree.wait_for_state("KLP-LATER", "WORKING")
    assert refs(stage) == ["KLP-FX", "KLP-LATER"]
    cash = stage.books().cash
    assert cash["USD"] > 0 and cash["AUD"] > 0


def test_flatten_never_converts_cash(stage: Stage) -> None:
    """A lot of our own leaves; the dollars that were asked for stay, and so does a conversion."""
    stage.play()
    with strict(stage) as tree:
        tree.wait_until_ready()
        convert(tree, stage, "KLP-FX", "50000")
        assert managed(tree).get("AUD/USD", "0") == "0", "cash is no position"
        status, said = flatten(tree)
        assert (status, said["items"]) == (200, []), "there is nothing to take out"
        ask = wait_for_quote(tree, "AUD/USD")
        lot = PAIR | {
            "side": "BUY",
            "quantity": "20000",
            "limit_price": str(ask + Decimal("0.0005")),
        }
        until(
            lambda: tree.propose("KLP-LOT", **lot).status_code == 202,
            "the account has told its dollars",
        )
        tree.wait_for_state("KLP-LOT", "FILLED")
        far = PAIR | {"side": "SELL", "quantity": "5000", "limit_price": "0.9000"}
        taken(tree, "KLP-WAITS", **far, purpose="CONVERT")
        tree.wait_for_state("KLP-WAITS", "WORKING")
        taken(tree, "KLP-WAITS", **far, purpose="CONVERT")
        assert refused(tree, "KLP-WAITS", **far, purpose="TRADE")[0] == "ORDER_ID_TAKEN"
        assert tree.get("/orders/KLP-WAITS")["purpose"] == "CONVERT"
        assert managed(tree)["AUD/USD"] == "20000"
        status, said = flatten(tree)
        assert status == 202
        [item] = done(tree)["items"]
        assert (item["symbol"], item["state"]) == ("AUD/USD", "FLAT")
        assert tree.state("KLP-WAITS") == "WORKING"
    assert stage.wire().from_client(Request.CANCEL_ORDER) == [], "no conversion was taken back"
    sold = {
        each.order.request.order_ref: each.quantity
        for each in stage.books().executions
        if each.order.request.side.value == "SELL"
    }
    exits = {name: quantity for name, quantity in sold.items() if name.startswith("KLP-F-")}
    assert sum(exits.values()) == 20_000, "the lot, and none of the dollars"
    assert stage.books().cash["USD"] > 30_000


def test_a_person_converts_from_the_terminal_and_is_shown_the_cost_before(
    stage: Stage, sits: Sits
) -> None:
    stage.play()
    with strict(stage) as tree:
        tree.wait_until_ready()
        wait_for_quote(tree, "AUD/USD")
        person = sits(tree)
        status, said = person.says("convert", "AUD/USD", "SELL", "30000", "--dry-run")
        assert status == 0 and "convert AUD into USD" in said and " AUD, as the venue" in said
        status, said = person.says("convert", "AUD/USD", "SELL", "30000")
        assert status == 1 and "Say --yes" in said
        assert stage.books().executions == ()
        status, said = person.says("convert", "AUD/USD", "SELL", "100", "--yes")
        assert status == 1 and "COST_TOO_HIGH" in said
        status, said = person.says("convert", "BHP/AUD", "BUY", "100", "--yes")
        assert status == 1 and "CONVERT_NOT_A_PAIR" in said
        status, said = person.says("convert", "AUD/USD", "SELL", "30000", "--yes")
        assert status == 0, said
        until(lambda: stage.books().executions, "it has traded")
    [placed] = refs(stage)
    executed = stage.books().executions
    assert sum(each.quantity for each in executed) == 30_000
    assert {each.order.request.order_ref for each in executed} == {placed}

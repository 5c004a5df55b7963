"""Near misses about accounts: live credentials behind a paper flag (ib-gateway-docker antequant #6,
IBC #29), cash in several currencies counted twice (Lean-IB #200, wealthfolio #596).

On lower levels: tests/ib/test_opening.py and test_several_accounts.py, tests/domain/
test_account_and_rates.py, tests/config/test_settings.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, alerts, refused, taken, venue_row, wait_for_quote, written
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_LIVE_ACCOUNT = "U9000001"


def test_a_live_account_behind_paper_settings_is_never_traded(stage: Stage) -> None:
    """The gateway was logged in with the live credentials: red at once, and not one order."""
    rule = f"""
[[rule]]
name = "live"
on = "managedAccounts"
times = "always"
do = "set"
with = {{ change = {{ accounts = "{_LIVE_ACCOUNT}" }} }}
"""
    stage.play(written(stage.folder, "near misses", rule))
    with stage.tree() as tree:
        until(lambda: venue_row(tree)["health"] == "red", "red at once")
        shown = venue_row(tree)
        assert shown["cause"] in ("WRONG_MODE", "WRONG_ACCOUNT"), shown
        assert _LIVE_ACCOUNT not in shown["reason"], "it is masked"
        assert refused(tree, "KLP-1", **LIMIT)[0] == "VENUE_NOT_TRADABLE"
        until(lambda: alerts(tree) == ["VENUE_DOWN"], "and it is told")
    wire = stage.wire()
    assert wire.from_client(Request.PLACE_ORDER) == []
    assert wire.from_client(Request.POSITIONS) == [], "nothing is read into the wrong book either"


def _cash(tree: Tree) -> dict[str, Decimal]:
    [account] = tree.get("/account")["items"]
    return {row["currency"]: Decimal(row["amount"]) for row in account["cash"]}


def test_cash_of_several_currencies_is_counted_once(stage: Stage) -> None:
    """IB shows a currency bought as cash and as a position of type CASH: it is cash, once."""
    stage.play()
    with stage.tree(MAX_ORDER_VALUE="100000") as tree:
        tree.wait_until_ready()
        before = Decimal(until(lambda: tree.get("/equity")["equity"], "the equity is known"))
        bid = wait_for_quote(tree, "AUD/USD") - Decimal("0.001")
        pair = {"symbol": "AUD/USD", "quantity": "50000", "type": "LIMIT", "side": "SELL"}
        taken(tree, "KLP-1", **pair, limit_price=f"{bid.quantize(Decimal('0.0001'))}")
        tree.wait_for_state("KLP-1", "FILLED")
        books = stage.books()
        assert set(books.cash) == {"AUD", "USD"} and books.cash["USD"] > 30_000
        assert tree.call("POST", "/reconcile").status_code == 202

        def agreed() -> bool:
            cash, there = _cash(tree), stage.books().cash
            return all(abs(cash.get(c, Decimal(0)) - there[c]) < 1 for c in there)

        until(agreed, "cash by currency is the broker's")
        equity: dict[str, Any] = tree.get("/equity")
        [account] = tree.get("/account")["items"]
        # What was bought costs its spread and commission, and is there once.
        assert abs(Decimal(equity["equity"]) - before) < 500
        assert abs(Decimal(account["cash_in_base"]) - Decimal(account["total_cash"])) < 500
        assert Decimal(equity["holdings"]) == 0, "a pair of currencies is no holding beside it"
        assert abs(Decimal(equity["unexplained"])) < 500

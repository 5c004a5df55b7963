"""Kelpie's ledger of money and the simulated broker's own books agree to the cent.

Truth is the broker's file: its cash by currency, its commissions, what its positions cost and
realised. Kelpie's side is read over the hook while it runs, and by `kelpie report` afterwards.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from console.report import main as report
from simulators.account import Holding
from simulators.books import Books
from simulators.broker import ACCOUNT
from simulators.model import Execution
from tests.pains.acts import buy, rest, wait_for_quote
from tests.pains.agreement import BHP, held
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.market import wait_for_open_market
from tests.tree.test_flatten import compared
from tests.tree.waiting import until

pytestmark = pytest.mark.timeout(120)

AUDUSD = 14433401
OPENING = {"AUD": Decimal(1_000_000)}
"""What the broker's account begins with."""
_PLAIN: dict[str, Any] = {"ENTRY_PREVIEWS": "false", "IB_ALLOWED_INSTRUMENT_TYPES": "STK,ETF,CASH"}


def accounts(tree: Tree) -> dict[tuple[str, str], Decimal]:
    """Kelpie's, by name and currency; one that is not there holds nothing."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in tree.get("/money/accounts")["items"]:
        found[each["account"], each["currency"]] = Decimal(each["amount"])
    return found


def charged(books: Books) -> dict[str, Decimal]:
    """What the broker took for its executions as they stand, by currency."""
    newest = {id.rpartition(".")[0]: id for id in sorted(books.commissions)}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for execution_id in newest.values():
        commission = books.commissions[execution_id]
        sums[commission.currency] += commission.amount
    return sums


def worth(holdings: list[Holding]) -> Decimal:
    """Cost less what was realised: the cash that went into them, and has not come back."""
    return sum((each.cost - each.realised_pnl for each in holdings), Decimal(0))


def difference(books: Books, tree: Tree, *, of_positions: bool) -> str:
    """What the broker's file and the ledger say differently; empty for nothing."""
    ours = accounts(tree)
    for currency, amount in books.cash.items():
        moved = amount - OPENING.get(currency, Decimal(0))
        told = ours["cash", currency] + ours["opening", currency]
        if moved != told:
            return f"cash {currency}: broker {moved}, ledger {told}"
    for currency, amount in charged(books).items():
        if ours["commission", currency] != amount:
            return f"commissions {currency}: broker {amount}, ledger {ours['commission', currency]}"
    fees = ours["commission", "AUD"] - _fees_apart(books)
    pair = books.positions.get(AUDUSD, Holding())
    shares = [each for each in books.positions.values() if each is not pair]
    for name, there, here in (
        ("pair", [pair], _put_in(ours, "USD")),
        ("shares", shares, _put_in(ours, "AUD") + fees),
    ):
        if of_positions and worth(there) != here:
            return f"{name}: broker {worth(there)}, ledger {here}"
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for (_, currency), amount in ours.items():
        totals[currency] += amount
    return "" if not any(totals.values()) else f"the ledger does not balance: {dict(totals)}"


def _put_in(ours: dict[tuple[str, str], Decimal], currency: str) -> Decimal:
    """What the ledger says went into what is priced in this currency, conversions as well."""
    return (
        ours["position", currency]
        + ours["realised", currency]
        + (ours["trading", "USD"] if currency == "USD" else Decimal(0))
    )


def _fees_apart(books: Books) -> Decimal:
    """Commissions that are not in the cost of a position: of the pair, and of what was busted."""
    return _fees(books, lambda each: not each.quantity or each.order.request.con_id == AUDUSD)


def _fees(books: Books, chosen: Callable[[Execution], bool]) -> Decimal:
    newest = {each.execution_id.rpartition(".")[0]: each for each in books.executions}
    return sum(
        (books.commissions[each.execution_id].amount for each in newest.values() if chosen(each)),
        Decimal(0),
    )


def agreed(stage: Stage, tree: Tree, when: str, *, of_positions: bool = True) -> None:
    """Wait until both say the same: reports may still be on their way."""
    said = ""

    def same() -> bool:
        nonlocal said
        said = difference(stage.books(), tree, of_positions=of_positions)
        return not said

    try:
        until(same, when)
    except AssertionError:
        raise AssertionError(f"{when}: {said}") from None


def test_shares_pairs_parts_corrections_busts_and_late_commissions(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.play()
    with stage.tree(ODD_LOTS="allow", MAX_ORDER_VALUE="100000", **_PLAIN) as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1", quantity="100")
        agreed(stage, tree, "a purchase")
        rest(tree, "KLP-2", quantity="50")
        price = wait_for_quote(tree)
        for part in (30, 20):
            stage.control.do("fill", order_ref="KLP-2", quantity=part, price=str(price))
        tree.wait_for_state("KLP-2", "FILLED")
        agreed(stage, tree, "two parts that share a minimum")
        stage.control.do("correct_execution", order_ref="KLP-1", quantity=90)
        agreed(stage, tree, "a corrected quantity")
        buy(tree, "KLP-3", side="SELL", quantity="40")
        stage.control.do("correct_execution", order_ref="KLP-3", price=46)
        agreed(stage, tree, "a sale at another price")
        buy(tree, "KLP-4", symbol="AUD/USD", quantity="50000")
        agreed(stage, tree, "a pair bought")
        buy(tree, "KLP-5", symbol="AUD/USD", side="SELL", quantity="20000")
        agreed(stage, tree, "a part of it sold")
        buy(tree, "KLP-6", symbol="AUD/USD", side="SELL", quantity="30000", purpose="CONVERT")
        agreed(stage, tree, "cash converted")
        buy(tree, "KLP-7", quantity="25")
        stage.control.do("bust_execution", order_ref="KLP-7")
        agreed(stage, tree, "a bust")
        until(lambda: _is_left(stage, tree), "flat")
        agreed(stage, tree, "all of it sold")
        flat = stage.books()
        # The broker takes the difference in cash, and leaves what it reckoned of the trade.
        stage.control.do("report_commission", order_ref="KLP-3", amount="7.77")
        agreed(stage, tree, "a commission restated", of_positions=False)
        until(tree.settled, "all is written")
    books = stage.books()
    monkeypatch.chdir(stage.folder)
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(stage.folder / "state"))
    capsys.readouterr()
    assert report(["pnl", "--by", "month", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    net = sum(Decimal(each["net"]) for each in lines if each["symbol"] == "BHP/AUD")
    # What the broker charged and left out of what it says was realised.
    beside = charged(books)["AUD"] - charged(flat)["AUD"]
    beside += _fees(books, lambda each: not each.quantity)
    assert net == (books.positions[BHP].realised_pnl - beside).quantize(Decimal("0.01"))
    paid = sum(Decimal(each["commissions"]) for each in lines if each["currency"] == "AUD")
    assert paid == charged(books)["AUD"].quantize(Decimal("0.01"))


def _is_left(stage: Stage, tree: Tree) -> bool:
    """Nothing is held any more; a plan may have left it before, or be about to."""
    left = held(stage.books(), BHP)
    if left:
        tree.propose(f"KLP-OUT-{left}", side="SELL", quantity=str(left))
    return not left


def test_cash_that_came_from_without_is_found_and_is_no_profit(stage: Stage) -> None:
    """What others trade in the account no gateway tells; their cash shows it."""
    stage.play()
    # What is bought is kept: a plan that sells meanwhile would move the cash, too.
    with stage.tree(watched=False, PLAN_LATEST_AGE_MINUTES="0", **_PLAIN) as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        agreed(stage, tree, "a purchase")
        _rounds(tree, 2)
        until(lambda: ("opening", "AUD") in accounts(tree), "what was there is seen")
        wait_for_open_market()
        before = stage.books().cash["AUD"]
        stage.control.do("manual_order", symbol="VAS/AUD", side="BUY", quantity=7, limit_price=900)
        until(lambda: stage.books().cash["AUD"] < before, "somebody bought by hand")
        went = stage.books().cash["AUD"] - before
        _rounds(tree, 3)
        [found] = until(lambda: tree.get("/money/unexplained")["items"], "it is found")
        assert abs(Decimal(found["amount"]) - went) <= Decimal("0.01")
        answer = tree.call(
            "POST", f"/money/unexplained/{found['difference_id']}", {"type": "OTHER"}
        )
        assert answer.status_code == 200, answer.text
        assert abs(accounts(tree)["other", "AUD"] + went) <= Decimal("0.01")
        _rounds(tree, 3)
        assert tree.get("/money/unexplained")["items"] == [], "found once"


def _rounds(tree: Tree, times: int) -> None:
    """Five minutes go by, and the venue's lists are asked for: so many times."""
    for _ in range(times):
        tree.leap(300)
        # The leap may have cost the link: the next one is reconciled at once.
        until(lambda: compared(tree), "asked")
        until(tree.settled, "all is told")

"""Trades at the simulated broker, its own statement, and what Kelpie makes of the two."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from console.report import main as report
from console.statements import main as statement
from simulators.broker import ACCOUNT
from simulators.statement import write_statement
from tests.pains.acts import buy, rest
from tests.pains.agreement import BHP, held
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

pytestmark = pytest.mark.timeout(120)

Says = Callable[..., tuple[int, str]]


@pytest.fixture
def says(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Says:
    """`kelpie statement …` at a terminal: exit status, and all that was printed."""
    monkeypatch.chdir(stage.folder)
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(stage.folder / "state"))

    def said(*words: str, tree: Tree | None = None) -> tuple[int, str]:
        reach: tuple[str, ...] = ()
        if tree is not None:
            token = stage.folder / "hook.token"
            token.write_text(tree.hook.token)
            token.chmod(0o600)
            reach = ("--url", tree.hook.url, "--token-file", str(token))
        capsys.readouterr()
        status = (report if words[0] == "report" else statement)(
            [*(words[1:] if words[0] == "report" else words), *reach]
        )
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return said


def written(stage: Stage, days_later: int = 0) -> Path:
    """The broker's statement of all its days, made so many days from now."""
    file = stage.folder / "statement.xml"
    write_statement(stage.venue.folder, file, datetime.now(UTC) + timedelta(days=days_later))
    return file


def holds(tree: Tree) -> Decimal:
    """Of BHP, by the venue's word."""
    return sum((Decimal(each["held"]) for each in tree.get("/positions")["items"]), Decimal(0))


def doctored(file: Path, was: str, now: str) -> Path:
    text = file.read_text(encoding="utf-8")
    assert was in text
    other = file.with_name("doctored.xml")
    other.write_text(text.replace(was, now, 1), encoding="utf-8")
    return other


def test_the_statement_agrees_and_a_doctored_one_is_found_out(stage: Stage, says: Says) -> None:
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        until(lambda: holds(tree) == 20, "the venue has told of it")
        buy(tree, "KLP-2", side="SELL", quantity="5")
        stage.control.do("manual_order", symbol="BHP/AUD", side="BUY", quantity=7, limit_price=60)
        until(lambda: held(stage.books(), BHP) == 22, "somebody bought by hand")

        def charged() -> bool:
            fills = tree.get("/fills")["items"]
            return len(fills) >= 2 and all(fill["commission"] is not None for fill in fills)

        until(charged, "the commissions were told")
        until(tree.settled, "and it is written")

        file = written(stage)
        status, said = says("check", str(file), "--json")
        kinds = [each["kind"] for each in json.loads(said)[0]["differences"]]
        # The gateway shows each client its own trades: what a person did only a statement tells.
        assert (status, kinds) == (1, ["TRADE_NOT_IN_BOOK", "POSITION_DIFFERS"])
        assert says("import", str(file), tree=tree)[0] == 0
        status, said = says("check", str(file))  # beside the running tree
        assert (status, "agrees with the book: 3 trades" in said) == (0, True), said
    books = stage.books()
    first = books.executions[0]
    for was, now, kind in (
        (f'tradePrice="{first.price}"', 'tradePrice="99.99"', "TRADE_DIFFERS"),
        ('ibCommission="-6.60', 'ibCommission="-6.61', "COMMISSION_DIFFERS"),
        ('position="22"', 'position="23"', "POSITION_DIFFERS"),
        ('orderReference="KLP-1" ', 'orderReference="KLP-1" x="1" ', ""),
        (f'ibExecID="{first.execution_id[:-3]}"', 'ibExecID="dead.beef"', "TRADE_NOT_IN_BOOK"),
        (f'endingCash="{books.cash["AUD"]}"', 'endingCash="1.00"', "CASH_DIFFERS"),
    ):
        status, said = says("check", str(doctored(file, was, now)), "--json")
        kinds = [each["kind"] for each in json.loads(said)[0]["differences"]]
        assert (status, kinds[:1]) == ((1, [kind]) if kind else (0, [])), (was, said)
    other = doctored(file, f'FlexStatement accountId="{ACCOUNT}"', 'FlexStatement accountId="U1"')
    assert says("check", str(other))[0] == 1


@pytest.mark.parametrize("filled", [True, False], ids=["filled", "absent"])
def test_a_statement_settles_an_order_whose_fate_nobody_knew(
    stage: Stage, says: Says, filled: bool
) -> None:
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
    if filled:
        stage.control.do("fill", order_ref="KLP-1", price=30)
    else:
        stage.control.do("cancel_order", order_ref="KLP-1")
    stage.control.do("forget_executions")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_for_state("KLP-1", "UNKNOWN")
        if not filled:
            status, said = says("import", str(written(stage)), "--yes", tree=tree)
            assert status == 0 and "KLP-1: the statement begins on" in said, "not before its day"
            assert tree.state("KLP-1") == "UNKNOWN"
        file = written(stage, days_later=8)
        if not filled:
            file = doctored(file, 'fromDate="', 'fromDate="20260101" x="')
        status, said = says("import", str(file), tree=tree)
        assert status == 0 and "Say --yes" in said, "a person is asked first"
        assert tree.state("KLP-1") == "UNKNOWN"
        status, said = says("import", str(file), "--yes", "--json", tree=tree)
        [order] = json.loads(said)["orders"]
        assert (status, order["proven"], order["settled"]) == (0, True, True)
        tree.wait_for_state("KLP-1", "FILLED" if filled else "NOT_SENT")
        until(tree.settled, "it is written")
        tree.wait_until_ready()
    if filled:
        status, said = says("check", str(file), "--json")
        [found] = json.loads(said)
        assert (status, found["differences"], found["trades"]) == (0, [], 1), said
        status, said = says("report", "cgt", "--json")
        parcels = json.loads(said)["sections"]
        [parcel] = next(rows for name, rows in parcels.items() if name.startswith("Open parcels"))
        assert parcel["cost"] == "606.60", "with the commission that the statement told"


def test_dividends_and_fees_of_a_statement_are_in_the_book_once(stage: Stage, says: Says) -> None:
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        file = written(stage)
        text = file.read_text(encoding="utf-8")
        today = f"{datetime.now(UTC):%Y%m%d}"
        rows = "".join(
            f'<CashTransaction accountId="{ACCOUNT}" currency="AUD" assetCategory="STK" '
            f'symbol="BHP" type="{type}" amount="{amount}" settleDate="{today}" '
            f'transactionID="{number}" description="&amp;"/>'
            for number, (type, amount) in enumerate(
                (("Dividends", "70.00"), ("Withholding Tax", "-10.50")), 900
            )
        )
        file.write_text(text.replace("</CashTransactions>", f"{rows}</CashTransactions>"))
        status, said = says("import", str(file), "--json", tree=tree)
        first = json.loads(said)
        assert (status, first["new"]) == (0, first["recorded"])
        status, said = says("import", str(file), "--json", tree=tree)
        assert json.loads(said)["new"] == 0
        status, said = says("report", "income", "--json")
        [line] = json.loads(said)["lines"]
        assert (line["gross"], line["withheld"], line["credit"]) == ("70.00", "10.50", "missing")

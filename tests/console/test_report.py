"""`kelpie report`: from a book on disk to the printed page, CSV and JSON."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import SqliteBook, book_path, open_book
from console.report import main
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.outside_facts import checked
from domain.symbols import Symbol
from domain.venue import CommissionReport, ExecutionReport
from tests.store.material import ACCOUNT, NOON, StandingClock

ROOT = Path(__file__).parents[2]
BHP, PAIR = Symbol("BHP", "AUD"), Symbol("AUD", "USD")
BUY, SELL = Side.BUY, Side.SELL
FEE = {"type": "FEE", "description": "Market data"}


def trade(
    book: SqliteBook,
    name: str,
    at: str,
    symbol: Symbol,
    side: Side,
    quantity: str,
    price: str,
    purpose: Purpose = Purpose.ENTRY,
) -> None:
    """An order that fills whole at a time in UTC, and costs A$6.60."""
    when = datetime.fromisoformat(at).replace(tzinfo=UTC)
    request = OrderRequest(
        name, symbol, side, Decimal(quantity), OrderType.LIMIT, Decimal(price), purpose=purpose
    )
    book.record_intent(Order(request, "ib", OrderState.INTENDED, when), name)
    key = f"{name}.01"
    report = ExecutionReport(
        execution_id=f"{key}.01",
        execution_key=key,
        revision=1,
        client_order_id=name,
        venue_order_id="9",
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        time=when,
        exchange="ASX",
        liquidity="added",
        account=ACCOUNT,
    )
    book.book_fill("ib", report, when)
    fee = CommissionReport(f"{key}.01", key, 1, Decimal("6.60"), "AUD", None)
    book.book_commission("ib", fee, when)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of a year with shares, a pair, an own parcel and a dividend."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    made = open_book(tmp_path / "state", "paper", ACCOUNT, StandingClock())
    trade(made, "K-1", "2026-02-02 01:00", BHP, BUY, "100", "40")
    trade(made, "K-2", "2026-06-30 05:00", BHP, SELL, "50", "38")
    trade(made, "K-3", "2026-06-30 23:30", BHP, SELL, "50", "44")
    trade(made, "K-4", "2025-07-02 01:00", PAIR, BUY, "10000", "0.65")
    trade(made, "K-5", "2026-08-03 01:00", PAIR, SELL, "10000", "0.66", Purpose.EXIT)
    facts = (
        ("PARCEL", "2019-05-06", "BHP/AUD", {"quantity": "100", "cost": "3000"}),
        ("DIVIDEND", "2026-09-25", "BHP/AUD", {"currency": "AUD", "gross": "70.00"}),
        ("CASH", "2026-09-30", None, {"currency": "AUD", "amount": "-10.00"} | FEE),
        ("STATEMENT", "2026-07-01", None, {"until": "2026-10-31"}),
    )
    told = [
        checked(kind, day, symbol, detail, id=kind, source="a test")
        for kind, day, symbol, detail in facts
    ]
    made.outside.record(told, "owner", NOON)
    made.close()
    return book_path(tmp_path / "state", "paper", ACCOUNT)


def test_the_gains_of_a_year_as_a_page(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cgt", "--year", "2026-27"]) == 0
    said = capsys.readouterr().out
    assert said.count("not tax advice") == 1, "said once"
    assert "[K] Held for twelve months" in said, "what is only general knowledge is marked so"
    assert "Capital gains 2026-27 (1 July 2026 to 30 June 2027, Sydney), in A$" in said
    [line] = [line for line in said.splitlines() if line.startswith("BHP/AUD") and "sale" in line]
    words = line.split()
    # Sold on 30 June by UTC, and at 09:30 on 1 July in Sydney.
    assert words[:7] == ["BHP/AUD", "managed", "sale", "whole", "50", "2026-02-02", "2026-07-01"]
    assert words[7:] == ["2200.00", "2009.90", "9.90", "0.90", "190.10", "no"]
    assert "AUD/USD" not in said and "USD" not in said
    assert main(["cgt", "--year", "2025-26"]) == 0
    said = capsys.readouterr().out
    assert "losses, netted against nothing" in said and "109.90" in said


def test_the_lines_as_csv_and_all_of_it_as_json(
    book: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "cgt.csv"
    assert main(["cgt", "--year", "2025-26", "--csv", str(file)]) == 0
    assert capsys.readouterr().out == f"1 lines written to {file}.\n"
    [row] = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    assert (row["disposed"], row["gain"], row["gst_in_fees"]) == ("2026-06-30", "-109.90", "0.90")
    assert main(["cgt", "--year", "2025-26", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["lines"] == [row]
    assert facts["sums"]["losses, netted against nothing"] == "109.90"


def test_currency_has_a_report_of_its_own(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forex", "--year", "2026-27", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    [line] = facts["lines"]
    assert (line["currency"], line["amount"], line["gain"]) == ("USD", "-6500", "151.52")
    assert (line["opened"], line["closed"], line["purpose"]) == (
        "2025-07-02",
        "2026-08-03",
        "TRADE",
    )
    assert not any("BHP" in word for word in line.values())
    assert main(["forex", "--year", "2025-26"]) == 0
    assert "\nnone\n" in capsys.readouterr().out


def test_what_no_statement_told_of_a_dividend_is_missing(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["income", "--year", "2026-27", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    [line] = facts["lines"]
    assert (line["gross"], line["credit"], line["withheld"]) == ("70.00", "missing", "missing")
    assert facts["sums"]["credit, AUD"] == "missing"
    [[other]] = facts["sections"].values()
    assert (other["type"], other["amount"]) == ("FEE", "-10.00")
    assert facts["notes"] == [] or facts["notes"][0].startswith(
        "Missing: no statement of 2026-11-01 to"
    )


def test_it_runs_beside_whoever_writes_and_refuses_what_is_no_year(book: Path) -> None:
    state = book.parent.parent
    writer = open_book(state, "paper", ACCOUNT, StandingClock())
    try:
        before = book.read_bytes()
        for words, status, said in (
            (["report", "cgt", "--year", "2026-27"], 0, "Capital gains 2026-27"),
            (["report", "cgt", "--year", "2026"], 2, "write it as 2026-27"),
            (["report", "cgt", "--book", "none.db"], 1, "There is no book"),
        ):
            command = [sys.executable, str(ROOT / "supervisor.py"), *words]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done
        assert book.read_bytes() == before
    finally:
        writer.close()

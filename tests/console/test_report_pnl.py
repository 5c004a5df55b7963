"""`kelpie report pnl`: from a book on disk to the page, CSV and JSON."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import SqliteBook, book_path, open_book
from adapters.store.connection import Connection
from adapters.store.migrations import MIGRATIONS, migrate
from console.report import main
from domain.equity_curve import ALL, CurveRow, EquityPoint, Mark, Why, sydney_day
from domain.orders import Purpose, Side
from domain.used_rates import UsedRate
from tests.console.test_report import BHP, PAIR, trade
from tests.store.material import ACCOUNT, NOON, StandingClock
from tests.store.story import difference

MONDAY, TUESDAY = (datetime(2026, 11, day, 12, 59, tzinfo=UTC) for day in (23, 24))
"""A minute before midnight in Sydney."""


def day_ends(book: SqliteBook, at: datetime, price: str, held: str, unrealised: str) -> None:
    point = EquityPoint(
        at=at,
        venue=ALL,
        why=Why.DAY,
        day=sydney_day(at),
        currency="AUD",
        equity=None,
        cash=None,
        holdings=None,
        realised=None,
        unrealised=None,
        commissions=None,
        stale=False,
    )
    amount = Decimal(held)
    mark = Mark(
        *("ib", BHP, amount, amount, Decimal(40), Decimal(price), timedelta(0), False),
        Decimal(unrealised),
    )
    book.record_equity(CurveRow((point,), (mark,), (("AUD", None),)))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two days: bought on one, half sold on the next; a round trip in a pair; a conversion."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    made = open_book(tmp_path / "state", "paper", ACCOUNT, StandingClock())
    trade(made, "K-1", "2026-11-23 01:00", BHP, Side.BUY, "100", "40")
    day_ends(made, MONDAY, "41", "100", "100")
    trade(made, "K-2", "2026-11-24 01:00", BHP, Side.SELL, "50", "42")
    rate = UsedRate(Decimal("1.5"), "quote", datetime(2026, 11, 24, 1, tzinfo=UTC))
    made.take_rates({"USD": rate}, rate.at)
    trade(made, "K-3", "2026-11-24 02:00", PAIR, Side.BUY, "10000", "0.65")
    trade(made, "K-4", "2026-11-24 03:00", PAIR, Side.SELL, "10000", "0.66", Purpose.EXIT)
    trade(made, "K-5", "2026-11-24 04:00", PAIR, Side.SELL, "3000", "0.99", Purpose.CONVERT)
    day_ends(made, TUESDAY, "41.5", "50", "75")
    made.close()
    return book_path(tmp_path / "state", "paper", ACCOUNT)


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, str]]:
    assert main(["pnl", "--json", *words]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)["lines"]
    return found


def test_each_day_by_symbol_and_currency(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys)
    keys = ("period", "symbol", "currency", "realised", "unrealised_change", "commissions")
    assert [[line[key] for key in keys] for line in said] == [
        ["2026-11-23", "BHP/AUD", "AUD", "0.00", "100.00", "6.60"],
        # Three orders in the pair at 6.60, that which converts among them.
        ["2026-11-24", "AUD/USD", "AUD", "0.00", "0.00", "19.80"],
        ["2026-11-24", "AUD/USD", "USD", "100.00", "0.00", "0.00"],
        ["2026-11-24", "BHP/AUD", "AUD", "100.00", "-25.00", "6.60"],
    ]
    assert [line["net_base"] for line in said] == ["93.40", "-19.80", "150.00", "68.40"]
    assert said[2]["rates"] == "1.5"


def test_days_of_a_stretch_months_and_sums(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {line["period"] for line in lines(capsys, "--since", "2026-11-24")} == {"2026-11-24"}
    assert {line["period"] for line in lines(capsys, "--until", "2026-11-23")} == {"2026-11-23"}
    assert {line["period"] for line in lines(capsys, "--by", "month")} == {"2026-11"}
    assert main(["pnl", "--by", "session"]) == 0
    page = capsys.readouterr().out
    assert "Profit and loss by session, in AUD" in page
    assert "net (AUD)" in page and "292.00" in page
    file = book.with_name("pnl.csv")
    assert main(["pnl", "--csv", str(file)]) == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert sum(Decimal(row["net_base"]) for row in rows) == Decimal("292.00")


def test_money_that_came_from_without_is_no_profit(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lines(capsys)
    opened = open_book(book.parents[1], "paper", ACCOUNT, StandingClock())
    opened.record_cash_difference(difference("C-1", "AUD", "5000"))
    opened.close()
    assert lines(capsys) == before


def test_a_rate_that_is_missing_is_said_to_be(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = open_book(book.parents[1], "paper", ACCOUNT, StandingClock())
    trade(opened, "K-6", "2026-11-25 02:00", PAIR, Side.BUY, "10000", "0.65")
    trade(opened, "K-7", "2026-11-25 03:00", PAIR, Side.SELL, "10000", "0.66", Purpose.EXIT)
    opened.close()
    usd = next(line for line in lines(capsys, "--since", "2026-11-25") if line["currency"] == "USD")
    assert (usd["realised"], usd["realised_base"], usd["rates"]) == ("100.00", "missing", "-")
    assert main(["pnl"]) == 0
    assert "never counted as zero" in " ".join(capsys.readouterr().out.split())


def test_a_book_from_before_money_was_kept_says_so(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.db"
    connection = Connection(old)
    migrate(connection, NOON, MIGRATIONS[:5])
    connection.close()
    assert main(["pnl", "--book", str(old)]) == 1
    assert "TOO_OLD" in capsys.readouterr().err

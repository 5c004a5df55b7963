"""`kelpie report commissions`: estimated against charged, by order, month and currency."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.store import SqliteBook, open_book
from domain.commissions import ChargeTerms
from domain.costs import CostEstimate, EstimateSource
from supervisor import main
from tests.store.material import ACCOUNT, NOON, StandingClock, commission, execution, intent

SHARES = ChargeTerms(
    "AUD", Decimal("0.00088"), Decimal(0), Decimal("6.60"), None, Decimal(1), Decimal(1) / 11
)


def reckoned(
    quantity: str, amount: str, source: EstimateSource = EstimateSource.TABLE
) -> CostEstimate:
    return CostEstimate(
        quantity=Decimal(quantity),
        commission=Decimal(amount),
        gst=Decimal("0.60"),
        currency="AUD",
        spread=Decimal(0),
        rate=Decimal(1),
        base_currency="AUD",
        source=source,
        rule="asx_fixed 2026-08-19",
        terms=SHARES,
    )


@pytest.fixture
def book(tmp_path: Path) -> Iterator[SqliteBook]:
    """Closed by whoever reads it."""
    made = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    yield made
    made.close()


def traded(
    book: SqliteBook,
    name: str,
    *fills: tuple[str, str | None],
    estimate: CostEstimate | None,
    at: datetime = NOON,
    currency: str = "AUD",
) -> None:
    """An order of BHP at 45.10 with these fills, and what each of them cost."""
    order = intent(name, quantity="1000")
    estimates = {} if estimate is None else {name: estimate}
    book.record_intent(order, "c", estimates=estimates)
    for number, (quantity, cost) in enumerate(fills):
        key = f"{name}.{number}"
        seconds = (at - NOON).total_seconds() + number
        book.book_fill("ib", execution(key, order=name, quantity=quantity, seconds=seconds), NOON)
        if cost is not None:
            book.book_commission("ib", commission(key, cost, currency=currency), NOON)


def report(
    book: SqliteBook, capsys: pytest.CaptureFixture[str], *more: str, status: int = 0
) -> str:
    path = str(book.connection.path)
    assert main(["report", "commissions", "--book", path, *more]) == status
    return capsys.readouterr().out


def facts(book: SqliteBook, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    said = json.loads(report(book, capsys, "--json", *more))
    assert isinstance(said, dict)
    return said


def of(said: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in said["lines"] if each["order"] == name]
    return dict(found)


def test_each_order_with_what_was_expected_and_what_was_charged(
    book: SqliteBook, capsys: pytest.CaptureFixture[str]
) -> None:
    traded(book, "K-1", ("100", "6.60"), estimate=reckoned("100", "6.60"))
    traded(book, "K-2", ("1000", "41.00"), estimate=reckoned("1000", "39.688"))
    said = facts(book, capsys)
    first = of(said, "K-1")
    assert (first["estimated"], first["charged"], first["difference"]) == (
        "6.60",
        "6.60",
        "0.00",
    )
    assert (first["source"], first["gst"], first["rule"]) == (
        "table",
        "0.60",
        "asx_fixed 2026-08-19",
    )
    dearer = of(said, "K-2")
    assert (dearer["difference"], dearer["unexplained"]) == ("1.3120", "1.3120")
    [month] = said["sections"]["By month"]
    assert month == {
        "month": "2026-11",
        "currency": "AUD",
        "orders": "2",
        "charged": "47.60",
        "compared": "2",
        "estimated": "46.2880",
        "difference": "1.3120",
        "unexplained": "1.3120",
        "incomplete": "0",
    }


def test_partial_fills_share_a_minimum_and_a_part_is_held_against_a_part(
    book: SqliteBook, capsys: pytest.CaptureFixture[str]
) -> None:
    """10 and 140 shares of 1,000: A$6.60 for all of A$6,765, not for each, nor A$39.69."""
    fills = (("10", "6.60"), ("140", "0.00"))
    traded(book, "K-1", *fills, estimate=reckoned("1000", "39.688"))
    row = of(facts(book, capsys), "K-1")
    assert (row["filled"], row["estimated"], row["difference"]) == ("150", "39.6880", "-33.0880")
    assert row["unexplained"] == "0.00"


def test_the_venue_s_own_preview_is_held_against_its_charge(
    book: SqliteBook, capsys: pytest.CaptureFixture[str]
) -> None:
    told = reckoned("100", "7.00", EstimateSource.PREVIEW)
    traded(book, "K-1", ("100", "6.60"), estimate=told)
    row = of(facts(book, capsys), "K-1")
    assert (row["source"], row["estimated"], row["difference"]) == ("preview", "7.00", "-0.40")
    assert row["unexplained"] == "0.00", "by the rule it is what it cost"


def test_what_is_not_known_is_never_zero(
    book: SqliteBook, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    traded(book, "K-1", ("50", "6.60"), ("50", None), estimate=reckoned("100", "6.60"))
    traded(book, "K-2", ("100", "6.60"), estimate=None)
    traded(book, "K-3", ("100", "1.10"), estimate=reckoned("100", "6.60"), currency="USD")
    said = facts(book, capsys)
    assert [of(said, name)["difference"] for name in ("K-1", "K-2", "K-3")] == ["missing"] * 3
    assert of(said, "K-1")["charged"] == "missing"
    aud, usd = said["sections"]["In all"]
    assert (aud["charged"], aud["compared"], aud["incomplete"]) == ("13.20", "0", "1")
    assert (usd["charged"], usd["currency"], usd["orders"]) == ("1.10", "USD", "1")
    assert "has not told every commission yet" in report(book, capsys)
    file = tmp_path / "costs.csv"
    assert "3 lines written" in report(book, capsys, "--csv", str(file))
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert [row["charged"] for row in rows] == ["missing", "6.60", "1.10"]


def test_months_are_sydney_s(book: SqliteBook, capsys: pytest.CaptureFixture[str]) -> None:
    last = datetime(2026, 11, 30, 12, 59, tzinfo=UTC)  # 23:59 in Sydney
    traded(book, "K-1", ("100", "6.60"), estimate=reckoned("100", "6.60"), at=last)
    after = last + timedelta(minutes=2)
    traded(book, "K-2", ("100", "6.60"), estimate=reckoned("100", "6.60"), at=after)
    months = facts(book, capsys)["sections"]["By month"]
    assert [each["month"] for each in months] == ["2026-11", "2026-12"]
    [only] = facts(book, capsys, "--month", "2026-12")["lines"]
    assert only["order"] == "K-2"
    assert only["time"] == "2026-12-01 00:01"


def test_nothing_traded_a_wrong_month_and_no_book(
    book: SqliteBook, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert facts(book, capsys)["lines"] == []
    with pytest.raises(SystemExit):
        report(book, capsys, "--month", "November")
    assert main(["report", "commissions", "--book", str(tmp_path / "none.db")]) == 1
    assert "NO_BOOK" in capsys.readouterr().err


def test_a_back_up_from_before_estimates_were_kept_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    traded(book, "K-1", ("100", "6.60"), estimate=None)
    with book.connection.write():
        book.connection.execute("DROP TABLE estimates")
        book.connection.execute("DELETE FROM schema_history WHERE number > 5")
    row = of(facts(book, capsys), "K-1")
    book.close()
    assert (row["estimated"], row["charged"]) == ("missing", "6.60")


def test_a_rebate_is_less_than_nothing(
    book: SqliteBook, capsys: pytest.CaptureFixture[str]
) -> None:
    traded(book, "K-1", ("100", "-0.12"), estimate=reckoned("100", "6.60"))
    row = of(facts(book, capsys), "K-1")
    assert (row["charged"], row["difference"]) == ("-0.12", "-6.72")

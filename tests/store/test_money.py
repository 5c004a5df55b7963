"""The ledger of money on the disk: balanced whatever comes in whatever order, never rewritten."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import IntegrityError

from adapters.store import SqliteBook, open_book
from adapters.store.dump import dump_hash
from adapters.store.reading import reading
from adapters.store.verification import verify
from domain.adoption import Adoption
from domain.cash_types import CashType
from domain.orders import Purpose, Side
from domain.symbols import Symbol
from domain.used_rates import UsedRate
from domain.venue import CommissionReport, ExecutionReport
from tests.store.material import ACCOUNT, BHP, NOON, StandingClock, commission, execution, intent
from tests.store.story import AUDUSD, ESTIMATES, difference
from tests.store.test_migrations import first_book

PAIR, AAPL = AUDUSD, Symbol("AAPL", "USD")
ESTIMATE = replace(ESTIMATES["K-1"], commission=Decimal("6.60"))


def balances(book: SqliteBook) -> dict[tuple[str, str], Decimal]:
    """What is not zero, by account and currency."""
    return {
        (account, currency): amount for _, account, currency, amount in book.balances() if amount
    }


def totals(book: SqliteBook) -> dict[str, Decimal]:
    """All accounts of a currency: nothing, in every one."""
    sums: dict[str, Decimal] = {}
    for _, _, currency, amount in book.balances():
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums


def events(book: SqliteBook) -> list[str]:
    return [row[0] for row in book.connection.rows("SELECT event FROM postings ORDER BY id")]


def test_a_round_trip_in_shares_with_its_commissions(book: SqliteBook) -> None:
    book.record_intent(intent("K-1"), "c")
    book.record_intent(intent("K-2", side=Side.SELL), "c")
    book.book_fill("ib", execution(price="45.00"), NOON)
    book.book_commission("ib", commission(), NOON)
    sale = execution("0002.01", order="K-2", side=Side.SELL, quantity="40", price="46", seconds=9)
    book.book_fill("ib", sale, NOON)
    assert balances(book) == {
        ("cash", "AUD"): Decimal("-2666.60"),
        ("position", "AUD"): Decimal(2700),
        ("realised", "AUD"): Decimal(-40),
        ("commission", "AUD"): Decimal("6.60"),
    }
    assert events(book) == ["fill", "commission", "fill", "fill"]


def test_what_a_pair_leaves_in_both_its_currencies(book: SqliteBook) -> None:
    book.record_intent(intent("K-1", symbol=PAIR, quantity="10000"), "c")
    book.book_fill("ib", execution(quantity="10000", price="0.65"), NOON)
    book.book_commission("ib", commission(amount="3.38"), NOON)
    assert (book.cash("ib", "AUD"), book.cash("ib", "USD")) == (Decimal("9996.62"), Decimal(-6500))
    assert set(totals(book).values()) == {Decimal(0)}


def test_a_conversion_moves_cash_for_cash_and_earns_nothing(book: SqliteBook) -> None:
    order = intent("K-1", symbol=PAIR, side=Side.SELL, quantity="5000")
    order = replace(order, request=replace(order.request, purpose=Purpose.CONVERT))
    book.record_intent(order, "c", estimates={"K-1": ESTIMATE})
    sold = execution(side=Side.SELL, quantity="5000", price="0.66")
    book.book_commission("ib", commission(amount="3.33"), NOON)
    book.book_fill("ib", sold, NOON)
    book.book_fill("ib", replace(sold, revision=2, price=Decimal("0.661")), NOON)
    assert balances(book) == {
        ("cash", "AUD"): Decimal("-5003.33"),
        ("trading", "AUD"): Decimal(5000),
        ("cash", "USD"): Decimal(3305),
        ("trading", "USD"): Decimal(-3305),
        ("commission", "AUD"): Decimal("3.33"),
    }


def test_what_is_expected_is_accrued_until_it_is_reported(book: SqliteBook) -> None:
    book.record_intent(intent("K-1"), "c", estimates={"K-1": ESTIMATE})
    book.book_fill("ib", execution(quantity="60"), NOON)
    book.book_fill("ib", execution("0002.01", quantity="40", seconds=1), NOON)
    assert balances(book)["accrued", "AUD"] == Decimal("-6.60")
    assert balances(book)["commission_estimated", "AUD"] == Decimal("6.60")
    assert book.cash("ib", "AUD") == Decimal(-4510), "no cash has moved for it yet"
    book.book_commission("ib", commission(amount="7.00"), NOON)
    after = balances(book)
    assert ("accrued", "AUD") not in after
    assert ("commission_estimated", "AUD") not in after
    assert after["commission", "AUD"] == Decimal(7)
    book.book_commission("ib", commission(amount="6.80"), NOON)
    assert balances(book)["commission", "AUD"] == Decimal("6.80")
    assert events(book)[-2:] == ["reversal", "commission"], "a word that replaces another"


def test_a_commission_that_came_before_its_fill_leaves_nothing_to_accrue(book: SqliteBook) -> None:
    book.record_intent(intent("K-1"), "c", estimates={"K-1": ESTIMATE})
    book.book_commission("ib", commission(), NOON)
    book.book_fill("ib", execution(), NOON)
    assert "accrual" not in events(book)


def test_the_trades_and_commissions_of_others_are_not_ours_but_move_the_same_cash(
    book: SqliteBook,
) -> None:
    book.book_commission("ib", commission("0009.01", "1.00"), NOON)
    book.book_fill("ib", execution("0009.01", order="OTHER", quantity="7", price="10"), NOON)
    assert balances(book) == {("cash", "AUD"): Decimal(-71), ("external", "AUD"): Decimal(71)}
    book.record_intent(intent("K-4"), "c")
    book.book_fill("ib", execution("0009.01", order="K-4", quantity="7", price="10"), NOON)
    assert balances(book) == {
        ("cash", "AUD"): Decimal(-71),
        ("position", "AUD"): Decimal(70),
        ("commission", "AUD"): Decimal(1),
    }


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("cash", None, "AUD", "5"), "NOT NULL"),
        (("cash", "cash", "AUD", "5"), "CHECK"),
        (("cash", "position", "AUD", "-5"), "CHECK"),
        (("cash", "position", "AUD", "0.00"), "CHECK"),
        (("cash", "position", "dollars", "5"), "CHECK"),
    ],
)
def test_half_of_an_entry_is_refused_by_the_table_itself(
    book: SqliteBook, row: tuple[str | None, ...], why: str
) -> None:
    sql = """
INSERT INTO postings (event, venue, subject, debit, credit, currency, amount, time_us, booked_us)
VALUES ('fill', 'ib', 'x', ?, ?, ?, ?, 0, 0)
"""
    with pytest.raises(IntegrityError, match=why), book.connection.write():
        book.connection.execute(sql, row)


@pytest.mark.parametrize("change", ["UPDATE postings SET amount = '1'", "DELETE FROM postings"])
def test_what_was_posted_is_never_rewritten(book: SqliteBook, change: str) -> None:
    book.record_intent(intent("K-1"), "c")
    book.book_fill("ib", execution(), NOON)
    with pytest.raises(IntegrityError, match="never rewritten"), book.connection.write():
        book.connection.execute(change)


def test_what_an_older_book_had_traded_is_brought_forward(tmp_path: Path) -> None:
    first_book(tmp_path)
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    assert set(totals(book).values()) == {Decimal(0)}
    assert balances(book) == {
        # 100 bought at 45.10 and 6.60 for it; another's 5 sold at 45, and 7 for that.
        ("cash", "AUD"): Decimal("-4298.60"),
        ("position", "AUD"): Decimal(4510),
        ("commission", "AUD"): Decimal("6.60"),
        ("external", "AUD"): Decimal(-218),
    }
    book.book_fill("ib", execution(revision=2, quantity="90"), NOON)
    assert book.cash("ib", "AUD") == Decimal("-3847.60")
    book.close()
    verify(book.connection.path)


# -- cash that nothing explains ----------------------------------------------------------


def test_cash_that_is_not_explained_is_ours_at_once_and_typed_later(book: SqliteBook) -> None:
    book.record_cash_seen([difference("C-0", "AUD", "10000", "OPENING")])
    assert book.cash_is_seen("ib")
    book.record_cash_difference(difference("C-1", "AUD", "70"))
    assert book.cash("ib", "AUD") == Decimal(10070)
    assert balances(book)["unexplained", "AUD"] == Decimal(-70)
    [open_one] = book.cash_differences(untyped=True)
    assert (open_one.difference_id, open_one.amount) == ("C-1", Decimal(70))
    typed = book.type_cash_difference("C-1", CashType.DEPOSIT, NOON, "owner", "rent")
    assert (typed.type, typed.who, typed.note) == ("DEPOSIT", "owner", "rent")
    assert book.cash_differences(untyped=True) == []
    assert balances(book)["deposit", "AUD"] == Decimal(-70)
    assert ("unexplained", "AUD") not in balances(book)


def test_a_type_that_was_wrong_is_taken_back_first(book: SqliteBook) -> None:
    book.record_cash_difference(difference("C-1", "AUD", "-12"))
    for type in (CashType.WITHDRAWAL, CashType.FEE):
        book.type_cash_difference("C-1", type, NOON, "owner", "")
    assert balances(book) == {("cash", "AUD"): Decimal(-12), ("fee", "AUD"): Decimal(12)}
    assert events(book) == ["cash_changed", "cash_typed", "reversal", "cash_typed"]


def test_what_was_there_at_first_cannot_be_typed(book: SqliteBook) -> None:
    book.record_cash_seen([difference("C-0", "AUD", "10000", "OPENING")])
    for name in ("C-0", "C-9"):
        with pytest.raises(LookupError):
            book.type_cash_difference(name, CashType.DEPOSIT, NOON, "owner", "")


# -- rates -------------------------------------------------------------------------------


def usd(value: str, hours: float = 0) -> dict[str, UsedRate]:
    return {"USD": UsedRate(Decimal(value), "quote", NOON + timedelta(hours=hours))}


def test_the_rate_stands_beside_the_fill_and_the_commission(book: SqliteBook) -> None:
    book.take_rates(usd("1.52", -0.001), NOON)
    book.record_intent(intent("K-1", symbol=AAPL), "c")
    book.book_fill("ib", execution(), NOON)
    book.book_commission("ib", commission(currency="AUD"), NOON)
    [fill] = book.fills()
    assert fill.rate == usd("1.52", -0.001)["USD"]
    assert fill.commission_rate == UsedRate(Decimal(1), "base", NOON)


def test_a_rate_that_was_missing_is_none_and_filled_in_by_a_row_of_its_own(
    book: SqliteBook,
) -> None:
    book.record_intent(intent("K-1", symbol=AAPL), "c")
    book.book_fill("ib", execution(), NOON)
    book.book_commission("ib", commission(currency="USD"), NOON)
    [fill] = book.fills()
    assert (fill.rate, fill.commission_rate) == (None, None), "unknown, never zero or one"
    assert book.take_rates({}, NOON) == 0
    assert book.take_rates(usd("1.50", 2), NOON + timedelta(hours=2)) == 2
    assert book.take_rates(usd("1.60", 3), NOON + timedelta(hours=3)) == 0, "it stands"
    [fill] = book.fills()
    assert fill.rate is not None and fill.rate == fill.commission_rate
    assert (fill.rate.value, fill.rate.age(NOON)) == (Decimal("1.50"), timedelta(hours=-2))
    kinds = [row[0] for row in book.connection.rows("SELECT kind FROM journal ORDER BY seq")]
    assert kinds[-2:] == ["rate", "rate"]


def test_a_rate_of_another_day_says_nothing_of_a_fill(book: SqliteBook) -> None:
    book.record_intent(intent("K-1", symbol=AAPL), "c")
    book.book_fill("ib", execution(), NOON)
    assert book.take_rates(usd("1.50", 25), NOON + timedelta(hours=25)) == 0
    [fill] = book.fills()
    assert fill.rate is None


def test_a_rate_that_was_told_yesterday_is_none_today(book: SqliteBook) -> None:
    book.take_rates(usd("1.50", -25), NOON)
    book.record_intent(intent("K-1", symbol=AAPL), "c")
    book.book_fill("ib", execution(), NOON)
    [fill] = book.fills()
    assert fill.rate is None


# -- any order ---------------------------------------------------------------------------

_SYMBOLS = (BHP, PAIR)


@st.composite
def _stories(draw: st.DrawFn) -> list[tuple[str, ExecutionReport | CommissionReport]]:
    """Facts about a few executions, in an order that nobody foresaw, some of them twice."""
    facts: list[tuple[str, ExecutionReport | CommissionReport]] = []
    for number in range(draw(st.integers(1, 5))):
        key = f"{number:04}.01"
        order = draw(st.sampled_from(["K-1", "K-2", "K-3", "K-4", "OTHER"]))
        side = Side.BUY if order in ("K-1", "K-3") else Side.SELL
        for revision in range(1, draw(st.integers(1, 3)) + 1):
            least = "1" if revision == 1 else "0"
            facts.append(
                (
                    "fill",
                    execution(
                        key,
                        revision=revision,
                        order=order,
                        side=side,
                        quantity=str(draw(st.decimals(least, "900", places=1))),
                        price=str(draw(st.decimals("0.1", "99", places=3))),
                        seconds=draw(st.integers(0, 3)),
                    ),
                )
            )
            amount = str(draw(st.decimals("-1", "9", places=2)))
            currency = draw(st.sampled_from(["AUD", "USD"]))
            word = commission(key, amount, revision=revision, currency=currency)
            facts.append(("commission", word))
    return facts + draw(st.lists(st.sampled_from(facts), max_size=3))


def _told(folder: Path, facts: list[tuple[str, ExecutionReport | CommissionReport]]) -> SqliteBook:
    book = open_book(folder, "demo", ACCOUNT, StandingClock())
    for name, side, symbol in (
        ("K-1", Side.BUY, BHP),
        ("K-2", Side.SELL, BHP),
        ("K-3", Side.BUY, PAIR),
        ("K-4", Side.SELL, PAIR),
    ):
        estimates = {name: ESTIMATE} if side is Side.BUY else {}
        order = intent(name, side=side, symbol=symbol)
        if name == "K-4":
            order = replace(order, request=replace(order.request, purpose=Purpose.CONVERT))
        book.record_intent(order, "c", estimates=estimates)
    person = Adoption("AD", "ib", BHP, Decimal(50), Decimal(9), Decimal(0), "owner", "mine")
    book.record_adoption(person, NOON + timedelta(seconds=1))
    for kind, fact in facts:
        if kind == "fill":
            assert isinstance(fact, ExecutionReport)
            book.book_fill("ib", fact, NOON)
        else:
            assert isinstance(fact, CommissionReport)
            book.book_commission("ib", fact, NOON)
    return book


@settings(max_examples=60, deadline=None)
@given(facts=_stories(), order=st.randoms(use_true_random=False))
def test_any_order_leaves_balanced_books_and_the_same_result(
    facts: list[tuple[str, ExecutionReport | CommissionReport]], order: object
) -> None:
    shuffled = list(facts)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    results = []
    for told in (facts, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            book = _told(Path(folder), told)
            assert set(totals(book).values()) <= {Decimal(0)}
            held = book.positions()
            found = balances(book)
            realised = sum((p.realised_pnl for p in held if p.symbol == BHP), Decimal(0))
            assert -found.get(("realised", "AUD"), Decimal(0)) == realised
            with reading(book.connection.path) as link:
                results.append((found, dump_hash(link)))
            book.close()
            verify(book.connection.path)
    assert results[0] == results[1]

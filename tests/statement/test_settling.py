"""What a statement proves of an order in doubt: filled, or absent, or nothing yet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.orders import Tif
from domain.outside_facts import FactKind
from domain.resolution import Outcome
from domain.statement_facts import facts_of
from domain.statement_settling import Settled, UnknownOrder, settled
from tests.statement.flex_file import cash, file, read, row, trade

OTHER = trade("0099.01", orderReference="K-9")


def order(quantity: str = "100", filled: str = "0", tif: Tif = Tif.DAY, *keys: str) -> UnknownOrder:
    day = date(2026, 11, 23)
    return UnknownOrder("K-1", Decimal(quantity), Decimal(filled), tif, day, keys)


def judged(of: UnknownOrder, *rows: str, **head: str) -> Settled:
    [word] = settled([of], read(file(Trades=rows, **head)))  # type: ignore[arg-type]
    return word


def test_filled_whole_is_filled_whatever_is_still_to_come() -> None:
    for tif in (Tif.DAY, Tif.GTC):
        word = judged(order(tif=tif), trade(), last="20261123", generated="20261123;1")
        assert word.outcome == Outcome(Decimal(100), Decimal("45.10000000"))
        assert (word.fee, word.fee_currency) == (Decimal("6.6"), "AUD")


def test_only_what_is_not_booked_is_priced() -> None:
    parts = (trade("0001.01", quantity="60"), trade("0002.01", quantity="40", tradePrice="46"))
    word = judged(order("100", "60", Tif.DAY, "0001.01"), *parts)
    assert word.outcome == Outcome(Decimal(100), Decimal("46.00000000"))


def test_in_no_complete_day_it_is_absent() -> None:
    assert judged(order(), OTHER, last="20261128", generated="20261130;1").outcome == Outcome(None)


def test_filled_in_part_and_its_days_over() -> None:
    word = judged(order(), trade(quantity="30"))
    assert word.outcome == Outcome(Decimal(30), Decimal("45.10000000"))


@pytest.mark.parametrize(
    ("of", "rows", "head", "words"),
    [
        # An order sent after the close on the eve of a holiday trades days later.
        (order(), (OTHER,), {"last": "20261127"}, "last complete day is 2026-11-27"),
        # The last days were not over when the statement was made.
        (order(), (OTHER,), {"generated": "20261129;1"}, "last complete day is 2026-11-27"),
        (order(), (OTHER,), {"generated": "", "last": "20261128"}, "day is 2026-11-27"),
        (order(), (OTHER,), {"first": "20261123"}, "begins on 2026-11-23"),
        (order(tif=Tif.GTC), (OTHER,), {}, "works until it is cancelled"),
        (order(tif=Tif.GTC), (trade(quantity="30"),), {}, "works until it is cancelled"),
        (order(), (trade(orderReference=""),), {}, "tick *Order Reference*"),
        (order("50"), (trade(),), {}, "somebody else used its reference"),
    ],
)
def test_what_is_not_proven_stays_in_doubt_and_says_why(
    of: UnknownOrder, rows: tuple[str, ...], head: dict[str, str], words: str
) -> None:
    word = judged(of, *rows, **head)
    assert word.outcome is None and words in word.sentence


def test_a_statement_without_trades_says_nothing_of_an_order() -> None:
    [word] = settled([order()], read(file(CashTransactions=())))
    assert word.outcome is None and "has no trades" in word.sentence


# -- what of it is kept ----------------------------------------------------------------------------


def test_cash_dividends_rates_and_days_are_kept_once() -> None:
    dividend = {"symbol": "BHP", "assetCategory": "STK"}
    rate = row(
        "ConversionRate",
        reportDate="20261123",
        fromCurrency="USD",
        toCurrency="AUD",
        rate="1.53",
    )
    rows = (
        cash("100.00", "Dividends", transactionID="1", exDate="20261103", **dividend),
        cash("-15.00", "Withholding Tax", transactionID="2", **dividend),
        cash("-10.00", "Other Fees", transactionID="3"),
        cash("-10.00", "Other Fees", transactionID="4"),
    )
    statement = read(file(CashTransactions=rows, ConversionRates=(rate,)))
    facts = facts_of(statement, "a.xml", lambda _: True)
    assert [fact.kind.value for fact in facts] == [*["CASH"] * 4, "DIVIDEND", "RATE", "STATEMENT"]
    assert len({fact.id for fact in facts}) == 7
    assert facts_of(statement, "b.xml", lambda _: True)[0].id == facts[0].id, (
        "whatever its file is called"
    )
    paid = facts[4]
    assert dict(paid.detail) == {
        "currency": "AUD",
        "gross": "100.00",
        "withheld": "15.00",
        "ex_date": "2026-11-03",
    }, "a franking credit is in no statement of a custodian: missing, not 0"


def test_without_its_cash_a_statement_covers_no_days() -> None:
    assert facts_of(read(file(Trades=(trade(),))), "a.xml", lambda _: True) == ()


def test_what_others_traded_is_kept_and_what_we_did_is_not_told_twice() -> None:
    theirs = trade("0009.01", orderReference="", quantity="-7", buySell="SELL")
    statement = read(file(Trades=(trade(), theirs)))
    [fact] = facts_of(statement, "a.xml", lambda each: each.order == "K-1")
    assert fact.kind is FactKind.TRADE
    assert dict(fact.detail) == {
        "execution": "0009.01",
        "side": "SELL",
        "quantity": "7",
        "price": "45.1",
        "commission": "6.6",
        "commission_currency": "AUD",
    }

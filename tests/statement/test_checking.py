"""A statement held against the book: agreement, and every way to differ."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.orders import Side
from domain.resolution import BY_HAND_KEY
from domain.statement_check import Check, DifferenceKind, checked
from domain.symbols import Symbol
from tests.domain.parcels_story import PAIR, Story
from tests.statement.flex_file import balance, cash, file, position, read, trade

Rows = tuple[str, ...]
K = DifferenceKind


def booked() -> Story:
    """100 BHP bought at 45.10, and 40 of them sold."""
    story = Story()
    story.trade("2026-11-23", Side.BUY, 100, "45.10", fee="6.60")
    story.trade("2026-11-24", Side.SELL, 40, "46", fee="6.60")
    return story


SECOND = trade("0002.01", quantity="-40", buySell="SELL", tradePrice="46", orderReference="K-2")
SECTIONS: dict[str, Rows] = {
    "Trades": (trade("0001.01"), SECOND),
    "CashReport": (balance("10000", "7321.80"),),
    "CashTransactions": (cash("5.00", "Broker Interest Received"),),
    "OpenPositions": (position("BHP", "60"),),
}


def check(story: Story, **changed: Rows) -> Check:
    record = story.record()
    return checked(read(file(SECTIONS | changed)), story.trades, record.events)


def kinds(result: Check) -> list[tuple[DifferenceKind, str]]:
    return [(each.kind, each.subject) for each in result.differences]


def test_they_agree() -> None:
    result = check(booked())
    assert result == Check((), 2, 0, ())
    with_revision = (trade("0001.01.01"), SECOND)
    assert check(booked(), Trades=with_revision).differences == ()


@pytest.mark.parametrize(
    ("changed", "differences"),
    [
        (
            {"Trades": (trade(), SECOND, trade("0009.01", quantity="1", ibCommission="0"))},
            [(K.TRADE_NOT_IN_BOOK, "0009.01"), (K.CASH_DIFFERS, "AUD")],
        ),
        (
            {"Trades": (trade(),)},
            [(K.TRADE_NOT_IN_STATEMENT, "0002.01"), (K.CASH_DIFFERS, "AUD")],
        ),
        ({"Trades": (trade(quantity="101"), SECOND)}, [(K.TRADE_DIFFERS, "0001.01")]),
        ({"Trades": (trade(tradePrice="45.11"), SECOND)}, [(K.TRADE_DIFFERS, "0001.01")]),
        ({"Trades": (trade(quantity="-100"), SECOND)}, [(K.TRADE_DIFFERS, "0001.01")]),
        ({"Trades": (trade(symbol="CBA"), SECOND)}, [(K.TRADE_DIFFERS, "0001.01")]),
        ({"Trades": (trade(ibCommission="-6.61"), SECOND)}, [(K.COMMISSION_DIFFERS, "0001.01")]),
        (
            {"Trades": (trade(ibCommissionCurrency="USD"), SECOND)},
            [(K.COMMISSION_DIFFERS, "0001.01")],
        ),
        ({"CashReport": (balance("10000", "7321.81"),)}, [(K.CASH_DIFFERS, "AUD")]),
        ({"CashReport": (balance("9999.99", "7321.80"),)}, [(K.CASH_DIFFERS, "AUD")]),
        ({"CashTransactions": ()}, [(K.CASH_DIFFERS, "AUD")]),
        ({"OpenPositions": (position("BHP", "61"),)}, [(K.POSITION_DIFFERS, "BHP/AUD")]),
        ({"OpenPositions": ()}, [(K.POSITION_DIFFERS, "BHP/AUD")]),
        (
            {"OpenPositions": (position("BHP", "60"), position("CBA", "5"))},
            [(K.POSITION_DIFFERS, "CBA/AUD")],
        ),
    ],
)
def test_whatever_was_doctored_is_found(
    changed: dict[str, Rows], differences: list[tuple[DifferenceKind, str]]
) -> None:
    assert kinds(check(booked(), **changed)) == differences


def test_a_commission_that_the_book_lacks_is_a_line() -> None:
    story = Story()
    story.trade("2026-11-23", Side.BUY, 100, "45.10", fee=None)
    result = check(
        story,
        Trades=(trade(),),
        CashReport=(balance("10000", "5490"),),
        CashTransactions=(),
        OpenPositions=(position(),),
    )
    [line] = result.differences
    assert (line.kind, line.statement, line.book) == (K.COMMISSION_DIFFERS, "6.6 AUD", "")


def test_what_the_statement_does_not_have_is_not_checked_and_said() -> None:
    record = booked().record()
    result = checked(read(file(Trades=SECTIONS["Trades"])), booked().trades, record.events)
    assert result.differences == ()
    assert len(result.not_checked) == 3


def test_trades_at_the_edges_of_a_statement_may_be_of_another_day_there() -> None:
    story = booked()
    story.trade("2026-11-30", Side.BUY, 1, "45.10", Symbol("CBA", "AUD"))
    story.trade("2026-11-01", Side.BUY, 1, "45.10", Symbol("CBA", "AUD"))
    record = story.record()
    statement = read(file(Trades=SECTIONS["Trades"]))
    assert checked(statement, story.trades, record.events).differences == ()


def test_conversions_that_kelpie_did_not_order_are_no_differences() -> None:
    # facts: australia.md, *Account type*
    converted = trade(
        "0008.01",
        assetCategory="CASH",
        symbol="AUD.USD",
        currency="USD",
        quantity="-1000",
        tradePrice="0.65",
        ibCommission="-3",
        orderReference="",
    )
    result = check(
        booked(),
        Trades=(*SECTIONS["Trades"], converted),
        CashReport=(balance("10000", "6318.80"), balance("0", "650", "USD")),
    )
    assert (result.differences, result.conversions) == ((), 1)


def test_a_conversion_that_kelpie_ordered_is_a_trade_like_any_other() -> None:
    ordered = trade("0008.01", assetCategory="CASH", symbol="AUD.USD", currency="USD")
    result = check(booked(), Trades=(*SECTIONS["Trades"], ordered))
    assert (K.TRADE_NOT_IN_BOOK, "0008.01") in kinds(result)


def test_a_persons_word_is_held_against_the_executions_that_it_stands_for() -> None:
    story = booked()
    story.trades[0] = replace(story.trades[0], key=f"{BY_HAND_KEY}K-1-7", commission=Decimal("6.6"))
    parts = (trade("0001.01", quantity="60"), trade("0005.01", quantity="40", ibCommission="0"))
    result = check(story, Trades=(*parts, SECOND))
    assert (result.differences, result.trades) == ((), 3)
    dearer = (parts[0], trade("0005.01", quantity="40", tradePrice="45.2", ibCommission="0"))
    assert kinds(check(story, Trades=(*dearer, SECOND))) == [(K.TRADE_DIFFERS, "K-1")]


def test_own_parcels_count_among_what_is_held() -> None:
    story = booked()
    story.tell("PARCEL", "2019-05-06", quantity="40", cost="100")
    assert check(story, OpenPositions=(position("BHP", "100"),)).differences == ()


def test_what_others_trade_without_a_symbol_of_ours_is_said() -> None:
    option = trade("0007.01", assetCategory="OPT", symbol="X", orderReference="", netCash="-50")
    result = check(
        booked(),
        Trades=(*SECTIONS["Trades"], option),
        CashReport=(balance("10000", "7271.80"),),
        OpenPositions=(position("BHP", "60"), position("X", "1", assetCategory="OPT")),
    )
    assert result.differences == ()
    assert len(result.not_checked) == 2


def test_a_pair_of_ours_moves_both_currencies() -> None:
    story = Story()
    story.trade("2026-11-23", Side.BUY, 1000, "0.65", PAIR, fee="3.30")
    ours = trade(
        "0001.01",
        assetCategory="CASH",
        symbol="AUD.USD",
        currency="USD",
        quantity="1000",
        tradePrice="0.65",
        ibCommission="-3.3",
    )
    result = check(
        story,
        Trades=(ours,),
        CashReport=(balance("0", "996.70"), balance("1000", "350", "USD")),
        CashTransactions=(),
        OpenPositions=(),
    )
    assert result.differences == ()

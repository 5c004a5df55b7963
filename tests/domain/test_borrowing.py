"""Cash by currency: what is free at the worst, and what a purchase may not borrow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.account import SpendableCash
from domain.admission import Admission, Refusal
from domain.amendments import decide_amendment
from domain.borrowing import borrowing, spent, spent_currency, taken_by, taken_by_others
from domain.commissions import ChargeTerms
from domain.conversions import conversion
from domain.figures import DeskFigures
from domain.foreign import ForeignOrder, Whose, foreign_reserved
from domain.gates import decide, decide_lesser, purpose_of
from domain.holdings import reserved_of, working_of
from domain.market_rules import odd_lot
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.previews import preview_key, wants_preview
from domain.rates import Rate
from domain.symbols import Symbol
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import VenueStatus
from tests.domain.test_gates import BHP, CALM, RISK_REDUCING

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AAPL, AUDUSD, EURUSD, EURAUD = map(Symbol.parse, ("AAPL/USD", "AUD/USD", "EUR/USD", "EUR/AUD"))
DEAR = ChargeTerms("USD", Decimal(0), Decimal(0), Decimal("1.10"), None, Decimal(1))


def request(
    symbol: Symbol, side: Side = Side.BUY, quantity: object = 10, price: str = "100", **more: object
) -> OrderRequest:
    return OrderRequest(
        "K-1",
        symbol,
        side,
        Decimal(str(quantity)),
        OrderType.LIMIT,
        Decimal(price),
        **more,  # type: ignore[arg-type]
    )


def order(
    symbol: Symbol, side: Side = Side.BUY, quantity: object = 10, price: str = "100", **more: object
) -> Order:
    made = Order.intended(request(symbol, side, quantity, price), "ib", NOW)
    return replace(made, **{"state": OrderState.WORKING, **more})  # type: ignore[arg-type]


def no_terms(_: Symbol) -> None:
    """Nothing is reckoned."""


def free(cash: str | None = "1000", taken: str | None = "0", currency: str = "USD") -> DeskFigures:
    amounts = (None if text is None else Decimal(text) for text in (cash, taken))
    return replace(CALM, spends=SpendableCash(currency, *amounts), price=Decimal(100))


# -- what is spent -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "side", "currency", "amount"),
    [
        (AAPL, Side.BUY, "USD", "1000"),
        (AAPL, Side.SELL, None, "0"),
        (AUDUSD, Side.BUY, "USD", "1000"),
        (AUDUSD, Side.SELL, "AUD", "10"),
        (EURAUD, Side.SELL, "EUR", "10"),
    ],
)
def test_a_purchase_is_paid_in_the_price_s_currency_and_a_pair_sold_with_itself(
    symbol: Symbol, side: Side, currency: str | None, amount: str
) -> None:
    assert spent_currency(symbol, side) == currency
    assert spent(symbol, side, Decimal(10), Decimal(100), None) == Decimal(amount)


def test_the_commission_is_paid_of_it_too() -> None:
    assert spent(AAPL, Side.BUY, Decimal(10), Decimal(100), DEAR) == Decimal("1001.10")
    assert spent(EURAUD, Side.SELL, Decimal(10), Decimal(100), DEAR) == 10


def test_open_orders_take_what_they_may_still_fill_at_their_dearest() -> None:
    part = order(AAPL, filled=Decimal(4))
    gone = order(AAPL, state=OrderState.CANCELLED)
    unknown = order(AAPL, quantity=2, state=OrderState.UNKNOWN)
    assert taken_by([part, gone, unknown, order(BHP)], "USD", no_terms) == 800
    change = Amendment(
        "A-1",
        "K-1",
        part.request.terms,
        Terms(Decimal(20), Decimal(90)),
        AmendmentState.SENT,
        NOW,
    )
    assert taken_by([replace(part, amending=change)], "USD", no_terms) == 1600
    assert taken_by([part], "USD", lambda _: DEAR) == Decimal("601.10")


def test_of_those_that_cancel_each_other_one_spends_and_a_child_no_more_than_its_parent_fills() -> (
    None
):
    stop, target = (
        replace(o, request=replace(o.request, oca_group="G", client_order_id=name))
        for name, o in (("S", order(EURUSD, Side.SELL, 30)), ("T", order(EURUSD, Side.SELL, 20)))
    )
    assert taken_by([stop, target], "EUR", no_terms) == 30
    parent = order(EURUSD, quantity=30, filled=Decimal(12))
    child = replace(stop, request=replace(stop.request, parent="K-1", oca_group=None))
    assert taken_by([parent, child], "EUR", no_terms) == 12


def test_one_without_a_price_may_take_anything() -> None:
    market = order(AAPL)
    bare = replace(market.request, type=OrderType.MARKET, limit_price=None)
    assert taken_by([replace(market, request=bare)], "USD", no_terms) is None
    assert taken_by([replace(market, request=bare)], "EUR", no_terms) == 0


def foreign(symbol: Symbol | None, side: Side, price: str | None = "100") -> ForeignOrder:
    limit = None if price is None else Decimal(price)
    return ForeignOrder(
        "7",
        None,
        0,
        symbol,
        side,
        Decimal(10),
        Decimal(6),
        OrderType.LIMIT,
        limit,
        None,
        None,
        VenueStatus.WORKING,
        Whose.OTHERS,
    )


def test_orders_of_others_take_of_it_too() -> None:
    assert taken_by_others([foreign(AAPL, Side.BUY), foreign(BHP, Side.BUY)], "USD") == 600
    assert taken_by_others([foreign(AAPL, Side.SELL)], "USD") == 0
    assert taken_by_others([foreign(AAPL, Side.BUY, None)], "USD") is None
    assert taken_by_others([foreign(None, Side.BUY)], "USD") is None, "it may be anything"


def test_a_rate_that_is_too_old_leaves_what_is_reserved_unknown() -> None:
    fresh = Rate(Decimal("1.5"), 1.0, False, "quote")
    ours, theirs = [order(AAPL)], [foreign(AAPL, Side.BUY)]
    assert reserved_of(ours, {"USD": fresh}) == 1500
    assert foreign_reserved(theirs, {"USD": fresh}) == 900
    for rates in ({"USD": replace(fresh, stale=True)}, {}):
        assert reserved_of(ours, rates) is None
        assert foreign_reserved(theirs, rates) is None


def test_an_order_in_a_currency_without_a_rate_is_not_worth_nothing() -> None:
    bare = replace(CALM, rate=None)
    verdict = decide(request(BHP, quantity=1, price="100"), bare)
    assert isinstance(verdict, Refusal) and verdict.code == "NO_RATE"
    leaving = decide(request(BHP, Side.SELL, 1, "100", purpose=Purpose.EXIT), bare)
    assert isinstance(leaving, Admission) and leaving.value is None
    lesser = decide_lesser(request(BHP, quantity=20, price="100"), bare)
    assert isinstance(lesser, Admission) and lesser.value is None
    key = preview_key(leaving, "Australia/Sydney", NOW)
    assert wants_preview(lesser, key, {key}, Decimal(10**6)), "unknown is not small"


def test_a_pair_whose_worth_in_us_dollars_is_not_known_may_be_an_odd_lot() -> None:
    pair = request(EURAUD, quantity=30_000, price="1.6")
    refusal = odd_lot(pair, replace(CALM, usd_rate=None))
    assert refusal is not None and refusal.code == "NO_RATE"
    assert odd_lot(pair, replace(CALM, usd_rate=Decimal("1.5"))) is None


# -- the gate ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cash", "taken", "shut"),
    [
        ("1000", "0", False),
        ("999.99", "0", True),
        ("1500", "500", False),
        ("1500", "500.01", True),
        ("-20", "0", True),
    ],
)
def test_a_purchase_takes_what_is_free_and_not_a_cent_more(
    cash: str, taken: str, shut: bool
) -> None:
    said = borrowing(request(AAPL), free(cash, taken))
    assert isinstance(said, Refusal) is shut
    if isinstance(said, Refusal):
        assert said.code == "WOULD_BORROW" and "1000.00 USD" in said.sentence
    assert said is not None and ("needed", "USD 1,000.00") in said.figures


@pytest.mark.parametrize("figures", [free(None), free("1000", None)])
def test_cash_that_is_not_known_is_not_free(figures: DeskFigures) -> None:
    refusal = borrowing(request(AAPL), figures)
    assert isinstance(refusal, Refusal) and refusal.code == "CASH_NOT_KNOWN"


def test_what_leaves_or_guards_is_never_held_back_by_cash() -> None:
    for purpose in RISK_REDUCING:
        assert borrowing(request(AAPL, purpose=purpose), free("0")) is None


def test_the_base_currency_is_held_back_here_for_a_conversion_alone() -> None:
    sale = request(AUDUSD, Side.SELL, 5000, "0.66")
    assert borrowing(sale, free("100", currency="AUD")) is None
    refusal = borrowing(replace(sale, purpose=Purpose.CONVERT), free("100", currency="AUD"))
    assert isinstance(refusal, Refusal) and refusal.code == "WOULD_BORROW"


def test_the_gate_is_walked_by_every_entry() -> None:
    figures = free("10")
    verdict = decide(request(BHP, quantity=20, price="100"), replace(figures, held=Decimal(100)))
    assert isinstance(verdict, Refusal) and verdict.code == "WOULD_BORROW"
    allowed = decide(request(BHP, quantity=20, price="100"), replace(figures, spends=None))
    assert isinstance(allowed, Admission)


def test_what_a_changed_order_has_paid_already_is_not_asked_for_twice() -> None:
    """Of 20 at 100 dollars 15 are paid: 30 need 3,000, and 1,500 of them are left to be paid."""
    bought = order(BHP, quantity=20, filled=Decimal(15), average_price=Decimal(100))
    for cash, code in (("1500", ""), ("1499", "WOULD_BORROW")):
        wanted = Terms(Decimal(30), Decimal(100))
        verdict = decide_amendment(bought, wanted, "A-1", free(cash), NOW)
        assert (verdict.code if isinstance(verdict, Refusal) else "") == code


# -- conversions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "symbol", "code"),
    [
        ({}, AUDUSD, ""),
        ({}, BHP, "CONVERT_NOT_A_PAIR"),
        (
            {"type": OrderType.STOP, "limit_price": None, "stop_price": Decimal(1)},
            AUDUSD,
            "CONVERT_TAKES_NO_PLAN",
        ),
        ({"parent": "K-0"}, AUDUSD, "CONVERT_TAKES_NO_PLAN"),
        ({"oca_group": "G"}, AUDUSD, "CONVERT_TAKES_NO_PLAN"),
        ({"plan": "K-0"}, AUDUSD, "CONVERT_TAKES_NO_PLAN"),
    ],
)
def test_a_conversion_is_cash_for_cash_and_no_more(
    change: dict[str, object], symbol: Symbol, code: str
) -> None:
    made = replace(request(symbol, purpose=Purpose.CONVERT), **change)  # type: ignore[arg-type]
    refusal = conversion(made, CALM)
    assert (refusal.code if refusal is not None else "") == code
    assert conversion(replace(made, purpose=Purpose.ENTRY), CALM) is None


def test_a_conversion_stays_one_whatever_is_held_and_works_against_nothing() -> None:
    converts = request(AUDUSD, Side.SELL, purpose=Purpose.CONVERT)
    assert purpose_of(converts, Decimal(500)) is Purpose.CONVERT
    assert purpose_of(replace(converts, purpose=Purpose.ENTRY), Decimal(500)) is Purpose.EXIT
    working = replace(order(AUDUSD, Side.SELL), request=converts)
    found = working_of([working], AUDUSD)
    assert (found.sells, found.active_sells) == (Decimal(0), 1)


def test_an_odd_lot_may_be_converted_and_is_told() -> None:
    small = request(AUDUSD, Side.SELL, 5000, "0.66", purpose=Purpose.CONVERT)
    figures = replace(
        CALM,
        price=Decimal("0.66"),
        rate=Decimal("1.5"),
        usd_rate=Decimal("1.5"),
        managed=Decimal(0),
    )
    verdict = decide(small, figures)
    assert isinstance(verdict, Admission) and verdict.remark == "an odd lot at IDEALPRO"
    traded = decide(replace(small, purpose=Purpose.ENTRY), figures)
    assert isinstance(traded, Refusal) and traded.code == "ODD_LOT"

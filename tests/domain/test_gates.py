"""The gates: each refusal can be reached, is explained, and stops no more than it should."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.admission import Admission, Refusal
from domain.figures import DeskFigures
from domain.gates import decide, decide_lesser
from domain.holdings import external_of, unrealised, working_of
from domain.limits import NAMES
from domain.orders import (
    Order,
    OrderError,
    OrderRequest,
    OrderState,
    OrderType,
    Purpose,
    Side,
    check_request,
)
from domain.risk_figures import NO_RISK
from domain.symbols import Symbol, SymbolError
from domain.venue import InstrumentDetails, PriceStep
from tests.domain import risk_cases
from tests.domain.risk_cases import EDGES

HOUSE = Path(__file__).parents[2]
BHP = Symbol("BHP", "AUD")
STEPS = (
    PriceStep(Decimal(0), Decimal("0.001")),
    PriceStep(Decimal("0.10"), Decimal("0.005")),
    PriceStep(Decimal(2), Decimal("0.01")),
)
INSTRUMENT = InstrumentDetails(
    BHP, "BHP GROUP", "STK", "ASX", "Australia/Sydney", STEPS, Decimal(1), ()
)
CALM = replace(
    risk_cases.CALM,
    instrument=INSTRUMENT,
    price=Decimal("40.02"),
    managed=Decimal(100),
    held=Decimal(150),
    risk=NO_RISK,
)
ENTRY = OrderRequest("KLP-1", BHP, Side.BUY, Decimal(50), OrderType.LIMIT, Decimal("40.00"))
EXIT = OrderRequest("KLP-2", BHP, Side.SELL, Decimal(50), OrderType.MARKET, purpose=Purpose.EXIT)
RISK_REDUCING = (Purpose.EXIT, Purpose.PROTECTION, Purpose.FLATTEN)

CASES: dict[str, tuple[OrderRequest, DeskFigures]] = {
    "QUANTITY_NOT_POSITIVE": (replace(ENTRY, quantity=Decimal(0)), CALM),
    "NUMBER_OUT_OF_RANGE": (replace(ENTRY, quantity=Decimal("1e13")), CALM),
    "PRICE_MISSING": (replace(ENTRY, limit_price=None), CALM),
    "PRICE_NOT_WANTED": (replace(ENTRY, stop_price=Decimal(1)), CALM),
    "PRICE_NOT_POSITIVE": (replace(ENTRY, limit_price=Decimal(-1)), CALM),
    "SYMBOL_NOT_ALLOWED": (ENTRY, replace(CALM, allowed=False)),
    "PAUSED": (ENTRY, replace(CALM, paused=True, paused_reason="holidays")),
    "VENUE_NOT_TRADABLE": (ENTRY, replace(CALM, venue_reconciled=False, venue_reason="no link")),
    "SYMBOL_ON_HOLD": (ENTRY, replace(CALM, symbol_blocked="IB holds 90")),
    "INSTRUMENT_NOT_KNOWN": (ENTRY, replace(CALM, instrument=None)),
    "QUANTITY_NOT_IN_LOTS": (replace(ENTRY, quantity=Decimal("50.5")), CALM),
    "PRICE_BETWEEN_STEPS": (replace(ENTRY, limit_price=Decimal("40.005")), CALM),
    "SHORT_NOT_ALLOWED": (replace(ENTRY, side=Side.SELL), replace(CALM, held=Decimal(0))),
    "SHORT_OF_HELD": (replace(ENTRY, side=Side.SELL), replace(CALM, short_selling=True)),
    "MORE_THAN_HELD": (replace(EXIT, quantity=Decimal(101)), CALM),
    "NO_FRESH_QUOTE": (
        replace(ENTRY, type=OrderType.MARKET, limit_price=None),
        replace(CALM, price=None),
    ),
    "OBSERVING": (
        replace(EXIT, purpose=Purpose.FLATTEN),
        replace(CALM, observing=True),
    ),
    "DISARMED": (ENTRY, replace(CALM, disarmed="live trading is not armed")),
    "BOOK_NOT_WRITABLE": (ENTRY, replace(CALM, book_trouble="The disk is full.")),
    "FALLING_BEHIND": (ENTRY, replace(CALM, facts_waiting=1001)),
    "ANNOUNCED_RESTART": (ENTRY, replace(CALM, announced="on hold until Sun 23:50, because …")),
    "SAFE_MODE": (ENTRY, replace(CALM, safe_mode="five starts died")),
    "SAFE_MODE_MISMATCH": (EXIT, replace(CALM, safe_mode="", venue_mismatch="IB holds 90")),
    "STANDING_NOT_KNOWN": (ENTRY, replace(CALM, standing_known=False)),
    "ALERTS_NOT_DELIVERED": (ENTRY, replace(CALM, unheard="nothing was delivered for a day")),
    "FLATTENING": (EXIT, replace(CALM, flattening="a person")),
    "CONFIRMATION_NEEDED": (
        replace(EXIT, purpose=Purpose.FLATTEN),
        replace(CALM, venue_reconciled=False, venue_reason="no lists"),
    ),
    "NO_RATE": (ENTRY, replace(CALM, rate=None)),
    "ORDER_TOO_LARGE": (replace(ENTRY, quantity=Decimal(251)), CALM),
}


def code_of(request: OrderRequest, figures: DeskFigures) -> str:
    """The code of the refusal; empty when it was admitted."""
    verdict = decide(request, figures)
    return verdict.code if isinstance(verdict, Refusal) else ""


def codes_in(path: str) -> set[str]:
    code = r'"([A-Z]+_[A-Z_]+|PAUSED|OBSERVING|DISARMED|FLATTENING|DRAWDOWN)"'
    return set(re.findall(code, (HOUSE / path).read_text()))


@pytest.mark.parametrize("code", CASES)
def test_each_refusal_is_reached_and_says_why_and_what_to_do(code: str) -> None:
    verdict = decide(*CASES[code])
    assert isinstance(verdict, Refusal)
    assert verdict.code == code
    assert verdict.client_order_id == CASES[code][0].client_order_id
    assert verdict.sentence and verdict.cure
    assert "  " not in verdict.sentence


def test_every_code_that_is_raised_is_known_and_reached() -> None:
    known = set(tomllib.loads((HOUSE / "config/error_codes.toml").read_text()))
    others = {*OrderState, *OrderType, *(name.upper() for name in NAMES)}
    sources = ["gates", "conditions", "orders", "state_gates"]
    sources += ["market_gates", "pace_gates", "size_gates", "loss_gates", "short_sales"]
    raised = set().union(*(codes_in(f"domain/{each}.py") for each in sources)) - others
    assert raised == set(CASES) | {edge.code for edge in EDGES}
    assert raised <= known


def test_an_admission_carries_the_worst_value_in_the_base_currency() -> None:
    verdict = decide(ENTRY, replace(CALM, rate=Decimal("1.5")))
    assert isinstance(verdict, Admission)
    assert replace(verdict, words=()) == Admission(
        ENTRY, "ib", Decimal(3000), "AUD", Decimal("40.00")
    )


@pytest.mark.parametrize(
    ("type", "side", "limit", "stop", "worst"),
    [
        (OrderType.LIMIT, Side.BUY, "39", None, "39"),
        (OrderType.LIMIT, Side.SELL, "39", None, "40.02"),
        (OrderType.LIMIT, Side.SELL, "41", None, "41"),
        (OrderType.MARKET, Side.BUY, None, None, "40.02"),
        (OrderType.STOP, Side.BUY, None, "42", "42"),
        (OrderType.STOP, Side.SELL, None, "38", "40.02"),
        (OrderType.STOP_LIMIT, Side.BUY, "43", "42", "43"),
    ],
)
def test_the_worst_price(
    type: OrderType, side: Side, limit: str | None, stop: str | None, worst: str
) -> None:
    request = replace(
        ENTRY,
        type=type,
        side=side,
        limit_price=Decimal(limit) if limit else None,
        stop_price=Decimal(stop) if stop else None,
    )
    lends = replace(CALM, short_selling=True, held=Decimal(0))
    verdict = decide(request, lends)
    assert isinstance(verdict, Admission) and verdict.price == Decimal(worst)


def test_the_largest_order_is_allowed_and_one_share_more_is_not() -> None:
    assert code_of(replace(ENTRY, quantity=Decimal(250)), CALM) == ""
    assert code_of(replace(ENTRY, quantity=Decimal(251)), CALM) == "ORDER_TOO_LARGE"


def test_while_the_book_is_not_written_only_what_leaves_a_position_goes() -> None:
    dead = replace(CALM, book_trouble="The disk is full.")
    for purpose in Purpose:
        leaves = purpose in (Purpose.EXIT, Purpose.FLATTEN)
        order = replace(EXIT, purpose=purpose)
        assert code_of(order, dead) == ("" if leaves else "BOOK_NOT_WRITABLE"), purpose
        # Without the emergency file nothing at all: an order that nobody knows of is worse.
        neither = replace(dead, exits_written=False)
        assert code_of(order, neither) == "BOOK_NOT_WRITABLE", purpose
        others = {Purpose.CONVERT: "CONVERT_NOT_A_PAIR", Purpose.ENTRY: "SHORT_NOT_ALLOWED"}
        expected = others.get(purpose, "")
        assert code_of(order, replace(CALM, exits_written=False)) == expected, purpose


@pytest.mark.parametrize("purpose", RISK_REDUCING)
@pytest.mark.parametrize(
    "figures",
    [
        replace(CALM, paused=True),
        replace(CALM, circuit_closed=False),
        replace(CALM, symbol_blocked="a mismatch"),
        replace(CALM, price=None),
        replace(CALM, rate=None),
        replace(CALM, max_order_value=Decimal(1)),
    ],
    ids=["paused", "circuit open", "symbol on hold", "stale", "no rate", "too large"],
)
def test_what_stops_an_entry_stops_no_exit(purpose: Purpose, figures: DeskFigures) -> None:
    assert code_of(replace(ENTRY, type=OrderType.MARKET, limit_price=None), figures)
    assert code_of(replace(EXIT, purpose=purpose), figures) == ""
    stop = replace(
        EXIT, purpose=purpose, type=OrderType.STOP, stop_price=Decimal("38.00"), limit_price=None
    )
    assert code_of(stop, figures) == ""


@pytest.mark.parametrize("purpose", RISK_REDUCING)
def test_nothing_goes_to_a_venue_without_a_link(purpose: Purpose) -> None:
    figures = replace(CALM, venue_connected=False, venue_reconciled=False, venue_reason="no link")
    assert code_of(replace(EXIT, purpose=purpose), figures) == "VENUE_NOT_TRADABLE"
    assert code_of(ENTRY, figures) == "VENUE_NOT_TRADABLE"


QUANTITIES = st.integers(min_value=-500, max_value=500).map(Decimal)


@given(
    side=st.sampled_from(Side),
    quantity=st.integers(min_value=1, max_value=600).map(Decimal),
    managed=QUANTITIES,
    external=QUANTITIES,
    buys=st.integers(min_value=0, max_value=300).map(Decimal),
    sells=st.integers(min_value=0, max_value=300).map(Decimal),
    purpose=st.sampled_from(RISK_REDUCING),
)
def test_an_exit_never_takes_more_than_is_ours_and_there(
    side: Side,
    quantity: Decimal,
    managed: Decimal,
    external: Decimal,
    buys: Decimal,
    sells: Decimal,
    purpose: Purpose,
) -> None:
    held = managed + external
    request = replace(EXIT, side=side, quantity=quantity, purpose=purpose)
    figures = replace(CALM, managed=managed, held=held, working_sells=sells, working_buys=buys)
    after = -side.sign * (quantity + (buys if side is Side.BUY else sells))
    # What is left of ours and of all after everything has traded keeps its sign, or is zero.
    ours, all_of_it = managed * -side.sign, held * -side.sign
    fits = abs(after) <= ours and abs(after) <= all_of_it
    assert (code_of(request, figures) == "") is fits


def test_only_the_other_side_of_what_works_counts() -> None:
    figures = replace(CALM, working_buys=Decimal(1000))
    assert code_of(replace(EXIT, quantity=Decimal(100)), figures) == ""
    figures = replace(CALM, working_sells=Decimal(60))
    assert code_of(replace(EXIT, quantity=Decimal(40)), figures) == ""
    assert code_of(replace(EXIT, quantity=Decimal(41)), figures) == "MORE_THAN_HELD"


# -- what a request must be --------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "-0"])
def test_a_quantity_is_a_number_above_zero(quantity: str) -> None:
    with pytest.raises(OrderError) as refused:
        check_request(replace(ENTRY, quantity=Decimal(quantity)))
    assert refused.value.code == "QUANTITY_NOT_POSITIVE"


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
@pytest.mark.parametrize("field", ["limit_price", "stop_price"])
def test_a_price_is_a_number_above_zero(price: str, field: str) -> None:
    sound = replace(ENTRY, type=OrderType.STOP_LIMIT, stop_price=Decimal(41))
    check_request(sound)
    spoilt = {"limit_price": sound.limit_price, "stop_price": sound.stop_price}
    spoilt[field] = Decimal(price)
    with pytest.raises(OrderError) as refused:
        check_request(
            replace(sound, limit_price=spoilt["limit_price"], stop_price=spoilt["stop_price"])
        )
    assert refused.value.code == "PRICE_NOT_POSITIVE"


@pytest.mark.parametrize("type", OrderType)
def test_each_type_has_its_prices_and_no_others(type: OrderType) -> None:
    for limit in (None, Decimal(40)):
        for stop in (None, Decimal(41)):
            request = replace(ENTRY, type=type, limit_price=limit, stop_price=stop)
            sound = (limit is not None) is type.needs_limit and (
                stop is not None
            ) is type.needs_stop
            if sound:
                check_request(request)
            else:
                with pytest.raises(OrderError, match=r"needs|takes no"):
                    check_request(request)


# -- holdings ----------------------------------------------------------------------------


def test_what_works_counts_at_its_worst_and_what_ended_not_at_all() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    orders = [
        replace(Order.intended(request, "ib", at), state=state, filled=Decimal(10))
        for request in (ENTRY, replace(EXIT, quantity=Decimal(30)))
        for state in OrderState
    ]
    other = replace(ENTRY, symbol=Symbol("CBA", "AUD"))
    orders.append(Order.intended(other, "ib", at))
    open_states = sum(not state.is_final for state in OrderState)
    assert open_states == 5  # INTENDED, SENT, WORKING, HELD and UNKNOWN
    working = working_of(orders, BHP)
    assert (working.buys, working.sells) == (Decimal(40) * 5, Decimal(20) * 5)


def test_what_is_external() -> None:
    assert external_of(BHP, Decimal(100), Decimal(150)) == 50
    assert external_of(BHP, Decimal(100), Decimal(90)) == -10
    assert external_of(Symbol("AUD", "USD"), Decimal(100), Decimal(0)) == 0


def test_what_a_position_would_bring() -> None:
    assert unrealised(Decimal(100), Decimal("40.00"), 40.5) == 50
    assert unrealised(Decimal(-100), Decimal("40.00"), 40.5) == -50
    assert unrealised(Decimal(0), None, None) == 0
    assert unrealised(Decimal(100), Decimal("40.00"), None) is None
    assert unrealised(Decimal(100), None, 40.5) is None


# -- symbols -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["BHP/AUD", "bhp-aud", " BHP/AUD "])
def test_a_symbol_is_read_in_both_spellings(text: str) -> None:
    symbol = Symbol.parse(text)
    assert (symbol, str(symbol)) == (BHP, "BHP/AUD")
    assert not symbol.is_currency_pair and Symbol.parse("AUD/USD").is_currency_pair


@pytest.mark.parametrize(
    "text",
    ["", "BHP", "BHP/AU", "BHP/AUDX", "/AUD", "BHP//AUD", "B HP/AUD", "BHP/AUD\nX", "../AUD"],
)
def test_what_is_no_symbol(text: str) -> None:
    with pytest.raises(SymbolError, match="BHP/AUD"):
        Symbol.parse(text)


def test_observing_entries_and_exits_pass_for_the_shadow_alone_and_no_other_gate_opens() -> None:
    observing = replace(CALM, observing=True)
    assert isinstance(decide(ENTRY, observing), Admission)
    managed = replace(observing, managed=Decimal(50), held=Decimal(50))
    assert isinstance(decide(EXIT, managed), Admission)
    stop = replace(EXIT, type=OrderType.STOP, stop_price=Decimal("39.00"))
    alone = replace(stop, purpose=Purpose.PROTECTION)
    assert isinstance(decide(alone, managed), Admission), "one placed anew lives there, too"
    assert isinstance(decide_lesser(alone, managed), Admission), "and moves there"
    assert isinstance(decide(replace(alone, parent="KLP-1"), managed), Admission), "with its entry"
    paused = decide(ENTRY, replace(observing, paused=True, paused_reason="holidays"))
    assert isinstance(paused, Refusal) and paused.code == "PAUSED"

"""What venues charge, by every worked example of the fact sheets and the venues' own pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.commission_table import commission_table, table_of
from domain.commissions import (
    ChargeTerms,
    CommissionTable,
    FeeRule,
    Liquidity,
    Tier,
    overridden,
    terms_of,
)
from domain.symbols import Symbol

TODAY = date(2026, 11, 23)
BHP, AAPL, AUDUSD, BTC = map(Symbol.parse, ("BHP/AUD", "AAPL/USD", "AUD/USD", "BTC/USD"))
KINDS = {BHP: "STK", AAPL: "STK", AUDUSD: "CASH", BTC: "CRYPTO"}
#: A$1.50 for one US dollar, so that A$100,000 are US$66,666.67.
RATES = {"AUD": Decimal(1), "USD": Decimal("1.5")}
TABLE = commission_table()


def rule(
    symbol: Symbol,
    plan: str = "fixed",
    *,
    table: CommissionTable = TABLE,
    day: date = TODAY,
    liquidity: Liquidity = Liquidity.TAKER,
) -> FeeRule:
    venue = "gemini" if symbol == BTC else "ib"
    found = table.find(venue, KINDS[symbol], symbol, plan, day, liquidity)
    assert found is not None
    return found


def terms(symbol: Symbol, plan: str = "fixed", month: str = "0", base: str = "AUD") -> ChargeTerms:
    rates = RATES if base == "AUD" else {"USD": Decimal(1), "AUD": 1 / RATES["USD"]}
    made = terms_of(rule(symbol, plan), symbol, base, rates, Decimal(month))
    assert made is not None
    return made


def charge(symbol: Symbol, quantity: str, price: str, plan: str = "fixed", month: str = "0") -> str:
    """With GST, to the cent, and its currency."""
    made = terms(symbol, plan, month)
    due = made.charge(Decimal(quantity), Decimal(quantity) * Decimal(price))
    return f"{due.quantize(Decimal('0.0001')).normalize():f} {made.currency}"


# -- the worked examples -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "price", "expected", "source"),
    [
        ("1", "45.00", "6.6 AUD", "facts/ib.md 3.5, 7: whatIf of BUY 1 BHP, 19 Aug 2026"),
        ("100", "75.00", "6.6 AUD", "facts/ib.md 7: the minimum breaks even at A$7,500"),
        ("100", "75.01", "6.6009 AUD", "the same, just above"),
        ("400", "50.00", "17.6 AUD", "IBKR, Fixed Example: 400 @ 50 = 16.00 ex GST"),
        ("100000", "1.00", "88 AUD", "facts/ib.md 7: 0.088 % with GST"),
    ],
)
def test_australian_shares_fixed(quantity: str, price: str, expected: str, source: str) -> None:
    assert charge(BHP, quantity, price) == expected, source


def test_gst_is_shown_apart() -> None:
    """facts/australia.md, Fees: 6.60 = 6.00 + 0.60."""
    made = terms(BHP)
    due = made.charge(Decimal(1), Decimal(45))
    gst = due * made.gst_share
    assert (due, gst.quantize(Decimal("0.0001"))) == (Decimal("6.60"), Decimal("0.6"))


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("0", "5.5 AUD"),
        ("3000000", "5.5 AUD"),
        ("3000000.01", "4.4 AUD"),
        ("30000000.01", "3.3 AUD"),
        ("100000000.01", "2.2 AUD"),
        ("300000000.01", "1.1 AUD"),
    ],
)
def test_the_least_of_australian_shares_tiered_by_the_month(month: str, expected: str) -> None:
    """facts/ib.md 7: minimum 5, 4, 3, 2, 1 without GST; exchange and clearing fees beside."""
    assert charge(BHP, "10", "45.00", "tiered", month) == expected
    assert rule(BHP, "tiered").beside


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("0", "880 AUD"),
        ("10000000", "550 AUD"),
        ("50000000", "330 AUD"),
        ("200000000", "275 AUD"),
        ("400000000", "165 AUD"),
    ],
)
def test_the_rate_of_australian_shares_tiered_by_the_month(month: str, expected: str) -> None:
    """facts/ib.md 7: 0.08, 0.05, 0.03, 0.025 and 0.015 % of A$1,000,000, and GST."""
    assert charge(BHP, "1000000", "1.00", "tiered", month) == expected


@pytest.mark.parametrize(
    ("quantity", "price", "expected", "source"),
    [
        ("100", "25", "1.1 USD", "IBKR, Fixed Examples: 100 @ 25 = 1.00, and GST"),
        ("1000", "25", "5.5 USD", "IBKR, Fixed Examples: 1,000 @ 25 = 5.00, and GST"),
        ("1000", "0.25", "2.75 USD", "IBKR, Fixed Examples: 1,000 @ 0.25 = 2.50: the cap, and GST"),
        ("1", "200", "1.1 USD", "facts/ib.md 7: min 1.10 with GST"),
    ],
)
def test_american_shares(quantity: str, price: str, expected: str, source: str) -> None:
    assert charge(AAPL, quantity, price) == expected, source


@pytest.mark.parametrize(
    ("quantity", "price", "expected", "source"),
    [
        ("10000", "0.66", "3.3 AUD", "facts/ib.md 7: min US$2.20 with GST, in the base currency"),
        ("150000", "0.6666666667", "3.3 AUD", "breaks even at US$100,000 (A$150,000 here)"),
        ("300000", "0.6666666667", "6.6 AUD", "0.22 bp with GST of A$300,000"),
    ],
)
def test_currencies(quantity: str, price: str, expected: str, source: str) -> None:
    assert charge(AUDUSD, quantity, price) == expected, source


def test_the_least_of_a_currency_order_in_its_own_dollars() -> None:
    """Break-even of 2.20 / 0.000022 = US$100,000 (facts/ib.md 7), in an account in US dollars."""
    made = terms(AUDUSD, base="USD")
    assert made.currency == "USD"
    assert made.charge(Decimal(1), Decimal(100_000)) == Decimal("2.20")
    assert made.charge(Decimal(1), Decimal(100_001)) > Decimal("2.20")
    assert made.charge(Decimal(1), Decimal(1_000_000)) == Decimal("22.0")


@pytest.mark.parametrize(
    ("month", "expected"),
    [("0", "2.20"), ("1000000001", "1.65"), ("2000000001", "1.375"), ("5000000001", "1.10")],
)
def test_the_tiers_of_currencies(month: str, expected: str) -> None:
    """IBKR Australia, Spot Currencies, inclusive of GST."""
    assert terms(AUDUSD, month=month, base="USD").minimum == Decimal(expected)


def test_coins_by_maker_and_taker() -> None:
    """facts/gemini.md 9.5: taker 0.4 %, maker 0.2 %."""
    assert charge(BTC, "0.01", "100000") == "4 USD"
    assert rule(BTC, liquidity=Liquidity.MAKER).tier().rate == Decimal("0.002")


# -- dates, gaps, figures of one's own ---------------------------------------------------


def test_a_rule_holds_from_its_date_on_and_the_first_one_before_it_too() -> None:
    dearer = replace(
        rule(BHP), valid_from=date(2027, 1, 1), tiers=(Tier(None, minimum=Decimal(7)),)
    )
    table = CommissionTable((dearer, *TABLE.rules))
    assert rule(BHP, table=table, day=date(2026, 12, 31)).tier().minimum == 6
    assert rule(BHP, table=table, day=date(2027, 1, 1)).tier().minimum == 7
    assert rule(BHP, table=table, day=date(2020, 1, 1)).tier().minimum == 6
    assert rule(BHP).version == "asx_fixed 2026-08-19"


def test_what_nobody_told_the_price_of_is_not_free() -> None:
    hong_kong = Symbol("0700", "HKD")
    assert TABLE.find("ib", "STK", hong_kong, "fixed", TODAY) is None
    assert terms_of(rule(AUDUSD), AUDUSD, "AUD", {"AUD": Decimal(1)}) is None, "no rate of US$"


def test_figures_of_ones_own_take_the_place_of_those_of_the_table() -> None:
    own = overridden(
        TABLE, [("us_fixed", "minimum", Decimal("0.35")), ("asx_tiered", "rate", Decimal("0.0007"))]
    )
    assert rule(AAPL, table=own).tier() == Tier(
        None, per_unit=Decimal("0.005"), minimum=Decimal("0.35")
    )
    tiered = rule(BHP, "tiered", table=own)
    assert [tier.rate for tier in tiered.tiers] == [Decimal("0.0007")], "for all that is traded"
    assert rule(BHP, table=own) == rule(BHP)
    for wrong in (("nasdaq", "rate", Decimal(0)), ("us_fixed", "source", Decimal(0))):
        with pytest.raises(LookupError):
            overridden(TABLE, [wrong])


def test_every_row_names_its_source_and_its_tiers_rise() -> None:
    for each in TABLE.rules:
        assert each.source
        tops = [tier.up_to for tier in each.tiers]
        assert tops[-1] is None and None not in tops[:-1]
        assert tops[:-1] == sorted(tops[:-1], key=lambda top: top or 0)


def test_a_row_that_is_none_is_refused() -> None:
    row = {
        "name": "free",
        "venue": "ib",
        "kinds": ["STK"],
        "from": TODAY,
        "charged_in": "symbol",
        "gst": "0",
        "source": "nobody at all",
        "tiers": [{"rat": "0.1"}],
    }
    with pytest.raises(ValueError, match="rat"):
        table_of({"rule": [row]})


@given(
    name=st.sampled_from([BHP, AAPL, AUDUSD, BTC]),
    plan=st.sampled_from(["fixed", "tiered"]),
    price=st.decimals("0.01", "1000", places=2),
    sizes=st.lists(st.integers(1, 10**7), min_size=2, max_size=2),
)
def test_more_never_costs_less(name: Symbol, plan: str, price: Decimal, sizes: list[int]) -> None:
    made = terms(name, plan)
    less, more = (made.charge(Decimal(size), size * price) for size in sorted(sizes))
    assert less <= more

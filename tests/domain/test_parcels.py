"""Parcels, first in first out: whose they are, what they cost, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.apportioning import Rest
from domain.exact import EXACT
from domain.gst import gst_within
from domain.orders import Side
from domain.parcels import Holdings, replayed
from domain.symbols import Symbol
from domain.tax_events import DisposalKind, Owner
from domain.tax_year import TaxYear, TaxYearError, contract_date
from tests.domain.parcels_story import BHP, VAS, Story, day, sydney

BUY, SELL = Side.BUY, Side.SELL
BTC = Symbol("BTC", "USD")


def held(story: Story, until: str | None = None) -> Holdings:
    return replayed(story.record().events, None if until is None else day(until))


def open_rows(holdings: Holdings) -> list[tuple[str, str, Decimal, Decimal | None, str]]:
    return [
        (str(p.symbol), p.owner.value, p.quantity, p.cost, str(p.acquired))
        for p in holdings.parcels
    ]


# -- facts: australia.md, *Tax year* -----------------------------------------------------------


def test_the_year_is_that_of_the_contract_in_sydney() -> None:
    from datetime import UTC, datetime

    morning = contract_date(datetime(2027, 6, 30, 23, 30, tzinfo=UTC))
    assert (morning, str(TaxYear.of(morning))) == (day("2027-07-01"), "2027-28")
    auction = contract_date(sydney("2027-06-30 16:09"))
    assert str(TaxYear.of(auction)) == "2026-27", "though it is settled in July"
    with pytest.raises(ValueError, match="no time zone"):
        contract_date(datetime(2027, 6, 30))


@pytest.mark.parametrize("text", ["2026", "2026-28", "26-27", "2026-2027", ""])
def test_what_is_no_tax_year_is_refused(text: str) -> None:
    with pytest.raises(TaxYearError, match="write it as 2026-27"):
        TaxYear.parse(text)


def test_years_over_the_turn_of_a_century() -> None:
    assert str(TaxYear.parse("2099-00")) == "2099-00"
    assert day("2027-06-30") in TaxYear.parse("2026-27")
    assert day("2027-07-01") not in TaxYear.parse("2026-27")


# -- facts: australia.md, *Parcels* ------------------------------------------------------------


def test_kelpies_sale_takes_kelpies_parcel_and_not_the_owners() -> None:
    story = Story()
    story.tell("PARCEL", "2019-05-06", quantity="100", cost="3000")
    story.trade("2026-02-02", BUY, 25, 40)
    story.trade("2026-03-02", SELL, 25, 44)
    holdings = held(story)
    assert open_rows(holdings) == [
        ("BHP/AUD", "external", Decimal(100), Decimal(3000), "2019-05-06")
    ]
    [sale] = holdings.disposals
    assert (sale.owner, sale.quantity, sale.acquired) == (
        Owner.MANAGED,
        Decimal(25),
        day("2026-02-02"),
    )
    assert (sale.proceeds, sale.cost) == (Decimal(1100), Decimal(1000))


def test_a_sale_by_hand_takes_the_owners_parcels_and_not_kelpies() -> None:
    story = Story()
    story.tell("PARCEL", "2019-05-06", quantity="10", cost="300")
    story.trade("2018-02-02", BUY, 25, 40)
    story.trade("2026-03-02", SELL, 15, 44, by_hand=True)
    holdings = held(story)
    assert open_rows(holdings) == [("BHP/AUD", "managed", Decimal(25), Decimal(1000), "2018-02-02")]
    known, unknown = holdings.disposals
    assert (known.quantity, known.cost, known.proceeds) == (
        Decimal(10),
        Decimal(300),
        Decimal(440),
    )
    assert (unknown.quantity, unknown.acquired, unknown.cost) == (Decimal(5), None, None)
    assert unknown.proceeds == Decimal(220)
    [said] = holdings.not_covered
    assert said.startswith("5 BHP/AUD sold by hand on 2026-03-02")


def test_the_oldest_goes_first_and_a_part_keeps_the_rest_exact() -> None:
    story = Story()
    story.trade("2026-02-03", BUY, 7, "10.01", fee="6.60")
    story.trade("2026-02-02", BUY, 3, "9.99", fee="6.60")
    story.trade("2026-03-02", SELL, 5, 11, fee="6.60")
    first, second = held(story).disposals
    assert (first.quantity, first.cost) == (Decimal(3), Decimal("36.57"))
    assert second.quantity == 2
    [left] = held(story).parcels
    assert second.cost is not None and left.cost is not None
    assert second.cost + left.cost == Decimal("7") * Decimal("10.01") + Decimal("6.60")
    assert first.sale_fee is not None and second.sale_fee is not None
    assert first.sale_fee + second.sale_fee == Decimal("6.60")


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.decimals(-9, 9, places=30))
def test_shares_of_an_amount_add_up_to_the_whole(units: list[int], amount: Decimal) -> None:
    rest = Rest(Decimal(sum(units)), amount)
    shares = [rest.share(Decimal(each)) for each in units]
    total = Decimal(0)
    for share in shares:
        assert share is not None
        total = EXACT.add(total, share)
    assert total == amount


def test_an_adoption_takes_parcels_along_with_their_dates() -> None:
    story = Story()
    story.tell("PARCEL", "2019-05-06", quantity="10", cost="300")
    story.adopt("2026-02-02", "15", "40")
    story.adopt("2026-02-03", "-12", None)
    assert open_rows(held(story, "2026-02-02")) == [
        ("BHP/AUD", "managed", Decimal(10), Decimal(300), "2019-05-06"),
        ("BHP/AUD", "managed", Decimal(5), Decimal(200), "None"),
    ]
    assert open_rows(held(story)) == [
        ("BHP/AUD", "external", Decimal(10), Decimal(300), "2019-05-06"),
        ("BHP/AUD", "external", Decimal(2), Decimal(80), "None"),
        ("BHP/AUD", "managed", Decimal(3), Decimal(120), "None"),
    ]


# -- facts: australia.md, *Fees* ---------------------------------------------------------------


def test_the_commission_with_its_gst_is_cost_both_ways() -> None:
    assert gst_within(Decimal("6.60")) == Decimal("0.60")
    story = Story()
    story.trade("2026-02-02", BUY, 100, 10, fee="6.60")
    story.trade("2026-03-02", SELL, 100, 11, fee="6.60")
    [sale] = held(story).disposals
    assert sale.cost == Decimal("1006.60"), "cost base +6.60"
    assert sale.cost_base == Decimal("1013.20"), "and the sale's"
    assert (sale.buy_fee, sale.sale_fee) == (Decimal("6.60"), Decimal("6.60"))


def test_a_commission_that_nobody_told_leaves_the_cost_unknown() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 100, 10, fee=None)
    story.trade("2026-03-02", SELL, 100, 11, fee="6.60")
    [sale] = held(story).disposals
    assert (sale.cost, sale.proceeds) == (None, Decimal(1100))
    story.tell("FEE", "2026-02-02", None, order="K-1", amount="6.60", currency="AUD")
    [sale] = held(story).disposals
    assert sale.cost == Decimal("1006.60"), "as a statement said later"


def test_shares_in_dollars_cost_what_the_dollar_was_worth_that_day() -> None:
    story, symbol = Story(), Symbol("AAPL", "USD")
    story.trade("2026-02-02", BUY, 10, 100, symbol, fee="1.10", fee_currency="USD")
    story.trade("2026-03-02", SELL, 10, 100, symbol, fee="1.10", fee_currency="USD")
    [sale] = held(story).disposals
    assert (sale.cost, sale.proceeds) == (None, None), "without a rate nothing is known"
    story.tell("RATE", "2026-02-02", None, currency="USD", rate="1.50")
    story.tell("RATE", "2026-02-27", None, currency="USD", rate="1.60")
    [sale] = held(story).disposals
    assert (sale.cost, sale.proceeds) == (Decimal("1501.65"), Decimal(1600))
    assert sale.sale_fee == Decimal("1.76")


def test_the_rate_that_stands_beside_a_fill_goes_first() -> None:
    story, symbol = Story(), Symbol("AAPL", "USD")
    story.tell("RATE", "2026-02-02", None, currency="USD", rate="1.50")
    story.trade("2026-02-02", BUY, 10, 100, symbol, fee="1.10", fee_currency="USD")
    rate, fee_rate = Decimal("1.52"), Decimal("1.53")
    story.trades[0] = replace(story.trades[0], rate=rate, fee_rate=fee_rate)
    [parcel] = held(story).parcels
    assert parcel.cost == Decimal("1521.683")


# -- facts: australia.md, *Splits, renames, demergers* -------------------------------------------


def test_two_for_one_doubles_the_units_and_keeps_cost_and_dates() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 50, 40)
    story.tell("PARCEL", "2019-05-06", quantity="10", cost="300")
    story.tell("SPLIT", "2026-04-01", new="2", old="1")
    story.trade("2026-04-01", BUY, 5, 20)
    assert open_rows(held(story)) == [
        ("BHP/AUD", "external", Decimal(20), Decimal(300), "2019-05-06"),
        ("BHP/AUD", "managed", Decimal(100), Decimal(2000), "2026-02-02"),
        ("BHP/AUD", "managed", Decimal(5), Decimal(100), "2026-04-01"),
    ]


def test_a_new_name_changes_nothing_else() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 50, 40)
    story.tell("RENAME", "2026-04-01", to="BHG/AUD")
    assert open_rows(held(story)) == [
        ("BHG/AUD", "managed", Decimal(50), Decimal(2000), "2026-02-02")
    ]


def test_a_demerger_takes_a_part_of_the_cost_along_and_keeps_the_dates() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 40, 50, fee="6.60")
    terms = {"new": "1", "old": "4", "cost_share": "0.05"}
    story.tell("DEMERGER", "2026-04-01", BHP, to="NEW/AUD", **terms)
    assert open_rows(held(story)) == [
        ("BHP/AUD", "managed", Decimal(40), Decimal("1906.270"), "2026-02-02"),
        ("NEW/AUD", "managed", Decimal(10), Decimal("100.3300"), "2026-02-02"),
    ]


# -- facts: australia.md, *ETF distributions* ----------------------------------------------------


def test_an_amma_statement_restates_what_was_held_even_if_it_was_sold_since() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 30, 100, VAS)
    story.trade("2026-03-02", BUY, 10, 100, VAS)
    story.trade("2026-07-20", SELL, 30, 110, VAS)
    [sale] = held(story).disposals
    assert sale.cost == 3000
    story.tell("AMMA", "2026-06-30", VAS, amount="-20.00")  # it comes in August
    [sale] = held(story).disposals
    assert sale.cost == Decimal(2985)
    assert [parcel.cost for parcel in held(story).parcels] == [Decimal(995)]


def test_an_excess_over_the_cost_is_a_gain_of_its_own() -> None:
    story = Story()
    story.tell("PARCEL", "2019-05-06", VAS, quantity="10", cost="5")
    story.tell("AMMA", "2026-06-30", VAS, amount="-8")
    [excess] = held(story).disposals
    assert (excess.kind, excess.proceeds, excess.cost_base) == (
        DisposalKind.AMMA_EXCESS,
        Decimal(3),
        Decimal(0),
    )
    assert [parcel.cost for parcel in held(story).parcels] == [Decimal(0)]


def test_an_amma_statement_of_what_was_not_held_is_said() -> None:
    story = Story()
    story.tell("AMMA", "2026-06-30", VAS, amount="-8")
    assert "none was held then" in held(story).not_covered[0]


# -- facts: australia.md, *Crypto* ---------------------------------------------------------------


def test_a_fee_in_coin_is_a_small_disposal() -> None:
    story = Story()
    story.tell("RATE", "2026-02-02", None, currency="USD", rate="1.50")
    fee = {"fee": "0.00001", "fee_currency": "BTC", "coin": True}
    story.trade("2026-02-02", BUY, "0.5", "100000", BTC, **fee)  # type: ignore[arg-type]
    [given] = held(story).disposals
    assert (given.kind, given.quantity) == (DisposalKind.FEE_IN_KIND, Decimal("0.00001"))
    assert given.proceeds == Decimal("1.5"), "0.00001 BTC at US$100,000 and A$1.50"
    [left] = held(story).parcels
    assert (left.symbol, left.quantity) == (Symbol("BTC", "AUD"), Decimal("0.49999"))
    assert left.cost is not None and given.cost is not None
    assert left.cost + given.cost == Decimal("75001.5"), "the fee is part of the cost"


def test_coin_for_coin_is_a_sale() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 1, "150000", Symbol("BTC", "AUD"), coin=True)
    story.tell("RATE", "2026-03-02", None, currency="BTC", rate="160000")
    story.trade("2026-03-02", BUY, 10, "0.05", Symbol("ETH", "BTC"), coin=True)
    [sale] = held(story).disposals
    assert (sale.quantity, sale.proceeds, sale.cost) == (
        Decimal("0.5"),
        Decimal(80000),
        Decimal(75000),
    )
    assert [(str(p.symbol), p.quantity, p.cost) for p in held(story).parcels] == [
        ("BTC/AUD", Decimal("0.5"), Decimal(75000)),
        ("ETH/AUD", Decimal(10), Decimal(80000)),
    ]


# -- short ---------------------------------------------------------------------------------------


def test_sold_before_it_was_bought() -> None:
    story = Story()
    story.trade("2026-02-02", SELL, 10, 50, fee="6.60")
    story.trade("2026-02-03", BUY, 15, 40, fee="6.60")
    [closed] = held(story).disposals
    assert (closed.kind, closed.disposed) == (DisposalKind.SHORT, day("2026-02-03"))
    assert (closed.proceeds, closed.cost_base) == (Decimal(500), Decimal(411))
    assert open_rows(held(story)) == [
        ("BHP/AUD", "managed", Decimal(5), Decimal("202.2"), "2026-02-03")
    ]


# -- what always holds ---------------------------------------------------------------------------

_ACTS = st.lists(
    st.tuples(
        st.sampled_from(("buy", "sell", "by hand", "own", "adopt", "split")),
        st.integers(1, 60),
        st.integers(1, 400),
    ),
    max_size=25,
)


@given(_ACTS)
def test_units_and_cost_conserve_and_nobody_eats_the_others(
    acts: list[tuple[str, int, int]],
) -> None:
    story = Story()
    units = {Owner.MANAGED: Decimal(0), Owner.EXTERNAL: Decimal(0)}
    sold = Decimal(0)
    for number, (act, quantity, cents) in enumerate(acts):
        when = f"2026-{1 + number // 25:02}-{1 + number % 25:02}"
        price = str((Decimal(cents) / 7).quantize(Decimal("0.001")))
        if act == "buy":
            story.trade(when, BUY, quantity, price, fee="6.60")
            units[Owner.MANAGED] += quantity
        elif act == "sell":
            quantity = min(quantity, int(units[Owner.MANAGED]))
            if quantity:
                story.trade(when, SELL, quantity, price, fee="6.60")
                units[Owner.MANAGED] -= quantity
        elif act == "by hand":
            story.trade(when, SELL, quantity, price, by_hand=True)
            sold += max(quantity - units[Owner.EXTERNAL], Decimal(0))
            units[Owner.EXTERNAL] = max(units[Owner.EXTERNAL] - quantity, Decimal(0))
        elif act == "own":
            story.tell("PARCEL", when, quantity=str(quantity), cost=price)
            units[Owner.EXTERNAL] += quantity
        elif act == "adopt" and units[Owner.EXTERNAL]:
            quantity = min(quantity, int(units[Owner.EXTERNAL]))
            story.adopt(when, str(quantity), price)
            units[Owner.MANAGED] += quantity
            units[Owner.EXTERNAL] -= quantity
        elif act == "split":
            story.tell("SPLIT", when, new="2", old="1")
            units = {owner: held * 2 for owner, held in units.items()}
    # A parcel is the owner's from the start of its day on, as a split is.
    events = story.record().events
    holdings = replayed(events)
    left = {
        owner: sum((p.quantity for p in holdings.parcels if p.owner is owner), Decimal(0))
        for owner in Owner
    }
    assert left == units
    unknown = sum((d.quantity for d in holdings.disposals if not d.parcel), Decimal(0))
    assert unknown == sold, "what was sold beyond the owner's parcels is nobody's parcel"
    for disposal in holdings.disposals:
        by_hand = disposal.owner is Owner.EXTERNAL
        trade = next(t for t in story.trades if t.key == disposal.ref)
        assert (trade.order is None) == by_hand
    spent = sum((_spent(story)), Decimal(0))
    costs = [p.cost for p in holdings.parcels] + [d.cost for d in holdings.disposals if d.parcel]
    assert sum((c for c in costs if c is not None), Decimal(0)) == spent
    assert replayed(reversed(events)) == holdings, "whatever order it is told in"


def _spent(story: Story) -> list[Decimal]:
    bought = [t.quantity * t.price + (t.commission or 0) for t in story.trades if t.side is BUY]
    return bought + [f.decimal("cost") for f in story.facts if f.kind == "PARCEL"]

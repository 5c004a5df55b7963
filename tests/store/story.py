"""A book to which everything has happened that can happen to a book."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from adapters.book import AuditRow
from adapters.store import SqliteBook
from domain.admission import Admission
from domain.adoption import Adoption
from domain.cash_differences import CashDifference
from domain.cash_types import CashType
from domain.commissions import ChargeTerms
from domain.corporate_actions import Ratio
from domain.costs import CostEstimate, EstimateSource
from domain.decisions import Decision, decision_of
from domain.equity_curve import ALL, CurveRow, EquityPoint, Mark, Why
from domain.gate_words import GateWord
from domain.orders import Order, OrderState, OrderType, Purpose, Side
from domain.outside_facts import OutsideFact, checked
from domain.plan_lots import followed
from domain.plan_rules import PlanRules, first_plan
from domain.plan_terms import Overnight, PlanTerms, Trail
from domain.plans import Plan
from domain.quotes import DataType, Quote
from domain.resolution import BY_HAND_KEY
from domain.restating import Split
from domain.symbols import Symbol
from domain.terms import Amendment, AmendmentState, Terms
from domain.used_rates import UsedRate
from domain.venue import OrderPreview, PriceStep
from tests.store.material import BHP, NOON, commission, execution, intent

AUDUSD = Symbol("AUD", "USD")
PREVIEW = OrderPreview(
    commission=Decimal("6.60"),
    minimum=None,
    maximum=None,
    currency="AUD",
    initial_margin_change=Decimal("4510.00"),
    maintenance_margin_change=None,
    equity_with_loan_change=None,
    initial_margin_after=None,
    equity_with_loan_after=None,
    warning="Wide market",
)
TERMS = ChargeTerms(
    "AUD", Decimal("0.00088"), Decimal(0), Decimal("6.60"), None, Decimal(1), Decimal("0.1") / 11
)
ESTIMATES = {
    "K-1": CostEstimate(
        quantity=Decimal(100),
        commission=Decimal("6.6000"),
        gst=Decimal("0.6000"),
        currency="AUD",
        spread=Decimal(0),
        rate=Decimal(1),
        base_currency="AUD",
        source=EstimateSource.PREVIEW,
        rule="asx_fixed 2026-08-19",
        terms=TERMS,
    ),
    "K-1S": CostEstimate(
        quantity=Decimal(100),
        commission=Decimal("2.2000"),
        gst=Decimal(0),
        currency="USD",
        spread=Decimal("0.1000"),
        rate=None,
        base_currency="AUD",
        source=EstimateSource.TABLE,
        rule="",
        terms=None,
    ),
}


def tell(book: SqliteBook) -> None:
    """Every kind of entry that a journal can have, and every table with rows."""
    bought(book)
    amended(book)
    settled_by_hand(book)
    of_others(book)
    adopted(book)
    split(book)
    planned(book)
    converted(book)
    book.outside.record([told_by_file()], "owner", NOON)
    counted(book)
    book.record_setting("paused", "lunch", NOON)
    book.record_setting("paused", "", NOON + timedelta(hours=1))
    book.record_audit(AuditRow(NOON, "owner", "pause", "lunch, with “quotes”"))


def told_by_file() -> OutsideFact:
    """A parcel of the owner's own."""
    detail = {"quantity": "100", "cost": "3210.55"}
    return checked("PARCEL", "2019-05-06", "BHP/AUD", detail, id="PARCEL-1", source="mine.csv")


def bought(book: SqliteBook) -> None:
    """An order with its preview and its stop, two fills, corrections, a bust, a dear commission."""
    stop = intent("K-1S", side=Side.SELL)
    stop = replace(stop, request=replace(stop.request, parent="K-1"))
    book.record_intent(
        intent("K-1"),
        "c-1",
        attached=(stop,),
        preview=PREVIEW,
        estimates=ESTIMATES,
        decision=decided("K-1"),
    )
    for state in (OrderState.SENT, OrderState.WORKING):
        book.record_state("K-1", state, NOON, sent_at=NOON, venue_order_id="9001")
    book.book_commission("ib", commission(), NOON)
    book.book_fill("ib", execution(quantity="60"), NOON)
    book.book_fill("ib", execution("0002.01", quantity="40", price="45.123", seconds=-5), NOON)
    book.book_fill("ib", execution(revision=3, quantity="50"), NOON)
    book.book_fill("ib", execution(revision=2, quantity="55"), NOON)
    book.book_commission("ib", commission(amount="5.50", revision=3, currency="USD"), NOON)
    book.book_commission("ib", commission(amount="9.99", revision=2), NOON)
    book.book_fill("ib", execution("0003.01", quantity="5", seconds=9), NOON)
    book.book_fill("ib", execution("0003.01", revision=2, quantity="0", seconds=9), NOON)
    book.record_state("K-1", OrderState.FILLED, NOON, reason="all of it")


def converted(book: SqliteBook) -> None:
    """Cash for cash, its commission and a correction: no position is left by it."""
    order = intent("K-9", symbol=AUDUSD, side=Side.SELL, quantity="5000")
    order = replace(order, request=replace(order.request, purpose=Purpose.CONVERT))
    book.record_intent(order, "c-9")
    sold = execution("0109.01", order="K-9", side=Side.SELL, quantity="5000", price="0.66")
    book.book_fill("ib", sold, NOON)
    book.book_commission("ib", commission("0109.01", amount="3.33"), NOON)
    book.book_fill("ib", replace(sold, revision=2, price=Decimal("0.661")), NOON)


def planned(book: SqliteBook) -> None:
    """A plan with its entry, opened by a fill and trailed."""
    order = intent("K-5")
    order = replace(order, request=replace(order.request, plan="K-5"))
    book.record_intent(order, "c-5")
    plan = plan_of(order)
    book.plans.record(plan, NOON, "c-5")
    book.book_fill("ib", execution("0011.01", order="K-5", seconds=30), NOON)
    [opened] = followed([(plan, book.plans.flow(plan))], Decimal(100), NOON)
    book.plans.record(opened, NOON, "c-5")
    trailed = replace(opened, version=3, stop=Decimal("45.10"), best=Decimal("47"), moved_at=NOON)
    book.plans.record(replace(trailed, day_stop=Decimal("45.20")), NOON, "c-5")


def plan_of(order: Order) -> Plan:
    """A plan with every term, of an entry at 45.10."""
    return first_plan(
        order.request,
        order.venue,
        PlanTerms(
            Decimal("44.10"),
            Decimal("47.10"),
            Trail(Decimal(1), Decimal("0.8")),
            timedelta(days=3),
            Overnight.CLOSE,
        ),
        PlanRules(),
        price=Decimal("45.10"),
        steps=(PriceStep(Decimal(0), Decimal("0.01")),),
        at=order.created_at,
        reason="a test",
    )


def decided(name: str) -> Decision:
    """An admission by the rules, of an order that was asked for at the market."""
    request = intent(name).request
    asked = replace(request, type=OrderType.MARKET, limit_price=None)
    word = GateWord("COST_GATE", True, "A round trip costs 0.31 %.", (("round trip", "0.31 %"),))
    admission = Admission(request, "ib", Decimal("4510.00"), "AUD", Decimal("45.10"), words=(word,))
    sizes = (500.0, 400.0, 45.08, 10.0, 1e6, 45.0)
    quote = Quote(BHP, NOON, 0.0, 45.07, 45.09, *sizes, DataType.LIVE)
    return decision_of(
        admission,
        request,
        asked,
        (f"{name}S",),
        venue="ib",
        proposer="trading.strategist",
        reason="up 0.4 % in “5 mins”",
        proposed_at=NOON,
        at=NOON,
        quote=quote,
        base_currency="AUD",
        rate=Decimal(1),
    )


def amended(book: SqliteBook) -> None:
    """Changes that were confirmed, refused, overtaken by a cancel; terms the venue changed."""
    book.record_intent(intent("K-2"), "c-2")
    for number, state in enumerate((AmendmentState.CONFIRMED, AmendmentState.REFUSED)):
        order = book.order("K-2")
        assert order is not None
        terms = Terms(Decimal(200 + number), Decimal("45.50"))
        name = f"A-{number}"
        amendment = Amendment(
            name, "K-2", order.request.terms, terms, AmendmentState.INTENDED, NOON
        )
        book.record_amendment(amendment, "c-2")
        book.record_amended("K-2", name, AmendmentState.SENT, NOON, sent_at=NOON)
        if state is AmendmentState.REFUSED:
            book.record_state("K-2", OrderState.WORKING, NOON, pending_change="CANCEL")
        book.record_amended("K-2", name, state, NOON, reason="as the venue said")
    book.record_terms("K-2", Terms(Decimal(150), Decimal("45.40")), NOON, "the venue's own")


def settled_by_hand(book: SqliteBook) -> None:
    """A person's word, of which a true execution takes the place in part."""
    book.record_intent(intent("K-3"), "c-3")
    book.record_state("K-3", OrderState.UNKNOWN, NOON)
    book.book_fill("ib", execution(f"{BY_HAND_KEY}K-3", order="K-3", quantity="30"), NOON)
    book.book_fill("ib", execution("0007.01", order="K-3", quantity="10", seconds=3), NOON)


def of_others(book: SqliteBook) -> None:
    """Trades of nobody's order, of which one turns out to be ours."""
    book.book_fill("ib", execution("0008.01", order=None, venue_order_id=None), NOON)
    book.book_fill("ib", execution("0009.01", order="OTHER", revision=2, quantity="7"), NOON)
    book.book_commission("ib", commission("0009.01", "1.00", currency="USD"), NOON)
    book.record_intent(intent("K-4"), "c-4")
    book.book_fill("ib", execution("0009.01", order="K-4", quantity="8"), NOON)


def adopted(book: SqliteBook) -> None:
    """A holding given to Kelpie at a price, and a part of it taken out at its cost; then a fill."""
    for number, (quantity, price) in enumerate((("25", "44.10"), ("-40", None))):
        position = book.position("ib", BHP)
        assert position is not None
        adoption = Adoption(
            adoption_id=f"AD-{number}",
            venue="ib",
            symbol=BHP,
            quantity=Decimal(quantity),
            price=None if price is None else Decimal(price),
            was=position.quantity,
            who="owner",
            reason="it is mine",
        )
        book.record_adoption(adoption, NOON + timedelta(seconds=1 + number))
    book.book_fill("ib", execution("0010.01", order="K-4", quantity="2", seconds=20), NOON)


def split(book: SqliteBook) -> None:
    """Seven new units for three old ones, and a fill of new ones."""
    position = book.position("ib", BHP)
    assert position is not None
    ratio = Ratio(Decimal(7), Decimal(3))
    told = Split("SP-1", "ib", BHP, ratio, position.quantity, "owner")
    since = book.record_split(told, NOON + timedelta(seconds=25))
    assert since.quantity == told.now and since.realised_pnl == position.realised_pnl
    book.book_fill("ib", execution("0019.01", order="K-4", quantity="1", seconds=26), NOON)


def counted(book: SqliteBook) -> None:
    """A rate that came late, cash seen and not explained and typed twice, the equity curve."""
    rates = {"USD": UsedRate(Decimal("1.52"), "quote", NOON)}
    assert book.take_rates(rates, NOON) == 3
    book.record_cash_seen([difference("C-0", "AUD", "10000", "OPENING")])
    book.record_cash_difference(difference("C-1", "AUD", "70"))
    book.record_cash_difference(difference("C-2", "USD", "-3.10"))
    for type in (CashType.DEPOSIT, CashType.DIVIDEND):
        book.type_cash_difference("C-1", type, NOON, "owner", "as the statement says")
    point = EquityPoint(
        at=NOON,
        venue=ALL,
        why=Why.HOUR,
        day=NOON.date(),
        currency="AUD",
        equity=Decimal("10070"),
        cash=None,
        holdings=None,
        realised=Decimal("12.5"),
        unrealised=Decimal("-3"),
        commissions=Decimal("6.60"),
        stale=True,
    )
    mark = Mark("ib", BHP, Decimal(90), Decimal(90), Decimal("45.1"), None, None, True, None)
    book.record_equity(CurveRow((point,), (mark,), (("USD", rates["USD"]), ("EUR", None))))


def difference(
    name: str, currency: str, amount: str, type: str | None = None, seconds: float = 0
) -> CashDifference:
    """The venue shows so much more than we have."""
    at = NOON + timedelta(seconds=seconds)
    return CashDifference(
        name, "ib", currency, Decimal(amount), Decimal(amount), Decimal(0), at, type
    )

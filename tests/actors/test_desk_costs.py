"""The desk reckons what an order costs, and what it is paid with, by what it knows then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from actors import names
from actors.desk import Desk
from actors.desk_knowledge import DeskOptions
from actors.desk_money import CostOptions
from actors.messages import (
    AccountChanged,
    AskPreview,
    BookLoaded,
    FillRecorded,
    GetVerdict,
    InstrumentKnown,
    LinkUp,
    LoadBook,
    OrderRecorded,
    PreviewCame,
    Propose,
    QuoteUpdate,
    Reconciled,
    RecordIntent,
    Standing,
    Verdict,
)
from adapters.book import Fill, ManagedPosition
from adapters.venue import LinkOpened
from config.commission_table import commission_table
from domain.borrowing import CASH_LAG_SECONDS
from domain.costs import EstimateSource
from domain.foreign import ForeignOrder, Whose
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    InstrumentDetails,
    OrderPreview,
    PriceStep,
    VenueStatus,
)
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS
from tests.store.material import ACCOUNT, BHP, NOON

AAPL, AUDUSD, EURAUD, SAP = map(Symbol.parse, ("AAPL/USD", "AUD/USD", "EUR/AUD", "SAP/EUR"))
PRICES = {BHP: 45.0, AAPL: 200.0, AUDUSD: 0.5, SAP: 100.0}
COSTS = CostOptions(commission_table(), "fixed", Decimal("0.01"), Decimal(2), "refuse")
STRICT = replace(
    OPTIONS,
    max_order_value=Decimal(10**6),
    venue_of=dict.fromkeys((*PRICES, EURAUD), names.IB),
    odd_lots_allowed=True,
    costs=COSTS,
)
PREVIEW = OrderPreview(
    Decimal("6.60"), None, None, "AUD", None, None, None, Decimal(1500), Decimal(99_000), ""
)


@contextmanager
def desk(options: DeskOptions = STRICT, *orders: Order, **cash: str) -> Iterator[Company]:
    """A desk that may trade, with these orders open and this cash by currency."""
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, names.LEDGER, MONITOR, names.NARRATOR, names.STARTS, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        now = company.clock.now()
        company.tell(
            DESK,
            BookLoaded(orders, (), ()),
            Standing(False, "", ""),
            LinkUp(names.IB, 1, LinkOpened(176, ACCOUNT, (ACCOUNT,), None)),
            Reconciled(names.IB, 1, now, (), (), (), 0),
            *(InstrumentKnown(names.IB, details(symbol)) for symbol in PRICES),
            *(account("CashBalance", amount, currency) for currency, amount in cash.items()),
        )
        quote(company, *PRICES)
        yield company


def details(symbol: Symbol) -> InstrumentDetails:
    kind, exchange = ("CASH", "IDEALPRO") if symbol.is_currency_pair else ("STK", "ASX")
    step = PriceStep(Decimal(0), Decimal("0.0001"))
    return InstrumentDetails(symbol, str(symbol), kind, exchange, "UTC", (step,), Decimal(1), ())


def quote(company: Company, *symbols: Symbol) -> None:
    now, at = company.clock.now(), company.clock.monotonic()
    for symbol in symbols:
        price = PRICES[symbol]
        seen = Quote(symbol, now, at, price, price, 1, 1, price, 1, 1, price, DataType.LIVE)
        company.tell(DESK, QuoteUpdate(names.IB, seen))


def account(tag: str, value: str, currency: str) -> AccountChanged:
    return AccountChanged(names.IB, AccountValue(ACCOUNT, tag, value, currency))


def buy(symbol: Symbol, quantity: object, name: str = "K-1", **more: object) -> OrderRequest:
    limit = Decimal(str(PRICES[symbol]))
    request = OrderRequest(name, symbol, Side.BUY, Decimal(str(quantity)), OrderType.LIMIT, limit)
    return replace(request, **more)  # type: ignore[arg-type]


def proposed(company: Company, request: OrderRequest, **more: object) -> Verdict:
    propose = Propose(company.clock.monotonic() + 5, request, MONITOR, "a test", **more)  # type: ignore[arg-type]
    verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
    assert isinstance(verdict, Verdict)
    return verdict


# -- costs -------------------------------------------------------------------------------


def test_every_order_carries_what_it_is_reckoned_to_cost() -> None:
    with desk(AUD="100000", USD="100000") as company:
        assert proposed(company, buy(BHP, 100)).admitted
        assert proposed(company, buy(AAPL, 100, "K-2")).admitted
        company.heard.wait_for(RecordIntent, times=2)
        ours, american = (m.admission.estimate for m in company.heard.of(RecordIntent))
        assert ours is not None and american is not None
        assert (ours.commission, ours.currency, ours.in_base) == (
            Decimal("6.6"),
            "AUD",
            Decimal("6.6"),
        )
        assert (american.commission, american.currency) == (Decimal("1.1"), "USD")
        assert american.in_base == Decimal("2.2"), "AUD/USD is quoted at 0.5"


def test_an_entry_too_small_for_its_costs_is_refused_and_no_exit_is() -> None:
    with desk(AUD="100000") as company:
        small = proposed(company, buy(BHP, 20))
        assert small.code == "COST_TOO_HIGH" and "From 30 on" in small.cure
        assert proposed(company, buy(BHP, 30)).admitted


def test_what_no_rule_speaks_of_cannot_be_opened() -> None:
    with desk(EUR="100000") as company:
        company.tell(DESK, account("ExchangeRate", "1.6", "EUR"))
        refused = proposed(company, buy(SAP, 100))
        assert refused.code == "COST_NOT_KNOWN" and "SAP/EUR at ib" in refused.sentence


def test_the_venue_s_preview_is_what_the_estimate_is_by() -> None:
    with desk(replace(STRICT, previews=True, preview_seconds=60.0), AUD="100000") as company:
        assert proposed(company, buy(BHP, 100)).pending
        ticket = company.heard.wait_for(AskPreview).ticket
        company.tell(
            DESK, PreviewCame("K-1", ticket, replace(PREVIEW, commission=Decimal(7)), "", "")
        )
        made = company.heard.wait_for(RecordIntent).admission.estimate
        assert made is not None and made.commission == 7
        assert made.source is EstimateSource.PREVIEW


@pytest.mark.parametrize("preview_only", [False, True])
def test_a_preview_that_is_too_dear_refuses(preview_only: bool) -> None:
    with desk(replace(STRICT, previews=True, preview_seconds=60.0), AUD="100000") as company:
        assert proposed(company, buy(BHP, 100), preview_only=preview_only).pending
        ticket = company.heard.wait_for(AskPreview).ticket
        dear = replace(PREVIEW, commission=Decimal(25))
        company.tell(DESK, PreviewCame("K-1", ticket, dear, "", ""))
        verdict = company.system.ask(DESK, GetVerdict("K-1")).get(timeout=LIMIT)
        assert verdict.code == "COST_TOO_HIGH", "twice A$25 of A$4,500"
        assert company.heard.of(RecordIntent) == []


# -- rates -------------------------------------------------------------------------------


def test_without_a_fresh_rate_nothing_is_bought_in_its_currency() -> None:
    """Unknown is not zero: the order would have been worth nothing, and passed every limit."""
    with desk(USD="100000") as company:
        assert proposed(company, buy(AAPL, 100)).admitted
        company.leap(20)
        quote(company, AAPL)
        stale = proposed(company, buy(AAPL, 100, "K-2"))
        assert stale.code == "NO_RATE"
        company.tell(DESK, account("ExchangeRate", "2.0", "USD"))
        assert proposed(company, buy(AAPL, 100, "K-3")).admitted


# -- borrowing ---------------------------------------------------------------------------


def test_a_purchase_that_would_borrow_is_refused_unless_that_is_allowed() -> None:
    for borrow, code in (("refuse", "WOULD_BORROW"), ("convert", ""), ("allow", "")):
        options = replace(STRICT, costs=replace(COSTS, borrow=borrow))  # type: ignore[arg-type]
        with desk(options, AUD="100000", USD="10000") as company:
            assert proposed(company, buy(AAPL, 50)).code == code, "10,001.10 of 10,000 dollars"
            assert proposed(company, buy(AAPL, 49, "K-2")).admitted


def test_a_cash_account_that_converts_by_itself_pays_for_it_and_still_borrows_for_no_pair() -> None:
    options = replace(STRICT, costs=replace(COSTS, borrow="convert"))
    with desk(options, AUD="100000") as company:
        assert proposed(company, buy(AAPL, 100)).admitted
        made = company.heard.wait_for(RecordIntent).admission.estimate
        assert made is not None and made.spread == Decimal("6.0"), "0.03 % of US$20,000"
        assert proposed(company, buy(AUDUSD, 30_000, "K-2")).code == "WOULD_BORROW"


def test_a_currency_of_which_the_account_says_nothing_is_none_and_before_it_speaks_not_known() -> (
    None
):
    with desk() as company:
        assert proposed(company, buy(AAPL, 10)).code == "CASH_NOT_KNOWN"
        company.tell(DESK, account("CashBalance", "100000", "AUD"))
        assert proposed(company, buy(AAPL, 10, "K-2")).code == "WOULD_BORROW"


def test_what_works_and_what_is_on_its_way_to_the_disk_has_taken_its_part() -> None:
    resting = Order.intended(buy(AAPL, 20, "K-0"), names.IB, NOON)
    resting = replace(resting, state=OrderState.WORKING)
    with desk(STRICT, resting, USD="10010") as company:
        assert proposed(company, buy(AAPL, 20)).admitted
        assert proposed(company, buy(AAPL, 20, "K-2")).code == "WOULD_BORROW"
        ended = replace(resting, state=OrderState.CANCELLED)
        company.tell(DESK, OrderRecorded(ended))
        assert proposed(company, buy(AAPL, 20, "K-3")).admitted


def test_what_others_may_spend_of_it_is_not_free() -> None:
    """Somebody bids by hand for US$2,000 of shares: of 10,000 dollars 8,000 are left."""
    theirs = ForeignOrder(
        venue_order_id="77",
        client_order_id=None,
        client_id=0,
        symbol=Symbol("MSFT", "USD"),
        side=Side.BUY,
        quantity=Decimal(4),
        remaining=Decimal(4),
        type=OrderType.LIMIT,
        limit_price=Decimal(500),
        stop_price=None,
        tif=None,
        state=VenueStatus.WORKING,
        whose=Whose.OTHERS,
    )
    with desk(STRICT, USD="10000") as company:
        found = Reconciled(names.IB, 1, company.clock.now(), (), (), (), 1, foreign=(theirs,))
        company.tell(DESK, found)
        assert proposed(company, buy(AAPL, 40)).code == "WOULD_BORROW"
        assert proposed(company, buy(AAPL, 39, "K-2")).admitted


def test_what_a_fill_has_spent_is_gone_before_the_account_says_so() -> None:
    """The account tells its cash every three minutes; meanwhile it would be spent twice."""
    with desk(STRICT, USD="10010") as company:
        company.tell(DESK, FillRecorded(filled(company, AAPL, "30"), position(company), True))
        assert proposed(company, buy(AAPL, 25)).code == "WOULD_BORROW"
        company.leap(CASH_LAG_SECONDS)
        quote(company, *PRICES)
        assert proposed(company, buy(AAPL, 25, "K-2")).admitted


def filled(company: Company, symbol: Symbol, quantity: str) -> Fill:
    return Fill(
        execution_id="1.01",
        execution_key="1",
        client_order_id="K-0",
        venue_order_id=None,
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(str(PRICES[symbol])),
        time=company.clock.now(),
        exchange="NASDAQ",
        liquidity="removed",
        commission=None,
        commission_currency=None,
        commission_final=False,
        venue=names.IB,
        revision=1,
    )


def position(company: Company) -> ManagedPosition:
    nothing = Decimal(0)
    return ManagedPosition(AAPL, names.IB, nothing, nothing, company.clock.now(), nothing, ())


# -- conversions -------------------------------------------------------------------------


def test_a_conversion_takes_cash_that_is_there_and_pays_one_way() -> None:
    """US$2.20 are A$4.40 at 0.5: 0.88 % of A$500, and a round trip would be twice that."""
    sale = buy(AUDUSD, 500, side=Side.SELL, purpose=Purpose.CONVERT)
    with desk(STRICT, AUD="600") as company:
        assert proposed(company, sale).admitted
        made = company.heard.wait_for(RecordIntent).admission
        assert made.request.purpose is Purpose.CONVERT and made.remark == "an odd lot at IDEALPRO"
        more = replace(sale, client_order_id="K-2")
        assert proposed(company, more).code == "WOULD_BORROW"
        trade = replace(sale, client_order_id="K-3", purpose=Purpose.ENTRY)
        assert proposed(company, trade).code == "COST_TOO_HIGH"

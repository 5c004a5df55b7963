"""The desk's limits under way: pace, cool-down, the day's loss, and limits made tighter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from actors import names
from actors.desk import Desk
from actors.desk_knowledge import DeskOptions
from actors.desk_money import CostOptions
from actors.lanes import Message
from actors.messages import (
    AccountChanged,
    Alert,
    BookLoaded,
    FillRecorded,
    GetRisk,
    GetWhyNot,
    InstrumentKnown,
    LimitsChanged,
    LinkUp,
    LoadBook,
    OrderRecorded,
    PositionAdopted,
    PositionChanged,
    Propose,
    QuoteUpdate,
    Reconciled,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    SetPaused,
    Standing,
    TightenLimits,
    Verdict,
)
from adapters.book import Fill, ManagedPosition
from adapters.venue import LinkOpened
from config.commission_table import commission_table
from domain import limits, results
from domain.adoption import Adoption
from domain.foreign import ForeignOrder, Whose
from domain.limits import NO_LIMITS, Limits
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.phases import Phase
from domain.quotes import DataType, Quote
from domain.risk_views import LimitView, RiskView, WhyNotView
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    InstrumentDetails,
    PositionReport,
    PriceStep,
    TradingSession,
    VenueStatus,
)
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, BHP, NOON, intent

DESK, MONITOR, STRATEGIST = names.DESK, names.PLAN_MONITOR, names.STRATEGIST
VAS = Symbol("VAS", "AUD")
LISTENERS = (names.LEDGER, MONITOR, STRATEGIST, names.NARRATOR, names.STARTS, names.LIVE_GATE)
STEP = (PriceStep(Decimal(0), Decimal("0.01")),)
SHARE = InstrumentDetails(BHP, "BHP", "STK", "ASX", "Australia/Sydney", STEP, Decimal(1), ())


@contextmanager
def desk(
    limited: Limits = NO_LIMITS,
    book: BookLoaded | None = None,
    phases: tuple[Phase, ...] | None = None,
    largest: int = 10_000,
    **more: Any,
) -> Iterator[Company]:
    """A desk that may trade BHP and VAS, under these limits."""
    options = DeskOptions(
        observing=False,
        disarmed="",
        base_currency="AUD",
        max_order_value=Decimal(largest),
        stale_after_seconds=15.0,
        command_seconds=10.0,
        venues=(names.IB,),
        venue_of={BHP: names.IB, VAS: names.IB},
        previews=False,
        limits=limited,
        entry_phases=phases,
        **more,
    )
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, *LISTENERS, *names.of_venue(names.IB)) as company:
        company.heard.wait_for(LoadBook)
        well(company, book or BookLoaded((), (), ()))
        yield company


def well(company: Company, book: BookLoaded) -> None:
    company.tell(
        DESK,
        book,
        LinkUp(names.IB, 1, LinkOpened(176, ACCOUNT, (ACCOUNT,), None)),
        Standing(False, "", ""),
    )
    for symbol in (BHP, VAS):
        company.tell(DESK, InstrumentKnown(names.IB, replace(SHARE, symbol=symbol)))
    company.tell(DESK, Reconciled(names.IB, 1, company.clock.now(), (), (), (), 0))
    quote(company, 45.0)
    quote(company, 45.0, symbol=VAS)


def quote(company: Company, price: float, symbol: Symbol = BHP) -> None:
    now, at = company.clock.now(), company.clock.monotonic()
    terms = (price - 0.01, price + 0.01, 500, 500, price, 1, 1, price)
    company.tell(DESK, QuoteUpdate(names.IB, Quote(symbol, now, at, *terms, DataType.LIVE)))


def request(name: str, quantity: int = 20, symbol: Symbol = BHP, price: str = "45.00") -> Any:
    order = intent(name, quantity=str(quantity), symbol=symbol).request
    return replace(order, limit_price=Decimal(price))


def proposed(company: Company, order: OrderRequest, by: str = STRATEGIST) -> Verdict:
    propose = Propose(company.clock.monotonic() + 5, order, by, "a test")
    verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
    assert isinstance(verdict, Verdict)
    return verdict


def recorded(company: Company, order: OrderRequest, state: OrderState) -> None:
    row = Order.intended(order, names.IB, company.clock.now())
    company.tell(DESK, OrderRecorded(replace(row, state=state)))


def position(quantity: int, average: str = "45", realised: str = "0", fees: str = "0") -> Any:
    charged = (("AUD", Decimal(fees)),)
    cost, made = Decimal(average), Decimal(realised)
    return ManagedPosition(BHP, names.IB, Decimal(quantity), cost, NOON, made, charged)


def filled(company: Company, name: str, side: Side, after: ManagedPosition) -> None:
    fill = Fill(
        *(f"X-{name}", f"X-{name}", name, None, BHP, side, Decimal(20), Decimal(45), NOON),
        *("ASX", "added", None, None, False, names.IB, 1),
    )
    company.tell(DESK, FillRecorded(fill, after, True))


def ask(company: Company, message: Message) -> Any:
    return company.system.ask(DESK, message).get(timeout=LIMIT)


def risk(company: Company) -> Mapping[str, LimitView]:
    view = ask(company, GetRisk())
    assert isinstance(view, RiskView)
    return {limit.name: limit for limit in view.limits}


def limited(**wanted: int | str) -> Limits:
    return Limits(**{name: Decimal(value) for name, value in wanted.items()})


def code(company: Company, name: str, **terms: Any) -> str:
    return proposed(company, request(name, **terms)).code


def results_of(view: RiskView) -> tuple[Decimal | None, ...]:
    figures = (view.result_today, view.fees_today, view.result_since_start, view.fees_since_start)
    return (*figures, view.below_peak, view.fees_this_month)


def test_before_the_book_is_read_no_result_is_zero() -> None:
    options = DeskOptions(
        observing=False,
        disarmed="",
        base_currency="AUD",
        max_order_value=Decimal(10_000),
        stale_after_seconds=15.0,
        command_seconds=10.0,
        venues=(names.IB,),
        venue_of={BHP: names.IB},
    )
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, *LISTENERS, *names.of_venue(names.IB)) as company:
        company.heard.wait_for(LoadBook)
        assert results_of(ask(company, GetRisk())) == (None,) * 6
        company.tell(DESK, BookLoaded((), (position(20, fees="6.60"),), ()))
        quote(company, 45.5)
        _, _, since_start, fees, _, _ = results_of(ask(company, GetRisk()))
        assert (since_start, fees) == (Decimal("3.40"), Decimal("6.60"))


# -- pace ------------------------------------------------------------------------------------


def test_so_many_orders_in_a_minute_and_the_gate_opens_as_time_goes_by() -> None:
    with desk(limited(max_orders_per_minute=3)) as company:
        assert [code(company, f"K-{n}") for n in range(4)] == ["", "", "", "ORDER_RATE"]
        company.leap(61)
        quote(company, 45.0)
        assert code(company, "K-5") == ""


def test_a_restart_of_the_desk_forgets_no_order_of_the_day_nor_of_the_minute() -> None:
    with desk(limited(max_orders_per_minute=3, max_orders_per_day=4)) as company:
        now = company.clock.now()
        orders = [intent(f"B-{n}", created_at=now - timedelta(seconds=10 * n)) for n in range(3)]
        yesterday = intent("B-9", created_at=now - timedelta(days=1))
        ended = tuple(replace(each, state=OrderState.FILLED) for each in (yesterday, *orders))
        company.tell(DESK, BookLoaded((), (), (), ended=ended))
        assert code(company, "K-1") == "ORDER_RATE"
        company.leap(61)
        quote(company, 45.0)
        assert [code(company, f"K-{n}") for n in (2, 3)] == ["", "ORDER_RATE"]


def test_the_same_order_twice_by_one_proposer_is_refused_and_by_another_is_not() -> None:
    with desk(limited(duplicate_percent=1)) as company:
        assert code(company, "K-1") == ""
        again = proposed(company, request("K-2"))
        assert (again.code, "K-1" in again.sentence) == ("DUPLICATE_INTENT", True)
        assert proposed(company, request("K-3"), by="a person").code == ""
        assert code(company, "K-4", quantity=30) == ""
        # Of an order that an earlier incarnation admitted nobody knows whose it is.
        working = replace(intent("B-1", symbol=VAS, quantity="20"), state=OrderState.WORKING)
        like = replace(request("K-5", symbol=VAS), limit_price=working.request.limit_price)
        company.tell(DESK, OrderRecorded(working))
        assert proposed(company, like).code == "DUPLICATE_INTENT"
        recorded(company, working.request, OrderState.CANCELLED)
        assert proposed(company, like).code == ""


def test_a_symbol_cools_down_after_the_venue_refused_and_another_does_not() -> None:
    with desk(limited(cool_down_seconds=300)) as company:
        recorded(company, request("K-1"), OrderState.REJECTED)
        refused = proposed(company, request("K-2"))
        assert refused.code == "COOLING_DOWN"
        assert "ib refused K-1" in refused.sentence and "Sydney" in refused.sentence
        assert code(company, "K-3", symbol=VAS) == ""
        assert ask(company, GetRisk()).cooling[0][0] == BHP
        company.leap(301)
        quote(company, 45.0)
        assert code(company, "K-4") == ""


def test_a_symbol_cools_down_after_so_many_losses_and_a_gain_is_none() -> None:
    with desk(limited(cool_down_seconds=300, cool_down_after_losses=2)) as company:
        held = BookLoaded((), (position(60),), ())
        company.tell(DESK, held)
        filled(company, "S-1", Side.SELL, position(50, realised="-5"))
        filled(company, "S-1", Side.SELL, position(40, realised="-9"))  # the same order
        filled(company, "S-2", Side.SELL, position(20, realised="3"))
        assert code(company, "K-1") == ""
        filled(company, "S-3", Side.SELL, position(0, realised="-1"))
        assert code(company, "K-2") == "COOLING_DOWN"


def test_a_restart_forgets_no_cool_down() -> None:
    with desk(limited(cool_down_seconds=300, cool_down_after_losses=2)) as company:
        now = company.clock.now()
        rejected = replace(
            intent("B-1", created_at=now - timedelta(seconds=250)),
            state=OrderState.REJECTED,
            updated_at=now - timedelta(seconds=200),
        )
        stops = [
            replace(
                intent(f"S-{n}", symbol=VAS, side=Side.SELL),
                state=OrderState.FILLED,
                updated_at=now - timedelta(seconds=n),
            )
            for n in (20, 30)
        ]
        stops = [
            replace(each, request=replace(each.request, purpose=Purpose.PROTECTION))
            for each in stops
        ]
        company.tell(DESK, BookLoaded((), (), (), ended=(*stops, rejected)))
        assert code(company, "K-1") == "COOLING_DOWN" == code(company, "K-2", symbol=VAS)
        company.leap(101)
        quote(company, 45.0)
        assert code(company, "K-3") == ""


def test_the_strategist_refused_again_and_again_pauses_in_that_symbol_and_a_person_does_not() -> (
    None
):
    with desk(limited(cool_down_seconds=300, cool_down_after_refusals=3)) as company:
        for n in range(5):
            large = proposed(company, request(f"P-{n}", quantity=1000), by="a person")
            assert large.code == "ORDER_TOO_LARGE"
        codes = [code(company, f"K-{n}", quantity=1000) for n in range(4)]
        assert codes == ["ORDER_TOO_LARGE"] * 3 + ["COOLING_DOWN"]


def test_how_things_stand_is_no_refusal_that_cools_a_symbol_down() -> None:
    with desk(limited(cool_down_seconds=300, cool_down_after_refusals=1)) as company:
        company.tell(DESK, SetPaused(True, "a person", "lunch"))
        assert [code(company, f"K-{n}") for n in range(3)] == ["PAUSED"] * 3
        company.tell(DESK, SetPaused(False, "a person", "back"))
        assert code(company, "K-9") == ""


# -- the market ------------------------------------------------------------------------------


def test_outside_its_hours_nothing_is_opened_and_it_says_when_the_market_opens() -> None:
    with desk(phases=(Phase.OPEN,)) as company:
        now = company.clock.now()
        later = TradingSession(now + timedelta(hours=2), now + timedelta(hours=4), None, None)
        usual = replace(SHARE, exchange="NYSE", sessions=(later,))
        company.tell(DESK, InstrumentKnown(names.IB, usual))
        # Closed, and the quote is old as well: the reason is the first of both.
        company.leap(60)
        refused = proposed(company, request("K-1"))
        assert refused.code == "MARKET_CLOSED"
        assert "It opens on" in refused.sentence
        open_now = replace(later, opens=now, closes=now + timedelta(hours=4))
        company.tell(DESK, InstrumentKnown(names.IB, replace(usual, sessions=(open_now,))))
        assert code(company, "K-2") == "NO_FRESH_QUOTE"
        quote(company, 45.0)
        assert code(company, "K-3") == ""


# -- what is at stake ------------------------------------------------------------------------


def test_everything_at_stake_counts_held_by_anybody_and_working_at_its_worst() -> None:
    with desk(limited(max_total_exposure=5_000, purse=2_000)) as company:
        external = PositionReport(ACCOUNT, VAS, "VAS", Decimal(-50), Decimal(45))
        company.tell(DESK, PositionChanged(names.IB, external))
        # 2,250 short by others; 900 of ours works; then 1,850 are left of 5,000.
        assert code(company, "K-1") == ""
        assert code(company, "K-2", quantity=25) == "PURSE_EXCEEDED"
        assert code(company, "K-3", quantity=24) == ""
        view = ask(company, GetRisk())
        assert (view.exposure, view.ours, view.positions) == (2250 + 1980, 1980, 1)
        assert code(company, "K-4", quantity=18) == "EXPOSURE_TOO_LARGE"


def test_an_order_whose_fate_is_not_known_counts_whole() -> None:
    with desk(limited(purse=2_000)) as company:
        assert code(company, "K-1", symbol=VAS, quantity=40) == ""
        recorded(company, request("K-1", symbol=VAS, quantity=40), OrderState.UNKNOWN)
        assert code(company, "K-2", quantity=12) == "PURSE_EXCEEDED"
        recorded(company, request("K-1", symbol=VAS, quantity=40), OrderState.CANCELLED)
        assert code(company, "K-3", quantity=12) == ""


def test_what_is_held_without_a_price_makes_everything_at_stake_unknown() -> None:
    with desk(limited(max_total_exposure=100_000)) as company:
        cba = Symbol("CBA", "USD")
        abroad = PositionReport(ACCOUNT, cba, "CBA", Decimal(10), Decimal(100))
        company.tell(DESK, PositionChanged(names.IB, abroad))
        assert code(company, "K-1") == "EXPOSURE_NOT_KNOWN"  # no rate of US dollars
        rate = AccountValue(ACCOUNT, "ExchangeRate", "1.5", "USD")
        company.tell(DESK, AccountChanged(names.IB, rate))
        assert code(company, "K-2") == ""
        assert risk(company)["max_total_exposure"].used == 1500 + 900
        # A rate that is too old is none, and never counts as it was.
        company.leap(1000)
        quote(company, 45.0)
        assert code(company, "K-3") == "EXPOSURE_NOT_KNOWN"


def test_cash_is_what_open_purchases_leave_of_it() -> None:
    with desk(limited(min_cash=100)) as company:
        assert code(company, "K-1") == "CASH_NOT_KNOWN"
        cash = AccountValue(ACCOUNT, "CashBalance", "1900", "AUD")
        company.tell(DESK, AccountChanged(names.IB, cash))
        assert [code(company, f"K-{n}") for n in (2, 3, 4)] == ["", "", "CASH_NOT_ENOUGH"]


def test_a_fill_has_taken_its_cash_though_the_account_does_not_say_so_for_minutes() -> None:
    with desk(limited(min_cash=100)) as company:
        cash = AccountValue(ACCOUNT, "CashBalance", "1900", "AUD")
        company.tell(DESK, AccountChanged(names.IB, cash))
        assert code(company, "K-1") == ""
        recorded(company, request("K-1"), OrderState.FILLED)
        filled(company, "K-1", Side.BUY, position(20))
        assert code(company, "K-2", quantity=19) == ""
        recorded(company, request("K-2"), OrderState.CANCELLED)
        assert code(company, "K-3", quantity=21) == "CASH_NOT_ENOUGH"
        # By then the account has told its cash as it is.
        company.leap(201)
        quote(company, 45.0)
        assert code(company, "K-4", quantity=40) == ""


def test_what_others_bid_for_is_no_cash_that_is_free() -> None:
    by_hand = ForeignOrder(
        *("77", None, 0, VAS, Side.BUY, Decimal(20), Decimal(20), OrderType.LIMIT, Decimal(45)),
        *(None, None, VenueStatus.WORKING, Whose.OTHERS),
    )
    with desk(limited(min_cash=100)) as company:
        cash = AccountValue(ACCOUNT, "CashBalance", "1900", "AUD")
        company.tell(DESK, AccountChanged(names.IB, cash))
        found = Reconciled(names.IB, 1, company.clock.now(), (), (), (), 1, foreign=(by_hand,))
        company.tell(DESK, found)
        assert code(company, "K-1", quantity=21) == "CASH_NOT_ENOUGH"
        assert code(company, "K-2", quantity=20) == ""


# -- the day's loss --------------------------------------------------------------------------


def test_the_days_loss_is_of_fills_marks_and_fees_and_stays_for_the_day() -> None:
    with desk(limited(max_daily_loss=100), BookLoaded((), (position(20),), ())) as company:
        assert risk(company)["max_daily_loss"].used == 0
        quote(company, 40.0)  # down 100 by the mark
        assert code(company, "K-1", price="40.00") == ""
        filled(company, "S-1", Side.SELL, position(10, realised="-50", fees="6.60"))
        refused = proposed(company, request("K-2", price="40.00"))
        assert (refused.code, "A$106.60" in refused.sentence) == ("DAILY_LOSS", True)
        quote(company, 60.0)
        view = risk(company)["max_daily_loss"]
        assert (view.shut, view.used) == (True, Decimal("106.6"))
        assert code(company, "K-3", price="60.00") == "DAILY_LOSS"
        # What leaves a position goes on.
        leaving = replace(request("K-4", quantity=10, price="60.00"), side=Side.SELL)
        report = PositionReport(ACCOUNT, BHP, "BHP", Decimal(10), Decimal(45))
        company.tell(DESK, PositionChanged(names.IB, report))
        assert proposed(company, leaving).code == ""


def test_it_is_told_when_a_limit_shuts_though_nobody_asks_for_an_order() -> None:
    with desk(limited(max_daily_loss=100), BookLoaded((), (position(20),), ())) as company:
        company.heard.wait_for(RecordSetting, lambda m: m.key == results.KEY)
        quote(company, 39.0)
        company.leap(6)
        alert = company.heard.wait_for(Alert, lambda m: m.code == "DAILY_LOSS")
        assert alert.stands and "MAX_DAILY_LOSS" in alert.sentence
        company.leap(6)

        def of_the_loss(kept: RecordSetting) -> bool:
            day = results.from_text(kept.value) if kept.key == results.KEY else None
            return day is not None and day.lowest - day.opening == -120

        assert not company.heard.wait_for(RecordSetting, of_the_loss).audited


def test_a_restart_forgets_neither_the_days_loss_nor_the_peak() -> None:
    strict = limited(max_daily_loss=100, max_drawdown=500)
    with desk(strict, BookLoaded((), (position(20),), ())) as company:
        today = results.day_of(company.clock.now()).isoformat()
        settings = ((results.KEY, f"{today} 0 -101 400 0 0 0 0"),)
        company.restart(DESK)
        company.heard.wait_for(LoadBook, times=2)
        well(company, BookLoaded((), (position(20),), settings))
        assert code(company, "K-1") == "DAILY_LOSS"
        assert risk(company)["max_drawdown"].used == 400


def test_money_that_is_paid_in_or_out_and_a_holding_adopted_are_no_result() -> None:
    with desk(limited(max_daily_loss=100, max_drawdown=100)) as company:
        for amount in ("100000", "10"):
            for tag in ("CashBalance", "NetLiquidation"):
                value = AccountValue(ACCOUNT, tag, amount, "AUD")
                company.tell(DESK, AccountChanged(names.IB, value))
        assert code(company, "K-1") == ""
        quote(company, 45.0)
        # 100 shares bought at 20 by somebody else: given in, and taken out again.
        for quantity in (100, 0):
            after = position(quantity, average="20")
            word = Adoption("A-1", names.IB, BHP, Decimal(100), Decimal(20), Decimal(0), "x", "y")
            company.tell(DESK, PositionAdopted(word, after))
            used = risk(company)
            assert used["max_daily_loss"].used == 0 == used["max_drawdown"].used


def test_a_holding_adopted_is_no_result_though_the_price_of_another_is_missing() -> None:
    other = replace(position(10), symbol=Symbol("CBA", "AUD"))
    with desk(limited(max_daily_loss=100, max_drawdown=100)) as company:
        company.tell(DESK, GetRisk())  # the day begins
        lent = Fill(
            *("X-1", "X-1", "K-0", None, other.symbol, Side.BUY, Decimal(10), Decimal(45), NOON),
            *("ASX", "added", None, None, False, names.IB, 1),
        )
        company.tell(DESK, FillRecorded(lent, other, True))
        word = Adoption("A-1", names.IB, BHP, Decimal(100), Decimal(80), Decimal(0), "x", "y")
        company.tell(DESK, PositionAdopted(word, position(100, average="80")))
        quote(company, 45.0, symbol=other.symbol)
        used = risk(company)
        assert used["max_daily_loss"].used == 0 == used["max_drawdown"].used


# -- tightened -------------------------------------------------------------------------------


def tighten(company: Company, **wanted: str) -> Any:
    terms = tuple((name, Decimal(value)) for name, value in wanted.items())
    return ask(company, TightenLimits(terms, "a person", "a test"))


def test_a_limit_is_tightened_at_once_durably_and_never_loosened_here() -> None:
    with desk() as company:
        assert code(company, "K-1") == ""
        view = tighten(company, max_order_value="500", purse="20000")
        assert isinstance(view, RiskView)
        kept = company.heard.wait_for(RecordSetting)
        assert (kept.key, kept.who, kept.audited) == (limits.KEY, "a person", True)
        assert kept.value == "max_order_value=500 purse=20000"
        told = company.heard.wait_for(LimitsChanged, seat=names.LIVE_GATE)
        assert (told.sentence, told.who) == (kept.value, "a person")
        assert code(company, "K-2") == "ORDER_TOO_LARGE"
        refused = tighten(company, max_order_value="501", max_positions="1")
        assert isinstance(refused, Verdict) and refused.code == "LIMIT_LOOSENED"
        assert "on the box" in refused.sentence
        found = risk(company)
        assert found["max_order_value"].limit == 500
        assert found["max_order_value"].in_settings == 10_000
        assert found["max_positions"].limit is None, "all of it, or nothing"


def test_what_was_tightened_holds_after_a_restart_whatever_the_settings_say() -> None:
    book = BookLoaded((), (), ((limits.KEY, "max_order_value=500 max_positions=9"),))
    with desk(limited(max_positions=3), book) as company:
        assert code(company, "K-1") == "ORDER_TOO_LARGE"
        found = risk(company)
        assert found["max_positions"].limit == 3, "the settings may be the stricter ones"


@pytest.mark.parametrize("loaded", [True, False])
def test_a_limit_tightened_to_nothing_lets_nothing_through(loaded: bool) -> None:
    with desk() as company:
        if loaded:
            tighten(company, max_order_value="0")
            assert code(company, "K-1") == "ORDER_TOO_LARGE"
        else:
            company.restart(DESK)
            company.heard.wait_for(LoadBook, times=2)
            assert tighten(company, max_order_value="0").code == "BOOK_NOT_READ"


# -- why not ---------------------------------------------------------------------------------


def test_why_not_tells_every_gate_and_since_when_it_has_been_so() -> None:
    with desk(limited(purse=20_000), phases=(Phase.OPEN,)) as company:
        first = ask(company, GetWhyNot(BHP))
        assert isinstance(first, WhyNotView)
        gates = {gate.word.gate: gate for gate in first.gates}
        assert gates["PAUSED"].word.open and gates["PURSE_EXCEEDED"].word.open
        assert not gates["MARKET_HOURS_NOT_KNOWN"].word.open
        # A quarter of the largest order, at the ask.
        assert first.quantity == 56 and first.price == Decimal("45.01")
        company.tell(DESK, SetPaused(True, "a person", "lunch"))
        company.leap(5)
        second = {gate.word.gate: gate for gate in ask(company, GetWhyNot(BHP)).gates}
        assert not second["PAUSED"].word.open and "lunch" in second["PAUSED"].word.sentence
        assert second["PAUSED"].since > gates["PAUSED"].since
        assert second["PURSE_EXCEEDED"].since == gates["PURSE_EXCEEDED"].since
        assert ask(company, GetWhyNot(Symbol("XYZ", "AUD"))) is None
        assert company.heard.of(RecordIntent) == []


def test_why_not_asks_for_no_less_than_what_its_costs_allow() -> None:
    """Else a small MAX_ORDER_VALUE says for ever that costs are why nothing is bought."""
    costs = CostOptions(table=commission_table(), plan="fixed", max_round_trip=Decimal("0.01"))
    with desk(limited(purse=20_000), phases=(Phase.OPEN,), costs=costs, largest=3_000) as company:
        told = ask(company, GetWhyNot(BHP))
        gates = {gate.word.gate: gate for gate in told.gates}
        # A quarter of 3,000 were 17, which cost 13.20 of 765 in and out.
        assert told.quantity == 30 and gates["COST_TOO_HIGH"].word.open


def test_since_when_is_known_though_nobody_asked_before() -> None:
    with desk(limited(max_daily_loss=100)) as company:
        company.tell(DESK, SetPaused(True, "a person", "lunch"))
        for _ in range(4):
            company.leap(6)
            company.drain(DESK)
        now = company.clock.now()
        gates = {gate.word.gate: gate for gate in ask(company, GetWhyNot(BHP)).gates}
        assert not gates["PAUSED"].word.open
        assert now - gates["PAUSED"].since > timedelta(seconds=5)


def test_an_admission_carries_the_word_of_every_gate_that_was_asked() -> None:
    with desk(limited(purse=20_000, max_spread_percent=1)) as company:
        assert code(company, "K-1") == ""
        words = company.heard.wait_for(RecordIntent).admission.words
        assert all(word.open for word in words)
        told = {word.gate: dict(word.figures) for word in words}
        assert told["PURSE_EXCEEDED"]["after"] == "A$900.00"
        assert told["SPREAD_TOO_WIDE"]["limit"] == "1 %"


# -- the kill switch -------------------------------------------------------------------------


def test_a_pause_takes_back_entries_and_leaves_what_guards_or_leaves_a_position() -> None:
    with desk() as company:
        assert code(company, "K-1") == ""  # its intent is not on disk yet
        guards = replace(request("S-1"), side=Side.SELL, purpose=Purpose.PROTECTION)
        leaves = replace(request("X-1"), side=Side.SELL, purpose=Purpose.EXIT)
        for order in (request("K-2"), guards, leaves):
            recorded(company, order, OrderState.WORKING)
        told = ask(company, SetPaused(True, "a person", "enough", cancel_entries=True))
        assert told == ("K-2", "K-1")
        company.drain(names.LEDGER)
        kinds = (RecordSetting, RecordCancel)
        heard = [m for m in company.heard.of(Message, names.LEDGER) if isinstance(m, kinds)]
        assert [type(each) for each in heard] == [RecordSetting, RecordCancel, RecordCancel]
        assert [m.client_order_id for m in heard if isinstance(m, RecordCancel)] == ["K-2", "K-1"]


def test_a_switch_thrown_before_the_book_was_read_counts_all_the_same() -> None:
    with desk() as company:
        company.restart(DESK)
        company.heard.wait_for(LoadBook, times=2)
        company.tell(DESK, SetPaused(True, "a person", "enough", cancel_entries=True))
        working = replace(intent("B-1"), state=OrderState.WORKING)
        well(company, BookLoaded((working,), (), ()))
        cancel = company.heard.wait_for(RecordCancel)
        assert cancel.client_order_id == "B-1"
        assert code(company, "K-1") == "PAUSED"

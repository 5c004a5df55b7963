"""Protection among listeners: what it asks for, what it believes, and which colour it tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from actors import names
from actors.messages import (
    Alert,
    BookLoaded,
    EvidenceSeen,
    FillRecorded,
    GuardChanged,
    InstrumentKnown,
    Introduce,
    LeavePlan,
    LinkUp,
    LoadBook,
    OrderRecorded,
    PlanRecorded,
    Propose,
    ProposeAmend,
    ProposeCancel,
    QuoteUpdate,
    ReconcileNow,
    VenueListed,
    Verdict,
)
from actors.protection import Protection
from actors.protection_knowledge import ProtectionOptions
from adapters.book import ManagedPosition
from adapters.venue import LinkOpened
from domain.checklist import Item
from domain.exits import Urgency
from domain.guard import Colour
from domain.order_groups import Protection as Stop
from domain.order_groups import bracket
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.plan_terms import PlanTerms
from domain.plans import Plan, PlanState
from domain.quotes import DataType, Quote
from domain.shadow import SHADOW
from domain.terms import Amendment, AmendmentState
from domain.venue import (
    InstrumentDetails,
    OrderReport,
    PositionReport,
    PriceStep,
    TradingSession,
    VenueStatus,
)
from tests.actors.company import Company, gathered
from tests.actors.test_desk import AROUND, DESK, MONITOR
from tests.store.material import ACCOUNT, BHP, NOON

ME, RESYNC, NARRATOR = names.PROTECTION, names.resync(names.IB), names.NARRATOR
STEP = PriceStep(Decimal(0), Decimal("0.01"))
ENTRY = OrderRequest(
    "K-1", BHP, Side.BUY, Decimal(100), OrderType.LIMIT, Decimal(45), plan="K-1", tif=Tif.GTC
)
TARGET, STOP = bracket(ENTRY, Stop(Decimal(44)), Decimal(47)).attached
PLAN = Plan(
    plan_id="K-1",
    version=2,
    symbol=BHP,
    venue=names.IB,
    side=Side.BUY,
    wanted=Decimal(100),
    terms=PlanTerms(Decimal(44), Decimal(47)),
    stop=Decimal(44),
    target=Decimal(47),
    created_at=NOON,
    reason="a test",
    state=PlanState.OPEN,
    lot=Decimal(100),
    entry_price=Decimal(45),
    opened_at=NOON,
)


def order(request: OrderRequest, state: OrderState = OrderState.HELD) -> Order:
    return replace(Order.intended(request, names.IB, NOON), state=state)


def position(quantity: int = 100) -> ManagedPosition:
    return ManagedPosition(BHP, names.IB, Decimal(quantity), Decimal(45), NOON, Decimal(0), ())


ODD = Decimal("46.50")
BOTH = (order(TARGET, OrderState.WORKING), order(STOP))


class Watch:
    """A protection that knows its share, and a venue that says what the test has it say."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.heard = company.heard
        self.epoch = 1

    def begin(
        self,
        *orders: Order,
        groups: tuple[str, ...] = (),
        opens_in: timedelta = timedelta(hours=-1),
        asx_day: bool = False,
        held: ManagedPosition | None = None,
        plan: Plan = PLAN,
    ) -> None:
        """The book has come, and the link stands; trading is on, or begins in so long.

        On a day of the ASX it is noon: trading ends in four hours, and then comes the auction.
        """
        self.heard.wait_for(LoadBook)
        book = BookLoaded(orders, (held or position(),), (), plans=(plan,), groups=groups)
        now = NOON
        opens, closes = now - timedelta(hours=2), now + timedelta(hours=4)
        session = TradingSession(opens, closes, now + opens_in, closes)
        if asx_day:
            session = TradingSession(opens, closes + timedelta(minutes=12), opens, closes)
        details = InstrumentDetails(
            BHP, "BHP", "STK", "ASX", "Australia/Sydney", (STEP,), Decimal(1), (session,)
        )
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), None)
        up = LinkUp(names.IB, self.epoch, opened)
        self.tell(up, InstrumentKnown(names.IB, details), book)
        self.company.leap(1.0)

    def tell(self, *messages: object) -> None:
        self.company.tell(ME, *messages)  # type: ignore[arg-type]

    def lists(self, *orders: Order, held: int = 100, since: float = 0.0) -> None:
        """A round, asked so long ago."""
        reports = tuple(
            OrderReport(
                each.client_order_id,
                "7",
                VenueStatus.HELD,
                each.filled,
                each.remaining,
                average_price=None,
            )
            for each in orders
        )
        asked = self.company.clock.monotonic() - since
        there = (PositionReport(ACCOUNT, BHP, "BHP", Decimal(held), Decimal(45)),)
        self.tell(VenueListed(names.IB, self.epoch, asked, reports, there))

    def records(self, request: OrderRequest, state: OrderState) -> None:
        self.tell(OrderRecorded(replace(order(request, state), reason="no")))

    def quotes(self, bid: float) -> None:
        """The close is that of the day before, wherever the price goes."""
        now, at = self.company.clock.now(), self.company.clock.monotonic()
        quote = Quote(BHP, now, at, bid, bid + 0.02, 1, 1, bid, 1, 1, 45.0, DataType.LIVE)
        self.tell(QuoteUpdate(names.IB, quote))

    def leave(self, urgency: Urgency = Urgency.PRICED) -> None:
        self.tell(LeavePlan(self.company.clock.monotonic() + 5, "K-1", "its age", urgency))

    def wait(self, seconds: int) -> None:
        """Let time go by, second by second, as its own timer runs."""
        for _ in range(seconds):
            self.company.leap(1.0)
            self.company.state(ME)

    def proposed(self, kind: type) -> list[object]:
        self.company.drain(DESK)
        return list(self.heard.of(kind, DESK))

    def asked(self) -> int:
        """How often the venue was asked for its lists."""
        self.company.state(ME)
        self.company.drain(RESYNC)
        return len(self.heard.of(ReconcileNow, RESYNC))

    def colours(self) -> list[Colour]:
        self.company.drain(DESK)
        told = [each.guard.colour for each in self.heard.of(GuardChanged, DESK)]
        return [c for c, before in zip(told, [None, *told], strict=False) if c is not before]


@pytest.fixture
def watch() -> Iterator[Watch]:
    options = ProtectionOptions((names.IB,), 15.0, 10.0)
    actors = {ME: lambda s, seat: Protection(s, seat, options=options)}
    around = (names.LEDGER, names.LIVE_GATE, DESK, MONITOR, NARRATOR)
    with gathered(actors, *around, *AROUND) as company:
        yield Watch(company)


def test_only_a_list_that_is_newer_than_the_last_change_makes_it_green(watch: Watch) -> None:
    watch.begin(*BOTH)
    assert watch.heard.wait_for(ReconcileNow, seat=RESYNC)
    assert watch.colours() == [Colour.AMBER]
    watch.lists(*BOTH, since=60.0)
    assert watch.colours() == [Colour.AMBER]
    watch.lists(*BOTH)
    assert watch.colours() == [Colour.AMBER, Colour.GREEN]
    shown = watch.heard.wait_for(EvidenceSeen, seat=names.LIVE_GATE)
    assert (shown.item, shown.good) == (Item.PROTECTION, True)
    assert "100 BHP/AUD" in shown.detail
    assert watch.heard.of(GuardChanged, DESK)[-1].guard.protected == Decimal(100)
    assert watch.proposed(Propose) == []


def test_a_stop_that_is_gone_comes_back_in_a_group_that_no_order_was_in(watch: Watch) -> None:
    """Also not in one of which the book alone still knows."""
    watch.begin(groups=("K-1.1", "K-1.10"))
    watch.lists()
    place = watch.heard.wait_for(Propose, seat=DESK)
    [target] = place.attached
    assert (place.request.client_order_id, place.request.oca_group) == ("K-1-S11", "K-1.11")
    assert (place.proposer, target.oca_group) == (ME, "K-1.11")
    watch.lists()
    assert len(watch.proposed(Propose)) == 1, "one at a time"


def test_what_is_refused_is_tried_again_ever_later(watch: Watch) -> None:
    watch.begin()
    at: list[float] = []
    leapt: list[float] = []
    for times in range(1, 5):
        while len(watch.proposed(Propose)) < times:
            watch.lists()
            watch.wait(1)
        at.append(watch.company.clock.monotonic())
        leapt.append(watch.company.clock._ahead)
        [*_, last] = watch.heard.of(Propose, DESK)
        refused = Verdict(last.request.client_order_id, False, "NO", "It is refused.", "")
        watch.tell(refused)
    gaps = [round(later - sooner) for sooner, later in pairwise(at)]
    # At once is a matter of its own seconds; what the machine took comes on top.
    assert leapt[1] - leapt[0] <= 2 and gaps[1] >= 9 and gaps[2] >= 18, gaps
    assert watch.colours()[-1] is Colour.RED


def test_a_stop_market_that_the_venue_refuses_becomes_a_stop_limit(watch: Watch) -> None:
    watch.begin()
    watch.lists()
    place = watch.heard.wait_for(Propose, seat=DESK)
    assert place.request.type is OrderType.STOP
    watch.records(place.request, OrderState.REJECTED)
    watch.records(place.attached[0], OrderState.CANCELLED)
    watch.wait(1)
    watch.lists()
    again = watch.heard.wait_for(Propose, seat=DESK, times=2).request
    assert (again.type, again.stop_price, again.limit_price) == (
        OrderType.STOP_LIMIT,
        Decimal(44),
        Decimal("43.78"),
    )
    assert again.oca_group == "K-1.2" or again.oca_group == "K-1.3"


def test_the_stop_follows_its_plan_and_not_too_often(watch: Watch) -> None:
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    watch.tell(PlanRecorded(replace(PLAN, version=3, stop=Decimal("44.50"))))
    amend = watch.heard.wait_for(ProposeAmend, seat=DESK)
    assert (amend.client_order_id, amend.wanted.stop_price) == ("K-1-S", Decimal("44.50"))
    moved = replace(STOP, stop_price=Decimal("44.50"))
    watch.records(moved, OrderState.HELD)
    watch.wait(1)
    both = (BOTH[0], order(moved))
    watch.lists(*both)
    watch.tell(PlanRecorded(replace(PLAN, version=4, stop=Decimal("44.60"))))
    watch.tell(PlanRecorded(replace(PLAN, version=5, stop=Decimal("44.70"))))
    assert len(watch.proposed(ProposeAmend)) == 1
    watch.wait(30)
    watch.lists(*both)
    again = watch.heard.wait_for(ProposeAmend, seat=DESK, times=2)
    assert again.wanted.stop_price == Decimal("44.70")


def test_an_exit_is_the_target_repriced_as_the_market_goes(watch: Watch) -> None:
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    watch.leave()
    assert watch.proposed(ProposeAmend) == [], "no fresh quote: the stop stands"
    watch.quotes(45.0)
    watch.wait(1)
    amend = watch.heard.wait_for(ProposeAmend, seat=DESK)
    assert (amend.client_order_id, amend.wanted.limit_price) == ("K-1-T", Decimal("44.95"))
    watch.records(replace(TARGET, limit_price=Decimal("44.95")), OrderState.WORKING)
    watch.quotes(44.8)
    watch.wait(5)
    assert len(watch.proposed(ProposeAmend)) == 1
    watch.wait(6)
    again = watch.heard.wait_for(ProposeAmend, seat=DESK, times=2)
    assert again.wanted.limit_price == Decimal("44.75")
    assert watch.proposed(ProposeCancel) == watch.proposed(Propose) == []


@pytest.mark.parametrize(
    ("of", "wrong"),
    [("K-1-S", replace(STOP, quantity=Decimal(60))), ("K-1-T", replace(TARGET, limit_price=ODD))],
)
def test_a_change_that_the_venue_refuses_is_asked_for_ever_later(
    watch: Watch, of: str, wrong: OrderRequest
) -> None:
    """In an auction orders can be cancelled and not changed: asked at once each time, it storms."""
    changed = order(wrong)
    both = (changed,) if of == "K-1-S" else (changed, BOTH[1])
    watch.begin(*both)
    watch.lists(*both)
    answered = 0
    for _ in range(30):
        amends = watch.proposed(ProposeAmend)
        if len(amends) > answered:
            answered = len(amends)
            was, at = changed.request.terms, watch.company.clock.now()
            new, intended = amends[-1].wanted.of(was), AmendmentState.INTENDED  # type: ignore[attr-defined]
            change = Amendment(f"A-{answered}", of, was, new, intended, at)
            watch.tell(OrderRecorded(replace(changed, amending=change)))
            watch.tell(OrderRecorded(changed))  # refused: it is as it was
        watch.wait(1)
        watch.lists(*both)
    assert 2 <= answered <= 5


def test_in_the_shadow_book_it_guards_and_leaves_without_any_venue(watch: Watch) -> None:
    """Nothing of it is on a venue's list: what is open there, the book says."""
    shadows = tuple(replace(each, venue=SHADOW) for each in BOTH)
    held, plan = replace(position(), venue=SHADOW), replace(PLAN, venue=SHADOW)
    watch.begin(*shadows, held=held, plan=plan)
    watch.wait(12)
    assert watch.colours() == [Colour.GREEN]
    watch.leave()
    watch.quotes(45.0)
    amend = watch.heard.wait_for(ProposeAmend, seat=DESK)
    assert (amend.client_order_id, amend.wanted.limit_price) == ("K-1-T", Decimal("44.95"))


def test_a_plan_that_a_late_fill_opens_again_gets_a_group_of_its_own(watch: Watch) -> None:
    """IB takes no name of a group twice; and refused for that, a stop would become a stop-limit."""
    watch.begin(*BOTH)
    closed = replace(PLAN, version=3, state=PlanState.CLOSED, lot=Decimal(0))
    for each in BOTH:
        watch.records(each.request, OrderState.CANCELLED)
    watch.tell(PlanRecorded(closed), FillRecorded(None, position(0), True))  # type: ignore[arg-type]
    watch.wait(1)
    watch.tell(PlanRecorded(replace(PLAN, version=4)), FillRecorded(None, position(), True))  # type: ignore[arg-type]
    watch.wait(1)
    watch.lists()
    assert watch.heard.wait_for(Propose, seat=DESK).request.oca_group == "K-1.2"


def test_no_quote_of_an_auction_prices_an_exit(watch: Watch) -> None:
    """Who bids there says nothing of what it is worth; at the opening it is left."""
    watch.begin(*BOTH, opens_in=timedelta(seconds=60))
    watch.lists(*BOTH)
    watch.leave()
    for _ in range(3):
        watch.quotes(30.0)
        watch.wait(10)
    assert watch.proposed(ProposeAmend) == []
    watch.wait(32)
    watch.quotes(45.0)
    watch.wait(1)
    assert watch.heard.wait_for(ProposeAmend, seat=DESK).wanted.limit_price == Decimal("44.95")


def test_into_the_closing_auction_goes_the_bound_of_the_last_price_that_traded(
    watch: Watch,
) -> None:
    watch.begin(*BOTH, asx_day=True)
    watch.lists(*BOTH)
    watch.company.leap(4 * 3600.0 - 20.0)
    watch.quotes(45.0)
    watch.wait(25)
    watch.lists(*BOTH)
    watch.quotes(30.0)
    watch.leave(Urgency.AUCTION)
    amend = watch.heard.wait_for(ProposeAmend, seat=DESK)
    assert (amend.client_order_id, amend.wanted.limit_price) == ("K-1-T", Decimal("44.10"))


def test_after_the_closing_auction_no_exit_is_sent_and_the_stop_stands(watch: Watch) -> None:
    watch.begin(BOTH[1], asx_day=True)
    watch.lists(BOTH[1])
    watch.quotes(45.0)
    watch.company.leap(4 * 3600.0 + 1.0)
    watch.leave(Urgency.AUCTION)
    exit = watch.heard.wait_for(Propose, seat=DESK).request
    assert (exit.oca_group, exit.limit_price) == ("K-1.1", Decimal("44.10"))
    watch.records(exit, OrderState.WORKING)
    watch.company.leap(15 * 60.0)
    watch.records(exit, OrderState.EXPIRED)
    for _ in range(3):
        watch.wait(10)
        watch.lists(BOTH[1])
    assert len(watch.proposed(Propose)) == 1
    assert watch.proposed(ProposeCancel) == []
    assert watch.colours()[-1] is Colour.GREEN


def test_while_the_book_cannot_be_written_an_exit_joins_its_group_beside_the_target(
    watch: Watch,
) -> None:
    """No order is changed then; an exit leaves on the emergency file."""
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    watch.leave()
    watch.quotes(45.0)
    watch.wait(1)
    refused = watch.heard.wait_for(ProposeAmend, seat=DESK).client_order_id
    watch.tell(Verdict(refused, False, "BOOK_NOT_WRITABLE", "Nothing can be written.", ""))
    exit = watch.heard.wait_for(Propose, seat=DESK).request
    assert (exit.purpose, exit.oca_group, exit.limit_price, exit.quantity) == (
        Purpose.EXIT,
        "K-1.1",
        Decimal("44.95"),
        Decimal(100),
    )
    watch.records(exit, OrderState.WORKING)
    watch.wait(30)
    assert len(watch.proposed(Propose)) == 1, "the one that fills first is the exit now"
    assert watch.proposed(ProposeCancel) == []


def test_what_does_not_mend_itself_is_red_and_alerted_until_it_is_well(watch: Watch) -> None:
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    watch.tell(FillRecorded(None, position(150), True))  # type: ignore[arg-type]
    assert watch.colours()[-1] is Colour.AMBER
    watch.wait(5)
    assert watch.colours()[-1] is Colour.AMBER
    watch.wait(6)
    assert watch.colours()[-1] is Colour.RED
    assert "50 of it have no plan" in watch.heard.of(GuardChanged, DESK)[-1].guard.cause
    alert = watch.heard.wait_for(Alert, seat=NARRATOR)
    assert (alert.code, alert.level, alert.stands) == ("UNPROTECTED", "error", True)
    assert watch.proposed(ProposeCancel) == [], "red by itself cancels no stop"
    watch.tell(FillRecorded(None, position(100), True))  # type: ignore[arg-type]
    watch.wait(1)
    watch.lists(*BOTH)
    assert watch.colours()[-1] is Colour.GREEN
    assert not watch.heard.wait_for(Alert, lambda m: not m.stands, seat=NARRATOR).stands


def test_a_symbol_that_stays_red_is_alerted_once_whatever_the_cause_is_just_now(
    watch: Watch,
) -> None:
    small = (BOTH[0], order(replace(STOP, quantity=Decimal(60))))
    watch.begin(*small)
    for _ in range(20):
        watch.records(small[1].request, OrderState.WORKING)
        watch.wait(1)
        watch.records(small[1].request, OrderState.HELD)
        watch.lists(*small)
    watch.company.drain(NARRATOR)
    alerts = [alert for alert in watch.heard.of(Alert, NARRATOR) if alert.stands]
    assert len(alerts) == 1


def test_that_less_is_held_must_be_seen_twice(watch: Watch) -> None:
    """A position may come later than its fill; a stop over what is not there opens a short."""
    watch.begin(*BOTH)
    watch.lists(*BOTH, held=60)
    assert watch.proposed(ProposeAmend) == []
    watch.wait(1)
    watch.lists(*BOTH, held=60)
    amends = watch.proposed(ProposeAmend)
    assert {a.wanted.quantity for a in amends} == {Decimal(60)}  # type: ignore[attr-defined]


def test_a_stop_that_stood_is_taken_to_stand_until_the_lists_of_the_next_link(
    watch: Watch,
) -> None:
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    watch.epoch = 2
    watch.tell(LinkUp(names.IB, 2, LinkOpened(176, ACCOUNT, (ACCOUNT,), None)))
    watch.wait(15)
    assert watch.colours() == [Colour.AMBER, Colour.GREEN]
    watch.tell(OrderRecorded(replace(BOTH[1], state=OrderState.CANCELLED)))
    watch.wait(1)
    watch.lists(BOTH[0])
    assert watch.heard.wait_for(ProposeCancel, seat=DESK).client_order_id == "K-1-T"


def test_each_hour_the_venue_is_asked(watch: Watch) -> None:
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    before = watch.asked()
    watch.company.leap(3500.0)
    assert watch.asked() == before
    watch.company.leap(130.0)
    watch.heard.wait_for(ReconcileNow, seat=RESYNC, times=before + 1)


def test_before_its_market_opens_the_venue_is_asked_and_an_old_stop_is_renewed(
    watch: Watch,
) -> None:
    old = tuple(replace(each, created_at=NOON - timedelta(days=31)) for each in BOTH)
    watch.begin(*old, opens_in=timedelta(minutes=15))
    watch.lists(*old)
    names_of = {c.client_order_id for c in watch.proposed(ProposeCancel)}  # type: ignore[attr-defined]
    assert names_of == {"K-1-T", "K-1-S"}
    for each in BOTH:
        watch.records(each.request, OrderState.CANCELLED)
    watch.wait(1)
    watch.lists()
    place = watch.heard.wait_for(Propose, seat=DESK)
    assert place.request.oca_group == "K-1.2"
    new = (order(place.request), *(order(each) for each in place.attached))
    for each in new:
        watch.records(each.request, OrderState.HELD)
    watch.wait(1)
    watch.lists(*new)
    assert watch.colours()[-1] is Colour.GREEN
    before = watch.asked()
    watch.company.leap(240.0)
    assert watch.asked() == before
    watch.company.leap(120.0)
    watch.heard.wait_for(ReconcileNow, seat=RESYNC, times=before + 1)


def test_a_stop_that_is_not_old_or_trades_just_now_stays(watch: Watch) -> None:
    old = tuple(replace(each, created_at=NOON - timedelta(days=31)) for each in BOTH)
    watch.begin(*old)
    watch.lists(*old)
    assert watch.proposed(ProposeCancel) == []


def test_the_desk_hears_of_every_symbol_when_it_begins_anew(watch: Watch) -> None:
    watch.begin(*BOTH)
    watch.lists(*BOTH)
    watch.company.drain(DESK)
    told = len(watch.heard.of(GuardChanged, DESK))
    watch.tell(Introduce(DESK))
    watch.company.drain(DESK)
    assert len(watch.heard.of(GuardChanged, DESK)) == told + 1

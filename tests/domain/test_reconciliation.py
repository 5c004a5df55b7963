"""What a round proves, and what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from domain.reconciliation import (
    Claimed,
    ClaimedBy,
    Missing,
    Verdicts,
    claim_holds,
    compare_positions,
    judge_orders,
    seen_in,
)
from domain.symbols import Symbol
from domain.venue import ExecutionReport, OrderReport, PositionReport, Round, VenueStatus

SENT_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SYDNEY = ZoneInfo("Australia/Sydney")
BHP, PAIR = Symbol("BHP", "AUD"), Symbol("AUD", "USD")
REQUEST = OrderRequest("KLP-1", BHP, Side.BUY, Decimal(10), OrderType.LIMIT, Decimal(40))
ORDER = replace(Order.intended(REQUEST, "ib", SENT_AT), state=OrderState.SENT, sent_at=SENT_AT)
SHOWN = OrderReport("KLP-1", "7", VenueStatus.WORKING, Decimal(0), Decimal(10), None)
TRADED = ExecutionReport(
    execution_id="1.01",
    execution_key="1",
    revision=1,
    client_order_id="KLP-1",
    venue_order_id="7",
    symbol=BHP,
    side=Side.BUY,
    quantity=Decimal(1),
    price=Decimal(40),
    time=SENT_AT,
    exchange="ASX",
    liquidity="added",
    account="DU1",
)


def asked(after: float, **lists: object) -> Round:
    """A complete round asked so many seconds after the send."""
    at = SENT_AT + timedelta(seconds=after)
    empty = Round(number=1, asked_at=at, ended_at=at + timedelta(seconds=0.5), unended=())
    return replace(empty, **lists)  # type: ignore[arg-type]


def judge(rounds: Sequence[Round], order: Order = ORDER) -> Verdicts:
    """Judge by each round in turn, on one link."""
    before: dict[str, Missing] = {}
    verdicts = Verdicts((), (), ())
    for each in rounds:
        verdicts = judge_orders([order], each, before, SYDNEY)
        before = {missing.client_order_id: missing for missing in verdicts.missing}
    return verdicts


def test_two_settled_rounds_apart_prove_absence() -> None:
    assert judge([asked(30), asked(40)]).absent == ("KLP-1",)
    assert judge([asked(30), asked(40)]).in_doubt == ()


@pytest.mark.parametrize(
    "seconds", [(30.0,), (29.9, 40.0), (30.0, 39.9), (0.1, 20.0, 29.9), (29.9, 39.9)]
)
def test_fewer_earlier_or_closer_rounds_prove_nothing(seconds: tuple[float, ...]) -> None:
    verdicts = judge([asked(each) for each in seconds])
    assert verdicts.absent == ()
    assert verdicts.in_doubt == ("KLP-1",)


@given(st.lists(st.floats(min_value=0.1, max_value=3600), min_size=1, max_size=6))
def test_absence_needs_exactly_two_such_rounds(times: list[float]) -> None:
    times = sorted(times)
    settled = [each for each in times if each >= 30]
    if any(
        abs(each - 30) < 1e-3 or abs(each - settled[0] - 10) < 1e-3 for each in times if settled
    ):
        return  # on the edge the microseconds of a datetime decide
    proven = bool(settled) and times[-1] - settled[0] >= 10
    verdicts = judge([asked(each) for each in times])
    assert (verdicts.absent == ("KLP-1",)) is proven
    assert (verdicts.in_doubt == ("KLP-1",)) is not proven


@pytest.mark.parametrize(
    "shown",
    [
        {"open_orders": (SHOWN,)},
        {"completed_orders": (SHOWN,)},
    ],
)
def test_one_that_any_list_shows_is_neither_missing_nor_in_doubt(shown: dict[str, object]) -> None:
    assert judge([asked(30), asked(40, **shown)]) == Verdicts((), (), ())
    # Seen in between, the count begins anew.
    assert judge([asked(30), asked(35, **shown), asked(41)]).absent == ()
    assert seen_in(asked(30, **shown)) == {"KLP-1"}


def test_executions_alone_prove_that_it_came_and_not_what_became_of_the_rest() -> None:
    shown = {"executions": (TRADED,)}
    assert judge([asked(30), asked(40, **shown)]) == Verdicts((), (), ("KLP-1",))
    assert judge([asked(30), asked(35, **shown), asked(41)]).absent == ()
    done = replace(ORDER, state=OrderState.WORKING, filled=Decimal(10))
    assert judge([asked(40, **shown)], done) == Verdicts((), (), ()), "its end is on its way"


@pytest.mark.parametrize("by", ClaimedBy)
@pytest.mark.parametrize(
    ("lists", "by_code", "by_its_status"),
    [
        ({}, True, True),
        ({"open_orders": (SHOWN,)}, False, False),
        ({"open_orders": (replace(SHOWN, status=VenueStatus.INACTIVE),)}, None, None),
        ({"open_orders": (replace(SHOWN, status=VenueStatus.CANCELLED),)}, False, True),
        ({"completed_orders": (SHOWN,)}, False, True),
        ({"executions": (TRADED,)}, False, True),
    ],
)
def test_a_claim_is_borne_out_by_lists_that_do_not_show_it_alive(
    lists: dict[str, object], by_code: bool | None, by_its_status: bool | None, by: ClaimedBy
) -> None:
    claim = Claimed("KLP-1", OrderState.CANCELLED, "202: cancelled", by)
    want = by_its_status if by is ClaimedBy.END else by_code
    assert claim_holds(claim, asked(30, **lists)) is want


def test_a_list_without_our_id_shows_nothing() -> None:
    nameless = replace(SHOWN, client_order_id=None)
    assert seen_in(asked(30, open_orders=(nameless,))) == frozenset()


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, venue_order_id="7"),
        replace(ORDER, filled=Decimal(1)),
    ],
    ids=["acknowledged", "partly filled"],
)
def test_one_that_the_venue_once_had_is_never_absent(order: Order) -> None:
    verdicts = judge([asked(30), asked(40), asked(400)], order)
    assert (verdicts.absent, verdicts.in_doubt) == ((), ("KLP-1",))


def test_beyond_the_gateways_midnight_nothing_is_inferred() -> None:
    # In summer midnight in Sydney is 13:00 UTC.
    sent = datetime(2026, 1, 5, 12, 59, tzinfo=UTC)
    order = replace(ORDER, sent_at=sent)

    def rounds(*after: int) -> list[Round]:
        return [
            replace(
                asked(0),
                asked_at=sent + timedelta(seconds=each),
                ended_at=sent + timedelta(seconds=each + 1),
            )
            for each in after
        ]

    assert judge(rounds(30, 58), order).absent == ("KLP-1",)
    assert judge(rounds(30, 59), order).absent == (), "it ended on the next day"
    assert judge(rounds(30, 70), order).in_doubt == ("KLP-1",)
    utc = judge_orders([order], rounds(70)[0], {"KLP-1": Missing("KLP-1", sent)}, UTC)
    assert utc.absent == ("KLP-1",), "in UTC it is one day"


def test_a_round_that_began_before_the_send_and_an_intent_say_nothing() -> None:
    assert judge([asked(0), asked(-10)]) == Verdicts((), (), ())
    intended = replace(ORDER, state=OrderState.INTENDED, sent_at=None)
    assert judge([asked(30), asked(40)], intended) == Verdicts((), (), ())


def test_without_a_time_of_sending_the_making_counts() -> None:
    order = replace(ORDER, sent_at=None, state=OrderState.UNKNOWN)
    assert judge([asked(30), asked(40)], order).absent == ("KLP-1",)
    assert judge([asked(20), asked(40)], order).absent == ()


def test_an_unended_list_makes_a_round_incomplete() -> None:
    assert asked(30).complete
    for name in ("positions", "open_orders", "completed_orders", "executions", "account"):
        assert not asked(30, unended=(name,)).complete


def held(symbol: Symbol | None, quantity: int) -> PositionReport:
    return PositionReport("DU1", symbol, "", Decimal(quantity), Decimal(40))


@pytest.mark.parametrize(
    ("managed", "there", "mismatch"),
    [
        (100, (100,), False),
        (100, (150,), False),  # the rest is somebody else's
        (100, (60, 40), False),  # two rows of one symbol
        (100, (99,), True),
        (100, (), True),
        (100, (-100,), True),
        (-100, (-100,), False),
        (-100, (-150,), False),
        (-100, (-99,), True),
        (-100, (0,), True),
        (0, (50,), False),
        (0, (), False),
    ],
)
def test_less_than_we_bought_is_a_mismatch_and_more_is_external(
    managed: int, there: tuple[int, ...], mismatch: bool
) -> None:
    found = compare_positions(
        {BHP: Decimal(managed)}, [*(held(BHP, each) for each in there), held(None, 7)]
    )
    assert [symbol for symbol, _ in found] == ([BHP] if mismatch else [])


def test_a_currency_pair_is_not_compared() -> None:
    assert compare_positions({PAIR: Decimal(1000)}, []) == ()

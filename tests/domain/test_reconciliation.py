"""Each way in which the ledger and the venue may differ, its rule, and that nothing is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import error_codes
from domain.findings import ENDINGS, Before, Ends, Finding, Reconciliation, Rule
from domain.foreign import Whose
from domain.orders import Order, OrderState, Side, Tif
from domain.reconciliation import compare_positions
from domain.venue import ExecutionReport, OrderReport, Round, VenueStatus
from tests.domain.reconciling import (
    BHP,
    ORDER,
    PAIR,
    SENT_AT,
    SHOWN,
    TERMS,
    TRADED,
    WORKING,
    asked,
    compare,
    fed,
    held,
    judged,
)

FIVE = Decimal(5)
DONE = replace(SHOWN, status=VenueStatus.CANCELLED, completed=True)


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [each.rule.value for each in findings]


def twice(round: Round, *orders: Order, **more: object) -> Reconciliation:
    """The same answers in two rounds, one after the other: what moves is over by then."""
    first = compare(round, orders, **more)  # type: ignore[arg-type]
    again = replace(
        round,
        asked_at=round.asked_at + (asked(11).asked_at - asked(0).asked_at),
        ended_at=round.ended_at + (asked(11).asked_at - asked(0).asked_at),
    )
    return compare(again, orders, first.next, **more)  # type: ignore[arg-type]


# -- one of each kind ----------------------------------------------------------------------


def test_what_agrees_is_a_match() -> None:
    round = asked(5, open_orders=(SHOWN,), positions=(held(BHP, 100),))
    outcome = compare(round, [WORKING], managed={BHP: Decimal(100)})
    assert outcome.matches == ("KLP-1", "BHP/AUD")
    assert outcome.settled and not outcome.needs_a_person


@pytest.mark.parametrize(
    ("order", "lists", "rule"),
    [
        (ORDER, {"open_orders": (replace(SHOWN, status=VenueStatus.PENDING),)}, "VENUE_ID_LEARNT"),
        (replace(ORDER, venue_order_id="7"), {"open_orders": (SHOWN,)}, "LIVE_THERE"),
        (WORKING, {"completed_orders": (DONE,)}, "COMPLETED_THERE"),
        (
            WORKING,
            {"open_orders": (replace(SHOWN, terms=replace(TERMS, quantity=Decimal(8))),)},
            "TERMS_DIFFER",
        ),
        (
            WORKING,
            {"open_orders": (replace(SHOWN, terms=replace(TERMS, limit_price=Decimal(41))),)},
            "TERMS_DIFFER",
        ),
        (WORKING, {"open_orders": (SHOWN,), "executions": (TRADED,)}, "EXECUTIONS_NOT_BOOKED"),
    ],
)
def test_what_kelpie_takes_over_and_who_says_so_when_it_does_not(
    order: Order, lists: dict[str, object], rule: str
) -> None:
    outcome = compare(asked(5, **lists), [order])
    assert rules(outcome.adoptions) == [rule]
    assert (outcome.mismatches, outcome.matches) == ((), ())
    # Told twice and not taken over: nobody is left in the dark.
    [stuck] = twice(asked(5, **lists), order).mismatches
    assert (stuck.rule, stuck.subject, stuck.by) == (Rule.NOT_TAKEN_OVER, "KLP-1", Ends.PERSON)


def test_an_order_that_is_changed_in_the_middle_of_two_comparisons_was_taken_over_in_both() -> None:
    """Each list was right when it was asked for: nothing is on hold, and nothing is disarmed."""
    shown = [
        replace(SHOWN, terms=replace(TERMS, limit_price=Decimal(price))) for price in (39, 38, 38)
    ]
    first = compare(asked(5, open_orders=(shown[0],)), [WORKING])
    second = compare(asked(16, open_orders=(shown[1],)), [WORKING], first.next)
    assert [rules(each.adoptions) for each in (first, second)] == [["TERMS_DIFFER"]] * 2
    assert (first.mismatches, second.mismatches) == ((), ())
    third = compare(asked(27, open_orders=(shown[2],)), [WORKING], second.next)
    assert rules(third.mismatches) == ["NOT_TAKEN_OVER"], "the same twice is a difference"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (VenueStatus.FILLED, OrderState.FILLED),
        (VenueStatus.CANCELLED, OrderState.CANCELLED),
        (VenueStatus.EXPIRED, OrderState.EXPIRED),
    ],
)
def test_an_end_whose_count_holds_what_was_taken_back_is_one_after_two_lists(
    status: VenueStatus, state: OrderState
) -> None:
    order = replace(WORKING, state=OrderState.UNKNOWN)
    busted = replace(TRADED, revision=2, quantity=Decimal(0))
    lists = {
        "completed_orders": (replace(DONE, status=status, filled=Decimal(7)),),
        "executions": (TRADED, busted),
    }
    assert compare(asked(5, **lists), [order]).ended == ()
    outcome = twice(asked(5, **lists), order)
    assert [(name, how) for name, how, _ in outcome.ended] == [("KLP-1", state)]
    assert (outcome.mismatches, outcome.unknowns) == ((), ())
    # As long as it is open there, the count contradicts the book and nobody guesses.
    lists["open_orders"] = (replace(SHOWN, filled=Decimal(7)),)
    assert twice(asked(5, **lists), order).ended == ()


@pytest.mark.parametrize(
    ("sent", "executions"),
    [
        # The lists reach back to midnight: yesterday's fills are in the count alone.
        (SENT_AT - timedelta(days=1), (TRADED,)),
        (SENT_AT - timedelta(days=1), (TRADED, replace(TRADED, revision=2))),
        # Of today, and nothing was corrected: what the count has more is an execution to come.
        (SENT_AT, (TRADED,)),
    ],
)
def test_a_count_beyond_what_is_booked_was_taken_back_only_where_a_correction_of_today_says_so(
    sent: datetime, executions: tuple[ExecutionReport, ...]
) -> None:
    order = replace(WORKING, sent_at=sent, created_at=sent, filled=Decimal(1))
    done = replace(DONE, status=VenueStatus.CANCELLED, filled=Decimal(7))
    outcome = twice(asked(5, completed_orders=(done,), executions=executions), order)
    assert outcome.ended == ()
    assert [each.rule for each in outcome.mismatches] == [Rule.FILLED_MORE_THERE]


@pytest.mark.parametrize(
    ("order", "lists", "rule"),
    [
        (
            replace(WORKING, filled=FIVE),
            {"open_orders": (replace(SHOWN, filled=Decimal(7)),)},
            "FILLED_MORE_THERE",
        ),
        (
            WORKING,
            {"completed_orders": (replace(DONE, status=VenueStatus.FILLED, filled=None),)},
            "FILLED_MORE_THERE",
        ),
        (
            replace(WORKING, filled=FIVE),
            {"open_orders": (replace(SHOWN, filled=Decimal(3)),)},
            "FILLED_LESS_THERE",
        ),
        (
            WORKING,
            {"open_orders": (replace(SHOWN, terms=replace(TERMS, side=Side.SELL)),)},
            "ORDER_IS_ANOTHER",
        ),
        (
            WORKING,
            {"open_orders": (replace(SHOWN, terms=replace(TERMS, symbol=PAIR)),)},
            "ORDER_IS_ANOTHER",
        ),
        (WORKING, {"open_orders": (replace(SHOWN, venue_order_id="8"),)}, "ORDER_ID_OF_ANOTHER"),
    ],
)
def test_contradictions_count_once_two_comparisons_show_them(
    order: Order, lists: dict[str, object], rule: str
) -> None:
    first = compare(asked(5, **lists), [order])
    assert (first.mismatches, rules(first.suspected)) == ((), [rule])
    [mismatch] = twice(asked(5, **lists), order).mismatches
    assert (mismatch.rule.value, mismatch.symbol, mismatch.by) == (rule, BHP, Ends.PERSON)
    # And one that is gone by the next comparison was none.
    gone = compare(asked(16, open_orders=(SHOWN,)), [replace(WORKING)], first.next)
    assert gone.mismatches == ()


def test_of_an_order_of_another_day_too_small_a_count_is_no_difference() -> None:
    """Whether the gateway counts from the order's beginning or from its own midnight: who knows."""
    partly = replace(WORKING, filled=FIVE)
    round = asked(5, open_orders=(replace(SHOWN, filled=Decimal(3)),))
    assert rules(compare(round, [partly]).suspected) == ["FILLED_LESS_THERE"]
    old = replace(partly, sent_at=partly.created_at - timedelta(days=1))
    assert compare(round, [old]).matches == ("KLP-1",)
    assert compare(round, [partly], zone=None).matches == ("KLP-1",)


def test_two_open_orders_under_one_id_are_both_shown_at_once() -> None:
    other = replace(SHOWN, venue_order_id="8")
    outcome = compare(asked(5, open_orders=(SHOWN, other)), [WORKING])
    [mismatch] = outcome.mismatches
    assert mismatch.rule is Rule.DUPLICATE_ORDER
    assert "7, 8" in mismatch.sentence
    [stranger] = outcome.foreign
    assert (stranger.venue_order_id, stranger.whose) == ("8", Whose.UNDER_OUR_ID)
    assert compare(asked(16, open_orders=(SHOWN,)), [WORKING], outcome.next).settled


def test_an_id_of_ours_that_another_client_uses_is_no_difference() -> None:
    theirs = replace(SHOWN, venue_order_id="8", foreign=True, client_id=23)
    outcome = twice(asked(5, open_orders=(SHOWN, theirs)), WORKING)
    assert (outcome.mismatches, outcome.matches) == ((), ("KLP-1",))
    assert [each.whose for each in outcome.foreign] == [Whose.OTHERS]


def test_an_order_with_our_prefix_that_the_ledger_never_knew_is_shown_and_no_more() -> None:
    outcome = twice(asked(5, open_orders=(SHOWN,)))
    [stranger] = outcome.foreign
    assert (stranger.whose, stranger.client_order_id) == (Whose.NOT_IN_BOOK, "KLP-1")
    assert stranger.exposed == 10
    assert (outcome.mismatches, outcome.unknowns, outcome.revived) == ((), (), ())


def test_one_that_ended_here_and_is_open_there_is_taken_up_again() -> None:
    cancelled = replace(WORKING, state=OrderState.CANCELLED)
    round = asked(5, open_orders=(SHOWN,))
    first = compare(round, ended=[cancelled])
    # It may have ended while the lists came: neither ours to revive yet, nor a stranger.
    assert (first.revived, first.foreign, rules(first.suspected)) == (
        (),
        (),
        ["OPEN_THERE_ENDED_HERE"],
    )
    assert twice(round, ended=[cancelled]).revived == ("KLP-1",)


def test_what_is_open_by_list_and_done_by_status_is_nobodys() -> None:
    over = replace(SHOWN, status=VenueStatus.FILLED)
    assert compare(asked(5, open_orders=(over,))).foreign == ()


@pytest.mark.parametrize(
    ("managed", "there", "rule", "give_up"),
    [
        (100, (100,), None, ""),
        (100, (150,), None, ""),  # the rest is somebody else's
        (100, (60, 40), None, ""),  # two rows of one symbol
        (100, (99,), "POSITION_SHORT", "-1"),
        (100, (), "POSITION_SHORT", "-100"),
        (100, (-100,), "POSITION_OPPOSITE", "-100"),
        (-100, (-100,), None, ""),
        (-100, (-150,), None, ""),
        (-100, (-99,), "POSITION_SHORT", "1"),
        (-100, (0,), "POSITION_SHORT", "100"),
        (-100, (5,), "POSITION_OPPOSITE", "100"),
        (0, (50,), None, ""),
        (0, (), None, ""),
    ],
)
def test_less_than_we_bought_is_a_mismatch_and_more_is_external(
    managed: int, there: tuple[int, ...], rule: str | None, give_up: str
) -> None:
    rows = [*(held(BHP, each) for each in there), held(None, 7)]
    found = compare_positions({BHP: Decimal(managed)}, rows)
    assert rules(found) == ([rule] if rule else [])
    assert all(f"kelpie adopt BHP/AUD {give_up}" in each.cure for each in found)


def test_a_currency_pair_is_not_compared() -> None:
    assert compare_positions({PAIR: Decimal(1000)}, []) == ()


def test_a_position_counts_at_once_on_a_new_link_and_twice_afterwards() -> None:
    managed = {BHP: Decimal(100)}
    assert rules(compare(asked(5), managed=managed).mismatches) == ["POSITION_SHORT"]
    later = Before(first=False)
    first = compare(asked(5), before=later, managed=managed)
    assert (first.mismatches, rules(first.suspected)) == ((), ["POSITION_SHORT"])
    second = compare(asked(16), before=first.next, managed=managed)
    assert rules(second.mismatches) == ["POSITION_SHORT"]


def test_a_gtc_order_that_vanished_is_said_to_be_one() -> None:
    gtc = replace(WORKING, request=replace(WORKING.request, tif=Tif.GTC))
    [unknown] = compare(asked(5), [gtc]).unknowns
    assert (unknown.rule, unknown.by) == (Rule.ORDER_VANISHED, Ends.PERSON)
    assert "good till cancelled" in unknown.sentence
    assert "kelpie resolve KLP-1" in unknown.cure


def test_every_rule_says_what_ends_it_and_stands_in_the_table_of_codes() -> None:
    for rule in Rule:
        row = error_codes()[rule.value]
        assert ENDINGS[rule].cure and row.sentence and row.cure


# -- nothing is invented, and it comes to rest -----------------------------------------------

_ids = st.sampled_from(["KLP-1", "KLP-2", "KLP-3", "X-9", None])
_numbers = st.integers(min_value=0, max_value=10).map(Decimal)
_states = st.sampled_from(
    [OrderState.INTENDED, OrderState.SENT, OrderState.WORKING, OrderState.HELD, OrderState.UNKNOWN]
)


@st.composite
def orders(draw: st.DrawFn, name: str) -> Order:
    """An open order of the ledger, as its own rules leave one."""
    state = draw(_states)
    fresh = state in (OrderState.INTENDED, OrderState.SENT)
    return replace(
        ORDER,
        request=replace(ORDER.request, client_order_id=name),
        state=state,
        venue_order_id=None if fresh else draw(st.sampled_from(["7", "8", None])),
        filled=Decimal(0) if fresh else draw(st.integers(0, 9).map(Decimal)),
    )


@st.composite
def reports(draw: st.DrawFn) -> OrderReport:
    """A row of a list, about anything."""
    status = draw(st.sampled_from([s for s in VenueStatus if s is not VenueStatus.INACTIVE]))
    return OrderReport(
        client_order_id=draw(_ids),
        venue_order_id=draw(st.sampled_from(["7", "8", "9", "10"])),
        status=status,
        filled=draw(st.none() | _numbers),
        remaining=None,
        average_price=None,
        completed=status.is_done,
        foreign=draw(st.booleans()),
        terms=draw(st.none() | st.just(TERMS) | st.just(replace(TERMS, quantity=Decimal(20)))),
    )


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """Complete lists in which anything may stand, or be missing."""
    # The venue's permanent id names one order, which stands in one list.
    rows = draw(st.lists(reports(), max_size=4, unique_by=lambda row: row.venue_order_id))
    traded = [
        replace(
            TRADED,
            execution_key=str(key),
            client_order_id=draw(_ids),
            venue_order_id=draw(st.sampled_from(["7", "8"])),
            quantity=draw(_numbers),
        )
        for key in range(draw(st.integers(0, 3)))
    ]
    return asked(
        draw(st.integers(min_value=1, max_value=60)),
        open_orders=tuple(row for row in rows if not row.completed),
        completed_orders=tuple(row for row in rows if row.completed),
        executions=tuple(traded),
        positions=tuple(held(BHP, n) for n in draw(st.lists(st.integers(-9, 9), max_size=2))),
    )


_ledgers = st.tuples(orders("KLP-1"), orders("KLP-2"))


@given(_ledgers, rounds(), st.integers(-9, 9), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_nothing(
    ledger: tuple[Order, ...], round: Round, bought: int, chance: object
) -> None:
    def mixed(rows: tuple[object, ...]) -> tuple[object, ...]:
        listed = list(rows)
        chance.shuffle(listed)  # type: ignore[attr-defined]
        return tuple(listed)

    managed = {BHP: Decimal(bought)}
    names = ("open_orders", "completed_orders", "executions", "positions")
    other = replace(round, **{n: mixed(getattr(round, n)) for n in names})  # type: ignore[arg-type]
    one, two = compare(round, ledger, managed=managed), compare(other, ledger, managed=managed)
    for part in ("matches", "absent", "unknowns", "revived"):
        assert getattr(one, part) == getattr(two, part)
    for part in ("adoptions", "mismatches", "suspected", "foreign"):
        first, second = getattr(one, part), getattr(two, part)
        assert sorted(map(_key, first)) == sorted(map(_key, second)), part


def _key(found: object) -> str:
    return f"{found.rule} {found.subject}" if isinstance(found, Finding) else repr(found)


@given(_ledgers, rounds(), st.integers(-9, 9))
def test_every_order_and_symbol_is_judged_and_nothing_else_is(
    ledger: tuple[Order, ...], round: Round, bought: int
) -> None:
    outcome = compare(round, ledger, managed={BHP: Decimal(bought)})
    subjects = {
        each.subject
        for each in (
            *outcome.adoptions,
            *outcome.mismatches,
            *outcome.unknowns,
            *outcome.suspected,
        )
    }
    known = {order.client_order_id for order in ledger} | {"BHP/AUD"}
    assert subjects | set(outcome.matches) | set(outcome.absent) <= known
    assert outcome.absent == (), "one round proves no absence"
    assert not subjects & set(outcome.matches)
    assert len(outcome.foreign) <= len(round.open_orders)


@settings(max_examples=300)
@given(_ledgers, rounds())
def test_once_it_is_carried_out_the_same_answers_say_nothing_new(
    ledger: tuple[Order, ...], round: Round
) -> None:
    first = compare(round, ledger)
    told = [fed(order, round) for order in ledger]
    # What the lists say has been told: none of it is a difference any more.
    second = _compare_open(round, told, first)
    contradicted = {each.subject for each in (*second.suspected, *second.mismatches)}
    assert {each.subject for each in second.adoptions} <= contradicted
    # What is proven has been told: and now it is at rest.
    third = _compare_open(round, [judged(order, second) for order in told], second)
    after = [judged(fed(order, round), third) for order in told]
    fourth = _compare_open(round, after, third)
    assert [each.state for each in after] == [judged(each, fourth).state for each in after]
    assert _all(third) == _all(fourth)
    assert (fourth.absent, fourth.adoptions) == ((), ())


def _compare_open(round: Round, orders: list[Order], last: Reconciliation) -> Reconciliation:
    still_open = [order for order in orders if not order.state.is_final]
    ended = [order for order in orders if order.state.is_final]
    return compare(round, still_open, last.next, ended=ended)


def _all(outcome: Reconciliation) -> tuple[object, ...]:
    return (outcome.matches, outcome.mismatches, outcome.unknowns, outcome.foreign)

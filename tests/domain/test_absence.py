"""What proves that an order never came to the venue, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.findings import Rule
from domain.orders import Order, OrderState
from tests.domain.reconciling import (
    ORDER,
    SHOWN,
    SYDNEY,
    TRADED,
    WORKING,
    asked,
    compare,
    in_turn,
)


def test_two_settled_rounds_apart_prove_absence() -> None:
    outcome = in_turn([asked(30), asked(40)])
    assert (outcome.absent, outcome.unknowns) == (("KLP-1",), ())


@pytest.mark.parametrize(
    "seconds", [(30.0,), (29.9, 39.8), (30.0, 39.9), (0.1, 20.0, 29.9), (29.9, 39.9)]
)
def test_fewer_earlier_or_closer_rounds_prove_nothing(seconds: tuple[float, ...]) -> None:
    outcome = in_turn([asked(each) for each in seconds])
    assert outcome.absent == ()
    assert outcome.in_doubt == ("KLP-1",)


@given(st.lists(st.floats(min_value=0.1, max_value=3600), min_size=1, max_size=6))
def test_absence_needs_exactly_two_such_rounds(times: list[float]) -> None:
    times = sorted(round(each, 3) for each in times)
    settled = [each for each in times if each >= 30]
    if any(abs(each - 30) < 1e-3 or abs(each - settled[0] - 10) < 1e-3 for each in settled):
        return  # on the edge the last digit of a float decides
    proven = bool(settled) and times[-1] - settled[0] >= 10
    outcome = in_turn([asked(each) for each in times])
    assert (outcome.absent == ("KLP-1",)) is proven
    assert (outcome.in_doubt == ("KLP-1",)) is not proven


@given(
    st.lists(st.floats(min_value=-86400, max_value=86400), min_size=1, max_size=6),
    st.floats(min_value=0, max_value=39),
)
def test_whatever_the_wall_clock_does_proves_nothing(steps: list[float], seconds: float) -> None:
    """All rounds lie within less than forty seconds of the monotonic clock after the send."""
    outcome = compare(asked(-0.5), [ORDER])
    for number, step in enumerate(steps):
        after = seconds * number / len(steps)
        outcome = compare(asked(step), [ORDER], outcome.next, after=after)
        assert outcome.absent == ()


@pytest.mark.parametrize("list_of", ["open_orders", "completed_orders"])
def test_one_that_a_list_shows_is_neither_missing_nor_in_doubt(list_of: str) -> None:
    shown = {list_of: (SHOWN,)}
    outcome = in_turn([asked(30), asked(40, **shown)])
    assert (outcome.absent, outcome.unknowns) == ((), ())
    # Seen in between, the count begins anew.
    assert in_turn([asked(30), asked(35, **shown), asked(41)]).absent == ()
    assert in_turn([asked(30), asked(35, **shown), asked(41), asked(51)]).absent == ("KLP-1",)


def test_executions_alone_prove_that_it_came_and_not_what_became_of_the_rest() -> None:
    shown = {"executions": (TRADED,)}
    [unknown] = in_turn([asked(30), asked(40, **shown)]).unknowns
    assert (unknown.rule, unknown.subject) == (Rule.ORDER_REST_NOT_SHOWN, "KLP-1")
    assert in_turn([asked(30), asked(35, **shown), asked(41)]).absent == ()
    done = replace(WORKING, filled=ORDER.request.quantity)
    outcome = in_turn([asked(40, **shown)], done)
    assert (outcome.unknowns, outcome.mismatches) == ((), ()), "its end is on its way"


@pytest.mark.parametrize(
    "order", [WORKING, replace(ORDER, filled=ORDER.request.quantity / 2)], ids=["told", "filled"]
)
def test_one_that_the_venue_once_had_is_never_absent(order: Order) -> None:
    outcome = in_turn([asked(30), asked(40), asked(400)], order)
    [unknown] = outcome.unknowns
    assert (outcome.absent, unknown.rule) == ((), Rule.ORDER_VANISHED)


def test_beyond_the_gateways_midnight_nothing_is_inferred() -> None:
    # In summer midnight in Sydney is 13:00 UTC.
    sent = datetime(2026, 1, 5, 12, 59, tzinfo=UTC)
    order = replace(ORDER, sent_at=sent)

    def compared(*after: int, zone: object = SYDNEY) -> tuple[tuple[str, ...], list[Rule]]:
        outcome = compare(asked(-0.5), [order])
        for each in after:
            at = sent + timedelta(seconds=each)
            round = replace(asked(0), asked_at=at, ended_at=at + timedelta(seconds=1))
            outcome = compare(round, [order], outcome.next, after=each, zone=zone)  # type: ignore[arg-type]
        return outcome.absent, [each.rule for each in outcome.unknowns]

    assert compared(30, 58) == (("KLP-1",), [])
    assert compared(30, 59) == ((), [Rule.ORDER_BEYOND_HORIZON]), "it ended on the next day"
    assert compared(30, 70) == ((), [Rule.ORDER_BEYOND_HORIZON])
    assert compared(30, 70, zone=UTC) == (("KLP-1",), []), "in UTC it is one day"
    assert compared(30, 58, zone=None) == ((), [Rule.ORDER_BEYOND_HORIZON])


def test_a_round_that_was_asked_before_the_send_and_an_intent_say_nothing() -> None:
    outcome = compare(asked(0), [ORDER])
    assert (outcome.unknowns, outcome.absent) == ((), ())
    intended = replace(ORDER, state=OrderState.INTENDED, sent_at=None)
    outcome = in_turn([asked(30), asked(40), asked(50)], intended)
    assert (outcome.unknowns, outcome.absent, outcome.next.watched) == ((), (), {})


def test_of_one_that_was_sent_before_this_process_began_it_counts_from_the_first_look() -> None:
    """When it was sent is known by the wall clock alone, which may have stepped since."""
    outcome = compare(asked(3600), [ORDER])
    assert outcome.in_doubt == ("KLP-1",)
    for after, proven in ((3610.0, False), (3631.0, False), (3640.0, False), (3641.1, True)):
        outcome = compare(asked(after), [ORDER], outcome.next)
        assert bool(outcome.absent) is proven, after


def test_no_proof_reaches_across_a_loss() -> None:
    before = in_turn([asked(30)]).next
    assert compare(asked(40), [ORDER], before).absent == ("KLP-1",)
    assert compare(asked(40), [ORDER], before.after_a_loss()).absent == ()


@pytest.mark.parametrize("name", ["positions", "open_orders", "completed_orders", "executions"])
def test_an_unended_list_makes_a_round_incomplete(name: str) -> None:
    assert asked(30).complete
    assert not asked(30, unended=(name,)).complete

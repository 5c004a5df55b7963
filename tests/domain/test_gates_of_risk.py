"""The gates of risk: each at its edge, and none of them in the way of what leaves a position."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.admission import Admission, Refusal
from domain.gates import decide, survey
from domain.limits import NAMES, Limits
from domain.orders import OrderRequest, OrderType, Purpose, Side
from domain.risk_figures import MarketFigures, PaceFigures
from tests.domain.risk_cases import BHP, BUY, CALM, EDGES, NO_EXPOSURE, UNKNOWN, Edge, having

IDS = [f"{edge.code}-{number}" for number, edge in enumerate(EDGES)]
EXIT = OrderRequest(
    "KLP-9", BHP, Side.SELL, Decimal(10), OrderType.LIMIT, Decimal(1), purpose=Purpose.EXIT
)


@pytest.mark.parametrize("edge", EDGES, ids=IDS)
def test_at_the_edge_it_passes_and_one_step_over_it_does_not(edge: Edge) -> None:
    passed = decide(*edge.at(edge.passes))
    assert isinstance(passed, Admission), passed
    assert all(word.open for word in passed.words)
    refused = decide(*edge.at(edge.refused))
    assert isinstance(refused, Refusal) and refused.code == edge.code
    assert refused.sentence and refused.cure and "  " not in refused.sentence
    # The last word is that of the gate that was shut.
    *before, last = refused.words
    assert (last.gate, last.open, last.sentence) == (edge.code, False, refused.sentence)
    assert all(word.open for word in before)


@pytest.mark.parametrize("edge", EDGES, ids=IDS)
def test_without_a_limit_it_asks_nothing(edge: Edge) -> None:
    """But for what is no number: the market's phase, and two entries against each other."""
    if edge.limits == Limits():
        return
    request, figures = edge.refused
    assert isinstance(decide(request, having(figures, limits=Limits())), Admission)


@pytest.mark.parametrize("purpose", [Purpose.EXIT, Purpose.PROTECTION, Purpose.FLATTEN])
def test_what_leaves_a_position_or_guards_it_is_held_back_by_none(purpose: Purpose) -> None:
    strict = Limits(**{name: Decimal(0) for name in NAMES})
    worst = replace(
        CALM,
        managed=Decimal(10),
        held=Decimal(10),
        max_order_value=Decimal(0),
        risk=replace(
            CALM.risk,
            limits=strict,
            market=MarketFigures(()),
            pace=PaceFigures(1000, 1000, "until noon", (BUY,), (BUY,)),
            exposure=NO_EXPOSURE,
            result=UNKNOWN,
            cash=None,
        ),
    )
    assert isinstance(decide(replace(EXIT, purpose=purpose), worst), Admission)
    assert isinstance(decide(BUY, worst), Refusal)


def test_a_survey_tells_every_gate_also_those_behind_a_shut_one() -> None:
    shut = replace(CALM, paused=True, paused_reason="holidays", max_order_value=Decimal(1))
    words = {word.gate: word for word in survey(BUY, shut)}
    assert not words["PAUSED"].open and "holidays" in words["PAUSED"].sentence
    assert not words["ORDER_TOO_LARGE"].open
    assert words["ORDER_TOO_LARGE"].figures == (("order", "A$2,000.00"), ("limit", "A$1.00"))
    assert words["VENUE_NOT_TRADABLE"].open and words["PRICE_BETWEEN_STEPS"].open


def test_each_gate_has_one_word_in_a_survey() -> None:
    strict = Limits(**{name: Decimal(1) for name in NAMES})
    words = survey(BUY, having(limits=strict))
    assert len({word.gate for word in words}) == len(words)
    assert all(word.sentence.endswith(".") for word in words)


def test_an_exit_tells_of_a_state_that_it_does_not_mind() -> None:
    paused = replace(
        CALM, managed=Decimal(10), held=Decimal(10), paused=True, paused_reason="holidays"
    )
    decision = decide(EXIT, paused)
    assert isinstance(decision, Admission)
    [word] = [word for word in decision.words if word.gate == "PAUSED"]
    assert word.open and "holidays" in word.sentence

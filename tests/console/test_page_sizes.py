"""A page stays below 50 kB and its words only words, whatever there is to be shown on it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.responses import Response

from console.explain_schemas import ExplanationOut, GateOut, StepOut
from console.hook.asking import Asking
from console.pages.first_look import FirstLook
from console.pages.now import now_page
from console.pages.orders import orders_page
from console.pages.rendering import LARGEST_BYTES
from console.pages.trades import story_page
from domain.orders import OrderState
from tests.console.owner_facts import NOW
from tests.console.page_facts import HOSTILE, LONG, OWNER, order, over, overview, told


def said(answer: Response) -> str:
    text = bytes(answer.body).decode()
    assert len(answer.body) < LARGEST_BYTES, len(answer.body)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    return text


def test_now_with_more_than_anybody_reads(asking: Asking) -> None:
    seen = overview()
    before = NOW - timedelta(hours=8)
    text = said(now_page(asking, OWNER, FirstLook(seen, told(seen)), told(()), None, before))
    assert text.count('<th scope="row">LONGEST') >= 4
    assert re.search(r"And (55|68|76) more", text)
    assert re.search(r"and \d\d others", text)


def test_orders_by_the_hundred(asking: Asking) -> None:
    doubtful = [order(number, OrderState.UNKNOWN) for number in range(100)]
    working = [order(number, OrderState.WORKING) for number in range(300)]
    seen = overview(orders=[*working, *doubtful])
    others = told([over(number) for number in range(60)])
    text = said(orders_page(asking, OWNER, FirstLook(seen, told(seen)), others, told([])))
    assert "And 88 more" in text
    assert "And 260 more" in text


@pytest.mark.parametrize("steps", (5, 80, 3000))
def test_a_story_without_an_end(asking: Asking, steps: int) -> None:
    step = StepOut(at=NOW, what="terms", text=LONG * 3, entry=1, facts={})
    gate = GateOut(gate="CODE", open=False, sentence=LONG, figures=[])
    story = ExplanationOut(
        client_order_id="KLP-1",
        outcome="FILLED",
        venue="ib",
        symbol="BHP/AUD",
        summary=LONG,
        decided_with="KLP-2",
        related=[f"{HOSTILE}{number:04}" for number in range(200)],
        gates=[gate] * 30,
        steps=[step] * steps,
    )
    text = said(story_page(asking, OWNER, "KLP-1", told(story)))
    assert ("kelpie explain KLP-1" in text) is (steps > 5)

"""Every state that a thing can be in has its words on the pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from console.hook.asking import Asking
from console.hook.visitors import Scope, Visitor
from console.overview_schemas import ProtectionWords, UnansweredOut
from console.pages.first_look import FirstLook
from console.pages.now import now_page
from console.pages.orders import orders_page
from domain.orders import OrderState, Purpose
from tests.console.owner_facts import NOW
from tests.console.page_facts import OWNER, alert, holding, order, over, overview, told

WATCHER = Visitor("phone on the wall", frozenset({Scope.LOOK}), "c" * 64)


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("purpose", Purpose)
def test_of_every_order(asking: Asking, state: OrderState, purpose: Purpose) -> None:
    some = order(1, state).model_copy(update={"purpose": purpose.value})
    ended = over(2).model_copy(update={"state": state})
    seen = overview(orders=[some])
    orders_page(asking, OWNER, FirstLook(seen, told(seen)), told([ended]), told([]))


@pytest.mark.parametrize("word", get_args(ProtectionWords))
def test_of_every_protection(asking: Asking, word: ProtectionWords) -> None:
    some = holding(1).model_copy(update={"protection": word, "agrees": None})
    text = _now(asking, OWNER, holdings=[some])
    assert "LONGEST01/AUD" in text
    assert "not compared with IB" in text


@pytest.mark.parametrize("level", ("WAKE", "TODAY", "FYI", "OF_TOMORROW"))
@pytest.mark.parametrize("answered", (True, False))
def test_of_every_alert_and_how_it_is_answered(asking: Asking, level: str, answered: bool) -> None:
    some = alert(1).model_copy(update={"level": level, "answered": answered})
    waits = not answered and level != "FYI"
    assert ('action="/do/answer"' in _now(asking, OWNER, alerts=[some])) is waits
    watched = _now(asking, WATCHER, alerts=[some])
    assert "<form" not in watched
    assert ("kelpie alerts answer A-1" in watched) is waits


def test_what_nobody_told_is_said_to_be_not_known(asking: Asking) -> None:
    parts = ("money", "holdings", "orders", "quiet", "links", "backup", "alerts")
    text = _now(asking, OWNER, **dict.fromkeys(parts))
    assert text.count("not known just now") == 6
    seen = overview(orders=None)
    page = orders_page(asking, OWNER, FirstLook(seen, told(seen)), told(None), told(None))
    assert bytes(page.body).decode().count("ot known just now") == 2


CALM = "No trade, no new alert, no restart."


@pytest.mark.parametrize(
    ("silent", "unanswered", "trades", "said"),
    [
        (None, [], (), CALM),
        (60.0, [], (), "Whether anything traded since is not known just now."),
        (60.0, [], None, "Whether anything traded since is not known just now."),
        (None, ["alerts"], (), "Whether an alert began since is not known just now."),
    ],
)
def test_what_was_known_before_says_nothing_of_what_came_since(
    asking: Asking, silent: float | None, unanswered: list[str], trades: Any, said: str
) -> None:
    missing = [UnansweredOut(part=part, sentence="It hangs.") for part in unanswered]
    seen = overview(alerts=[], unanswered=missing)
    book = replace(told(trades), silent=silent)
    answer = now_page(asking, OWNER, FirstLook(seen, told(seen)), book, None, NOW)
    text = bytes(answer.body).decode()
    assert said in text
    assert (CALM in text) is (said == CALM)
    assert "has not looked before" not in text


def _now(asking: Asking, visitor: Visitor, **parts: object) -> str:
    seen = overview(**parts)
    answer = now_page(asking, visitor, FirstLook(seen, told(seen)), told(()), None, None)
    return bytes(answer.body).decode()

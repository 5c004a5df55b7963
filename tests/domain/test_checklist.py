"""The checklist before live trading: what shows an item, what does not, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.arming import NOT_ARMED, Arming, armed, why_disarmed
from domain.checklist import (
    HOW,
    LASTS,
    LOGIN,
    TITLES,
    Demands,
    Item,
    ItemState,
    Proof,
    judge,
    missing,
)
from tests.domain.proven import MINE, all_of, proof

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)  # Wednesday, 13:00 in Sydney
DEMANDS = Demands(account=MINE)
DAY = timedelta(days=1)
LIMITS = "MAX_ORDER_VALUE=10000; PURSE=20000"


def state(item: Item, proofs: list[Proof], demands: Demands = DEMANDS) -> ItemState:
    return next(each for each in judge(proofs, demands, NOW) if each.item is item)


def test_each_item_has_its_words_and_nothing_is_shown_by_nothing() -> None:
    assert set(TITLES) == set(HOW) == set(Item)
    assert set(LASTS) == set(Item) - {Item.LIMITS}
    states = judge([], Demands(MINE, limits_not_set=("PURSE",)), NOW)
    assert [each.item for each in missing(states)] == list(Item)
    assert all(HOW[each.item] in each.sentence for each in states)


def test_with_all_of_it_nothing_is_missing() -> None:
    states = judge(all_of(NOW), DEMANDS, NOW)
    assert missing(states) == ()
    for each in states:
        assert each.at is not None and each.source
        if each.item is not Item.LIMITS:
            assert each.expires is not None and each.expires > NOW


@pytest.mark.parametrize("item", [i for i in Item if i is not Item.LIMITS])
def test_without_its_proofs_that_item_is_missing_and_no_other(item: Item) -> None:
    others = [each for each in all_of(NOW) if each.item is not item]
    assert [each.item for each in missing(judge(others, DEMANDS, NOW))] == [item]


def test_a_limit_that_stands_as_it_came_is_named() -> None:
    states = judge(all_of(NOW), Demands(MINE, limits_not_set=("PURSE",)), NOW)
    [lacking] = missing(states)
    assert lacking.item is Item.LIMITS and "PURSE" in lacking.sentence


@pytest.mark.parametrize("item", LASTS)
def test_nothing_is_proven_for_ever(item: Item) -> None:
    long_ago = [replace(each, at=each.at - timedelta(days=60)) for each in all_of(NOW)]
    assert not state(item, long_ago).proven


@pytest.mark.parametrize("item", [Item.ACCOUNT, Item.HOURS, Item.CLOCK, Item.BACKUP])
def test_the_last_word_counts(item: Item) -> None:
    bad = proof(item, NOW - timedelta(minutes=1), good=False, detail="It is off.")
    found = state(item, [*all_of(NOW), bad])
    assert not found.proven and "It is off." in found.sentence
    good = proof(item, NOW)
    assert state(item, [*all_of(NOW), bad, good]).proven


@pytest.mark.parametrize(
    "item", [Item.ACCOUNT, Item.HOURS, Item.CLOCK, Item.BACKUP, Item.LIVE_WEEK]
)
def test_what_was_seen_of_another_account_shows_nothing_of_this_one(item: Item) -> None:
    theirs = [replace(each, account="ffffffff") for each in all_of(NOW)]
    assert not state(item, theirs).proven


@pytest.mark.parametrize("item", [Item.PAPER_RUN, Item.PROTECTION, Item.DIVERGENCE, Item.BACKUP])
def test_the_demo_proves_nothing(item: Item) -> None:
    demo = [replace(each, mode="demo") for each in all_of(NOW)]
    assert not state(item, demo).proven


def test_a_mismatch_begins_the_run_on_paper_anew() -> None:
    run = [each for each in all_of(NOW) if each.item is Item.PAPER_RUN]
    bad = proof(Item.PAPER_RUN, run[6].at + timedelta(hours=1), "paper", good=False)
    found = state(Item.PAPER_RUN, [*run, bad])
    assert not found.proven
    assert found.sentence.startswith(f"3 of 10 days since {bad.day.isoformat()}")
    # 7 more weekdays from Wednesday the 25th on, that one counted in.
    assert found.earliest == date(2026, 12, 3)


def test_a_day_counts_once() -> None:
    run = [proof(Item.PAPER_RUN, NOW - timedelta(minutes=n), "paper") for n in range(30)]
    assert state(Item.PAPER_RUN, run).sentence.startswith("1 of 10 days")


def week(days: int, login: bool = True) -> list[Proof]:
    seen = [proof(Item.LIVE_WEEK, NOW - n * DAY, "observe") for n in range(days)]
    mark = [proof(Item.LIVE_WEEK, NOW - DAY, "observe", mark=LOGIN)] if login else []
    return [*seen, *mark]


@pytest.mark.parametrize(
    ("proofs", "proven"),
    [
        (week(8), True),
        (week(7), False),
        (week(8, login=False), False),
        ([*week(1), *week(8)[-2:], *week(2)[-1:]], False),
    ],
    ids=["a week", "a day short", "no new login", "too few days of it"],
)
def test_the_week_is_a_whole_one_with_its_login(proofs: list[Proof], proven: bool) -> None:
    assert state(Item.LIVE_WEEK, proofs).proven is proven


def test_a_login_before_the_week_is_none_of_it() -> None:
    early = proof(Item.LIVE_WEEK, NOW - 10 * DAY, "observe", mark=LOGIN)
    assert not state(Item.LIVE_WEEK, [*week(8, login=False), early]).proven


def test_what_is_dated_in_the_future_is_no_proof() -> None:
    ahead = [proof(Item.CLOCK, NOW + timedelta(hours=1))]
    assert not state(Item.CLOCK, ahead).proven


# -- armed, and disarmed -------------------------------------------------------------------


def complete() -> tuple[ItemState, ...]:
    return judge(all_of(NOW), DEMANDS, NOW)


def test_armed_with_all_of_it_shown() -> None:
    arming = armed(NOW, 8, "me", LIMITS)
    assert arming.until == NOW + timedelta(hours=8)
    assert why_disarmed(arming, complete(), LIMITS, NOW) == ""
    assert Arming.from_text(arming.as_text()) == arming


@pytest.mark.parametrize("item", [i for i in Item if i is not Item.LIMITS])
def test_whoever_armed_it_a_missing_item_shuts_it_and_is_named(item: Item) -> None:
    others = [each for each in all_of(NOW) if each.item is not item]
    why = why_disarmed(armed(NOW, 8, "me", LIMITS), judge(others, DEMANDS, NOW), LIMITS, NOW)
    assert TITLES[item] in why and item.value in why


def test_its_time_a_changed_limit_and_a_clock_set_back_shut_it() -> None:
    arming, states = armed(NOW, 8, "me", LIMITS), complete()
    after = NOW + timedelta(hours=8)
    assert "is over" in why_disarmed(arming, states, LIMITS, after)
    other = LIMITS.replace("10000", "10001")
    why = why_disarmed(arming, states, other, NOW)
    assert "MAX_ORDER_VALUE=10000 became MAX_ORDER_VALUE=10001" in why
    assert "PURSE" not in why
    assert "set back" in why_disarmed(arming, states, LIMITS, NOW - timedelta(hours=1))


def test_never_armed_or_taken_back() -> None:
    assert why_disarmed(Arming(), complete(), LIMITS, NOW) == NOT_ARMED
    why = why_disarmed(Arming(why="a mismatch"), complete(), LIMITS, NOW)
    assert why == f"{NOT_ARMED} (a mismatch)"


@given(st.text())
def test_what_cannot_be_read_arms_nothing(text: str) -> None:
    arming = Arming.from_text(text)
    assert why_disarmed(arming, complete(), LIMITS, NOW) != ""
    whole = armed(NOW, 8, "me", LIMITS).as_text()
    half = whole[: min(len(text), len(whole) - 1)]
    assert why_disarmed(Arming.from_text(half), complete(), LIMITS, NOW) != ""

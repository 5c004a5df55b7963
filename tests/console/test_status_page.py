"""The page of `kelpie status`, whatever the overview holds: 46 columns, no zeros made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console import overview_schemas as out
from console.columns import WIDTH, columns
from console.owner.facts import Backups, Silent
from console.owner.overview import overview
from console.owner.quiet import quiet
from console.schemas import Answer
from console.silent_schemas import SilentOut
from console.status_page import silent_page, status_page
from domain.orders import OrderState, OrderType, Side
from domain.permits import Condition, Hold
from domain.phases import Phase
from domain.upcoming import Coming
from domain.views import InstrumentView
from tests.console import owner_facts as some

# -- whatever there is ---------------------------------------------------------------------

WORDS = st.text(max_size=60) | st.sampled_from(["BHP/AUD", "股票", "a" * 90, "\x1b[2J", "é" * 50])
AMOUNTS = st.decimals("-1E24", "1E24", places=8, allow_nan=False)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
CURRENCIES = st.sampled_from(["AUD", "USD", "JPY", "XXXXXX"])
KNOWN = {
    "code": st.just("CODE"),
    "currency": CURRENCIES,
    "base": CURRENCIES,
    "mode": st.sampled_from(["demo", "observe", "paper", "live"]),
    "purpose": st.sampled_from(["ENTRY", "EXIT", "PROTECTION"]),
}
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    bool: st.booleans(),
    int: st.integers(0, 99),
    float: st.floats(-1e12, 1e12, allow_nan=False),
    Decimal: AMOUNTS,
    datetime: TIMES,
    Side: st.sampled_from(Side),
    OrderType: st.sampled_from(OrderType),
    OrderState: st.sampled_from(OrderState),
}


def anything(kind: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Any value of an answer, or of a field of one."""
    if name in KNOWN:
        return KNOWN[name]
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Answer):
        fields = {n: anything(f.annotation, n) for n, f in kind.model_fields.items()}
        return st.builds(kind, **fields)
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return st.sampled_from(inner)
    if type(None) in inner:
        return st.none() | anything(next(each for each in inner if each is not type(None)))
    if get_origin(kind) is list:
        return st.lists(anything(inner[0]), max_size=6)
    return anything(inner[0])  # Annotated


@settings(max_examples=60, deadline=None)
@given(anything(out.OverviewOut))
def test_no_line_is_wider_than_a_phones_terminal(seen: out.OverviewOut) -> None:
    lines = status_page(seen)
    for line in lines:
        assert columns(line) <= WIDTH and (line.isprintable() or not line), repr(line)
    assert lines[0].startswith(f"KELPIE {seen.mode.upper()} ")
    first = lines[: lines.index("")]
    starts = [
        next(at for at, line in enumerate(first) if line.startswith(word))
        for word in ("Stands:", "If you do nothing:", "To do:")
    ]
    assert starts == sorted(starts) and starts[0] > 0


@settings(max_examples=50, deadline=None)
@given(anything(SilentOut))
def test_nor_where_nobody_answers(seen: SilentOut) -> None:
    for line in silent_page(seen):
        assert columns(line) <= WIDTH and line.isprintable()


# -- what nobody told ----------------------------------------------------------------------

PARTS = ("desk", "risk", "orders", "fills", "alerts", "backups", "quiet", "checklist")


@pytest.mark.parametrize("gone", [c for n in (1, 2, 8) for c in combinations(PARTS, n)], ids=str)
def test_any_part_may_be_missing_and_none_becomes_zero(gone: tuple[str, ...]) -> None:
    seen = replace(
        some.facts(**dict.fromkeys(gone)),
        silent=tuple(Silent(part, f"{part} did not answer.") for part in gone),
    )
    told = overview(seen)
    page = "\n".join(status_page(told))
    assert [each.part for each in told.unanswered] == list(gone)
    assert "None" not in page and "A$0.00" not in page
    assert "Not answered in time" in page
    if "desk" in gone:
        assert (told.money, told.holdings, told.links) == (None, None, None)
        assert told.verdict.level == "NEEDS_YOU"
        assert "Worth     not known" in page and "Holdings  not known" in page
    elif "risk" in gone:
        assert "Result    not known today" in page
    if "alerts" in gone:
        assert "Alerts    not known" in page


def test_a_sum_of_which_a_part_is_not_known_is_not_known() -> None:
    told = overview(some.facts(risk=some.risk(result_today=None, missing="CBA/AUD")))
    page = "\n".join(status_page(told))
    assert "Result    not known today, +A$12.30 in all" in page
    assert "(no price or rate of CBA/AUD)" in page


def test_what_the_shadow_made_is_not_shown_as_made() -> None:
    page = "\n".join(status_page(overview(some.facts(mode="observe"))))
    assert "Shadow    -A$6.56 today, +A$12.30 in all\n  fees    A$6.60 today" in page
    assert "Result" not in page


def test_no_trade_yet_is_not_the_same_as_no_answer() -> None:
    well = overview(some.facts())
    assert "Last      no trade yet" in status_page(well)
    silent = some.facts(fills=None, silent=(Silent("last trade", "It did not answer."),))
    assert "Last      not known" in status_page(overview(silent))


# -- some pages as they are read -----------------------------------------------------------


def test_the_page_of_a_quiet_evening() -> None:
    at = some.NOW + timedelta(hours=17)
    market = InstrumentView(some.BHP, exchange="ASX", phase=Phase.CLOSED, next_open=at)
    told = overview(
        some.facts(
            desk=some.desk(venues=(some.venue(instruments=(market,)),)),
            quiet=(some.quiet(shut="MARKET_CLOSED"),),
            coming=Coming([market]),
        )
    )
    assert status_page(told) == [
        "KELPIE PAPER                  Mon 23 Nov 17:00",
        "All is well.",
        "Stands: 20 BHP/AUD, stop A$42.00.",
        "If you do nothing: Kelpie goes on by itself.",
        "To do: nothing.",
        "",
        "Worth     A$100,000.50",
        "Result    -A$6.56 today, +A$12.30 in all",
        "Fees      A$6.60 today, A$19.80 in all",
        "Cash      A$90,000.00",
        "          US$120.25",
        "",
        "Holdings",
        "  BHP/AUD 20 at A$45.02, +A$0.40",
        "    stop A$42.00; IB agrees",
        "Orders    1 stop",
        "Last      no trade yet",
        "Quiet     ASX does not trade until Tue 10:00.",
        "",
        "Link      IB is ready since Mon 16:00.",
        "Running   since Mon 11:00",
        "Back-up   Mon 16:40, 20 min ago.",
        "Next",
        "  Tue 10:00 ASX opens.",
        "Alerts    none",
    ]


def test_alerts_are_shown_by_their_names() -> None:
    known = some.alert("DRAWDOWN", "the drawdown is reached", answered_at=some.NOW)
    morning = some.alert("FEE_BUDGET_DAY")
    page = status_page(overview(some.facts(alerts=some.alerts(known, morning))))
    assert page[1].startswith("Nothing new. What you know of still stands:")
    assert page[page.index("Alerts") :] == [
        "Alerts",
        "  A7 Mon 16:51 The drawdown is reached,",
        "    answered",
        "  `kelpie alerts` tells all of them.",
    ]
    assert "Alerts    none" in status_page(overview(some.facts(alerts=some.alerts(morning))))


@pytest.mark.parametrize(
    ("more", "words", "good"),
    [
        ({}, "Mon 16:40, 20 min ago.", True),
        ({"sound": True}, "Mon 16:40, 20 min ago; restored on trial Sun 17:00: sound.", True),
        ({"sound": False}, "Mon 16:40, 20 min ago; restored on trial Sun 17:00: NOT SOUND.", False),
        ({"second_place": "well"}, "Mon 16:40, 20 min ago; copied to the second place.", True),
        (
            {"second_place": "failed"},
            "Mon 16:40, 20 min ago; NOT COPIED to the second place.",
            False,
        ),
        (
            {"trouble": "The disk is full."},
            "Mon 16:40, 20 min ago; since then it failed: the disk is full.",
            False,
        ),
    ],
)
def test_the_line_of_the_back_up(more: dict[str, Any], words: str, good: bool) -> None:
    drilled = some.NOW - timedelta(days=1) if "sound" in more else None
    newest = some.NOW - timedelta(minutes=20)
    line = overview(some.facts(backups=Backups(True, newest, drilled=drilled, **more))).backup
    assert line is not None and (line.sentence, line.good) == (words, good)


# -- why it is quiet -----------------------------------------------------------------------


def said(*symbols: Any, holds: tuple[Hold, ...] = ()) -> str:
    market = InstrumentView(some.BHP, exchange="ASX")
    return quiet(holds, symbols, [market], some.NOW)


def test_what_holds_everywhere_is_the_reason() -> None:
    hold = Hold(Condition.PAUSED, "PAUSED", "New orders are paused: a walk.", "Resume.")
    assert said(some.quiet(), holds=(hold,)) == "New orders are paused: a walk."
    observe = Hold(Condition.OBSERVE, "OBSERVING", "Kelpie only observes.", "")
    assert said(some.quiet(), holds=(observe,)) == "No signal."


def test_else_the_reason_of_most_symbols_and_of_how_many() -> None:
    wide, none = some.quiet(shut="SPREAD", told="The spread is 2 %."), some.quiet(some.CBA)
    assert said(none, none, wide) == "No signal (2 of 3 symbols)."
    assert said(none, wide, wide) == "The spread is 2 % (2 of 3 symbols)."
    assert said(wide, wide) == "The spread is 2 % (all 2 symbols)."
    closed = some.quiet(shut="MARKET_CLOSED")
    assert said(closed, closed, none) == "ASX does not trade (2 of 3 symbols)."


def test_what_waits_a_second_longer_waits_for_the_same_reason() -> None:
    waits = [some.quiet(told=f"it waits {n} s yet after its last proposal") for n in (12, 11)]
    told = "Kelpie waits 12 s yet after its last proposal (2 of 3 symbols)."
    assert said(*waits, some.quiet()) == told


def test_a_signal_that_nothing_holds_back_is_told() -> None:
    assert said(some.quiet(), some.quiet(some.CBA, wants=True)).endswith("signal to buy CBA/AUD.")


def test_without_a_strategist_orders_come_from_a_person() -> None:
    alone = replace(some.quiet(), signal=None)
    assert "STRATEGY=none" in said(alone)

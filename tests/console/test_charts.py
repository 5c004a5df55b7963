"""Charts: round axes, gaps for what is not known, extremes kept, words for who cannot see them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.pages.charts import Bar, Point, bars, curve, thinned, ticks

MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def points(*values: str | None, hours: float = 1) -> list[Point]:
    """A point every so many hours; a drawdown of nothing where the value is known."""
    return [
        Point(
            MONDAY + timedelta(hours=hours * place),
            None if value is None else Decimal(value),
            None if value is None else Decimal(0),
        )
        for place, value in enumerate(values)
    ]


def paths(drawn: str, kind: str) -> list[str]:
    return re.findall(f'class="{kind}" d="([^"]+)"', drawn)


def words(drawn: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(drawn).iter("text")]


@given(
    st.floats(-1e15, 1e15, allow_nan=False),
    st.floats(0, 1e15, allow_nan=False),
)
def test_ticks_hold_both_ends_and_are_few_and_even(lowest: float, room: float) -> None:
    found = ticks(lowest, lowest + room)
    slack = max(abs(lowest), room, 1.0) * 1e-6
    assert found[0] <= lowest + slack
    assert found[-1] >= lowest + room - slack
    assert 2 <= len(found) <= 6
    steps = {round((b - a) / (found[1] - found[0]), 6) for a, b in pairwise(found)}
    assert steps == {1.0}


def test_ticks_are_round() -> None:
    assert ticks(99_744, 101_810) == [99_000, 100_000, 101_000, 102_000]
    assert ticks(-480, 630) == [-500, 0, 500, 1000]


def test_what_is_not_known_is_a_gap_and_not_zero() -> None:
    drawn = curve(points("100", "101", None, "102", "103"), "AUD", "Worth")
    lines = paths(drawn, "curve")
    assert len(lines) == 2
    assert all(line.startswith("M") and line.count("L") == 1 for line in lines)
    assert "A$0" not in words(drawn)


def test_hours_in_which_nobody_looked_are_not_bridged() -> None:
    assert len(paths(curve(points("1", "2", hours=29), "AUD", "Worth"), "curve")) == 1
    assert len(paths(curve(points("1", "2", hours=31), "AUD", "Worth"), "curve")) == 2


def test_nothing_known_draws_nothing() -> None:
    assert curve([], "AUD", "Worth") == ""
    assert curve(points(None, None), "AUD", "Worth") == ""
    assert bars([], "AUD", "Days") == ""
    assert bars([Bar(date(2026, 11, 23), None)], "AUD", "Days") == ""


def test_axes_have_their_currency_and_their_days() -> None:
    drawn = curve(points(*(str(100_000 + n * 300) for n in range(8)), hours=24), "AUD", "Worth")
    said = words(drawn)
    assert "A$100,000" in said
    assert "Mon 23 Nov" in said
    assert "Mon 30 Nov" in said
    assert "No drawdown" in said


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    (("0.10", "0.25", "A$0.10"), ("2e6", "6e6", "A$2 m"), ("1.5e12", "4e12", "A$2 tn")),
)
def test_amounts_beside_an_axis_stay_short(low: str, high: str, expected: str) -> None:
    assert expected in words(curve(points(low, high), "AUD", "Worth"))


def test_a_description_says_the_same_in_words() -> None:
    root = ElementTree.fromstring(curve(points("100", "90", "95"), "AUD", "Worth <b>"))
    assert root.attrib["role"] == "img"
    assert [root[0].tag, root[0].text, root[1].tag] == ["title", "Worth <b>", "desc"]
    told = root[1].text or ""
    assert "lowest A$90.00, highest A$100.00" in told
    assert "Mon 23 Nov 11:00" in told, "as Sydney has it"


def test_a_drawdown_hangs_below_zero_and_says_how_deep_it_was() -> None:
    made = [Point(MONDAY, Decimal(100), Decimal(0))]
    made.append(Point(MONDAY + timedelta(hours=1), Decimal(80), Decimal(20)))
    drawn = curve(made, "AUD", "Worth")
    assert "Drawdown, at most A$20" in words(drawn)
    [path] = paths(drawn, "below")
    heights = [float(place.split()[1]) for place in path[1:-1].split("L")]
    assert heights[1] > heights[0]


def test_thinning_keeps_every_extreme() -> None:
    many = [(MONDAY + timedelta(hours=n), Decimal(n % 7)) for n in range(5000)]
    many[3210] = (many[3210][0], Decimal(1000))
    many[1234] = (many[1234][0], Decimal(-1000))
    kept = thinned(many)
    assert len(kept) <= 175
    assert kept == sorted(kept)
    assert {many[0], many[-1], many[3210], many[1234]} <= set(kept)


def test_bars_stand_on_zero_up_and_down() -> None:
    days = [
        Bar(date(2026, 11, 20), Decimal("12.50")),
        Bar(date(2026, 11, 21), None),
        Bar(date(2026, 11, 22), Decimal("-3")),
    ]
    root = ElementTree.fromstring(bars(days, "AUD", "Days"))
    [up, down] = root.iter("rect")
    assert (up.attrib["class"], down.attrib["class"]) == ("bar-up", "bar-down")
    zero = float(up.attrib["y"]) + float(up.attrib["height"])
    assert zero == pytest.approx(float(down.attrib["y"]), abs=0.2)
    assert [each.text for each in root.iter("title")][1:] == [
        "Fri 20 Nov: +A$12.50",
        "Sun 22 Nov: -A$3.00",
    ]


def test_no_style_attribute_that_the_policy_would_refuse() -> None:
    drawn = curve(points("1", "2"), "AUD", "W") + bars(
        [Bar(date(2026, 11, 20), Decimal(1))], "AUD", "D"
    )
    assert "style=" not in drawn
    assert "<script" not in drawn

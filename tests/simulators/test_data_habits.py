"""The switches about data: read from a table, each mistake named."""

from __future__ import annotations

from typing import Any

import pytest

from domain.symbols import Symbol
from simulators.tws.data_habits import DataHabits


def test_a_table_sets_what_it_names_and_leaves_the_rest() -> None:
    habits = DataHabits.from_table(
        {
            "strict_pacing": True,
            "history_latency": 2,
            "silent": ["BHP/AUD"],
            "entitlements": {"BHP/AUD": "354", "*": "live"},
        }
    )
    assert habits.strict_pacing and habits.refuse_pacing
    assert habits.history_latency == 2.0
    assert habits.silent == ("BHP/AUD",)
    assert habits.entitlement(Symbol("BHP", "AUD")) == "354"
    assert habits.entitlement(Symbol("CBA", "AUD")) == "live"
    assert DataHabits.from_table({}) == DataHabits()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"stirct_pacing": True}, "stirct_pacing: unknown"),
        ({"strict_pacing": 1}, "strict_pacing = 1"),
        ({"lines": True}, "lines = True"),
        ({"lines": -1}, "lines = -1"),
        ({"history_latency": "2"}, "history_latency = '2'"),
        ({"silent": "BHP/AUD"}, r'\["BHP/AUD"\]'),
        ({"entitlements": {"BHP/AUD": "403"}}, "10089"),
    ],
)
def test_a_table_with_a_mistake_names_it(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DataHabits.from_table(table)

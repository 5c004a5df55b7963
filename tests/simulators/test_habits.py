import tomllib
from decimal import Decimal

import pytest

from simulators.habits import Habits


def test_a_table_of_a_scenario_sets_what_it_names_and_leaves_the_rest() -> None:
    table = tomllib.loads(
        "read_only = true\nmaster_client_id = 7\ncommission_reported = '-1'\n"
        "commission_delay = 2.5\nwhat_if = 'mute'\n"
    )
    habits = Habits.from_table(table)
    assert (habits.read_only, habits.master_client_id, habits.what_if) == (True, 7, "mute")
    assert (habits.commission_reported, habits.commission_delay) == (Decimal(-1), Decimal("2.5"))
    assert habits.most_active_orders == Habits().most_active_orders
    assert Habits.from_table({}) == Habits()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"read_onyl": True}, "there is no habit 'read_onyl'; there are: change_of_filled"),
        ({"read_only": 1}, "habit read_only is 1: it must be true or false"),
        ({"what_if": "maybe"}, "must be one of 'answered', 'sentinel_first', 'mute'"),
        ({"master_client_id": True}, "must be a whole number"),
        ({"commission_delay": "soon"}, "must be a number"),
        ({"commission_delay": "NaN"}, "must be a number"),
    ],
)
def test_a_wrong_table_says_what_is_allowed(table: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match="habit") as caught:
        Habits.from_table(table)
    assert words in str(caught.value)

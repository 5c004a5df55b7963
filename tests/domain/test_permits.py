"""The table of what may still be sent: every cell, and several states at once."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Purpose
from domain.permits import (
    KELPIE,
    TABLE,
    Act,
    Asker,
    Condition,
    Hold,
    Permit,
    act_of,
    forbids,
)

#: As the design has it, section 4, in the order entry, exit, stop, cancel, flatten.
DESIGN = {
    Condition.PAUSED: "no yes yes yes yes",
    Condition.DISARMED: "no yes yes yes yes",
    Condition.CIRCUIT_OPEN: "no yes yes yes yes",
    Condition.DATA_STALE: "no yes yes yes yes",
    Condition.SYMBOL_RED: "no held_only yes yes yes",
    Condition.NOT_RECONCILED: "no no no yes confirmed",
    Condition.SAFE_MODE_RECONCILED: "no yes yes yes yes",
    Condition.SAFE_MODE_MISMATCH: "no no no by_person confirmed",
    Condition.OBSERVE: "shadow shadow no no no",
}
#: What this house adds; nothing of it may be looser than the design for an entry.
ADDED = {
    Condition.FALLING_BEHIND: "no yes yes yes yes",
    Condition.AWAY: "no yes yes yes yes",
    Condition.ANNOUNCED: "no yes yes yes yes",
    Condition.STANDING_NOT_KNOWN: "no yes yes yes yes",
    Condition.UNHEARD: "no yes yes yes yes",
    Condition.NOT_CONNECTED: "no no no yes no",
    Condition.FLATTENING: "no no no yes yes",
}
ASKERS = {
    "kelpie": KELPIE,
    "a person": Asker(person=True),
    "a person who confirmed": Asker(person=True, confirmed=True),
}
OPEN_TO = {
    Permit.YES: set(ASKERS),
    Permit.HELD_ONLY: set(ASKERS),
    Permit.BY_PERSON: {"a person", "a person who confirmed"},
    Permit.CONFIRMED: {"a person who confirmed"},
    Permit.SHADOW: set(),
    Permit.NO: set(),
}


def hold(condition: Condition) -> Hold:
    return Hold(condition, condition.upper(), f"It is {condition}.", "Wait.")


CELLS = [
    (condition, act, Permit[cell.upper()])
    for condition, cells in (DESIGN | ADDED).items()
    for act, cell in zip(Act, cells.split(), strict=True)
]


def test_the_table_has_these_rows_and_no_others() -> None:
    assert set(TABLE) == set(DESIGN) | set(ADDED) == set(Condition)
    assert all(set(row) == set(Act) for row in TABLE.values())
    assert {act_of(purpose) for purpose in Purpose} == set(Act) - {Act.CANCEL}


@pytest.mark.parametrize(("condition", "act", "permit"), CELLS)
def test_each_cell(condition: Condition, act: Act, permit: Permit) -> None:
    assert TABLE[condition][act] is permit
    for name, asker in ASKERS.items():
        forbidding = forbids(act, [hold(condition)], asker)
        assert (forbidding is None) is (name in OPEN_TO[permit]), name
        assert forbidding in (None, hold(condition))


def test_where_nothing_holds_everything_may_be_sent() -> None:
    assert all(forbids(act, []) is None for act in Act)


@given(conditions=st.lists(st.sampled_from(Condition), unique=True), act=st.sampled_from(Act))
def test_of_several_states_the_strictest_cell_counts(conditions: list[Condition], act: Act) -> None:
    cells = [TABLE[each][act] for each in conditions]
    for name, asker in ASKERS.items():
        forbidding = forbids(act, list(map(hold, conditions)), asker)
        assert (forbidding is None) is all(name in OPEN_TO[cell] for cell in cells)
        if forbidding is not None:
            shut = [cell for cell in cells if name not in OPEN_TO[cell]]
            assert TABLE[forbidding.condition][act] is max(shut)


def test_no_state_lets_an_entry_through() -> None:
    sendable = {Permit.YES, Permit.HELD_ONLY, Permit.BY_PERSON, Permit.CONFIRMED}
    assert all(row[Act.ENTRY] not in sendable for row in TABLE.values())


def test_who_confirms_is_no_way_round_another_state() -> None:
    confirmed = ASKERS["a person who confirmed"]
    for condition, act in product(Condition, Act):
        if TABLE[condition][act] is Permit.NO:
            both = [hold(Condition.NOT_RECONCILED), hold(condition)]
            assert forbids(act, both, confirmed) is not None

"""When a difference between the venue's cash and ours is one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.cash_differences import CashLook, is_quiet, proven
from tests.store.material import NOON


def look(theirs: str, seconds: float = 0, ours: str = "1000") -> CashLook:
    return CashLook(Decimal(theirs), Decimal(ours), NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("before", "now", "difference"),
    [
        (None, look("1070", 300), None),
        (look("1070"), look("1070", 199), None),
        (look("1070"), look("1070", 200), "70"),
        (look("1070"), look("1075", 300), None),
        (look("1070"), look("1000", 300), None),
        (look("1070"), look("1000.01", 300), None),
        (look("988"), look("988", 300), "-12"),
        # Something was traded in between, and both show it: the difference is the same one.
        (look("1070"), look("570", 300, ours="500"), "70"),
    ],
    ids=[
        *("one look", "too soon", "long enough", "another one", "it went away", "to the cent"),
        *("less", "traded in between"),
    ],
)
def test_two_looks_far_enough_apart_prove_a_difference(
    before: CashLook | None, now: CashLook, difference: str | None
) -> None:
    assert proven(before, now) == (None if difference is None else Decimal(difference))


def test_what_was_booked_just_now_the_venue_may_not_show_yet() -> None:
    assert not is_quiet(NOON + timedelta(seconds=199), NOON)
    assert is_quiet(NOON + timedelta(seconds=200), NOON)

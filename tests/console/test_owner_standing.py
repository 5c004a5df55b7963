"""Which stop stands over what is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from console.owner.standing import stop_of
from domain.orders import OrderState, Purpose
from tests.console.owner_facts import BHP, order, stop

TWENTY = Decimal(20)


def test_of_several_stops_the_one_farthest_away_counts() -> None:
    near, far = stop("43"), stop("42")
    assert stop_of(BHP, TWENTY, [near, far]) == Decimal(42)


def test_the_stop_of_an_entry_that_has_not_filled_guards_nothing_yet() -> None:
    entry = order("KLP-2")
    waits = order("KLP-2-S", OrderState.HELD, Purpose.PROTECTION, stop="30")
    waits = replace(waits, request=replace(waits.request, parent="KLP-2"))
    assert stop_of(BHP, TWENTY, [entry, waits, stop("42")]) == Decimal(42)
    assert stop_of(BHP, TWENTY, [entry, waits]) is None
    filling = replace(entry, filled=Decimal(5))
    assert stop_of(BHP, TWENTY, [filling, waits]) == Decimal(30)

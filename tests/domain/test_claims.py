"""What complete lists say of an end that the venue has claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.claims import Claimed, ClaimedBy, claim_holds, seen_in
from domain.orders import OrderState
from domain.venue import VenueStatus
from tests.domain.reconciling import SHOWN, TRADED, asked


@pytest.mark.parametrize("by", ClaimedBy)
@pytest.mark.parametrize(
    ("lists", "by_code", "by_its_status"),
    [
        ({}, True, True),
        ({"open_orders": (SHOWN,)}, False, False),
        ({"open_orders": (replace(SHOWN, status=VenueStatus.INACTIVE),)}, None, None),
        ({"open_orders": (replace(SHOWN, status=VenueStatus.CANCELLED),)}, False, True),
        ({"completed_orders": (SHOWN,)}, False, True),
        ({"executions": (TRADED,)}, False, True),
    ],
)
def test_a_claim_is_borne_out_by_lists_that_do_not_show_it_alive(
    lists: dict[str, object], by_code: bool | None, by_its_status: bool | None, by: ClaimedBy
) -> None:
    claim = Claimed("KLP-1", OrderState.CANCELLED, "202: cancelled", by)
    want = by_its_status if by is ClaimedBy.END else by_code
    assert claim_holds(claim, asked(30, **lists)) is want


def test_any_list_shows_an_order_and_one_without_our_id_shows_nothing() -> None:
    assert seen_in(asked(30, open_orders=(SHOWN,))) == {"KLP-1"}
    nameless = replace(SHOWN, client_order_id=None)
    assert seen_in(asked(30, open_orders=(nameless,))) == frozenset()

"""The gateway has lost its own servers: whoever begins anew on this link is told so."""

from __future__ import annotations

from functools import partial

import pytest

from actors import names
from actors.messages import Introduce, LinkUp, VenueSaid
from domain.venue import NoticeEffect
from tests.actors.test_instruments import CONNECTION, connected
from tests.ib.messages import error
from tests.ib.test_instruments import DETAILS, gateway
from tests.store.material import BHP

RESYNC = names.resync(names.IB)


def _is(code: int, said: VenueSaid) -> bool:
    return said.notice.code == code


@pytest.mark.parametrize(
    ("codes", "told"),
    [((1100,), [NoticeEffect.DOWN]), ((1100, 1102), []), ((), [])],
)
def test_a_comparison_that_begins_anew_hears_that_the_venue_is_out_of_reach(
    codes: tuple[int, ...], told: list[NoticeEffect]
) -> None:
    """Else it would take what a gateway lists that knows nothing for the venue's own word."""
    peer = gateway()
    usual = peer.on[DETAILS]
    peer.on[DETAILS] = lambda fields: (
        *(error(-1, code, "connectivity between IB and the gateway") for code in codes),
        *usual(fields),
    )
    with connected(peer, BHP) as company:

        def said() -> list[NoticeEffect]:
            return [
                each.notice.effect
                for each in company.heard.of(VenueSaid, RESYNC)
                if each.notice.code in codes
            ]

        for code in codes:
            company.heard.wait_for(VenueSaid, partial(_is, code), seat=RESYNC)
        before = said()
        company.tell(CONNECTION, Introduce(RESYNC))
        company.heard.wait_for(LinkUp, seat=RESYNC, times=2)
        company.drain(RESYNC)
        assert said()[len(before) :] == told

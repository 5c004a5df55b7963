"""Each link is told to whoever keeps what is of one link only."""

from __future__ import annotations

import pytest

from actors import names
from actors.lanes import Message
from actors.messages import InstrumentKnown, LinkUp
from tests.actors.test_instruments import DESK, connected
from tests.ib.test_instruments import gateway
from tests.store.material import BHP


@pytest.mark.parametrize("guard", [names.PROTECTION, names.PLAN_MONITOR])
def test_whoever_guards_hears_of_each_link_before_its_instruments(guard: str) -> None:
    """They introduced themselves to a connection before: it has ended, and this one knows nobody.

    Unheard, what the last link's lists and quotes said would go on counting on this one.
    """
    with connected(gateway(), BHP, traders=(DESK, guard)) as company:
        company.heard.wait_for(InstrumentKnown, seat=guard)
        told = [type(each) for each in company.heard.of(Message, guard)]
        assert told == [LinkUp, InstrumentKnown]
        others = {names.PROTECTION, names.PLAN_MONITOR} - {guard}
        assert [company.heard.of(Message, each) for each in others] == [[]], "nobody is there"

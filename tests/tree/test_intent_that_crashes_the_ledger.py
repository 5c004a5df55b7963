"""An intent over which the ledger crashes twice: nothing is sent, and its reservation ends."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.messages import Propose, Verdict
from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from tests.tree.hanging import hanging
from tests.tree.in_process import BHP, Tree, Venue, growing
from tests.tree.waiting import until

UNWRITABLE = "KLP-\ud800"
"""Half a character: no disk takes it."""


def _request(name: str) -> OrderRequest:
    return OrderRequest(
        client_order_id=name,
        symbol=BHP,
        side=Side.BUY,
        quantity=Decimal(20),
        type=OrderType.LIMIT,
        tif=Tif.DAY,
        purpose=Purpose.ENTRY,
        limit_price=Decimal("40.00"),
    )


def _proposed(tree: Tree) -> Verdict:
    deadline = tree.clock.monotonic() + 10.0
    propose = Propose(deadline, _request(UNWRITABLE), "a test", "a test")
    verdict = tree.system.ask(names.DESK, propose).get(timeout=10)
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.timeout(120)
def test_its_reservation_ends_once_the_book_shows_that_it_is_not_there(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start()
    with growing(tmp_path, venue.port, ENTRY_PREVIEWS="no") as tree:
        tree.wait_until_ready()
        with hanging(tree.system, names.LEDGER):
            assert _proposed(tree).admitted
            assert tree.desk().working_orders == 1, "it is reserved"
        letters = tree.system.dead_letters
        until(lambda: any(each.quarantined for each in letters.items()), "it is kept apart")
        until(lambda: tree.desk().working_orders == 0, "nothing is reserved")
        tree.wait_until_ready()
        assert tree.incarnations()[names.LEDGER] == 3
        assert venue.wire().orders_per_ref() == {}
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        assert venue.wire().orders_per_ref() == {"KLP-1": 1}

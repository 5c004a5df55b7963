"""What was decided before an outage is not carried out after it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.lanes import Lane
from actors.messages import PlaceOrder, RecordIntent
from adapters.store import open_book
from domain.admission import Admission
from domain.backoff import Backoff
from domain.figures import DeskFigures
from domain.gates import decide
from domain.orders import OrderRequest, OrderType, Purpose, Side
from domain.venue import InstrumentDetails, PriceStep
from simulators.broker import ACCOUNT
from tests.tree.in_process import BHP, Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until

_HOUR = 3600.0
#: Once lost, the link is not tried again before the clock has leapt.
_MUCH_LATER = Backoff(first=600.0, ceiling=600.0, reset_after=30.0, floor=600.0)
_PATIENCE = 10.0
"""COMMAND_DEADLINE_SECONDS."""
_QUEUED = {
    "KLP-ENTRY": (Side.BUY, Purpose.ENTRY),
    "KLP-EXIT": (Side.SELL, Purpose.EXIT),
}


def _admitted(client_order_id: str) -> Admission:
    """What the gates say of it while all is well: the desk's decision just before the outage."""
    side, purpose = _QUEUED[client_order_id]
    request = OrderRequest(
        client_order_id, BHP, side, Decimal(20), OrderType.MARKET, purpose=purpose
    )
    steps = (PriceStep(Decimal(0), Decimal("0.01")),)
    figures = DeskFigures(
        venue=names.IB,
        base_currency="AUD",
        observing=False,
        disarmed="",
        facts_waiting=0,
        paused=False,
        paused_reason="",
        venue_reason="",
        venue_reconciled=True,
        circuit_closed=True,
        instrument=InstrumentDetails(BHP, "BHP", "STK", "ASX", "UTC", steps, Decimal(1), ()),
        allowed=True,
        symbol_blocked="",
        price=Decimal(38),
        rate=Decimal(1),
        managed=Decimal(20),
        held=Decimal(20),
        working_buys=Decimal(0),
        working_sells=Decimal(0),
        max_order_value=Decimal(10_000),
    )
    decision = decide(request, figures)
    assert isinstance(decision, Admission), decision
    return decision


def _chain_is_down(tree: Tree) -> bool:
    chain = [name for name in names.of_venue(names.IB) if name != names.IB]
    occupants = [tree.system.seat(name).occupant for name in chain]
    return all(each is not None and each.actor_stopped.is_set() for each in occupants)


def _flat(tree: Tree) -> bool:
    desk = tree.desk()
    return desk.working_orders == 0 and not any(each.managed for each in desk.positions)


def _queue(tree: Tree, *, as_far_as: str) -> None:
    """Have an entry and an exit on disk, and their commands waiting in a seat's mailbox."""
    epoch = tree.incarnations()[names.connection(names.IB)]
    deadline = tree.clock.monotonic() + _PATIENCE
    for name in _QUEUED:
        admission = _admitted(name)
        tree.system.tell(names.LEDGER, RecordIntent(admission, deadline, epoch))
        tree.wait_for_state(name, "INTENDED")
        if as_far_as == names.connection(names.IB):
            tree.system.tell(as_far_as, PlaceOrder(deadline, admission, epoch))
    waiting = tree.system.seat(as_far_as).mailbox
    until(lambda: waiting.depth(Lane.COMMAND) == len(_QUEUED), f"both wait at {as_far_as}")


@pytest.mark.timeout(150)
@pytest.mark.parametrize("seat", [names.orders(names.IB), names.connection(names.IB)])
def test_an_entry_and_an_exit_that_waited_for_an_hour_are_closed_and_never_sent(
    tmp_path: Path, venue: Venue, seat: str
) -> None:
    wait_for_open_market()
    gateway = venue.start()
    with growing(tmp_path, venue.port, backoff=_MUCH_LATER, watched=False) as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-BEFORE").status_code == 202
        tree.wait_for_state("KLP-BEFORE", "FILLED")
        gateway.kill()
        until(lambda: _chain_is_down(tree), "the venue's seats wait for the next try")
        _queue(tree, as_far_as=seat)

        venue.start()
        tree.leap(_HOUR)
        tree.wait_until_ready()
        for name in _QUEUED:
            tree.wait_for_state(name, "NOT_SENT")
        # The position is an hour old: its exit is decided anew, and goes.
        until(lambda: _flat(tree), "the position has been left")
        # Long enough for whoever might still think of them.
        tree.leap(_PATIENCE * 2)
        tree.wait_until_ready()
        answer = tree.propose("KLP-AFTER")
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-AFTER", "FILLED")
        # By the gateway's clock that was an hour ago as well: its plan leaves it at once.
        until(lambda: _flat(tree), "and the next one, too")
        until(tree.settled, "all that was said has been heard")
        assert {name: tree.state(name) for name in _QUEUED} == dict.fromkeys(_QUEUED, "NOT_SENT")
        assert tree.desk().working_orders == 0
        assert tree.lost_facts() == []

    # Beside these only what was decided afterwards.
    wire = venue.wire().orders_per_ref()
    assert wire["KLP-BEFORE"] == wire["KLP-AFTER"] == 1
    assert not wire.keys() & _QUEUED.keys()
    book = open_book(tmp_path / "state", "paper", ACCOUNT, tree.clock)
    try:
        on_disk = {name: book.order(name) for name in _QUEUED}
    finally:
        book.close()
    assert {o.state.value for o in on_disk.values() if o is not None} == {"NOT_SENT"}
    assert all(o is not None and o.reason for o in on_disk.values())

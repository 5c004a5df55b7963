"""Pain 14 over the wire: frames in every order, through a real link into the real back office.

What the peer says last of each order, in its lists, is the broker's truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import OrderState
from domain.venue import OrderFact
from tests.actors.back_office import back_office, the_book
from tests.ib.messages import BHP, commission, completed, execution, opened, status
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, link_to

_KEY = "0000e0d5.{:08x}.01"
_FIRST = 500
"""The id of the first order."""


def live(order_id: int, name: str) -> tuple[bytes, ...]:
    """openOrder, orderStatus twice, an execution, its correction, its commission."""
    key, permanent = _KEY.format(order_id), 7000 + order_id
    return (
        opened(order_id, name, "Submitted", permanent_id=permanent),
        status(order_id, "Submitted", permanent_id=permanent),
        status(order_id, "PreSubmitted", permanent_id=permanent),
        execution(order_id, name, f"{key}.01", "100", permanent_id=permanent),
        execution(order_id, name, f"{key}.02", "90", permanent_id=permanent),
        commission(f"{key}.01", "6.6"),
    )


def listed(order_id: int, name: str, request: int) -> tuple[bytes, ...]:
    """What reqExecutions brings: the commission first, as real gateways do."""
    key, permanent = _KEY.format(order_id), 7000 + order_id
    return (
        commission(f"{key}.02", "6.05"),
        execution(order_id, name, f"{key}.02", "90", request=request, permanent_id=permanent),
    )


def spoken(tellings: Sequence[Sequence[bytes]]) -> tuple[list[OrderFact], list[OrderFact]]:
    """The facts that a link makes of what the peer says live, and of its lists."""
    sink = Recorder()
    names = {_FIRST + number: f"K-{number}" for number in range(len(tellings))}
    at_the_lists: list[int] = []

    async def body() -> None:
        peer = Peer()
        peer.on["99"] = lambda fields: (
            *(
                completed(name, "Filled", "Filled Size: 90", 7000 + id)
                for id, name in names.items()
            ),
            frame(102),
        )
        peer.on["7"] = lambda fields: (
            *(f for id, name in names.items() for f in listed(id, name, int(fields[2]))),
            frame(55, 1, fields[2]),
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            for telling in tellings:
                await peer.send(*telling)
            await link.server_time()
            at_the_lists.append(len(sink.facts))
            assert (await link.round(1, 5)).complete
            link.close()

    run(body())
    assert sink.notices == []
    return sink.facts[: at_the_lists[0]], sink.facts[at_the_lists[0] :]


@pytest.mark.parametrize("left_out", [None, *range(6)])
def test_every_order_of_the_frames_ends_at_the_brokers_truth(
    tmp_path: Path, left_out: int | None
) -> None:
    kept = [number for number in range(6) if number != left_out]
    orders = list(itertools.permutations(kept))[:: 3 if left_out is None else 1]
    tellings = [
        [live(_FIRST + number, f"K-{number}")[each] for each in order]
        for number, order in enumerate(orders)
    ]
    heard, lists = spoken(tellings)
    held = {BHP: Decimal(90 * len(orders))}
    names = [f"K-{number}" for number in range(len(orders))]
    with back_office(tmp_path, dict.fromkeys(names, BHP), held=held) as office:
        office.hears(*heard)
        office.settle()
        last = office.reconcile(lambda: lists)
        assert (last.mismatches, last.in_doubt) == ((), ())
    book = the_book(tmp_path)
    for name, order in zip(names, orders, strict=True):
        known = book.order(name)
        assert known is not None
        assert (known.state, known.filled) == (OrderState.FILLED, Decimal(90)), order
        [fill] = book.fills(client_order_id=name)
        assert (fill.commission, fill.commission_final) == (Decimal("6.05"), True), order
    position = book.position("ib", BHP)
    assert position is not None
    assert (position.quantity, position.average_price) == (held[BHP], Decimal("45.1"))
    assert position.commissions == (("AUD", Decimal("6.05") * len(orders)),)
    book.close()

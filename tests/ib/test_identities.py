"""Pain 5: the gateway gives ids out a second time, and no word for one order reaches another."""

from __future__ import annotations

import pytest

from adapters.venue import OrderNotKnown
from domain.venue import NoticeEffect, OrderReport, VenueStatus
from tests.ib.messages import error, execution, opened, status
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, limit_order, link_to


def told(orders: list[OrderReport]) -> list[tuple[str | None, str | None, VenueStatus]]:
    return [(each.client_order_id, each.venue_order_id, each.status) for each in orders]


def test_ids_step_past_those_of_open_orders_and_of_executions() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.next_id = 1
        peer.on["16"] = lambda fields: (opened(40, "K-old", "Submitted"), frame(53, 1))
        peer.on["7"] = lambda fields: (
            execution(1514, "K-done", request=int(fields[2])),
            frame(55, 1, fields[2]),
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await link.round(1, 2)
            assert link.place(limit_order("K-new")) == "1515"
            link.close()

    run(body())


def test_an_id_that_is_given_out_again_names_the_order_that_has_it_on_this_link() -> None:
    """The gateway counts from 1 again, and an order of before had the id 1 as well."""

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            assert link.place(limit_order("K-new")) == "1"
            await peer.until("3")
            await peer.send(opened(1, "K-new", "Submitted", permanent_id=600))
            # The old order speaks up: without our name for it, then with it.
            await peer.send(status(1, "Cancelled", permanent_id=500))
            await peer.send(opened(1, "K-old", "Cancelled", permanent_id=500))
            await peer.send(status(1, "Cancelled", permanent_id=500))
            await peer.send(status(1, "Submitted", permanent_id=600))
            await sink.until(lambda: len(sink.orders()) == 5)
            assert told(sink.orders()) == [
                ("K-new", "600", VenueStatus.WORKING),
                (None, "500", VenueStatus.CANCELLED),
                ("K-old", "500", VenueStatus.CANCELLED),
                ("K-old", "500", VenueStatus.CANCELLED),
                ("K-new", "600", VenueStatus.WORKING),
            ]
            # An error on this id answers what was asked over this link.
            await peer.send(error(1, 201))
            await sink.until(sink.order_notices)
            assert [notice.client_order_id for notice in sink.order_notices()] == ["K-new"]
            with pytest.raises(OrderNotKnown):
                link.cancel("K-old", "500")
            link.cancel("K-new", "600")
            assert (await peer.until("4"))[2] == "1"
            link.close()

    run(body())


def test_a_duplicate_id_asks_for_the_truth_and_places_nothing_again() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            link.place(limit_order("K-1"))
            await peer.until("3")
            await peer.send(error(1, 103, "Duplicate order id"))
            await sink.until(sink.order_notices)
            [notice] = sink.order_notices()
            assert (notice.client_order_id, notice.effect) == ("K-1", NoticeEffect.QUERY)
            assert notice.alert
            with pytest.raises(ValueError, match="K-1"):
                link.place(limit_order("K-1"))
            assert link.place(limit_order("K-2")) == "10001", (
                "an id well beyond those that were used"
            )
            await peer.until("3", 2)
            assert [fields[26] for fields in peer.received if fields[0] == "3"] == ["K-1", "K-2"]
            link.close()

    run(body())

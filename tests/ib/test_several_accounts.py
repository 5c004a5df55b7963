"""An adviser's login tells of all its accounts: the books are of one."""

from __future__ import annotations

from dataclasses import replace

from simulators.tws.encode_orders import open_order
from tests.ib.messages import BHP_FIELDS, INSTRUMENT, broker_order, execution
from tests.ib.peer import ACCOUNT, Peer, frame, listening, run
from tests.ib.recorder import Recorder, limit_order, link_to

OTHER = "DU2"


def _position(account: str) -> bytes:
    return frame(61, 3, account, *BHP_FIELDS, "100", "45.1")


def _open_order(account: str, order_id: int, reference: str) -> bytes:
    order = broker_order(order_id, reference, "Submitted")
    order = replace(order, request=replace(order.request, account=account))
    return frame(*open_order(order, INSTRUMENT, None, 176))


def test_what_belongs_to_another_account_is_not_booked() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.accounts = f"{ACCOUNT},{OTHER}"
        async with listening(peer):
            link = link_to(peer.port, sink, account=ACCOUNT)
            opened = await link.open()
            assert opened.accounts == (ACCOUNT, OTHER)
            await peer.send(
                _position(OTHER),
                _position(ACCOUNT),
                execution(7, "K7", "0001.01.01", account=OTHER),
                execution(8, "K8", "0002.01.01"),
                frame(6, 2, "NetLiquidation", "5", "AUD", OTHER),
                frame(6, 2, "NetLiquidation", "6", "AUD", ACCOUNT),
                _open_order(OTHER, 9, "K9"),
                _open_order(ACCOUNT, 10, "K10"),
            )
            await sink.until(lambda: len(sink.orders()) == 2)
            assert [each.account for each in sink.positions] == [ACCOUNT]
            assert [each.execution_id for each in sink.executions()] == ["0002.01.01"]
            assert [each.value for each in sink.values] == ["6"]
            assert [(o.client_order_id, o.foreign) for o in sink.orders()] == [
                (None, True),
                ("K10", False),
            ]
            link.close()

    run(body())


def test_every_order_names_its_account() -> None:
    async def body() -> None:
        peer = Peer()
        peer.accounts = f"{OTHER},{ACCOUNT}"
        async with listening(peer):
            link = link_to(peer.port, Recorder(), account=OTHER)
            await link.open()
            link.place(limit_order("K1"))
            assert (await peer.until("3"))[23] == OTHER
            link.close()

    run(body())

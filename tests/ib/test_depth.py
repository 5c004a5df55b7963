"""The book in depth: rows that are inserted, changed and deleted, refusals, and silence."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from adapters.venue import MarketDataError
from domain.depth import DepthLevel
from tests.ib.messages import BHP, BHP_FIELDS, error
from tests.ib.peer import ACCOUNT, Peer, frame, listening, run
from tests.ib.recorder import Recorder, link_to

INSERT, UPDATE, DELETE, ASK, BID = 0, 1, 2, 0, 1


def row(request: str, position: int, operation: int, side: int, price: float, size: int) -> bytes:
    return frame(12, 1, request, position, operation, side, price, size)


def smart_row(request: str, position: int, side: int, price: float, size: int) -> bytes:
    return frame(13, 1, request, position, "ASX", INSERT, side, price, size, 1)


def asked(peer: Peer) -> tuple[list[str], int]:
    """The request for depth on the wire, and how often it was taken back."""
    [request] = [fields for fields in peer.received if fields[0] == "10"]
    return request, peer.count("11")


def test_a_book_is_gathered_row_by_row_and_let_go_of() -> None:
    async def body() -> None:
        peer = Peer()

        def answer(fields: list[str]) -> Iterable[bytes]:
            request = fields[2]
            return [
                row(request, 0, INSERT, BID, 45.10, 100),
                row(request, 1, INSERT, BID, 45.09, 300),
                row(request, 0, INSERT, BID, 45.11, 50),
                row(request, 0, INSERT, ASK, 45.12, 70),
                row(request, 1, INSERT, ASK, 45.20, 10),
                row(request, 1, UPDATE, ASK, 45.13, 80),
                row(request, 2, DELETE, BID, 0, 0),
                smart_row(request, 2, ASK, 45.14, 30),
            ]

        peer.on["10"] = answer
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            book = await link.depth(BHP, 2, 5.0)
            assert book.bids == (DepthLevel(45.11, 50), DepthLevel(45.10, 100))
            assert book.asks == (DepthLevel(45.12, 70), DepthLevel(45.13, 80))
            assert book.book_imbalance == 0
            await peer.until("11")
            request, taken_back = asked(peer)
            # Of the listing itself: smart depth is refused for shares at the ASX.
            assert (request[10], request[16], taken_back) == ("ASX", "0", 1)
            link.close()

    run(body())


def test_a_book_that_the_venue_begins_anew_forgets_what_was_there() -> None:
    async def body() -> None:
        peer = Peer()
        peer.on["10"] = lambda fields: [
            row(fields[2], 0, INSERT, BID, 45.10, 100),
            error(int(fields[2]), 317, "Market depth data has been RESET."),
            row(fields[2], 0, INSERT, BID, 44.00, 5),
        ]
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            book = await link.depth(BHP, 5, 5.0)
            assert book.bids == (DepthLevel(44.00, 5),)
            assert book.asks == ()
            link.close()

    run(body())


@pytest.mark.parametrize("code", [309, 10092, 354])
def test_a_refusal_says_which(code: int) -> None:
    async def body() -> None:
        peer = Peer()
        peer.on["10"] = lambda fields: [error(int(fields[2]), code)]
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(MarketDataError, match="words of the venue") as refused:
                await link.depth(BHP, 5, 5.0)
            assert refused.value.code == code
            await link.server_time()
            assert asked(peer)[1] == 0  # there is nothing to take back
            link.close()

    run(body())


def test_silence_is_no_empty_book() -> None:
    async def body() -> None:
        async with listening(Peer()) as peer:
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(MarketDataError, match="came in time") as silent:
                await link.depth(BHP, 5, 0.2)
            assert silent.value.code is None
            await peer.until("11")
            link.close()

    run(body())


def test_a_pair_s_position_is_shown_and_never_counted() -> None:
    """IB keeps a virtual position beside the cash: counted, the money would be there twice."""

    async def body() -> None:
        peer = Peer()
        pair = ["14433401", "AUD", "CASH", "", "0", "", "", "IDEALPRO", "USD", "AUD.USD", "AUD.USD"]
        peer.on["61"] = lambda fields: [
            frame(61, 3, ACCOUNT, *BHP_FIELDS, 100, 45.1),
            frame(61, 3, ACCOUNT, *pair, 25000, 0.66),
            frame(62, 1),
        ]
        async with listening(peer):
            sink = Recorder()
            link = link_to(peer.port, sink)
            await link.open()
            round = await link.round(1, 5.0)
            assert round.complete
            assert [str(each.symbol) for each in round.positions] == ["BHP/AUD"]
            assert [str(each.symbol) for each in sink.positions] == ["BHP/AUD"]
            assert link.telemetry()["virtual_positions"] == {"CASH AUD.USD IDEALPRO USD": 25000.0}
            link.close()

    run(body())

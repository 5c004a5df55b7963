"""Both real clients at a gateway of the test's own loop: ib_insync beside it, IB's in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import ib_insync

from tests.simulators import official_session
from tests.simulators.insync_session import until
from tests.simulators.raw_client import House

ANSWER_SECONDS = 10.0

#: The library's types are partial; its objects are taken as they come.
library: Any = ib_insync

BHP = library.Contract(conId=4036812, symbol="BHP", secType="STK", exchange="SMART", currency="AUD")
AUD_USD = library.Contract(
    conId=14433401, symbol="AUD", secType="CASH", exchange="IDEALPRO", currency="USD"
)


class Insync:
    """An ib_insync client, with the errors that it was sent."""

    def __init__(self, ib: Any) -> None:
        self.ib = ib
        self.errors: list[tuple[int, int, str]] = []
        ib.errorEvent += lambda req_id, code, text, _: self.errors.append((req_id, code, text))

    def place(self, action: str, quantity: float, contract: Any = BHP, **terms: Any) -> Any:
        """Place an order of any fields; gives the library's trade."""
        terms = {"tif": "DAY", "orderType": "LMT", **terms}
        order = library.Order(action=action, totalQuantity=quantity, **terms)
        return self.ib.placeOrder(contract, order)

    async def until(self, met: Callable[[], Any]) -> None:
        """Wait, packet by packet, until something is so."""
        await until(self.ib, met, ANSWER_SECONDS)

    def codes(self) -> list[int]:
        """Of errors about orders and requests."""
        return [code for req_id, code, _ in self.errors if req_id != -1]


@asynccontextmanager
async def insync(place: House, client_id: int = 5, version: int = 176) -> AsyncIterator[Insync]:
    """Connect, and disconnect with the block. A message it cannot decode fails the test."""
    ib = library.IB()
    ib.client.MaxClientVersion = version
    client = Insync(ib)
    with _undecoded() as complaints:
        await ib.connectAsync("127.0.0.1", place.port, clientId=client_id, timeout=ANSWER_SECONDS)
        try:
            yield client
        finally:
            ib.disconnect()
    assert complaints == []


@contextmanager
def _undecoded() -> Iterator[list[str]]:
    """What the library logs of messages that it could not read."""
    complaints: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complaints.append(record.getMessage())

    names = ("ib_insync.Decoder", "ib_insync.client")
    keeper = Keeper(logging.ERROR)
    for name in names:
        logging.getLogger(name).addHandler(keeper)
    try:
        yield complaints
    finally:
        for name in names:
            logging.getLogger(name).removeHandler(keeper)


async def official(
    place: House, script: Callable[[Any, official_session.RecordingWrapper], None], version: int
) -> official_session.RecordingWrapper:
    """Let IB's own client do a script in a thread; gives what it was told."""

    def act() -> official_session.RecordingWrapper:
        with official_session.connected(place.port, 6, version) as (client, wrapper):
            script(client, wrapper)
            return wrapper

    return await asyncio.to_thread(act)

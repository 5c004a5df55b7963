"""The baseline: ib_insync alone, as its users write it, in a process of its own.

`orders` places an order from the callback of each tick; `connect` connects, once, and prints the
monotonic time at which it had; `reconnect` does so for ever and prints the wall time of each.
Nothing is written to disk, nothing is checked.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import ib_insync

from benchmarks.numbering import order_name, tick_of
from benchmarks.processes import CLIENT_ID

_LIBRARY: Any = ib_insync
TRY_EVERY_SECONDS = 0.01
CONNECTED = "connected"


def main(argv: Sequence[str]) -> int:
    """Do one of the two; 1 when not all orders were filled."""
    parser = argparse.ArgumentParser(prog="bare", description=__doc__)
    parser.add_argument("what", choices=("orders", "connect", "reconnect"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--orders", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(argv)
    ib = _LIBRARY.IB()
    ib.client.MaxRequests = 0
    if options.what == "reconnect":
        # Not by the library's `run`, which a lost connection ends.
        asyncio.run(_reconnect(ib, options.port))
    ib.connect("127.0.0.1", options.port, clientId=CLIENT_ID, timeout=20)
    try:
        if options.what == "connect":
            print(CONNECTED, time.monotonic(), flush=True)
            return 0
        return _orders(ib, options.orders, options.seconds)
    finally:
        ib.disconnect()


async def _reconnect(ib: Any, port: int) -> None:
    while True:
        if not ib.isConnected():
            with suppress(OSError, TimeoutError):
                await ib.connectAsync("127.0.0.1", port, clientId=CLIENT_ID, timeout=20)
                print(CONNECTED, time.time(), flush=True)
        await asyncio.sleep(TRY_EVERY_SECONDS)


def _orders(ib: Any, orders: int, seconds: float) -> int:
    contract = _LIBRARY.Stock("BHP", "SMART", "AUD", primaryExchange="ASX")
    ib.qualifyContracts(contract)
    ticker = ib.reqMktData(contract)
    left = orders

    def on_tickers(_: object) -> None:
        nonlocal left
        tick = tick_of(ticker.bidSize)
        if left and tick is not None:
            left -= 1
            order = _LIBRARY.LimitOrder("BUY", 1, ticker.ask, orderRef=order_name(tick))
            ib.placeOrder(contract, order)

    ib.pendingTickersEvent += on_tickers
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ib.waitOnUpdate(1.0)
        if not left and all(trade.isDone() for trade in ib.trades()):
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

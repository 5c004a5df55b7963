"""The baseline: ib_insync alone, as its users write it, in a process of its own.

`orders` places an order from the callback of each tick; `connect` connects, once, and prints the
monotonic time at which it had. Nothing is written to disk, nothing is checked.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import ib_insync

from benchmarks.numbering import order_name, tick_of
from benchmarks.processes import CLIENT_ID

_LIBRARY: Any = ib_insync


def main(argv: Sequence[str]) -> int:
    """Do one of the two; 1 when not all orders were filled."""
    parser = argparse.ArgumentParser(prog="bare", description=__doc__)
    parser.add_argument("what", choices=("orders", "connect"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--orders", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(argv)
    ib = _LIBRARY.IB()
    ib.client.MaxRequests = 0
    ib.connect("127.0.0.1", options.port, clientId=CLIENT_ID, timeout=20)
    try:
        if options.what == "connect":
            print(time.monotonic(), flush=True)
            return 0
        return _orders(ib, options.orders, options.seconds)
    finally:
        ib.disconnect()


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

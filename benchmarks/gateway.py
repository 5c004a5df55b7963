"""The simulated gateway with ticks that carry their number: so an order can name its tick.

Tick n is a bid of size n. All else is the gateway as it is: the same server, broker and log.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from benchmarks.numbering import FIRST
from runtime.clocks import SystemClock
from simulators.broker import open_broker
from simulators.broker_interface import Broker
from simulators.tws.fields import number
from simulators.tws.quote_stream import BID, QuoteStream
from simulators.tws.server import GatewayServer
from simulators.tws.wire_log import WireLog, WireLogMode


class NumberedTicks:
    """Sends one tick after the other to each subscription, `per_second` of them."""

    def __init__(self, gateway: GatewayServer, broker: Broker, per_second: float) -> None:
        self._gateway = gateway
        self._broker = broker
        self._every = 1 / per_second
        self._sent: dict[QuoteStream, int] = {}
        self._bids: dict[QuoteStream, tuple[str, str]] = {}
        self._due = 0.0

    def start(self) -> None:
        """Begin; it waits for subscriptions by itself."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + self._every
        loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        for session, streams in list(self._gateway.market_data.streams.items()):
            for stream in streams.values():
                sent = self._sent[stream] = self._sent.get(stream, FIRST - 1) + 1
                bid = self._bids_of(stream)[sent % 2]
                session.send_ticks([stream.price_tick(BID, bid, str(sent), "1")])
            session.flush()
        loop = asyncio.get_running_loop()
        # What was missed is not made up for: two ticks at once would be another measurement.
        self._due = max(self._due + self._every, loop.time())
        loop.call_at(self._due, self._tick)

    def _bids_of(self, stream: QuoteStream) -> tuple[str, str]:
        bids = self._bids.get(stream)
        if bids is None:
            top = self._broker.top(stream.instrument.con_id)
            step = min(step for floor, step in stream.instrument.price_steps if floor >= 2)
            bid = top.bid or 100 * step
            bids = self._bids[stream] = (number(bid), number(bid - step))
        return bids


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    parser.add_argument("--ticks-per-second", type=float, default=100.0)
    options = parser.parse_args(argv)
    clock = SystemClock()
    broker = open_broker(options.state_dir, clock, fresh=True, market="still")
    log = WireLog(options.state_dir / "wire.jsonl", clock, mode=WireLogMode.FULL)
    try:
        asyncio.run(
            _serve(
                options,
                GatewayServer(broker, clock, log, message_limit=None, streams_market=False),
                broker,
            )
        )
    finally:
        log.close()
        broker.close()
    return 0


async def _serve(options: argparse.Namespace, gateway: GatewayServer, broker: Broker) -> None:
    port = await gateway.start("127.0.0.1", options.port)
    NumberedTicks(gateway, broker, options.ticks_per_second).start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    draft = options.ready_file.with_suffix(".draft")
    draft.write_bytes(orjson.dumps({"port": port}))
    draft.replace(options.ready_file)
    await stopped.wait()
    await gateway.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Ticks per second taken in, to a conflated quote: ours against stock ib_insync.

Both take the same bytes, cut as a socket under load gives them (at most 256 KiB a read). Ours
goes all the way: frames, decoder, level 1, one quote per packet and instrument, into a dict that
keeps the newest. The baseline is the library's client and decoder *alone*, with a receiver that
does nothing; the library with its own wrapper and tickers is shown beside it. Runs alternate in
one process; ratios are of medians.

What a quote costs, and not the decoding, counts when reads are small (`--read-bytes 400`): then
nearly each tick makes a quote, while the baseline makes none.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import ib_insync
import orjson

from adapters.ib.link import IBLink, IBLinkOptions
from adapters.ib.quotes import Level1
from domain.quotes import Quote
from domain.symbols import Symbol
from runtime.clocks import SystemClock

SYMBOLS = 50
READ_BYTES = 256 * 1024
FIRST_REQUEST = 1000


class Newest:
    """A sink that keeps the newest quote of each instrument, as the quotes seat does."""

    def __init__(self) -> None:
        self.quotes: dict[Symbol, Quote] = {}

    def quote(self, quote: Quote) -> None:
        """Conflate."""
        older = self.quotes.get(quote.symbol)
        self.quotes[quote.symbol] = quote if older is None else quote.after(older)

    def order_fact(self, fact: object) -> None:
        """Nothing of the kind is in the stream."""

    position = account_value = notice = instrument_doubted = lost = order_fact

    def bar(self, key: object, bar: object) -> None:
        """Nothing of the kind is in the stream."""

    def bars_ended(self, key: object, code: str, sentence: str) -> None:
        """Nothing of the kind is in the stream."""


class Nothing:
    """A receiver for the library's decoder: takes ticks and does nothing with them."""

    def priceSizeTick(self, request: int, kind: int, price: float, size: float) -> None:
        """Take it."""

    def tickSize(self, request: int, kind: int, size: float) -> None:
        """Take it."""


def tick(number: int) -> bytes:
    """One bid of the first instrument."""
    return _frame(1, 6, FIRST_REQUEST, 1, f"{45 + number % 97 / 100:.2f}", 100, 1)


def _frame(*fields: object) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return len(body).to_bytes(4, "big") + body


def stream(ticks: int, read_bytes: int) -> list[bytes]:
    """Bid and ask prices and sizes of all instruments in turn, cut into reads."""
    messages = []
    for number in range(ticks):
        request = FIRST_REQUEST + number % SYMBOLS
        price = f"{45 + number % 97 / 100:.2f}"
        kind = number // SYMBOLS % 4
        if kind in (1, 2):
            messages.append(_frame(1, 6, request, kind, price, 100 + number % 900, 1))
        else:
            messages.append(_frame(2, 6, request, kind, 100 + number % 900))
    data = b"".join(messages)
    return [data[at : at + read_bytes] for at in range(0, len(data), read_bytes)]


def ours(loop: asyncio.AbstractEventLoop) -> tuple[Callable[[bytes], None], Newest]:
    """What takes a read, and where its quotes go."""
    sink = Newest()
    options = IBLinkOptions("127.0.0.1", 1, 1)
    link = IBLink(loop, sink, SystemClock(), options)
    client: Any = link._client
    client._serverVersion = client.decoder.serverVersion = 176
    client.connState = client.CONNECTED
    for number in range(SYMBOLS):
        level = Level1(Symbol(f"S{number}", "AUD"))
        link._receiver.levels[FIRST_REQUEST + number] = level
    sink.link = link  # type: ignore[attr-defined]  # the client holds its link weakly
    return client._onSocketHasData, sink


def ready(client: Any) -> Callable[[bytes], None]:
    """What takes a read of a client of the library's that thinks it is connected."""
    client._serverVersion = client.decoder.serverVersion = 176
    client.connState = client.CONNECTED
    client._apiReady = True
    take: Callable[[bytes], None] = client._onSocketHasData
    return take


def _decoder_alone() -> Callable[[bytes], None]:
    library: Any = ib_insync
    client = library.client.Client(Nothing())
    return ready(client)


def _whole_library() -> Callable[[bytes], None]:
    library: Any = ib_insync
    ib = library.IB()
    take = ready(ib.client)
    for number in range(SYMBOLS):
        contract = library.Stock(f"S{number}", "SMART", "AUD")
        ib.wrapper.startTicker(FIRST_REQUEST + number, contract, "mktData")
    return take


def _rate(take: Callable[[bytes], None], reads: list[bytes], ticks: int) -> float:
    gc.collect()
    start = time.perf_counter()
    for data in reads:
        take(data)
    return ticks / (time.perf_counter() - start)


def measure(ticks: int, runs: int, read_bytes: int = READ_BYTES) -> dict[str, Any]:
    """Alternate the contenders `runs` times over the same bytes; all samples are kept."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        reads = stream(ticks, read_bytes)
        take_ours, sink = ours(loop)
        contenders = {
            "ours, to a conflated quote": take_ours,
            "ib_insync, decoding alone": _decoder_alone(),
            "ib_insync, to its ticker": _whole_library(),
        }
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        for take in contenders.values():
            _rate(take, reads, ticks)
        for _ in range(runs):
            for name, take in contenders.items():
                samples[name].append(_rate(take, reads, ticks))
        if len(sink.quotes) != SYMBOLS:
            raise RuntimeError(f"quotes of {len(sink.quotes)} instruments, not of {SYMBOLS}")
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    medians = {name: statistics.median(rates) for name, rates in samples.items()}
    ours_median, baseline, ticker = medians.values()
    return {
        "measure": "ticks per second taken in, to a conflated quote",
        "ticks": ticks,
        "runs": runs,
        "read_bytes": read_bytes,
        "median_per_second": medians,
        "ratio": ours_median / baseline,
        "ratio_to_ticker": ours_median / ticker,
        "target": 2.0,
        "samples": samples,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a table, or with `--json` the figures and all samples."""
    parser = argparse.ArgumentParser(prog="decode", description=__doc__)
    parser.add_argument("--ticks", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--read-bytes", type=int, default=READ_BYTES)
    parser.add_argument("--json", action="store_true", help="figures and all samples as JSON")
    options = parser.parse_args(argv)
    result = measure(options.ticks, options.runs, options.read_bytes)
    if options.json:
        sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    for name, rates in result["samples"].items():
        low, high = min(rates), max(rates)
        print(f"{name:28} {result['median_per_second'][name]:>9,.0f}/s  [{low:,.0f}-{high:,.0f}]")
    print(f"ratio to decoding alone {result['ratio']:.2f} (target {result['target']:g})")
    print(f"ratio to its ticker     {result['ratio_to_ticker']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

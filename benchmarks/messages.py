"""Messages of orders decoded per second, and what one tick takes: ours against stock ib_insync.

Both take the same bytes. *Orders*: openOrder, orderStatus, execution and commission in turn, as a
busy day has them; ours ends with facts in a sink, the library with its trades and fills. *One
tick*: a read that holds a single price, from the bytes to the quote (ours) or the ticker (its).
Runs alternate in one process; ratios are of medians.
"""

from __future__ import annotations

import asyncio
import gc
import operator
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ib_insync

from benchmarks.decode import FIRST_REQUEST, ours, ready, tick
from benchmarks.report import Line, Result, percentile
from domain.orders import OrderType, Side, Tif
from simulators.listings import LISTINGS
from simulators.model import BrokerOrder, NewOrder
from simulators.tws.encode_orders import open_order, order_status
from simulators.tws.frames import pack

_CLIENT = 1
_ACCOUNT = "DU1"
_INSTRUMENT = LISTINGS[0].instrument
_TICKS_A_SAMPLE = 200

#: What may be added to a tick: ours makes a quote of it that nobody can change any more.
ADDED_MICROSECONDS = 10.0


def measure(orders: int, runs: int) -> Result:
    """So many orders, four messages each, `runs` times."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        flow, ticks = _decoded(loop, orders, runs), _one_tick(loop, runs)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    lines = (
        _line("messages of orders decoded", "/s", flow, operator.ge, ">= 1x"),
        _line("one tick, bytes to quote", "us", ticks, _adds_little, f"+{ADDED_MICROSECONDS:g} us"),
    )
    return Result("messages", lines, {"orders": flow, "tick": ticks})


def _adds_little(tree: float, theirs: float) -> bool:
    return tree <= theirs + ADDED_MICROSECONDS


def _line(
    name: str,
    unit: str,
    samples: dict[str, list[float]],
    is_met: Callable[[float, float], bool],
    target: str,
) -> Line:
    tree, theirs = (statistics.median(samples[who]) for who in ("ours", "ib_insync"))
    return Line(name, unit, theirs, tree, target, is_met(tree, theirs), "baseline: stock ib_insync")


def _decoded(loop: asyncio.AbstractEventLoop, orders: int, runs: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {"ours": [], "ib_insync": []}
    for _ in range(runs + 1):
        # The library grows with each order that it has seen: a fresh one each time, as ours.
        for name, take in (("ours", _ours(loop)), ("ib_insync", _library())):
            data = b"".join(_story(number) for number in range(1, orders + 1))
            gc.collect()
            start = time.perf_counter()
            take(data)
            samples[name].append(4 * orders / (time.perf_counter() - start))
    return {name: rates[1:] for name, rates in samples.items()}


def _one_tick(loop: asyncio.AbstractEventLoop, runs: int) -> dict[str, list[float]]:
    reads = [tick(number) for number in range(_TICKS_A_SAMPLE)]
    contenders = {"ours": _ours(loop), "ib_insync": _library()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(20 * runs):
        for name, take in contenders.items():
            times = []
            for data in reads:
                start = time.perf_counter()
                take(data)
                times.append((time.perf_counter() - start) * 1e6)
            samples[name].append(percentile(times, 50))
    return samples


def _ours(loop: asyncio.AbstractEventLoop) -> Callable[[bytes], None]:
    return ours(loop)[0]


def _library() -> Callable[[bytes], None]:
    library: Any = ib_insync
    ib = library.IB()
    ib.client.clientId = _CLIENT
    take = ready(ib.client)
    contract = library.Stock("S0", "SMART", "AUD")
    ib.wrapper.startTicker(FIRST_REQUEST, contract, "mktData")

    def taking(data: bytes, _owner: Any = ib) -> None:  # the client holds its owner weakly
        take(data)

    return taking


def _story(number: int) -> bytes:
    order = BrokerOrder(
        request=NewOrder(
            client_id=_CLIENT,
            order_id=number,
            order_ref=f"K-{number}",
            account=_ACCOUNT,
            con_id=_INSTRUMENT.con_id,
            exchange="SMART",
            side=Side.BUY,
            quantity=Decimal(100),
            type=OrderType.LIMIT,
            limit_price=Decimal("45.1"),
            stop_price=None,
            tif=Tif.DAY,
        ),
        perm_id=1_000_000 + number,
        status="Submitted",
        filled=Decimal(0),
        average_price=Decimal(0),
        last_fill_price=Decimal(0),
        why_held="",
        placed_at=datetime(2026, 9, 9, tzinfo=UTC),
        completed_at=None,
        completed_status="",
    )
    filled = replace(order, status="Filled", filled=Decimal(100), average_price=Decimal("45.1"))
    contract = [str(_INSTRUMENT.con_id), "BHP", "STK", "", "0", "", "", "ASX", "AUD", "BHP", "BHP"]
    identity = f"0000e0d5.{number:08x}.01.01"
    execution = [
        *("11", "-1", str(number), *contract, identity, "20260909 10:00:00 Australia/NSW"),
        *(_ACCOUNT, "ASX", "BOT", "100", "45.1", str(order.perm_id), str(_CLIENT), "0", "100"),
        *("45.1", f"K-{number}", "", "", "", "2"),
    ]
    commission = ["59", "1", identity, "6.6", "AUD", "1.7976931348623157E308", "", ""]
    return b"".join(
        map(
            pack,
            (
                open_order(order, _INSTRUMENT, None, 176),
                order_status(filled, 176),
                execution,
                commission,
            ),
        )
    )

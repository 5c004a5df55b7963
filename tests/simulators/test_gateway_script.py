"""Two clients that we did not write do the same session, and saw what the broker's books hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side
from runtime.clocks import SystemClock
from simulators.account import Holding
from simulators.books import Books, read_books
from simulators.broker import open_broker
from simulators.listings import LISTINGS
from simulators.model import Bar, Instrument
from simulators.tws.protocol import Reply, Request
from simulators.tws.wire_history import read_wire_log
from tests.simulators import insync_session, official_session
from tests.simulators.gateway_process import gateway_process
from tests.simulators.raw_client import market_open
from tests.simulators.script import CANCELLED_REF, CON_ID, FILLED_REF, QUANTITY, Seen

CLIENT_ID = 41
INSTRUMENT: Instrument = next(
    listing.instrument for listing in LISTINGS if listing.instrument.con_id == CON_ID
)
OPENING_CASH = Decimal(1_000_000)

#: How the statuses of the two orders may follow each other; a status may be repeated.
FILLED_PATHS = (["PreSubmitted", "Filled"], ["PreSubmitted", "Submitted", "Filled"])
CANCELLED_PATHS = (
    ["PreSubmitted", "Submitted", "PendingCancel", "Cancelled"],
    ["PreSubmitted", "PendingCancel", "Cancelled"],
)

Session = Callable[[int, int, int, str], Seen]


@pytest.mark.timeout(150)
@pytest.mark.parametrize("version", [157, 176])
@pytest.mark.parametrize(
    "session", [insync_session.run, official_session.run], ids=["ib_insync", "ibapi"]
)
def test_script(
    session: Session, version: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    now = datetime.now(UTC)
    bars_end = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
    with gateway_process(tmp_path) as gateway:
        asyncio.run(market_open(gateway.port))
        seen = session(gateway.port, CLIENT_ID, version, f"{bars_end:%Y%m%d-%H:%M:%S}")
        books = read_books(tmp_path)
        assert gateway.terminate() == 0

    assert [record.getMessage() for record in caplog.records if _is_fault(record)] == []
    assert seen.version == version
    assert [error for error in seen.errors if error[1] not in (2104, 2106, 2158, 399, 202)] == []
    assert abs(seen.server_epoch - now.timestamp()) < 60
    _check_contract(seen)
    _check_account(seen, books)
    _check_orders(seen, books)
    _check_fills(seen, books)
    _check_bars(seen, tmp_path, bars_end)
    _check_wire_log(tmp_path)


def _is_fault(record: logging.LogRecord) -> bool:
    """The clients log notices of the gateway at ERROR too; those are compared by their codes."""
    from_client = record.name.startswith(("ib_insync", "ibapi"))
    return from_client and not record.getMessage().startswith(("ERROR", "Error 202", "Error 399"))


def _check_contract(seen: Seen) -> None:
    assert seen.details.pop("trading_hours")
    assert seen.details.pop("liquid_hours")
    assert seen.details == {
        "con_id": INSTRUMENT.con_id,
        "symbol": INSTRUMENT.symbol.base,
        "sec_type": INSTRUMENT.sec_type,
        "currency": INSTRUMENT.symbol.currency,
        "primary_exchange": INSTRUMENT.exchange,
        "local_symbol": INSTRUMENT.local_symbol,
        "trading_class": INSTRUMENT.trading_class,
        "min_tick": 0.001,
        "long_name": INSTRUMENT.long_name,
        "valid_exchanges": ",".join(INSTRUMENT.valid_exchanges),
        "market_rules": ",".join(
            str(INSTRUMENT.market_rule_id) for _ in INSTRUMENT.valid_exchanges
        ),
        "time_zone": INSTRUMENT.time_zone_id,
        "stock_type": INSTRUMENT.stock_type,
        "isin": INSTRUMENT.isin,
        "min_size": float(INSTRUMENT.lot) if seen.version >= 164 else None,
    }
    assert seen.rule == [(float(edge), float(step)) for edge, step in INSTRUMENT.price_steps]


def _check_account(seen: Seen, books: Books) -> None:
    assert seen.accounts == [books.account]
    assert seen.values["CashBalance", "AUD"] == str(OPENING_CASH.quantize(Decimal("0.01")))
    for tag in ("NetLiquidation", "TotalCashValue", "AvailableFunds"):
        assert Decimal(seen.values[tag, "AUD"]) == OPENING_CASH
    holding = books.positions[CON_ID]
    quantity, cost = seen.positions[CON_ID]
    assert quantity == float(holding.quantity)
    assert cost == pytest.approx(float(_average_cost(holding)), abs=1e-4)


def _average_cost(holding: Holding) -> Decimal:
    return holding.cost / holding.quantity


def _check_orders(seen: Seen, books: Books) -> None:
    assert [order.request.order_ref for order in books.orders] == [FILLED_REF, CANCELLED_REF]
    for kept in books.orders:
        request = kept.request
        told = seen.orders[request.order_ref]
        assert (told.order_id, told.perm_id) == (request.order_id, kept.perm_id)
        assert request.client_id == CLIENT_ID
        assert (told.side, told.tif) == (request.side.value, request.tif.value)
        assert told.quantity == float(request.quantity) == QUANTITY
        assert request.limit_price is not None
        assert told.limit_price == float(request.limit_price)
        assert told.filled == float(kept.filled)
        assert told.remaining == float(request.quantity - kept.filled)
        assert told.average_price == float(kept.average_price)
        assert told.statuses[-1] == kept.status
    assert _path(seen.orders[FILLED_REF].statuses) in FILLED_PATHS
    assert _path(seen.orders[CANCELLED_REF].statuses) in CANCELLED_PATHS
    assert seen.open_orders == 0
    completed = {row.perm_id: row for row in seen.completed}
    assert len(completed) == len(seen.completed) == len(books.orders)
    for kept in books.orders:
        row = completed[kept.perm_id]
        assert (row.order_ref, row.status) == (kept.request.order_ref, kept.status)
        assert row.filled == float(kept.filled)
        assert row.completed_status in (None, kept.completed_status)


def _path(statuses: list[str]) -> list[str]:
    """Statuses without repetitions, and without the one that ib_insync makes by itself."""
    path: list[str] = []
    for status in statuses:
        if status != "PendingSubmit" and status not in path[-1:]:
            path.append(status)
    return path


def _check_fills(seen: Seen, books: Books) -> None:
    kept = {execution.execution_id: execution for execution in books.executions}
    for fills in (seen.live_fills, seen.asked_fills):
        assert {fill.execution_id for fill in fills} == kept.keys()
        assert len(fills) == len(kept) > 0
        for fill in fills:
            execution = kept[fill.execution_id]
            request = execution.order.request
            assert fill.order_id == request.order_id
            assert fill.perm_id == execution.order.perm_id
            assert (fill.client_id, fill.order_ref) == (CLIENT_ID, request.order_ref)
            assert (fill.account, fill.con_id) == (books.account, CON_ID)
            assert fill.side == ("BOT" if request.side is Side.BUY else "SLD")
            assert fill.quantity == float(execution.quantity)
            assert fill.price == float(execution.price)
            assert fill.cumulative == float(execution.cumulative_quantity)
            assert fill.average_price == float(execution.average_price)
            assert fill.exchange == execution.exchange
            assert fill.epoch == int(execution.time.timestamp())
            assert fill.liquidity == execution.liquidity
    assert seen.commissions == {
        commission.execution_id: (
            float(commission.amount),
            commission.currency,
            float(commission.realised_pnl or 0),
        )
        for commission in books.commissions.values()
    }


def _check_bars(seen: Seen, state_dir: Path, end: datetime) -> None:
    """History is the same for whoever asks again, so the broker itself is asked again."""
    broker = open_broker(state_dir, SystemClock())
    try:
        bars = broker.bars(CON_ID, "TRADES", end, 7200, 300)
    finally:
        broker.close()
    assert seen.bars == [_told(bar) for bar in bars]
    assert len(seen.bars) > 10


def _told(bar: Bar) -> tuple[int, float, float, float, float, float, float, int]:
    assert bar.volume is not None and bar.average is not None and bar.count is not None
    prices = (float(bar.open), float(bar.high), float(bar.low), float(bar.close))
    return (
        int(bar.start.timestamp()),
        *prices,
        float(bar.volume),
        float(bar.average),
        bar.count,
    )


def _check_wire_log(state_dir: Path) -> None:
    history = read_wire_log(state_dir / "wire.jsonl")
    assert history.torn_lines == 0
    assert history.connects(CLIENT_ID) == history.peak_open_sockets(CLIENT_ID) == 1
    for order_ref in (FILLED_REF, CANCELLED_REF):
        (placed,) = history.placements(order_ref)
        assert placed.client_id == CLIENT_ID and not placed.is_modification
    assert 0 < history.peak_rate(CLIENT_ID) <= 50
    assert history.counts(incoming=True)[Request.CANCEL_ORDER] == 1
    assert history.counts(incoming=False)[Reply.EXECUTION] >= 2
    assert history.pacing_violations == 0

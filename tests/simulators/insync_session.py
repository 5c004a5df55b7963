"""The scripted session in the hands of ib_insync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import ib_insync

from tests.simulators.script import (
    ABOVE_ASK,
    ANSWER_SECONDS,
    BELOW_BID,
    CANCELLED_REF,
    CURRENCY,
    FILL_SECONDS,
    FILLED_REF,
    QUANTITY,
    SYMBOL,
    Seen,
    SeenCompleted,
    SeenFill,
    SeenOrder,
)


def run(port: int, client_id: int, max_version: int, bars_end: str) -> Seen:
    """Do the script on an event loop of its own."""
    return asyncio.run(_session(port, client_id, max_version, bars_end))


#: The library's types are partial; its objects are taken as they come.
_library: Any = ib_insync


async def until(ib: Any, met: Callable[[], Any], seconds: float) -> None:
    """Wait, packet by packet, until something is so."""
    async with asyncio.timeout(seconds):
        while not met():
            await ib.updateEvent


async def _session(port: int, client_id: int, max_version: int, bars_end: str) -> Seen:
    seen = Seen(bars_end=bars_end)
    ib = _library.IB()
    ib.client.MaxClientVersion = max_version
    ib.errorEvent += lambda req_id, code, text, contract: seen.errors.append((req_id, code, text))
    ib.commissionReportEvent += lambda trade, fill, report: seen.commissions.update(
        {report.execId: (report.commission, report.currency, report.realizedPNL)}
    )
    await ib.connectAsync("127.0.0.1", port, clientId=client_id, timeout=ANSWER_SECONDS)
    try:
        await asyncio.wait_for(_steps(ib, seen), FILL_SECONDS + 5 * ANSWER_SECONDS)
    finally:
        ib.disconnect()
    return seen


async def _steps(ib: Any, seen: Seen) -> None:
    seen.version = ib.client.serverVersion()
    seen.accounts = ib.managedAccounts()
    seen.server_epoch = int((await ib.reqCurrentTimeAsync()).timestamp())
    seen.values = {(row.tag, row.currency): row.value for row in ib.accountValues()}
    wanted = _library.Stock(SYMBOL, "SMART", CURRENCY)
    (details,) = await ib.reqContractDetailsAsync(wanted)
    contract = details.contract
    assert contract is not None
    seen.details = {
        "con_id": contract.conId,
        "symbol": contract.symbol,
        "sec_type": contract.secType,
        "currency": contract.currency,
        "primary_exchange": contract.primaryExchange,
        "local_symbol": contract.localSymbol,
        "trading_class": contract.tradingClass,
        "min_tick": details.minTick,
        "long_name": details.longName,
        "valid_exchanges": details.validExchanges,
        "market_rules": details.marketRuleIds,
        "time_zone": details.timeZoneId,
        "trading_hours": details.tradingHours,
        "liquid_hours": details.liquidHours,
        "stock_type": details.stockType,
        "isin": {tag.tag: tag.value for tag in details.secIdList}.get("ISIN"),
        "min_size": details.minSize if seen.version >= 164 else None,
    }
    rule = await ib.reqMarketRuleAsync(int(details.marketRuleIds.split(",")[0]))
    seen.rule = [(step.lowEdge, step.increment) for step in rule]
    ticker = ib.reqMktData(contract)
    await until(ib, lambda: ticker.hasBidAsk() and ticker.close > 0, FILL_SECONDS)
    seen.bid, seen.ask = ticker.bid, ticker.ask
    bars = await ib.reqHistoricalDataAsync(
        contract, seen.bars_end, "7200 S", "5 mins", "TRADES", False, 2
    )
    seen.bars = [
        (
            int(bar.date.timestamp()),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.average,
            bar.barCount,
        )
        for bar in bars
    ]
    await _trade(ib, seen, contract, ticker)
    fills = await ib.reqExecutionsAsync()
    seen.asked_fills = [_fill(fill.contract, fill.execution) for fill in fills]
    seen.live_fills = [_fill(fill.contract, fill.execution) for fill in ib.fills()]
    seen.open_orders = len(await ib.reqAllOpenOrdersAsync())
    seen.completed = [
        SeenCompleted(
            trade.order.permId,
            trade.order.orderRef,
            trade.orderStatus.status,
            None,  # ib_insync keeps none
            trade.order.filledQuantity,
        )
        for trade in await ib.reqCompletedOrdersAsync(False)
    ]
    seen.positions = {
        row.contract.conId: (row.position, row.avgCost) for row in await ib.reqPositionsAsync()
    }


async def _trade(ib: Any, seen: Seen, contract: Any, ticker: Any) -> None:
    above = round(seen.ask + ABOVE_ASK, 2)
    filled = _place(ib, contract, above, FILLED_REF)
    await until(ib, lambda: filled.isDone() and seen.commissions, FILL_SECONDS)
    below = round(ticker.bid - BELOW_BID, 2)
    resting = _place(ib, contract, below, CANCELLED_REF)
    await until(
        ib, lambda: resting.orderStatus.status in ("Submitted", "PreSubmitted"), ANSWER_SECONDS
    )
    ib.cancelOrder(resting.order)
    await until(ib, lambda: any(code == 202 for _, code, _ in seen.errors), ANSWER_SECONDS)
    for trade in (filled, resting):
        seen.orders[trade.order.orderRef] = _order(trade)


def _place(ib: Any, contract: Any, price: float, order_ref: str) -> Any:
    order = _library.LimitOrder("BUY", QUANTITY, price, tif="DAY", orderRef=order_ref)
    return ib.placeOrder(contract, order)


def _order(trade: Any) -> SeenOrder:
    order, status = trade.order, trade.orderStatus
    return SeenOrder(
        order.orderId,
        order.permId,
        order.orderRef,
        [entry.status for entry in trade.log],
        status.filled,
        status.remaining,
        status.avgFillPrice,
        order.action,
        order.totalQuantity,
        order.lmtPrice,
        order.tif,
    )


def _fill(contract: Any, execution: Any) -> SeenFill:
    return SeenFill(
        execution.execId,
        execution.orderId,
        execution.permId,
        execution.clientId,
        execution.orderRef,
        execution.acctNumber,
        contract.conId,
        execution.side,
        execution.shares,
        execution.price,
        execution.cumQty,
        execution.avgPrice,
        execution.exchange,
        int(execution.time.timestamp()),
        execution.lastLiquidity,
    )

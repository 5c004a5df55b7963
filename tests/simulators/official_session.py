"""The scripted session in the hands of IB's own client (`ibapi`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibapi.client
import pytest
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.wrapper import EWrapper

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

_EXECUTIONS = 900


class RecordingWrapper(EWrapper):  # type: ignore[misc]  # the library has no types
    """Keeps every callback with its arguments, and tells who waits for one."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._changed = threading.Condition()

    def logAnswer(self, fnName: str, fnParams: Any) -> None:
        """The default methods end here; ours never reach them."""

    def __getattribute__(self, name: str) -> Any:
        if name in _CALLBACKS:
            return lambda *arguments, **named: self._keep(name, arguments, named)
        return super().__getattribute__(name)

    def _keep(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        with self._changed:
            self.calls.append((name, (*arguments, *named.values())))
            self._changed.notify_all()

    def all(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of this name."""
        return [arguments for called, arguments in list(self.calls) if called == name]

    def until(self, met: Callable[[], Any], seconds: float = ANSWER_SECONDS) -> Any:
        """Wait, callback by callback, until something is so; give what `met` gave."""
        with self._changed:
            assert self._changed.wait_for(met, seconds), f"only these came: {self.calls[-20:]}"
            return met()


_CALLBACKS = frozenset(
    name
    for name, value in vars(EWrapper).items()
    if callable(value) and not name.startswith("_") and name != "logAnswer"
)


@contextmanager
def connected(
    port: int, client_id: int, max_version: int = 176
) -> Iterator[tuple[EClient, RecordingWrapper]]:
    """A client with its two threads, ended with the block."""
    wrapper = RecordingWrapper()
    client = EClient(wrapper)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ibapi.client, "MAX_CLIENT_VER", max_version)
        client.connect("127.0.0.1", port, client_id)
    assert client.isConnected()
    reader = client.reader
    loop = threading.Thread(target=client.run, name="ibapi loop")
    loop.start()
    try:
        wrapper.until(lambda: wrapper.all("nextValidId"))
        yield client, wrapper
    finally:
        client.disconnect()
        loop.join(ANSWER_SECONDS)
        reader.join(ANSWER_SECONDS)


def run(port: int, client_id: int, max_version: int, bars_end: str) -> Seen:
    """Do the script in the calling thread."""
    with connected(port, client_id, max_version) as (client, wrapper):
        seen = Seen(version=client.serverVersion(), bars_end=bars_end)
        _ask_about_account(client, wrapper, seen)
        contract = _ask_about_contract(client, wrapper, seen)
        _ask_about_prices(client, wrapper, seen, contract)
        _trade(client, wrapper, seen, contract)
        _ask_what_happened(client, wrapper, seen)
        seen.errors = [(call[0], call[1], call[2]) for call in wrapper.all("error")]
        return seen


def _ask_about_account(client: EClient, wrapper: RecordingWrapper, seen: Seen) -> None:
    wrapper.until(lambda: wrapper.all("managedAccounts"))
    seen.accounts = wrapper.all("managedAccounts")[0][0].split(",")
    client.reqCurrentTime()
    seen.server_epoch = wrapper.until(lambda: wrapper.all("currentTime"))[0][0]
    client.reqAccountUpdates(True, seen.accounts[0])
    wrapper.until(lambda: wrapper.all("accountDownloadEnd"))
    seen.values = {
        (tag, currency): value for tag, value, currency, _ in wrapper.all("updateAccountValue")
    }
    client.reqAccountUpdates(False, seen.accounts[0])


def _ask_about_contract(client: EClient, wrapper: RecordingWrapper, seen: Seen) -> Contract:
    wanted = Contract()
    wanted.symbol, wanted.secType = SYMBOL, "STK"
    wanted.exchange, wanted.currency = "SMART", CURRENCY
    client.reqContractDetails(10, wanted)
    wrapper.until(lambda: wrapper.all("contractDetailsEnd"))
    ((_, details),) = wrapper.all("contractDetails")
    contract: Contract = details.contract
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
        "min_size": float(details.minSize) if seen.version >= 164 else None,
    }
    client.reqMarketRule(int(details.marketRuleIds.split(",")[0]))
    ((_, steps),) = wrapper.until(lambda: wrapper.all("marketRule"))
    seen.rule = [(step.lowEdge, step.increment) for step in steps]
    return contract


def _ask_about_prices(
    client: EClient, wrapper: RecordingWrapper, seen: Seen, contract: Contract
) -> None:
    client.reqMktData(20, contract, "", False, False, [])
    wrapper.until(lambda: all(_last_price(wrapper, tick) > 0 for tick in (1, 2, 9)), FILL_SECONDS)
    seen.bid, seen.ask = _last_price(wrapper, 1), _last_price(wrapper, 2)
    client.reqHistoricalData(
        30, contract, seen.bars_end, "7200 S", "5 mins", "TRADES", 0, 2, False, []
    )
    wrapper.until(lambda: wrapper.all("historicalDataEnd"))
    seen.bars = [
        (
            int(bar.date),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            float(bar.volume),
            float(bar.wap),
            bar.barCount,
        )
        for _, bar in wrapper.all("historicalData")
    ]


def _last_price(wrapper: RecordingWrapper, tick: int) -> float:
    prices = [call[2] for call in wrapper.all("tickPrice") if call[1] == tick]
    return prices[-1] if prices else -1.0


def _trade(client: EClient, wrapper: RecordingWrapper, seen: Seen, contract: Contract) -> None:
    next_id: int = wrapper.all("nextValidId")[0][0]
    client.placeOrder(next_id, contract, make_order(round(seen.ask + ABOVE_ASK, 2), FILLED_REF))
    wrapper.until(
        lambda: "Filled" in _statuses(wrapper, next_id) and wrapper.all("commissionReport"),
        FILL_SECONDS,
    )
    resting = next_id + 1
    below = round(_last_price(wrapper, 1) - BELOW_BID, 2)
    client.placeOrder(resting, contract, make_order(below, CANCELLED_REF))
    wrapper.until(lambda: _statuses(wrapper, resting)[-1:] in (["Submitted"], ["PreSubmitted"]))
    client.cancelOrder(resting, "")
    wrapper.until(lambda: any(call[1] == 202 for call in wrapper.all("error")))
    for order_id in (next_id, resting):
        seen.orders.update(_seen_order(wrapper, order_id))
    seen.live_fills = [
        _fill(contract, execution)
        for req_id, contract, execution in wrapper.all("execDetails")
        if req_id == -1
    ]
    for (report,) in wrapper.all("commissionReport"):
        realised = report.realizedPNL if report.realizedPNL < 1e308 else 0.0
        seen.commissions[report.execId] = (report.commission, report.currency, realised)


def make_order(price: float, order_ref: str) -> Order:
    """A limit order for the day to buy a few shares."""
    order = Order()
    order.action, order.orderType, order.tif = "BUY", "LMT", "DAY"
    order.totalQuantity, order.lmtPrice, order.orderRef = QUANTITY, price, order_ref
    return order


def _statuses(wrapper: RecordingWrapper, order_id: int) -> list[str]:
    return [call[1] for call in wrapper.all("orderStatus") if call[0] == order_id]


def _seen_order(wrapper: RecordingWrapper, order_id: int) -> dict[str, SeenOrder]:
    order = [call[2] for call in wrapper.all("openOrder") if call[0] == order_id][-1]
    status = [call for call in wrapper.all("orderStatus") if call[0] == order_id][-1]
    return {
        order.orderRef: SeenOrder(
            order_id,
            order.permId,
            order.orderRef,
            _statuses(wrapper, order_id),
            float(status[2]),
            float(status[3]),
            status[4],
            order.action,
            float(order.totalQuantity),
            order.lmtPrice,
            order.tif,
        )
    }


def _ask_what_happened(client: EClient, wrapper: RecordingWrapper, seen: Seen) -> None:
    client.reqExecutions(_EXECUTIONS, ExecutionFilter())
    wrapper.until(lambda: wrapper.all("execDetailsEnd"))
    seen.asked_fills = [
        _fill(contract, execution)
        for req_id, contract, execution in wrapper.all("execDetails")
        if req_id == _EXECUTIONS
    ]
    before = len(wrapper.all("openOrder"))
    client.reqAllOpenOrders()
    wrapper.until(lambda: wrapper.all("openOrderEnd"))
    seen.open_orders = len(wrapper.all("openOrder")) - before
    client.reqCompletedOrders(False)
    wrapper.until(lambda: wrapper.all("completedOrdersEnd"))
    seen.completed = [
        SeenCompleted(
            order.permId,
            order.orderRef,
            state.status,
            state.completedStatus,
            float(order.filledQuantity),
        )
        for _, order, state in wrapper.all("completedOrder")
    ]
    client.reqPositions()
    wrapper.until(lambda: wrapper.all("positionEnd"))
    seen.positions = {
        contract.conId: (float(quantity), cost)
        for _, contract, quantity, cost in wrapper.all("position")
    }


def _fill(contract: Contract, execution: Any) -> SeenFill:
    day, time, zone = execution.time.split()
    when = datetime.strptime(f"{day} {time}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
    return SeenFill(
        execution.execId,
        execution.orderId,
        execution.permId,
        execution.clientId,
        execution.orderRef,
        execution.acctNumber,
        contract.conId,
        execution.side,
        float(execution.shares),
        execution.price,
        float(execution.cumQty),
        execution.avgPrice,
        execution.exchange,
        int(when.timestamp()),
        execution.lastLiquidity,
    )

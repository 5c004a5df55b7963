"""Recorded messages, through decoder and receiver, against what the official client reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from adapters.ib.decoder import HEARD
from domain.venue import OrderReport
from tests.ib.recordings import Stage, here, recorded

pytestmark = here


def _terms(report: OrderReport, contract: dict[str, Any], order: dict[str, Any]) -> None:
    terms = report.terms
    assert terms is not None
    assert terms.side.value == order["action"]
    assert terms.quantity == Decimal(order["totalQuantity"])
    assert terms.limit_price == _decimal(order.get("lmtPrice"))
    assert terms.stop_price == _decimal(order.get("auxPrice"))
    assert report.venue_order_id == str(order["permId"])
    if contract["secType"] == "STK":
        assert str(terms.symbol) == f"{contract['symbol']}/{contract['currency']}"


def _decimal(value: float | None) -> Decimal | None:
    return Decimal(repr(value)) if value else None


async def _open_order(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    [report] = stage.sink.orders()
    _, contract, order, _ = values
    _terms(report, contract, order)
    assert report.client_order_id == order.get("orderRef")
    assert report.foreign


async def _completed_order(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    [report] = stage.sink.orders()
    contract, order, state = values
    _terms(report, contract, order)
    assert report.completed
    assert report.reason == state.get("completedStatus", "").strip()


async def _order_status(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    [report] = stage.sink.orders()
    _, _, filled, remaining, average, permanent, *_ = values
    assert report.venue_order_id == str(permanent)
    assert (report.filled, report.remaining) == (Decimal(filled), Decimal(remaining))
    assert report.average_price == _decimal(average)


async def _error(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    [notice] = stage.sink.notices
    _, code, text, *_ = values
    assert notice.code == code
    assert notice.text.startswith(text.strip())


async def _execution(stage: Stage, fields: list[str], values: list[Any]) -> None:
    rows = await stage.answer(values[0], fields)
    _, contract, execution = values
    assert rows == stage.sink.executions()
    [report] = rows
    assert report.execution_id == execution["execId"]
    assert (report.quantity, report.price) == (
        Decimal(execution["shares"]),
        _decimal(execution["price"]),
    )
    assert report.side.sign == (1 if execution["side"] == "BOT" else -1)
    assert (report.symbol is None) == (contract["secType"] not in ("STK", "CASH"))


async def _commission(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    [report] = stage.sink.commissions()
    assert report.execution_id == values[0]["execId"]
    assert report.commission == _decimal(values[0]["commission"])
    # Left out where it is zero; zero on the wire is a zero.
    assert report.realised_pnl == Decimal(repr(values[0].get("realizedPNL", 0.0)))


async def _position(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.receiver.account = values[0]
    stage.decoder.interpret(fields)
    [report] = stage.sink.positions
    assert report.quantity == Decimal(values[2])
    assert report.average_cost == Decimal(repr(values[3]))


async def _account_value(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    [value] = stage.sink.values
    assert [value.tag, value.value, value.currency, value.account] == values


async def _bars(stage: Stage, fields: list[str], values: list[Any]) -> None:
    rows = await stage.answer(values[0], fields)
    *bars, end = stage.calls
    assert end["callback"] == "historicalDataEnd"
    read = [(row[0], *map(float, row[1:5]), Decimal(row[5])) for row in rows]
    assert read == [
        (*(bar["values"][1][name] for name in _BAR), Decimal(bar["values"][1]["volume"]))
        for bar in bars
    ]


async def _details(stage: Stage, fields: list[str], values: list[Any]) -> None:
    [details] = await stage.answer(values[0], fields)
    assert details.contract.conId == values[1]["contract"]["conId"]
    assert details.marketRuleIds == values[1].get("marketRuleIds", "")
    assert details.minTick == values[1]["minTick"]


async def _rule(stage: Stage, fields: list[str], values: list[Any]) -> None:
    steps = await stage.answer(("market_rule", values[0]), fields)
    assert [step.increment for step in steps] == [each["increment"] for each in values[1]]


async def _price(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    stage.receiver.packet_done()
    [quote] = stage.sink.quotes
    assert values[2] in (quote.bid, quote.ask, quote.last)


async def _size(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    stage.receiver.packet_done()
    [quote] = stage.sink.quotes
    assert float(values[2]) in (quote.bid_size, quote.ask_size, quote.last_size, quote.volume)


async def _accounts(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    assert stage.opening.accounts == tuple(name for name in values[0].split(",") if name)


async def _next_id(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    assert stage.identities.fresh_order_id("K1") == values[0]


async def _samples(stage: Stage, fields: list[str], values: list[Any]) -> None:
    rows = await stage.answer(values[0], fields)
    assert [row.contract.conId for row in rows] == [each["contract"]["conId"] for each in values[1]]


async def _generic(stage: Stage, fields: list[str], values: list[Any]) -> None:
    stage.decoder.interpret(fields)
    stage.receiver.packet_done()
    assert values[1] not in (49, 90) and stage.sink.quotes == [], "no quote shows it"


class _Heard:
    """Stands where a book, or a series of bars that is followed, would."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def change(self, *values: Any) -> None:
        self.calls.append(values)

    def update(self, bar: tuple[str, ...]) -> None:
        self.calls.append(bar)


async def _depth(stage: Stage, fields: list[str], values: list[Any]) -> None:
    heard = stage.receiver.books[values[0]] = cast(Any, _Heard())
    stage.decoder.interpret(fields)
    # The one with market makers has their name before the operation, and a flag at the end.
    _, position, *rest = [value for value in values if not isinstance(value, bool)]
    operation, side, price, size = rest[-4:]
    assert heard.calls == [(position, operation, side, price, float(size))]


async def _bar_update(stage: Stage, fields: list[str], values: list[Any]) -> None:
    heard = stage.receiver.followed[values[0]] = cast(Any, _Heard())
    stage.decoder.interpret(fields)
    [(date, *prices, volume)] = heard.calls
    assert [date, *map(float, prices)] == [values[1][name] for name in _BAR]
    assert Decimal(volume) == Decimal(values[1]["volume"])


async def _current_time(stage: Stage, fields: list[str], values: list[Any]) -> None:
    answer: asyncio.Future[datetime] = stage.loop.create_future()
    stage.receiver.times.append(answer)
    stage.decoder.interpret(fields)
    assert (await answer).timestamp() == values[0]


async def _end(stage: Stage, fields: list[str], values: list[Any]) -> None:
    lists = {
        "openOrderEnd": "open_orders",
        "completedOrdersEnd": "completed_orders",
        "positionEnd": "positions",
        "accountDownloadEnd": "account",
    }
    rows = stage.requests.begin(lists.get(stage.calls[0]["callback"], next(iter(values), None)), 5)
    stage.decoder.interpret(fields)
    assert rows.done() and await rows == [], "ended, and empty: not unknown"


_CHECKS: dict[str, Callable[[Stage, list[str], list[Any]], Any]] = {
    "openOrder": _open_order,
    "completedOrder": _completed_order,
    "orderStatus": _order_status,
    "error": _error,
    "execDetails": _execution,
    "commissionReport": _commission,
    "position": _position,
    "updateAccountValue": _account_value,
    "historicalData": _bars,
    "historicalDataUpdate": _bar_update,
    "updateMktDepth": _depth,
    "updateMktDepthL2": _depth,
    "contractDetails": _details,
    "marketRule": _rule,
    "tickPrice": _price,
    "tickSize": _size,
    "managedAccounts": _accounts,
    "nextValidId": _next_id,
    "symbolSamples": _samples,
    "tickGeneric": _generic,
    "currentTime": _current_time,
    "contractDetailsEnd": _end,
    "openOrderEnd": _end,
    "accountDownloadEnd": _end,
    "execDetailsEnd": _end,
    "positionEnd": _end,
    "completedOrdersEnd": _end,
}
_BAR = ("date", "open", "high", "low", "close")
_BEYOND_ALL_CALENDARS = "99999999999999999999"
"""A time that another client's tests send; here it cannot be read, and is told so."""
_NEVER_RECORDED = {58}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(message, id=f"{message['decoded'][0]['callback']}-{number}")
        for number, message in enumerate(recorded())
        if message["decoded"]
        and message["decoded"][0]["callback"] in _CHECKS
        and _BEYOND_ALL_CALENDARS not in message["fields"]
    ],
)
def test_a_recorded_message_gives_the_values_of_the_official_client(message: Any) -> None:
    async def body() -> None:
        first = message["decoded"][0]
        request = next(iter(first["values"]), None)
        stage = Stage(asyncio.get_running_loop(), request, message["decoded"])
        await _CHECKS[first["callback"]](stage, message["fields"], first["values"])
        assert stage.receiver.unreadable == 0

    asyncio.run(body())


def test_no_kind_that_is_heard_goes_without_a_comparison() -> None:
    kinds = {message["message_id"]: message["decoded"] for message in recorded()}
    assert set(kinds) >= HEARD - _NEVER_RECORDED
    compared = {kind for kind, calls in kinds.items() if calls[0]["callback"] in _CHECKS}
    assert compared == HEARD - _NEVER_RECORDED


def test_every_kind_that_is_heard_reads_its_recordings() -> None:
    """Ends, times and the like: nothing to compare, but nothing that cannot be read either."""

    async def body() -> None:
        stage = Stage(asyncio.get_running_loop(), 9000)
        unreadable = []
        for message in recorded():
            before = stage.receiver.unreadable
            stage.decoder.interpret(list(message["fields"]))
            if stage.receiver.unreadable > before:
                unreadable.append(message["fields"])
        # A test value of another client: a time beyond all calendars.
        assert [fields for fields in unreadable if fields[2:] != [_BEYOND_ALL_CALENDARS]] == []

    asyncio.run(body())

"""Recorded messages, through decoder and receiver, against what the official client reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.ib.decoder import KelpieDecoder
from adapters.ib.identity import OrderIdentities
from adapters.ib.quotes import Level1
from adapters.ib.receiver import Receiver
from adapters.ib.requests import Requests
from domain.venue import OrderReport, VenueNotice
from runtime.clocks import SystemClock
from tests.ib.messages import BHP
from tests.ib.recorder import Recorder

_FILE = Path(__file__).resolve().parents[2].parent / "shared/fixtures/recorded_messages.json"

pytestmark = pytest.mark.skipif(
    not _FILE.exists(), reason="the recorded messages (../shared/fixtures) are not here"
)


def _recorded() -> list[Any]:
    recorded: list[Any] = json.loads(_FILE.read_text()) if _FILE.exists() else []
    return recorded


class _Opening:
    def __init__(self) -> None:
        self.accounts: tuple[str, ...] = ()
        self.has_id = False

    def next_id_came(self) -> None:
        self.has_id = True

    def accounts_came(self, accounts: tuple[str, ...]) -> None:
        self.accounts = accounts

    def error_came(self, notice: VenueNotice) -> None: ...


class Stage:
    """A receiver as it stands in a link, with one subscription and one request of each id."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: object) -> None:
        self.sink = Recorder()
        self.opening = _Opening()
        self.requests = Requests(loop)
        self.identities = OrderIdentities(100, "K")
        self.receiver = Receiver(
            self.sink,
            SystemClock(),
            self.requests,
            self.identities,
            ZoneInfo("Australia/Sydney"),
            self.opening,
        )
        self.receiver.account = "DU1234567"
        self.request = request
        self.decoder = KelpieDecoder(
            self.receiver, self.receiver.failed, self.receiver.execution_time
        )
        self.decoder.serverVersion = 176
        if isinstance(request, int):
            self.level = Level1(BHP)
            self.receiver.levels[request] = self.level

    async def answer(self, key: object, fields: list[str]) -> list[Any]:
        rows = self.requests.begin(key, 5)
        self.decoder.interpret(fields)
        if not rows.done():
            self.requests.end(key)
        return await rows


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
    assert rows[0][0] == values[1]["date"]
    assert float(rows[0][4]) == values[1]["close"]


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
    "contractDetails": _details,
    "marketRule": _rule,
    "tickPrice": _price,
    "tickSize": _size,
    "managedAccounts": _accounts,
    "nextValidId": _next_id,
    "symbolSamples": _samples,
}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(message, id=f"{message['decoded'][0]['callback']}-{number}")
        for number, message in enumerate(_recorded())
        if message["decoded"] and message["decoded"][0]["callback"] in _CHECKS
    ],
)
def test_a_recorded_message_gives_the_values_of_the_official_client(message: Any) -> None:
    async def body() -> None:
        first = message["decoded"][0]
        stage = Stage(asyncio.get_running_loop(), next(iter(first["values"]), None))
        await _CHECKS[first["callback"]](stage, message["fields"], first["values"])
        assert stage.receiver.unreadable == 0

    asyncio.run(body())


def test_every_kind_that_is_heard_reads_its_recordings() -> None:
    """Ends, times and the like: nothing to compare, but nothing that cannot be read either."""

    async def body() -> None:
        stage = Stage(asyncio.get_running_loop(), 9000)
        unreadable = []
        for message in _recorded():
            before = stage.receiver.unreadable
            stage.decoder.interpret(list(message["fields"]))
            if stage.receiver.unreadable > before:
                unreadable.append(message["fields"])
        # A test value of another client: a time beyond all calendars.
        assert [fields for fields in unreadable if fields[2:] != ["99999999999999999999"]] == []

    asyncio.run(body())

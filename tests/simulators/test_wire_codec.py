"""Messages on the wire: what is recorded decodes, and what we encode two clients read alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ib_insync.decoder
import ibapi.decoder
import pytest

from domain.orders import OrderType, Side, Tif
from simulators.listings import LISTINGS
from simulators.model import (
    BrokerOrder,
    BrokerPosition,
    Commission,
    Execution,
    NewOrder,
    Phase,
    TopOfBook,
)
from simulators.tws import encode, encode_orders
from simulators.tws.fields import FieldReader, UnreadableRequest
from simulators.tws.frames import FrameReader, pack, unpack
from simulators.tws.protocol import Reply, negotiate, request_id
from simulators.tws.quote_stream import QuoteStream

RECORDED = Path(__file__).parents[3] / "shared" / "fixtures" / "recorded_messages.json"
NOON = datetime(2026, 9, 9, 2, 0, 5, tzinfo=UTC)
BHP = next(listing.instrument for listing in LISTINGS if listing.instrument.con_id == 4036812)
PAIR = next(listing.instrument for listing in LISTINGS if listing.instrument.sec_type == "CASH")
UNSET = 1.7976931348623157e308

Calls = list[tuple[str, tuple[Any, ...]]]
Decode = Callable[[list[str], int], Calls]


class Recorder:
    """Stands where a client's wrapper stands and keeps what the decoder calls on it."""

    def __init__(self) -> None:
        self.calls: Calls = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments: self.calls.append((name, arguments))


def by_official(fields: list[str], version: int) -> Calls:
    """What IB's client makes of a message."""
    wrapper = Recorder()
    decoder = ibapi.decoder.Decoder(wrapper, version)
    decoder.interpret(tuple(field.encode() for field in fields))
    return wrapper.calls


class _InsyncWrapper(Recorder):
    """ib_insync's decoder asks its wrapper for the zone of times that name none."""

    ib = ib_insync.IB


def by_insync(fields: list[str], version: int) -> Calls:
    """What ib_insync makes of a message."""
    wrapper = _InsyncWrapper()
    make_decoder: Any = ib_insync.decoder.Decoder
    make_decoder(wrapper, version).interpret(list(fields))
    return wrapper.calls


both_clients = pytest.mark.parametrize("decode", [by_official, by_insync], ids=["ibapi", "insync"])
both_versions = pytest.mark.parametrize("version", [157, 163, 164, 176])


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """ib_insync logs what it cannot decode and goes on; that is a failure here."""
    yield
    records = [r for r in caplog.records if r.name.startswith(("ib_insync", "ibapi"))]
    assert [record.getMessage() for record in records if record.levelno >= 40] == []


def over_the_wire(fields: list[str]) -> list[str]:
    """A message packed, sliced into single bytes, cut into frames again and unpacked."""
    reader = FrameReader()
    bodies: list[bytes] = []
    for byte in b"API\0" + pack(fields):
        bodies += reader.feed(bytes([byte]))
    (body,) = bodies
    return unpack(body)


@pytest.mark.skipif(not RECORDED.exists(), reason="the folder of recorded messages is not here")
def test_recorded_messages_survive_our_framing_and_decode_as_recorded() -> None:
    recorded = json.loads(RECORDED.read_text())
    assert recorded
    for message in recorded:
        calls = by_official(over_the_wire(message["fields"]), 176)
        assert [name for name, _ in calls] == [call["callback"] for call in message["decoded"]]
        for (_, arguments), call in zip(calls, message["decoded"], strict=True):
            plain = [_plain(argument) for argument in arguments]
            told = call["values"]
            assert all(_agrees(mine, theirs) for mine, theirs in zip(plain, told, strict=True)), (
                message["fields"]
            )


def _plain(argument: Any) -> Any:
    if isinstance(argument, Decimal):
        return str(argument)
    if hasattr(argument, "__dict__") and not isinstance(argument, type):
        return {key: _plain(value) for key, value in vars(argument).items()}
    return argument


def _agrees(mine: Any, recorded: Any) -> bool:
    """Recorded objects list only what is set, so everything that they list must be ours too."""
    if isinstance(recorded, dict):
        return isinstance(mine, dict) and all(
            _agrees(mine.get(key), value) for key, value in recorded.items()
        )
    if isinstance(recorded, list | str | bool) or recorded is None or isinstance(mine, list):
        return True if isinstance(mine, list) else str(mine) == str(recorded)
    return float(mine) == float(recorded)


def an_order(**changes: Any) -> BrokerOrder:
    request = NewOrder(
        client_id=17,
        order_id=7,
        order_ref="KLP-1",
        account="DU1",
        con_id=BHP.con_id,
        exchange="SMART",
        side=Side.SELL,
        quantity=Decimal(10),
        type=OrderType.STOP_LIMIT,
        limit_price=Decimal("45.10"),
        stop_price=Decimal("45.2"),
        tif=Tif.GTC,
    )
    facts: dict[str, Any] = {
        "request": request,
        "perm_id": 1100000001,
        "status": "PreSubmitted",
        "filled": Decimal(4),
        "average_price": Decimal("45.125"),
        "last_fill_price": Decimal("45.15"),
        "why_held": "trigger",
        "placed_at": NOON,
        "completed_at": None,
        "completed_status": "",
    }
    return BrokerOrder(**{**facts, **changes})


def _decoded(decode: Decode, fields: list[str], version: int, callback: str) -> tuple[Any, ...]:
    (arguments,) = [
        arguments for name, arguments in decode(over_the_wire(fields), version) if name == callback
    ]
    return arguments


@both_versions
@both_clients
def test_open_order(decode: Decode, version: int) -> None:
    fields = encode_orders.open_order(an_order(), BHP, (Decimal("6.60"), "AUD"), version)
    order_id, contract, order, state = _decoded(decode, fields, version, "openOrder")
    assert (order_id, order.orderId, order.clientId, order.permId) == (7, 7, 17, 1100000001)
    assert (contract.conId, contract.symbol, contract.exchange) == (BHP.con_id, "BHP", "SMART")
    assert (order.action, float(order.totalQuantity), order.orderType) == ("SELL", 10, "STP LMT")
    assert (order.lmtPrice, order.auxPrice, order.tif) == (45.1, 45.2, "GTC")
    assert (order.account, order.orderRef) == ("DU1", "KLP-1")
    assert order.trailStopPrice == order.triggerPrice == UNSET
    assert order.parentId == 0 and not order.whatIf and not order.outsideRth
    assert state.status == "PreSubmitted"
    assert (float(state.commission), state.commissionCurrency) == (6.6, "AUD")


@pytest.mark.parametrize(
    ("version", "count"), [(157, 128), (159, 129), (160, 130), (163, 131), (169, 131), (170, 136)]
)
def test_open_order_has_no_field_before_its_version(version: int, count: int) -> None:
    """The clients would not mind one too many at the end; a real gateway sends none."""
    assert len(encode_orders.open_order(an_order(), BHP, None, version)) == count


@both_versions
@both_clients
def test_completed_order(decode: Decode, version: int) -> None:
    over = an_order(status="Cancelled", completed_at=NOON, completed_status="Cancelled by Trader")
    fields = encode_orders.completed_order(over, BHP, "Australia/Sydney", version)
    contract, order, state = _decoded(decode, fields, version, "completedOrder")
    assert (contract.conId, order.permId, order.orderRef) == (BHP.con_id, 1100000001, "KLP-1")
    assert (float(order.filledQuantity), float(order.totalQuantity)) == (4, 10)
    assert (state.status, state.completedStatus) == ("Cancelled", "Cancelled by Trader")
    assert state.completedTime == "20260909 12:00:05 Australia/Sydney"
    assert int(order.parentPermId) == 9223372036854775807


@both_versions
@both_clients
def test_order_status(decode: Decode, version: int) -> None:
    fields = encode_orders.order_status(an_order(), version)
    told = _decoded(decode, fields, version, "orderStatus")
    assert (told[0], told[1], told[9]) == (7, "PreSubmitted", "trigger")
    assert [float(value) for value in told[2:9]] == [4, 6, 45.125, 1100000001, 0, 45.15, 17]


@both_versions
@both_clients
def test_execution_and_commission(decode: Decode, version: int) -> None:
    trade = Execution(
        execution_id="0000e0d5.67fe667b.01.01",
        order=an_order(),
        time=NOON,
        exchange="ASX",
        quantity=Decimal(4),
        price=Decimal("45.15"),
        cumulative_quantity=Decimal(4),
        average_price=Decimal("45.125"),
        liquidity=2,
    )
    fields = encode_orders.execution(-1, trade, BHP, version)
    req_id, contract, execution = _decoded(decode, fields, version, "execDetails")
    assert (req_id, contract.conId, execution.execId) == (-1, BHP.con_id, trade.execution_id)
    assert (execution.side, float(execution.shares), execution.price) == ("SLD", 4, 45.15)
    assert (execution.orderRef, execution.lastLiquidity) == ("KLP-1", 2)
    assert str(execution.time) in ("20260909 12:00:05 Australia/NSW", str(NOON))
    report = Commission(trade.execution_id, Decimal("6.60"), "AUD", None)
    (told,) = _decoded(decode, encode_orders.commission_report(report), version, "commissionReport")
    assert (told.execId, told.commission, told.currency) == (trade.execution_id, 6.6, "AUD")


@both_versions
@both_clients
def test_contract_details(decode: Decode, version: int) -> None:
    fields = encode.contract_details(9, BHP, "SMART", "20260912:CLOSED", "L", version)
    req_id, details = _decoded(decode, fields, version, "contractDetails")
    assert (req_id, details.contract.conId, details.contract.exchange) == (9, BHP.con_id, "SMART")
    assert (details.longName, details.contract.primaryExchange) == (BHP.long_name, "ASX")
    assert (details.tradingHours, details.liquidHours) == ("20260912:CLOSED", "L")
    assert (details.timeZoneId, details.stockType) == ("Australia/NSW", "COMMON")
    assert details.marketRuleIds.split(",")[0] == str(BHP.market_rule_id)
    assert [(tag.tag, tag.value) for tag in details.secIdList] == [("ISIN", BHP.isin)]
    if version >= 164:
        assert float(details.minSize) == float(details.sizeIncrement) == 1


@both_versions
@both_clients
def test_positions_and_portfolio(decode: Decode, version: int) -> None:
    held = BrokerPosition(BHP, Decimal(10), Decimal("44.5"), Decimal("45.1"), Decimal("1.25"))
    told = _decoded(decode, encode.position("DU1", held, version), version, "position")
    assert (told[0], told[1].conId, float(told[2]), told[3]) == ("DU1", BHP.con_id, 10, 44.5)
    multi = encode.position_multi(3, "DU1", held, version)
    row = _decoded(decode, multi, version, "positionMulti")
    assert (row[0], row[1], row[3].conId, float(row[4]), row[5]) == (3, "DU1", BHP.con_id, 10, 44.5)
    value = encode.portfolio_value("DU1", held, version)
    row = _decoded(decode, value, version, "updatePortfolio")
    assert [float(number) for number in row[1:7]] == [10, 45.1, 451, 44.5, 6, 1.25]
    assert (row[0].primaryExchange, row[7]) == ("ASX", "DU1")


@both_versions
@both_clients
def test_errors_rules_and_samples(decode: Decode, version: int) -> None:
    error = _decoded(decode, encode.error(version, 5, 201, "Order rejected"), version, "error")
    assert error[:3] == (5, 201, "Order rejected")
    rule = encode.market_rule(9001, BHP.price_steps)
    rule_id, steps = _decoded(decode, rule, version, "marketRule")
    assert rule_id == 9001
    assert [(step.lowEdge, step.increment) for step in steps] == [
        (0, 0.001),
        (0.1, 0.005),
        (2, 0.01),
    ]
    samples = encode.symbol_samples(4, [BHP, PAIR], version)
    req_id, found = _decoded(decode, samples, version, "symbolSamples")
    assert req_id == 4
    assert [row.contract.conId for row in found] == [BHP.con_id, PAIR.con_id]


@both_versions
@both_clients
@pytest.mark.parametrize(
    ("reply", "fields", "callback"),
    [
        (Reply.NEXT_VALID_ID, (7,), "nextValidId"),
        (Reply.MANAGED_ACCOUNTS, ("DU1",), "managedAccounts"),
        (Reply.ACCOUNT_TIME, ("10:30",), "updateAccountTime"),
        (Reply.CURRENT_TIME, (1700000000,), "currentTime"),
        (Reply.OPEN_ORDER_END, (), "openOrderEnd"),
        (Reply.ACCOUNT_DOWNLOAD_END, ("DU1",), "accountDownloadEnd"),
        (Reply.EXECUTION_END, (9,), "execDetailsEnd"),
        (Reply.SNAPSHOT_END, (9,), "tickSnapshotEnd"),
        (Reply.MARKET_DATA_TYPE, (9, 1), "marketDataType"),
        (Reply.CONTRACT_DETAILS_END, (9,), "contractDetailsEnd"),
        (Reply.POSITION_END, (), "positionEnd"),
        (Reply.POSITION_MULTI_END, (9,), "positionMultiEnd"),
        (Reply.ACCOUNT_SUMMARY_END, (9,), "accountSummaryEnd"),
        (Reply.ACCOUNT_UPDATE_MULTI_END, (9,), "accountUpdateMultiEnd"),
    ],
)
def test_plain_messages(
    decode: Decode, version: int, reply: Reply, fields: tuple[object, ...], callback: str
) -> None:
    told = _decoded(decode, encode.simple(reply, *fields), version, callback)
    assert [str(value) for value in told] == [str(value) for value in fields]


def a_top(**changes: Any) -> TopOfBook:
    facts: dict[str, Any] = {
        "time": NOON,
        "phase": Phase.OPEN,
        "bid": Decimal("45.10"),
        "ask": Decimal("45.11"),
        "bid_size": Decimal(100),
        "ask_size": Decimal(200),
        "last": Decimal("45.105"),
        "last_size": Decimal(3),
        "volume": Decimal(1234),
        "open": Decimal(45),
        "high": Decimal(46),
        "low": Decimal(44),
        "previous_close": Decimal("44.9"),
        "halted": False,
    }
    return TopOfBook(**{**facts, **changes})


def _ticks(stream: QuoteStream, top: TopOfBook, version: int) -> list[tuple[str, tuple[Any, ...]]]:
    told: list[tuple[str, tuple[Any, ...]]] = []
    for ready in stream.changes(top):
        for name, arguments in by_insync(unpack(ready[4:]), version):
            told.append((name, arguments))
    return told


@both_versions
def test_quotes_are_told_once_and_on_change_alone(version: int) -> None:
    stream = QuoteStream(5, BHP, version)
    first = _ticks(stream, a_top(), version)
    prices = {call[1][1]: call[1][2:] for call in first if call[0] == "priceSizeTick"}
    assert prices[1] == (45.1, 100.0)
    assert prices[2] == (45.11, 200.0)
    assert prices[4] == (45.105, 3.0)
    assert {tick: prices[tick][0] for tick in (6, 7, 9, 14)} == {6: 46, 7: 44, 9: 44.9, 14: 45}
    assert ("tickSize", (5, 8, 1234.0)) in first
    assert ("tickGeneric", (5, 49, 0.0)) in first
    assert ("tickString", (5, 45, str(int(NOON.timestamp())))) in first
    assert _ticks(stream, a_top(), version) == []
    assert _ticks(stream, a_top(bid_size=Decimal(90)), version) == [("tickSize", (5, 0, 90.0))]
    gone = _ticks(stream, a_top(bid=None, bid_size=Decimal(0), halted=True), version)
    assert gone == [("priceSizeTick", (5, 1, -1.0, 0.0)), ("tickGeneric", (5, 49, 1.0))]


def test_official_client_reads_the_ticks_too() -> None:
    calls: Calls = []
    for ready in QuoteStream(5, BHP, 157).changes(a_top(phase=Phase.PRE_OPEN)):
        calls += by_official(unpack(ready[4:]), 157)
    bid = next(arguments for name, arguments in calls if name == "tickPrice" and arguments[1] == 1)
    assert (bid[0], bid[2], bid[3].preOpen, bid[3].canAutoExecute) == (5, 45.1, True, False)
    assert ("tickSize", (5, 0, 100)) in calls


@pytest.mark.parametrize(
    ("offer", "chosen"),
    [
        ("v157..176", 176),
        ("v157..178", 176),
        ("v100..187", 176),
        ("v100..157", 157),
        ("v100..158", 157),
        ("v100..165 +PACEAPI", 165),
        ("v100..151", None),
        ("v177..200", None),
        ("v158..158", None),
    ],
)
def test_version_is_the_highest_in_common(offer: str, chosen: int | None) -> None:
    assert negotiate(offer) == chosen


def test_a_text_that_is_no_range_is_refused() -> None:
    with pytest.raises(ValueError, match="no range"):
        negotiate("GET / HTTP/1.1")


def test_unset_is_read_in_every_spelling() -> None:
    spellings = ["", "1.7976931348623157e+308", "1.7976931348623157E308", "2147483647"]
    spellings += ["9223372036854775807", "Infinity", "Infinite"]
    reader = FieldReader(spellings, start=0)
    assert [reader.decimal() for _ in spellings] == [None] * len(spellings)


@pytest.mark.parametrize("text", ["abc", "NaN", "1e", "--1"])
def test_what_is_no_number_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableRequest):
        FieldReader([text], start=0).decimal()


def test_a_nul_inside_a_field_does_not_shift_the_others() -> None:
    assert over_the_wire(["4", "a\0b", "c"]) == ["4", "ab", "c"]


def test_errors_are_addressed_to_the_request() -> None:
    assert request_id(["20", "9", "0"]) == 9
    assert request_id(["1", "11", "5"]) == 5
    assert request_id(["97", "8"]) == 8
    assert request_id(["61", "1"]) == -1

"""What a rule may wait for: requests and replies by the names of IB's API, and their fields.

Positions are those of server versions 157 to 176, the message number being field 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulators.tws.protocol import request_id

#: Events that are no messages, and when each happens.
MOMENTS = {
    "start": "the gateway listens, or the scenario is begun",
    "connect": "a socket was accepted; nothing has been said yet",
    "disconnect": "a connection is over, whoever ended it",
}

#: Requests by the names of IB's API, with their message numbers.
REQUESTS = {
    "reqMktData": 1, "cancelMktData": 2, "placeOrder": 3, "cancelOrder": 4, "reqOpenOrders": 5,
    "reqAccountUpdates": 6, "reqExecutions": 7, "reqIds": 8, "reqContractDetails": 9,
    "reqMktDepth": 10, "cancelMktDepth": 11, "reqAutoOpenOrders": 15, "reqAllOpenOrders": 16,
    "reqManagedAccts": 17, "reqHistoricalData": 20, "cancelHistoricalData": 25,
    "reqCurrentTime": 49, "reqRealTimeBars": 50, "cancelRealTimeBars": 51,
    "reqGlobalCancel": 58, "reqMarketDataType": 59, "reqPositions": 61, "reqAccountSummary": 62,
    "cancelAccountSummary": 63, "cancelPositions": 64, "startApi": 71, "reqPositionsMulti": 74,
    "reqAccountUpdatesMulti": 76, "reqMatchingSymbols": 81, "reqHeadTimeStamp": 87,
    "reqMarketRule": 91, "reqPnL": 92, "cancelPnL": 93, "reqPnLSingle": 94, "cancelPnLSingle": 95,
    "reqHistoricalTicks": 96, "reqTickByTickData": 97, "cancelTickByTickData": 98,
    "reqCompletedOrders": 99,
}  # fmt: skip

_WITH_CONTRACT = frozenset(
    {"reqMktData", "placeOrder", "reqContractDetails", "reqMktDepth", "reqHistoricalData"}
    | {"reqRealTimeBars", "reqHeadTimeStamp", "reqHistoricalTicks", "reqTickByTickData"}
)
_WITHOUT_ID = frozenset(
    {"startApi", "reqIds", "reqOpenOrders", "reqAllOpenOrders", "reqAutoOpenOrders"}
    | {"reqAccountUpdates", "reqPositions", "cancelPositions", "reqManagedAccts", "reqCurrentTime"}
    | {"reqGlobalCancel", "reqMarketDataType", "reqCompletedOrders", "reqMarketRule"}
)


@dataclass(frozen=True, slots=True)
class ReplyShape:
    """A reply's message number (0: it has none), and where its named fields stand."""

    number: int
    fields: Mapping[str, int]


_TICK = {"req_id": 2, "tick": 3}

#: Replies by the names of IB's API. `order_id` and `req_id` tell whom a reply is about.
REPLIES = {
    "version": ReplyShape(0, {"version": 0, "time": 1}),
    "tickPrice": ReplyShape(1, {**_TICK, "price": 4, "size": 5}),
    "tickSize": ReplyShape(2, {**_TICK, "size": 4}),
    "orderStatus": ReplyShape(
        3,
        {
            "order_id": 1, "status": 2, "filled": 3, "remaining": 4, "average_price": 5,
            "perm_id": 6, "parent_id": 7, "last_price": 8, "why_held": 10,
        },
    ),
    "error": ReplyShape(4, {"req_id": 2, "code": 3, "text": 4}),
    "openOrder": ReplyShape(
        5,
        {
            "order_id": 1, "con_id": 2, "side": 13, "quantity": 14, "type": 15,
            "limit_price": 16, "stop_price": 17, "tif": 18, "oca_group": 19, "account": 20,
            "order_ref": 23, "perm_id": 25, "status": 94,
        },
    ),
    "accountValue": ReplyShape(6, {"tag": 2, "value": 3, "currency": 4}),
    "portfolioValue": ReplyShape(7, {"con_id": 2, "quantity": 13, "average_cost": 16}),
    "accountTime": ReplyShape(8, {"time": 2}),
    "nextValidId": ReplyShape(9, {"next_id": 2}),
    "contractData": ReplyShape(10, {}),
    "execDetails": ReplyShape(
        11,
        {
            "req_id": 1, "order_id": 2, "con_id": 3, "execution_id": 14, "time": 15,
            "side": 18, "quantity": 19, "price": 20, "perm_id": 21, "cumulative": 24,
            "average_price": 25, "order_ref": 26,
        },
    ),
    "marketDepth": ReplyShape(12, {"req_id": 2}),
    "marketDepthL2": ReplyShape(13, {"req_id": 2}),
    "managedAccounts": ReplyShape(15, {"accounts": 2}),
    "historicalData": ReplyShape(17, {"req_id": 1}),
    "tickGeneric": ReplyShape(45, {**_TICK, "value": 4}),
    "tickString": ReplyShape(46, {**_TICK, "value": 4}),
    "currentTime": ReplyShape(49, {"time": 2}),
    "realtimeBar": ReplyShape(50, {"req_id": 2}),
    "contractDataEnd": ReplyShape(52, {"req_id": 2}),
    "openOrderEnd": ReplyShape(53, {}),
    "accountDownloadEnd": ReplyShape(54, {"account": 2}),
    "execDetailsEnd": ReplyShape(55, {"req_id": 2}),
    "tickSnapshotEnd": ReplyShape(57, {"req_id": 2}),
    "marketDataType": ReplyShape(58, {"req_id": 2, "type": 3}),
    "commissionReport": ReplyShape(
        59, {"execution_id": 2, "commission": 3, "currency": 4, "realised_pnl": 5}
    ),
    "position": ReplyShape(61, {"account": 2, "con_id": 3, "quantity": 14, "average_cost": 15}),
    "positionEnd": ReplyShape(62, {}),
    "accountSummary": ReplyShape(63, {"req_id": 2, "tag": 4, "value": 5, "currency": 6}),
    "accountSummaryEnd": ReplyShape(64, {"req_id": 2}),
    "accountUpdateMulti": ReplyShape(73, {"req_id": 2}),
    "accountUpdateMultiEnd": ReplyShape(74, {"req_id": 2}),
    "tickReqParams": ReplyShape(81, {"req_id": 1}),
    "headTimestamp": ReplyShape(88, {"req_id": 1}),
    "historicalDataUpdate": ReplyShape(90, {"req_id": 1}),
    "marketRule": ReplyShape(93, {"rule": 1}),
    "pnl": ReplyShape(94, {"req_id": 1}),
    "pnlSingle": ReplyShape(95, {"req_id": 1}),
    "historicalTicks": ReplyShape(96, {"req_id": 1}),
    "tickByTick": ReplyShape(99, {"req_id": 1}),
    "completedOrder": ReplyShape(101, {"con_id": 1, "order_ref": 22, "perm_id": 23}),
    "completedOrdersEnd": ReplyShape(102, {}),
}  # fmt: skip

#: What carries market data; `mute` and lost connectivity silence these.
MARKET_DATA = frozenset(
    {"tickPrice", "tickSize", "tickGeneric", "tickString", "realtimeBar", "historicalDataUpdate"}
    | {"tickByTick", "marketDepth", "marketDepthL2"}
)

#: Named fields of a placeOrder; other requests have `req_id` and, with a contract, the symbol.
PLACE_ORDER_FIELDS = {
    "order_id": 1, "side": 16, "quantity": 17, "type": 18, "limit_price": 19, "stop_price": 20,
    "tif": 21, "oca_group": 22, "order_ref": 26, "transmit": 27, "parent_id": 28,
}  # fmt: skip

#: What every event can be matched on besides its own named fields.
COMMON = ("client_id", "session", "symbol", "order_ref", "about")

_REQUEST_NAMES = {number: name for name, number in REQUESTS.items()}
_REPLY_NAMES = {shape.number: name for name, shape in REPLIES.items() if shape.number}


def request_name(fields: Sequence[str]) -> str | None:
    """What a request is called, if it has a name here."""
    return _REQUEST_NAMES.get(int(fields[0])) if fields and fields[0].isdecimal() else None


def reply_name(fields: Sequence[str]) -> str | None:
    """What a reply is called, if it has a name here."""
    return _REPLY_NAMES.get(int(fields[0]))


def field_positions(event: str) -> Mapping[str, int]:
    """The named fields of an event; none for what has none."""
    if event in REPLIES:
        return REPLIES[event].fields
    if event == "placeOrder":
        return PLACE_ORDER_FIELDS
    return {}


def named_fields(event: str, fields: Sequence[str]) -> dict[str, str]:
    """The named fields of a message with their values."""
    return {
        name: fields[position]
        for name, position in field_positions(event).items()
        if position < len(fields)
    }


def contract_of(event: str, fields: Sequence[str]) -> tuple[int, str] | None:
    """Contract id (0: not given) and `SYMBOL/CCY` of a request about a contract."""
    if event not in _WITH_CONTRACT:
        return None
    start = 2 if fields[0] in ("3", "20") or int(fields[0]) >= 78 else 3
    if len(fields) <= start + 9:
        return None
    con_id = fields[start]
    symbol = f"{fields[start + 1]}/{fields[start + 9]}".upper()
    return (int(con_id) if con_id.isdecimal() else 0), symbol


def about(event: str, fields: Sequence[str]) -> int | None:
    """The order id or request id that a message is about; None where it is about none."""
    if event in REQUESTS:
        found = request_id(fields)
        return None if found == -1 or event in _WITHOUT_ID else found
    positions = field_positions(event)
    for name in ("order_id", "req_id"):
        position = positions.get(name)
        if position is not None and position < len(fields):
            text = fields[position]
            return int(text) if text.lstrip("-").isdecimal() and text != "-1" else None
    return None

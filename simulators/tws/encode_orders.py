"""Replies about orders: openOrder, orderStatus, executions, commissions, completed orders.

The long layouts are those recorded from real gateways, with our values in their places.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.orders import OrderType, Side
from simulators.model import BrokerOrder, Commission, Execution, Instrument, NewOrder, Preview
from simulators.tws.encode import contract_fields
from simulators.tws.fields import UNSET_DOUBLE, UNSET_INT, UNSET_LONG, money, number, size
from simulators.tws.protocol import VERSION_PEG_OFFSETS, Reply

#: How orders are called on the wire.
ORDER_TYPES = {
    "LMT": OrderType.LIMIT,
    "MKT": OrderType.MARKET,
    "STP": OrderType.STOP,
    "STP LMT": OrderType.STOP_LIMIT,
    "TRAIL": OrderType.STOP,
    "TRAIL LIMIT": OrderType.STOP_LIMIT,
    "MTL": OrderType.MARKET,
}
_PLAIN = {
    OrderType.LIMIT: "LMT",
    OrderType.MARKET: "MKT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STP LMT",
}
_TRAILING = {OrderType.STOP: "TRAIL", OrderType.STOP_LIMIT: "TRAIL LIMIT"}


def local_time(time: datetime, zone: str) -> str:
    """A time as the wire writes it: `20260413 15:27:04 US/Eastern`."""
    return f"{time.astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"


def order_status(order: BrokerOrder, version: int) -> list[str]:
    """Where an order stands; a part fill is `Submitted` with something filled."""
    request = order.request
    return [
        str(Reply.ORDER_STATUS.value),
        str(request.order_id),
        order.status,
        size(order.filled, version),
        size(request.quantity - order.filled, version),
        number(order.average_price),
        str(order.perm_id),
        str(request.parent_id),
        number(order.last_fill_price),
        str(request.client_id),
        order.why_held,
        "0",
    ]


def _terms(order: BrokerOrder, version: int) -> list[str]:
    """Side, quantity, type, the two prices and the time in force."""
    request = order.request
    kind, aux = _PLAIN[request.type], request.stop_price
    if request.trail is not None:
        kind, aux = _TRAILING[request.type], request.trail.amount
    if request.market_to_limit and request.type is OrderType.MARKET:
        kind = "MTL"
    return [
        request.side.value,
        size(request.quantity, version),
        kind,
        number(request.limit_price or Decimal(0)),
        number(aux or Decimal(0)),
        "FOK" if request.fill_or_kill else request.tif.value,
    ]


def _trail(request: NewOrder) -> tuple[str, str, str]:
    """Where a trailing stop stands, its percentage, and how far off its limit is."""
    trail = request.trail
    if trail is None or request.stop_price is None:
        return UNSET_DOUBLE, "", UNSET_DOUBLE
    percent, offset = trail.percent, trail.limit_offset
    return (
        number(request.stop_price),
        "" if percent is None else number(percent),
        UNSET_DOUBLE if offset is None else number(offset),
    )


def open_order(
    order: BrokerOrder,
    instrument: Instrument,
    commission: tuple[Decimal, str] | None,
    version: int,
    figures: list[str] | None = None,
) -> list[str]:
    """An order with its state; `commission` (amount, currency) is known only after fills.

    `figures` are those of a preview, as `preview_figures` gives them; they make it a what-if.
    """
    request = order.request
    stop, percent, offset = _trail(request)
    tag = f"{order.perm_id}.0/{request.account}/{request.client_id}"
    fields = [
        str(Reply.OPEN_ORDER.value),
        str(request.order_id),
        *contract_fields(instrument, request.exchange),
        *_terms(order, version),
        *(request.oca_group, request.account, "", "0", request.order_ref),
        *(str(request.client_id), str(order.perm_id)),
        *("0", "0", "0", "", tag),  # outsideRth, hidden, discretionary, goodAfterTime
        *("", "", "", "", "", "", "", "", ""),  # faGroup … settlingFirm
        *("0", "", "-1", "0", "", "", "", "", ""),  # shortSaleSlot … stockRangeUpper
        *(UNSET_INT, "0", "0", "0", ""),  # displaySize … minQty
        *(str(request.oca_type), "0", "0", ""),  # ocaType … nbboPriceCap
        *(
            str(request.parent_id),
            "0",
            "",
            "0",
            "None",
            "",
            "0",
            "",
            "",
            "",
            "?",
            "0",
            "0",
            "",
        ),  # … delta-neutral
        *("0", "0", stop if request.trail else "", percent),  # continuousUpdate … trailingPercent
        *("", "", ""),  # basisPoints … comboLegsDescrip
        *("0", "0", "0", UNSET_INT, UNSET_INT, "", ""),  # legs, params, scale, hedge
        *("0", "", "IB", "0", "0", "", "0"),  # optOut, clearing, notHeld, … solicited
        *("0" if figures is None else "1", order.status),
        *([UNSET_DOUBLE] * 9 if figures is None else figures[:9]),
        *(_commission(commission) if figures is None else figures[9:]),
        *("", "0", "0", "0"),  # warningText, randomize, conditions
        *("None", UNSET_DOUBLE, stop, offset, *([UNSET_DOUBLE] * 3)),  # adjusted type and prices
        *("0", "", "", "", "0", "1", "0", "0", "0"),  # trailing unit … usePriceMgmtAlgo
    ]
    for since, field in ((159, ""), (160, ""), (162, "0")):  # duration, postToAts, autoCancel
        if version >= since:
            fields.append(field)
    if version >= VERSION_PEG_OFFSETS:
        fields += [""] * 5
    return fields


def preview_figures(preview: Preview, *, exact: bool) -> list[str]:
    """Margins before, by how much they change, and after; the commission; its currency.

    Where it is not `exact`, the least and the most of the commission are told in its place.
    """
    before, after = preview.before, preview.after
    pairs = (
        (before.initial, after.initial),
        (before.maintenance, after.maintenance),
        (before.equity, after.equity),
    )
    charge = number(preview.commission)
    bounds = (charge, UNSET_DOUBLE, UNSET_DOUBLE) if exact else (UNSET_DOUBLE, charge, charge)
    return [
        *(money(was) for was, _ in pairs),
        *(money(will - was) for was, will in pairs),
        *(money(will) for _, will in pairs),
        *bounds,
        preview.currency,
    ]


#: A preview of which nothing is known yet.
NO_FIGURES = [*([UNSET_DOUBLE] * 12), ""]


def _commission(commission: tuple[Decimal, str] | None) -> tuple[str, str, str, str]:
    """Commission with its bounds and currency."""
    if commission is None:
        return "", "", "", ""
    amount, currency = commission
    return number(amount), "", "", currency


def completed_order(
    order: BrokerOrder, instrument: Instrument, zone: str, version: int
) -> list[str]:
    """An order that is over. It has no order id and no client id, as IB sends none."""
    request = order.request
    done = order.completed_at or order.placed_at
    stop, percent, offset = _trail(request)
    fields = [
        str(Reply.COMPLETED_ORDER.value),
        *contract_fields(instrument, request.exchange),
        *_terms(order, version),
        *(request.oca_group, request.account, "", "0", request.order_ref, str(order.perm_id)),
        *("0", "0", "0", ""),  # outsideRth, hidden, discretionary, goodAfterTime
        *("", "", "", "", "", "", "", "", ""),  # faGroup … settlingFirm
        *("0", "", "-1", "", "", "", "", ""),  # shortSaleSlot … stockRangeUpper
        *(UNSET_INT, "0", "0", "", str(request.oca_type), "0"),  # displaySize … triggerMethod
        *("", "0", "None", "", "0", "0", "0", ""),  # volatility, delta-neutral
        *("0", "0", stop if request.trail else "", percent, ""),  # … comboLegsDescrip
        *("0", "0", "0", UNSET_INT, UNSET_INT, "", ""),  # legs, params, scale, hedge
        *("", "IB", "0", "0", "", "0"),  # clearing, notHeld, delta-neutral, algo, solicited
        order.status,
        *("0", "0", "0"),  # randomize, conditions
        *(stop, offset, "0", "1", "0", ""),  # trailStop … autoCancelDate
        size(order.filled, version),
        *(UNSET_INT, "0", "Not an insider or substantial shareholder", "0", "0", UNSET_LONG),
        local_time(done, zone),
        order.completed_status,
    ]
    if version >= VERSION_PEG_OFFSETS:
        fields += [""] * 5
    return fields


def order_bound(order: BrokerOrder) -> list[str]:
    """An order that was entered by hand now has an id of client 0."""
    ids = (order.perm_id, order.request.client_id, order.request.order_id)
    return [str(Reply.ORDER_BOUND.value), *map(str, ids)]


def execution(
    req_id: int, trade: Execution, instrument: Instrument, version: int, by_hand: int = 0
) -> list[str]:
    """A trade; `req_id` is -1 for one that nobody asked for. Bought is BOT, sold is SLD.

    `by_hand` stands for the order id of an order that has none.
    """
    request = trade.order.request
    return [
        str(Reply.EXECUTION.value),
        str(req_id),
        str(request.order_id or by_hand),
        *contract_fields(instrument, request.exchange),
        trade.execution_id,
        local_time(trade.time, instrument.time_zone_id),
        request.account,
        trade.exchange,
        "BOT" if request.side is Side.BUY else "SLD",
        size(trade.quantity, version),
        number(trade.price),
        str(trade.order.perm_id),
        str(request.client_id),
        "0",
        size(trade.cumulative_quantity, version),
        number(trade.average_price),
        request.order_ref,
        "",
        "",
        "",
        str(trade.liquidity),
    ]


def commission_report(commission: Commission) -> list[str]:
    """What an execution cost. Realised profit is unset where the trade only opened."""
    realised = commission.realised_pnl
    return [
        str(Reply.COMMISSION_REPORT.value),
        "1",
        commission.execution_id,
        number(commission.amount),
        commission.currency,
        UNSET_DOUBLE if realised is None else number(realised),
        "",
        "",
    ]

"""Sentences with which TWS accompanies an order that it has taken."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from simulators.model import BrokerEvent, BrokerOrder, Instrument, NewOrder, OrderNotice

#: IDEALPRO takes orders from US$25,000 on.
ODD_LOT = (
    "Your order size is below the USD 25000 IdealPro minimum and will be routed as an odd lot "
    "order."
)


def locating(order: NewOrder) -> OrderNotice:
    """404: a short sale waits for shares that can be borrowed."""
    return OrderNotice(
        order.client_id, order.order_id, 404, "Order held while securities are located."
    )


def held_until(order: NewOrder, instrument: Instrument, opens: datetime) -> OrderNotice:
    """399: nothing goes to the exchange before it opens."""
    local = opens.astimezone(ZoneInfo(instrument.time_zone_id))
    return warning(
        order,
        instrument,
        "Your order will not be placed at the exchange until "
        f"{local:%Y-%m-%d %H:%M:%S} {instrument.time_zone_id}.",
    )


def warning(order: NewOrder, instrument: Instrument, sentence: str) -> OrderNotice:
    """399, with the order in its first line and real line breaks."""
    text = (
        f"Order Message:\n{order.side} {order.quantity} {instrument.local_symbol} "
        f"{instrument.exchange}\nWarning: {sentence}"
    )
    return OrderNotice(order.client_id, order.order_id, 399, text)


def discarded(order: BrokerOrder) -> list[BrokerEvent]:
    """What a cancel of an order that was never transmitted is answered with."""
    asked = order.request
    return [
        OrderNotice(asked.client_id, asked.order_id, 202, "Order was discarded"),
        OrderNotice(
            asked.client_id,
            asked.order_id,
            161,
            "Cancel attempted when order is not in a cancellable state.  "
            f"Order permId = {order.perm_id}",
        ),
    ]

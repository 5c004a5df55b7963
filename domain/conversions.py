"""Two purposes of an order in a currency pair: CONVERT is cash for cash, TRADE a lot of our own.

A conversion has no plan and no stop, makes no position, and is left alone by whatever takes
positions out. What is not said to be a conversion is a trade: the stricter of the two, for it
counts, is guarded, and leaves with a flatten.
"""

from __future__ import annotations

from domain.admission import Refusal
from domain.figures import DeskFigures
from domain.orders import OrderRequest, OrderType, Purpose


def conversion(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Refuse a conversion that is none."""
    if request.purpose is not Purpose.CONVERT:
        return None
    if not request.symbol.is_currency_pair:
        return Refusal(
            request.client_order_id,
            "CONVERT_NOT_A_PAIR",
            f"{request.symbol} is no pair of currencies, so there is no cash to convert.",
            "Leave the purpose out, or name a pair such as AUD/USD.",
        )
    plain = request.type in (OrderType.LIMIT, OrderType.MARKET)
    if not plain or request.parent or request.oca_group or request.plan:
        return Refusal(
            request.client_order_id,
            "CONVERT_TAKES_NO_PLAN",
            "A conversion is cash for cash: it has no stop, no target and no plan.",
            "Send a LIMIT or MARKET order alone, or leave the purpose out for a trade.",
        )
    return None

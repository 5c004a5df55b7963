"""How an order lies in its row, and how it is read from there with its open amendment."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from adapters.store.amendments import AMENDMENT_COLUMNS, amendment_of, terms_detail
from adapters.store.average_cost import average
from adapters.store.columns import moment, optional_decimal, optional_moment
from adapters.store.connection import Row
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.symbols import Symbol

COLUMNS = """
client_order_id, venue, symbol, side, quantity, type, limit_price, stop_price, tif, purpose,
state, created_us, filled, filled_value, venue_order_id, pending_change, reason, sent_us,
updated_us, correlation, parent, oca_group, market_tif, plan
"""
_NAMES = [name.strip() for name in COLUMNS.split(",")]
SELECT = f"""
SELECT {", ".join(f"o.{name}" for name in _NAMES)}, {AMENDMENT_COLUMNS}
FROM orders AS o LEFT JOIN amendments AS a
ON a.client_order_id = o.client_order_id AND a.amendment_id = o.amending
"""

#: What an intent has only when it was made from an order that had been on its way already.
_NOT_YET = ("venue_order_id", "pending_change", "reason", "sent_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Entry:
    """An order with what the book keeps beside it."""

    order: Order
    filled_value: Decimal
    """The sum of quantity times price over its fills."""
    correlation: str


def entry_of(row: Row) -> Entry:
    """Read a row of `SELECT`."""
    filled, value = Decimal(row[12]), Decimal(row[13])
    request = OrderRequest(
        client_order_id=row[0],
        symbol=Symbol.parse(row[2]),
        side=Side(row[3]),
        quantity=Decimal(row[4]),
        type=OrderType(row[5]),
        limit_price=optional_decimal(row[6]),
        stop_price=optional_decimal(row[7]),
        tif=Tif(row[8]),
        purpose=Purpose(row[9]),
        parent=row[20],
        oca_group=row[21],
        market_tif=row[22] and Tif(row[22]),
        plan=row[23],
    )
    order = Order(
        request=request,
        venue=row[1],
        state=OrderState(row[10]),
        created_at=moment(row[11]),
        filled=filled,
        average_price=average(value, filled),
        venue_order_id=row[14],
        pending_change=row[15],
        reason=row[16],
        sent_at=optional_moment(row[17]),
        updated_at=optional_moment(row[18]),
        amending=None if row[24] is None else amendment_of(row[24:]),
    )
    return Entry(order, value, row[19])


def journalled(order: Order) -> dict[str, object]:
    """A new order as the journal tells it."""
    request = order.request
    return {
        "venue": order.venue,
        "symbol": str(request.symbol),
        "side": request.side.value,
        **terms_detail(request.terms),
        "type": request.type.value,
        "tif": request.tif.value,
        "purpose": request.purpose.value,
        "state": order.state.value,
        "parent": request.parent,
        "oca_group": request.oca_group,
        "market_tif": request.market_tif and request.market_tif.value,
        "plan": request.plan,
        **{name: value for name in _NOT_YET if (value := getattr(order, name)) is not None},
    }

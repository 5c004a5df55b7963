"""When a position is left, and by which order: stop, target, age. The simplest of plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from domain.price_steps import ceil_to_step, floor_to_step
from domain.quotes import Quote
from domain.venue import InstrumentDetails


@dataclass(frozen=True, slots=True)
class ExitRules:
    """Fractions of the average price, and an age."""

    stop: Decimal = Decimal("0.004")
    target: Decimal = Decimal("0.006")
    latest_age: timedelta = timedelta(minutes=3)
    slip: Decimal = Decimal("0.001")
    """How far beyond the quote an exit's limit may reach."""


def reason_to_leave(
    rules: ExitRules,
    quantity: Decimal,
    average_price: Decimal,
    opened_at: datetime,
    quote: Quote,
    now: datetime,
) -> str:
    """Why the position should go now, judged on the side that would fill; empty to stay."""
    long = quantity > 0
    price = quote.bid if long else quote.ask
    if price is None or not quote.two_sided or quote.halted:
        return ""
    gain = (Decimal(repr(price)) - average_price) / average_price * (1 if long else -1)
    if gain <= -rules.stop:
        return f"stop: {gain * 100:.2f} % from the average price"
    if gain >= rules.target:
        return f"target: {gain * 100:.2f} % from the average price"
    if now - opened_at >= rules.latest_age:
        return f"age: held for {rules.latest_age.total_seconds():.0f} s"
    return ""


def exit_order(
    client_order_id: str,
    rules: ExitRules,
    quantity: Decimal,
    quote: Quote,
    instrument: InstrumentDetails,
) -> OrderRequest | None:
    """A marketable limit with a bounded slip for the whole position; None without a price."""
    long = quantity > 0
    price = quote.bid if long else quote.ask
    if price is None:
        return None
    reference = Decimal(repr(price))
    if long:
        limit = floor_to_step(reference * (1 - rules.slip), instrument.price_steps)
    else:
        limit = ceil_to_step(reference * (1 + rules.slip), instrument.price_steps)
    if limit <= 0:
        return None
    return OrderRequest(
        client_order_id=client_order_id,
        symbol=quote.symbol,
        side=Side.SELL if long else Side.BUY,
        quantity=abs(quantity),
        type=OrderType.LIMIT,
        limit_price=limit,
        tif=Tif.DAY,
        purpose=Purpose.EXIT,
    )

"""Orders, executions and commissions to write into a book, and a clock that stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from domain.symbols import Symbol
from domain.venue import CommissionReport, ExecutionReport

NOON = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BHP = Symbol("BHP", "AUD")
ACCOUNT = "DU1234567"


class StandingClock:
    """A clock that shows what it is set to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def intent(
    client_order_id: str = "K-1",
    *,
    symbol: Symbol = BHP,
    side: Side = Side.BUY,
    quantity: str = "100",
    created_at: datetime = NOON,
) -> Order:
    """A limit order that nobody has sent yet."""
    request = OrderRequest(
        client_order_id=client_order_id,
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        type=OrderType.LIMIT,
        limit_price=Decimal("45.10"),
    )
    return Order(request=request, venue="ib", state=OrderState.INTENDED, created_at=created_at)


def execution(
    key: str = "0001.01",
    *,
    revision: int = 1,
    order: str | None = "K-1",
    side: Side = Side.BUY,
    quantity: str = "100",
    price: str = "45.10",
    seconds: float = 0,
    venue_order_id: str | None = "9001",
) -> ExecutionReport:
    """One trade, `seconds` after noon."""
    return ExecutionReport(
        execution_id=f"{key}.{revision:02}",
        execution_key=key,
        revision=revision,
        client_order_id=order,
        venue_order_id=venue_order_id,
        symbol=BHP,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        time=NOON + timedelta(seconds=seconds),
        exchange="ASX",
        liquidity="added",
        account=ACCOUNT,
    )


def commission(
    key: str = "0001.01", amount: str = "6.60", *, revision: int = 1, currency: str = "AUD"
) -> CommissionReport:
    """What a trade cost."""
    return CommissionReport(
        execution_id=f"{key}.{revision:02}",
        execution_key=key,
        revision=revision,
        commission=Decimal(amount),
        currency=currency,
        realised_pnl=None,
    )

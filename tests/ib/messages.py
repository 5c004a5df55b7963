"""Messages as a gateway at version 176 writes them, for the one share of these tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from domain.orders import OrderType, Side, Tif
from domain.symbols import Symbol
from simulators.listings import LISTINGS
from simulators.model import BrokerOrder, NewOrder
from simulators.tws.encode_orders import completed_order, open_order, order_status
from tests.ib.peer import ACCOUNT, frame

BHP = Symbol.parse("BHP/AUD")
BHP_FIELDS = ["4036812", "BHP", "STK", "", "0", "", "", "ASX", "AUD", "BHP", "BHP"]
INSTRUMENT = next(each.instrument for each in LISTINGS if each.instrument.symbol == BHP)


def broker_order(
    order_id: int, reference: str, status: str, permanent_id: int = 123, client_id: int = 1
) -> BrokerOrder:
    request = NewOrder(
        client_id=client_id,
        order_id=order_id,
        order_ref=reference,
        account=ACCOUNT,
        con_id=4036812,
        exchange="SMART",
        side=Side.BUY,
        quantity=Decimal(100),
        type=OrderType.LIMIT,
        limit_price=Decimal("45.1"),
        stop_price=None,
        tif=Tif.DAY,
    )
    return BrokerOrder(
        request=request,
        perm_id=permanent_id,
        status=status,
        filled=Decimal(0),
        average_price=Decimal(0),
        last_fill_price=Decimal(0),
        why_held="",
        placed_at=datetime(2026, 9, 9, tzinfo=UTC),
        completed_at=None,
        completed_status="",
    )


def opened(order_id: int, reference: str, status: str, **more: int) -> bytes:
    order = broker_order(order_id, reference, status, **more)
    return frame(*open_order(order, INSTRUMENT, None, 176))


def opened_fields(order_id: int, reference: str, status: str) -> list[str]:
    return open_order(broker_order(order_id, reference, status), INSTRUMENT, None, 176)


def status(order_id: int, text: str, *, filled: int = 0, why_held: str = "", **more: int) -> bytes:
    order = broker_order(order_id, "", text, **more)
    order = replace(order, filled=Decimal(filled), why_held=why_held)
    return frame(*order_status(order, 176))


def completed(reference: str, text: str, words: str, permanent_id: int = 123) -> bytes:
    order = replace(broker_order(0, reference, text, permanent_id), completed_status=words)
    return frame(*completed_order(order, INSTRUMENT, "Australia/Sydney", 176))


def execution(
    order_id: int,
    reference: str,
    execution_id: str = "0000e0d5.67fe667b.01.01",
    shares: str = "100",
    when: str = "20260909 10:00:00 Australia/NSW",
    request: int = -1,
    account: str = ACCOUNT,
    permanent_id: int = 123,
) -> bytes:
    return frame(
        *(11, request, order_id, *BHP_FIELDS, execution_id, when, account, "ASX", "BOT"),
        *(shares, "45.1", permanent_id, 1, 0, shares, "45.1", reference, "", "", "", 2),
    )


def commission(
    execution_id: str = "0000e0d5.67fe667b.01.01",
    amount: str = "6.6",
    realised: str = "1.7976931348623157E308",
) -> bytes:
    return frame(59, 1, execution_id, amount, "AUD", realised, "", "")


def error(request: int, code: int, text: str = "words of the venue") -> bytes:
    return frame(4, 2, request, code, text, "")

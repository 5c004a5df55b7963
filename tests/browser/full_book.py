"""A book with a past: thirty days of an equity curve, and orders that traded in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from adapters.store import SqliteBook, open_book
from domain.commissions import ChargeTerms
from domain.costs import CostEstimate, EstimateSource
from domain.equity_curve import ALL, SYDNEY, CurveRow, EquityPoint, Why, sydney_day
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.symbols import Symbol
from domain.venue import CommissionReport, ExecutionReport
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from tests.pains.acts import buy, rest, wait_for_quote
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until

_SYMBOLS = (("BHP/AUD", 45.0), ("CBA/AUD", 131.0), ("VAS/AUD", 104.0))
_SHARES = ChargeTerms(
    "AUD", Decimal("0.00088"), Decimal(0), Decimal("6.60"), None, Decimal(1), Decimal(1) / 11
)


def write_past(
    folder: Path,
    *,
    trades: int = 200,
    days: int = 31,
    scale: Decimal = Decimal(1),
    reason: str = "as the plan wanted",
) -> list[str]:
    """Into the book of a tree that is not running; the ids of the orders, oldest first.

    What is bought is sold again, so that nothing of it is held. `scale` multiplies every amount,
    `reason` stands beside every order.
    """
    clock = SystemClock()
    book = open_book(folder / "state", "paper", ACCOUNT, clock)
    chance = random.Random(7)
    now = clock.now()
    begin = now - timedelta(days=days)
    try:
        with book.group():
            names = _trades(book, chance, begin, now, trades, scale, reason)
        with book.group():
            _curve(book, chance, begin, now, scale)
    finally:
        book.close()
    return names


def _trades(
    book: SqliteBook,
    chance: random.Random,
    begin: datetime,
    now: datetime,
    count: int,
    scale: Decimal,
    reason: str,
) -> list[str]:
    names = []
    times = _trading_times(begin, now, count)
    for number in range(count):
        name, price = _SYMBOLS[number // 2 % len(_SYMBOLS)]
        side = Side.SELL if number % 2 else Side.BUY
        if side is Side.BUY:
            quantity = chance.randrange(20, 260)
        at = times[number]
        worth = Decimal(f"{price * chance.uniform(0.98, 1.025):.2f}") * scale
        names.append(f"KLP-PAST-{number:04}")
        _trade(book, names[-1], Symbol.parse(name), side, Decimal(quantity), worth, at, reason)
    return names


def _trading_times(begin: datetime, now: datetime, count: int) -> list[datetime]:
    """So many moments of the ASX's hours, on the weekdays before today, in their order."""
    days = [
        day
        for place in range((now - begin).days)
        if (day := sydney_day(begin + timedelta(days=place))).weekday() < 5
    ]
    found = []
    for number in range(count):
        share = number * len(days) / count
        minute = 20 + int((share - int(share)) * 320)
        local = datetime.combine(days[int(share)], time(10), SYDNEY) + timedelta(minutes=minute)
        found.append(local.astimezone(UTC))
    return found


def _trade(
    book: SqliteBook,
    name: str,
    symbol: Symbol,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    at: datetime,
    reason: str,
) -> None:
    request = OrderRequest(
        name,
        symbol,
        side,
        quantity,
        OrderType.LIMIT,
        limit_price=price,
        purpose=Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
    )
    cost = max(Decimal("6.60"), round(price * quantity * Decimal("0.00088"), 2))
    estimate = CostEstimate(
        quantity=quantity,
        commission=cost + Decimal("0.04"),
        gst=Decimal("0.60"),
        currency="AUD",
        spread=Decimal(0),
        rate=Decimal(1),
        base_currency="AUD",
        source=EstimateSource.TABLE,
        rule="asx_fixed 2026-08-19",
        terms=_SHARES,
    )
    order = Order(request=request, venue="ib", state=OrderState.INTENDED, created_at=at)
    book.record_intent(order, name, estimates={name: estimate})
    book.record_state(name, OrderState.SENT, at, sent_at=at)
    key = f"past.{name}"
    report = ExecutionReport(
        execution_id=f"{key}.01",
        execution_key=key,
        revision=1,
        client_order_id=name,
        venue_order_id=f"9{name[-4:]}",
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=price,
        time=at,
        exchange="ASX",
        liquidity="added",
        account=ACCOUNT,
    )
    book.book_fill("ib", report, at)
    charged = CommissionReport(f"{key}.01", key, 1, cost, "AUD", None)
    book.book_commission("ib", charged, at)
    book.record_state(name, OrderState.FILLED, at, reason=reason, venue_order_id=f"9{name[-4:]}")


def _curve(
    book: SqliteBook, chance: random.Random, begin: datetime, now: datetime, scale: Decimal
) -> None:
    at = begin.replace(minute=0, second=0, microsecond=0)
    earned, deposited, day = Decimal(0), Decimal(999_000), sydney_day(at)
    while at < now:
        hour = sydney_day(at)
        if hour != day:
            _point(book, at, Why.DAY, day, earned * scale, deposited * scale)
            day = hour
        if 0 <= at.hour < 6 and at.weekday() < 5:
            earned += Decimal(f"{chance.gauss(4, 90):.2f}")
        _point(book, at + timedelta(seconds=1), Why.HOUR, hour, earned * scale, deposited * scale)
        at += timedelta(hours=1)


def _point(
    book: SqliteBook, at: datetime, why: Why, day: date, earned: Decimal, deposited: Decimal
) -> None:
    point = EquityPoint(
        at=at,
        venue=ALL,
        why=why,
        day=day,
        currency="AUD",
        equity=deposited + earned,
        cash=deposited,
        holdings=earned,
        realised=earned,
        unrealised=Decimal(0),
        commissions=Decimal(0),
        stale=False,
    )
    book.record_equity(CurveRow((point,), (), ()))


@contextmanager
def a_good_month(stage: Stage) -> Iterator[tuple[Tree, list[str]]]:
    """A tree with a past that holds three shares under their stops, and an order that rests.

    With the ids of what traded in the past, oldest first.
    """
    past = write_past(stage.folder)
    wait_for_open_market()
    stage.play()
    with stage.tree(PROTECT_ENTRIES="true", PLAN_STOP="2", PLAN_TARGET="3") as tree:
        tree.wait_until_ready()
        for name, quantity in (("VAS/AUD", 45), ("CBA/AUD", 30), ("BHP/AUD", 120)):
            wait_for_quote(tree, name)
            buy(tree, f"KLP-NEW-{name[:3]}", symbol=name, quantity=str(quantity))
        rest(tree, "KLP-RESTS", limit_price="40")
        until(lambda: _colours(tree) == {"GREEN"}, "all is protected")
        yield tree, past


def _colours(tree: Tree) -> set[str]:
    rows = [row["protection"] for row in tree.get("/positions")["items"] if row["held"] != "0"]
    return {"" if row is None else row["colour"] for row in rows}

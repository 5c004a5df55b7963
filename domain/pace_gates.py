"""The gates of pace: a symbol that cools down, too many orders, the same order twice."""

from __future__ import annotations

from decimal import Decimal

from domain.admission import Refusal
from domain.figures import RISK_REDUCING, DeskFigures
from domain.gate_words import GateWord
from domain.orders import OrderRequest, Purpose

_HUNDRED = Decimal(100)


def cooling_down(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a new position in a symbol that was refused, or lost on, again and again."""
    if figures.risk.limits.cool_down_seconds is None or request.purpose is not Purpose.ENTRY:
        return None
    cooling = figures.risk.pace.cooling
    if not cooling:
        return GateWord("COOLING_DOWN", True, f"{request.symbol} is not cooling down.")
    return Refusal(
        request.client_order_id,
        "COOLING_DOWN",
        f"{request.symbol} cools down {cooling}.",
        "Wait until then; COOL_DOWN_SECONDS says for how long.",
        (("cooling", cooling),),
    )


def order_rate(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a new position where so many orders were made lately: something may run wild.

    All orders of ours count, but what leaves a position is never held back.
    """
    limits, pace = figures.risk.limits, figures.risk.pace
    if request.purpose in RISK_REDUCING:
        return None
    told = (("last minute", str(pace.last_minute)), ("today", str(pace.today)))
    for made, limit, name, when in (
        (pace.last_minute, limits.max_orders_per_minute, "MAX_ORDERS_PER_MINUTE", "a minute"),
        (pace.today, limits.max_orders_per_day, "MAX_ORDERS_PER_DAY", "a day"),
    ):
        if limit is not None and made >= limit:
            return Refusal(
                request.client_order_id,
                "ORDER_RATE",
                f"{made} orders were made, and {name} allows {limit} {when}.",
                "Look at what orders so much; the gate opens as time goes by.",
                told,
            )
    if limits.max_orders_per_minute is None and limits.max_orders_per_day is None:
        return None
    said = f"{pace.last_minute} orders in the last minute, {pace.today} today."
    return GateWord("ORDER_RATE", True, said, told)


def duplicate(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse an entry of which about the same works already, for whoever asks: it was sent twice.

    About the same: side and type, and quantity and prices within DUPLICATE_PERCENT.
    """
    percent = figures.risk.limits.duplicate_percent
    if percent is None or request.purpose is not Purpose.ENTRY:
        return None
    for other in figures.risk.pace.own:
        # Members of one group are meant to stand beside each other.
        grouped = request.oca_group is not None and request.oca_group == other.oca_group
        if not grouped and _alike(request, other, percent):
            return Refusal(
                request.client_order_id,
                "DUPLICATE_INTENT",
                f"{other.client_order_id} works already, on about the same terms.",
                "Cancel that one first, or change it; if both are meant, ask on other terms.",
                (("working", other.client_order_id),),
            )
    return GateWord("DUPLICATE_INTENT", True, "No order like it works.")


def sign_flip(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse an entry while one on the other side works: together they could turn the position."""
    if request.purpose is not Purpose.ENTRY:
        return None
    against = [each for each in figures.risk.pace.working if each.side is not request.side]
    if not against:
        return GateWord("SIGN_FLIP", True, "No entry works on the other side.")
    name = against[0].client_order_id
    return Refusal(
        request.client_order_id,
        "SIGN_FLIP",
        f"{name} works on the other side of {request.symbol}: with both, nobody could say which "
        "way the position goes.",
        f"Cancel {name} first, and wait until it has ended.",
        (("working", name),),
    )


def _alike(one: OrderRequest, other: OrderRequest, percent: Decimal) -> bool:
    if one.side is not other.side or one.type is not other.type:
        return False
    figures = (
        (one.quantity, other.quantity),
        (one.limit_price, other.limit_price),
        (one.stop_price, other.stop_price),
    )
    return all(_near(mine, its, percent) for mine, its in figures)


def _near(one: Decimal | None, other: Decimal | None, percent: Decimal) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) * _HUNDRED <= percent * other

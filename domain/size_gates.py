"""The gates of size: of an order, a position, everything at stake, the purse, and cash.

Money is in the base currency; what a gate cannot know, it takes to be too much.
"""

from __future__ import annotations

from decimal import Decimal

from domain.admission import Refusal
from domain.exposure import worst_value
from domain.figures import RISK_REDUCING, DeskFigures
from domain.gate_words import Figures, GateWord, money
from domain.orders import OrderRequest, Purpose, Side

_NOTHING = Decimal(0)


def smallest_trade(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse what is too small to be worth its cost."""
    limit = figures.risk.limits.min_trade_size
    if limit is None or request.purpose in RISK_REDUCING:
        return None
    value = worst_value(request, figures)
    if value is None:
        return None  # which the gate of the largest order refuses
    worth, least = _money(value, figures), _money(limit, figures)
    told = (("order", worth), ("least", least))
    if value < limit:
        return Refusal(
            request.client_order_id,
            "TRADE_TOO_SMALL",
            f"The order is worth {worth}, less than the {least} of MIN_TRADE_SIZE.",
            "Make it larger, or lower MIN_TRADE_SIZE on the box.",
            told,
        )
    return GateWord("TRADE_TOO_SMALL", True, f"The order is worth {worth}.", told)


def largest_order(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a single order that is worth too much."""
    if request.purpose in RISK_REDUCING:
        return None
    value, limit = worst_value(request, figures), figures.max_order_value
    if value is None:
        return Refusal(
            request.client_order_id,
            "NO_RATE",
            f"What {request.symbol} is worth in {figures.base_currency} is not known.",
            "Wait for the market's data; `kelpie status` shows how old it is.",
        )
    worth = _money(value, figures)
    told = (("order", worth), ("limit", _money(limit, figures)))
    if value > limit:
        return Refusal(
            request.client_order_id,
            "ORDER_TOO_LARGE",
            f"The order is worth {value:.2f} {figures.base_currency}, more than the "
            f"{limit} of MAX_ORDER_VALUE.",
            "Make it smaller, or raise MAX_ORDER_VALUE on the box.",
            told,
        )
    return GateWord("ORDER_TOO_LARGE", True, f"The order is worth {worth}.", told)


def largest_position(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse what would make the holding of a symbol too large, with all that works in it."""
    exposure = figures.risk.exposure
    before = exposure.long if request.side is Side.BUY else exposure.short
    return _bounded(
        request,
        figures,
        ("POSITION_TOO_LARGE", "MAX_POSITION_VALUE", figures.risk.limits.max_position_value),
        before,
        f"In {request.symbol}",
    )


def total_exposure(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse what would put too much at stake, with all that others hold in the account."""
    exposure = figures.risk.exposure
    before = _less_own(request, exposure.total, exposure.long, exposure.short)
    return _bounded(
        request,
        figures,
        ("EXPOSURE_TOO_LARGE", "MAX_TOTAL_EXPOSURE", figures.risk.limits.max_total_exposure),
        before,
        "In all",
    )


def purse(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse what would take more of the account than Kelpie was given to use."""
    exposure = figures.risk.exposure
    before = _less_own(request, exposure.ours, exposure.ours_long, exposure.ours_short)
    return _bounded(
        request,
        figures,
        ("PURSE_EXCEEDED", "PURSE", figures.risk.limits.purse),
        before,
        "Of Kelpie's own",
    )


def cash(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a purchase that there is no cash for, with what open purchases may still take."""
    limit, free = figures.risk.limits.min_cash, figures.risk.cash
    if limit is None or request.purpose is not Purpose.ENTRY:
        return None
    if request.side is Side.SELL and not request.symbol.is_currency_pair:
        return None
    told: Figures = (("cash", _money(free, figures)), ("kept", _money(limit, figures)))
    if free is None:
        return Refusal(
            request.client_order_id,
            "CASH_NOT_KNOWN",
            "The account has not told its cash, or a rate for it is missing.",
            "Wait until it has; `kelpie status` shows what the account says.",
            told,
        )
    left = free - _at_worst(request, figures)
    told += (("left", _money(left, figures)),)
    if left < limit:
        return Refusal(
            request.client_order_id,
            "CASH_NOT_ENOUGH",
            f"It would leave {_money(left, figures)} of the {_money(free, figures)} that are "
            f"free, less than the {_money(limit, figures)} of MIN_CASH.",
            "Make it smaller, cancel what works, or put money into the account.",
            told,
        )
    return GateWord("CASH_NOT_ENOUGH", True, f"It leaves {_money(left, figures)} of cash.", told)


def positions_count(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse one more symbol where Kelpie is in so many already."""
    limit, exposure = figures.risk.limits.max_positions, figures.risk.exposure
    if limit is None or request.purpose is not Purpose.ENTRY:
        return None
    told = (("positions", str(exposure.positions)), ("limit", str(limit)))
    if not exposure.in_symbol and exposure.positions >= limit:
        return Refusal(
            request.client_order_id,
            "TOO_MANY_POSITIONS",
            f"Kelpie holds or buys {exposure.positions} symbols already, and MAX_POSITIONS "
            f"allows {limit}.",
            "Leave one of them first, or raise MAX_POSITIONS on the box.",
            told,
        )
    return GateWord("TOO_MANY_POSITIONS", True, f"Kelpie is in {exposure.positions}.", told)


def _less_own(
    request: OrderRequest, total: Decimal | None, long: Decimal | None, short: Decimal | None
) -> Decimal | None:
    """A total without this symbol's worse side, and with the side that the order adds to."""
    if total is None or long is None or short is None:
        return None
    side = long if request.side is Side.BUY else short
    return total - max(long, short) + side


def _bounded(
    request: OrderRequest,
    figures: DeskFigures,
    limit_of: tuple[str, str, Decimal | None],
    before: Decimal | None,
    where: str,
) -> Refusal | GateWord | None:
    """Hold what is at stake `before`, and the order with it, against a limit."""
    code, name, limit = limit_of
    if limit is None or request.purpose is not Purpose.ENTRY:
        return None
    told: Figures = (("before", _money(before, figures)), ("limit", _money(limit, figures)))
    if before is None:
        return Refusal(
            request.client_order_id,
            "EXPOSURE_NOT_KNOWN",
            f"{where} it is not known how much is at stake, so {name} cannot be held.",
            "Wait for the prices and rates of all that is held and works; GET /positions shows "
            "which are missing.",
            told,
        )
    after = before + _at_worst(request, figures)
    told += (("after", _money(after, figures)),)
    if after > limit:
        return Refusal(
            request.client_order_id,
            code,
            f"{where} {_money(after, figures)} would be at stake with it, more than the "
            f"{_money(limit, figures)} of {name}.",
            f"Make it smaller, leave or cancel something, or raise {name} on the box.",
            told,
        )
    said = f"{where} {_money(after, figures)} would be at stake with it."
    return GateWord(code, True, said, told)


def _at_worst(request: OrderRequest, figures: DeskFigures) -> Decimal:
    """What is not known counts as more than any limit."""
    value = worst_value(request, figures)
    return Decimal("Infinity") if value is None else value


def _money(amount: Decimal | None, figures: DeskFigures) -> str:
    return money(amount, figures.base_currency)

"""The gates of loss: the day's, the fall from the best result, and what fees have taken.

All from fills, marks and commissions: money paid in or taken out moves none of them.
"""

from __future__ import annotations

from decimal import Decimal

from domain.admission import Refusal
from domain.figures import RISK_REDUCING, DeskFigures
from domain.gate_words import GateWord, money
from domain.orders import OrderRequest, Purpose


def daily_loss(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse new positions for the rest of the Sydney day once so much was lost in it.

    The least that the day has seen counts: a recovery does not open the gate again.
    """
    result, limit = figures.risk.result, figures.risk.limits.max_daily_loss
    if limit is None or request.purpose is not Purpose.ENTRY:
        return None
    if result.lowest is None or result.today is None:
        return _not_known(request, figures)
    lost = max(-min(result.lowest, result.today), Decimal(0))
    said, most = money(lost, figures.base_currency), money(limit, figures.base_currency)
    told = (
        ("lost at the worst", said),
        ("today", money(result.today, figures.base_currency)),
        ("limit", most),
    )
    if lost > limit:
        return Refusal(
            request.client_order_id,
            "DAILY_LOSS",
            f"{said} were lost today at the worst, more than the {most} of MAX_DAILY_LOSS.",
            "Nothing new is opened before Sydney's midnight; exits and stops go on.",
            told,
        )
    return GateWord("DAILY_LOSS", True, f"{said} were lost today at the worst.", told)


def drawdown(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse new positions while the result stands too far below its best."""
    result, limit = figures.risk.result, figures.risk.limits.max_drawdown
    if limit is None or request.purpose is not Purpose.ENTRY:
        return None
    if result.below_peak is None:
        return _not_known(request, figures)
    said = money(result.below_peak, figures.base_currency)
    most = money(limit, figures.base_currency)
    told = (("below the best", said), ("limit", most))
    if result.below_peak > limit:
        return Refusal(
            request.client_order_id,
            "DRAWDOWN",
            f"The result stands {said} below its best, more than the {most} of MAX_DRAWDOWN.",
            "Find out why. To begin anew from here: stop Kelpie and run "
            "`kelpie limits --reset-peak` on the box.",
            told,
        )
    return GateWord("DRAWDOWN", True, f"The result stands {said} below its best.", told)


def fee_budget(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse what opens something once the fees of the day, or of the month, are spent."""
    result, limits = figures.risk.result, figures.risk.limits
    if request.purpose in RISK_REDUCING:
        return None
    told = (
        ("today", money(result.fees_today, figures.base_currency)),
        ("this month", money(result.fees_this_month, figures.base_currency)),
    )
    for spent, limit, name, when in (
        (result.fees_today, limits.max_fees_per_day, "MAX_FEES_PER_DAY", "today"),
        (result.fees_this_month, limits.max_fees_per_month, "MAX_FEES_PER_MONTH", "this month"),
    ):
        if limit is None:
            continue
        if spent is None:
            return _not_known(request, figures)
        if spent > limit:
            return Refusal(
                request.client_order_id,
                "FEE_BUDGET",
                f"{money(spent, figures.base_currency)} of fees were paid {when}, more than the "
                f"{money(limit, figures.base_currency)} of {name}.",
                f"Trade less often, or raise {name} on the box; exits go on.",
                told,
            )
    if limits.max_fees_per_day is None and limits.max_fees_per_month is None:
        return None
    said = f"Fees: {told[0][1]} today, {told[1][1]} this month."
    return GateWord("FEE_BUDGET", True, said, told)


def _not_known(request: OrderRequest, figures: DeskFigures) -> Refusal:
    missing = figures.risk.result.missing
    return Refusal(
        request.client_order_id,
        "RESULT_NOT_KNOWN",
        f"What was lost or paid is not known: there is no price or rate for {missing or 'a part'}.",
        "Wait for the market's data; GET /positions shows what is missing.",
    )

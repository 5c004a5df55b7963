"""The gate on costs: nothing is opened that costs too much to get into and out of again.

What leaves or guards a position is never held back by its cost. A conversion of cash goes one
way, so one way is what it may cost.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

from domain.admission import Refusal
from domain.costs import TripCost, trip_cost
from domain.figures import RISK_REDUCING, DeskFigures, worst_price
from domain.gate_words import GateWord
from domain.orders import OrderRequest, Purpose

_PERCENT = Decimal(100)
_RAISE = "or raise MAX_ROUND_TRIP_COST on the box."


def cost_gate(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse an entry that is dearer than MAX_ROUND_TRIP_COST, with the size that would pass."""
    fees, most = figures.fees, figures.max_round_trip
    if fees is None or most is None or request.purpose in RISK_REDUCING:
        return None
    price = worst_price(request, figures)
    preview = figures.previews.get(request.client_order_id)
    converts = request.purpose is Purpose.CONVERT
    cost = None if price is None else trip_cost(fees, price, 1 if converts else 2, preview)
    if cost is None:
        return Refusal(
            request.client_order_id,
            "COST_NOT_KNOWN",
            f"What trading {request.symbol} costs is not known: {_why(figures)}.",
            "Wait for the market's data; what no rule speaks of cannot be opened.",
        )
    share = cost.share_told(request.quantity) if cost.least else cost.share(request.quantity)
    trip = "The conversion" if converts else "A round trip"
    told = (
        ("one way" if converts else "round trip", f"{_percent(share)} %"),
        ("limit", f"{_plain(most * _PERCENT)} %"),
        ("by", "the venue's preview" if cost.least else fees.rule),
        *((("not in it", fees.beside),) if fees.beside else ()),
    )
    if share <= most:
        said = f"{trip} would cost {_percent(share)} % of its value."
        return GateWord("COST_TOO_HIGH", True, said, told)
    return Refusal(
        request.client_order_id,
        "COST_TOO_HIGH",
        f"{trip} of {request.quantity} {request.symbol} would cost {_percent(share)} % of its "
        f"value, more than the {_plain(most * _PERCENT)} % of MAX_ROUND_TRIP_COST.",
        _cure(cost, figures, most),
        told,
    )


def _cure(cost: TripCost, figures: DeskFigures, most: Decimal) -> str:
    lot = figures.instrument.lot if figures.instrument is not None else Decimal(1)
    size = cost.least_size(most, lot)
    if size is None:
        return f"No size of it is cheap enough: leave it, {_RAISE}"
    return f"From {_plain(size)} on it would pass at this price: make it larger, {_RAISE}"


def _why(figures: DeskFigures) -> str:
    fees = figures.fees
    if fees is not None and fees.terms is None:
        return fees.unknown
    return "there is no fresh price of it"


def _percent(share: Decimal) -> str:
    """Rounded up, so that what is refused never shows as the limit itself."""
    return _plain((share * _PERCENT).quantize(Decimal("0.01"), ROUND_UP))


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")

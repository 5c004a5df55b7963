"""The gate that bounds how many plans of a symbol may be open at once."""

from __future__ import annotations

from domain.admission import Refusal
from domain.figures import DeskFigures
from domain.gate_words import GateWord
from domain.orders import OrderRequest, Purpose


def too_many_plans(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse an entry in a symbol that has all the plans that it may have.

    Pending ones count, and entries on their way to the disk; a bound of 0 is none.
    """
    if request.purpose is not Purpose.ENTRY or not figures.max_plans:
        return None
    told = (("open plans", str(figures.open_plans)), ("limit", str(figures.max_plans)))
    if figures.open_plans < figures.max_plans:
        sentence = f"{figures.open_plans} plans of {request.symbol} are open."
        return GateWord("TOO_MANY_PLANS", True, sentence, told)
    return Refusal(
        request.client_order_id,
        "TOO_MANY_PLANS",
        f"{figures.open_plans} plans of {request.symbol} are open; MAX_PLANS_PER_SYMBOL is "
        f"{figures.max_plans}.",
        "Leave one of them first (`kelpie plans` lists them), or raise it on the box.",
        told,
    )

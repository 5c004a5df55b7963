"""The gate before short sales: by the owner's leave alone, and never of what others hold."""

from __future__ import annotations

from domain.admission import Refusal
from domain.figures import DeskFigures
from domain.orders import OrderRequest, Purpose, Side


def short_sale(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Refuse an entry that sells shares which are not Kelpie's.

    Shares that others hold in the account would be sold first, not borrowed. Pairs need no leave.
    """
    if request.purpose is not Purpose.ENTRY or request.side is Side.BUY:
        return None
    if request.symbol.is_currency_pair:
        return None
    if not figures.short_selling:
        return Refusal(
            request.client_order_id,
            "SHORT_NOT_ALLOWED",
            f"{request.symbol} would be sold short, which SHORT_SELLING does not allow.",
            "Buy before you sell, or allow it on the box; IB must locate the shares first.",
        )
    if figures.held > 0:
        return Refusal(
            request.client_order_id,
            "SHORT_OF_HELD",
            f"The account holds {figures.held} {request.symbol} that are not Kelpie's: a short "
            "sale would sell them.",
            "Sell those by hand, or give them to Kelpie with `kelpie adopt`.",
        )
    return None

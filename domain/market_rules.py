"""What markets demand of an order, checked before it is sent (facts/ib.md 6.4, 6.5).

The first parcel of a share on the ASX, the smallest order that IDEALPRO takes as such, and a
market order priced as a limit through the touch. Pure, as the gates are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from domain.admission import Refusal
from domain.figures import RISK_REDUCING, DeskFigures
from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from domain.price_steps import ceil_to_step, floor_to_step
from domain.venue import PriceStep

LEAST_PARCEL = Decimal(500)
"""A$: a purchase of a share may not start a holding below this, nor leave it below."""
MOST_ACTIVE = 15
"""Orders on one side of a contract: IB refuses the 21st (201, facts/ib.md 1.1; newer texts say the
16th). What is left above this is for exits and stops."""
_IN_TEN_THOUSAND = Decimal(10_000)


def first_parcel(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Refuse a purchase that starts or leaves a holding below A$500.

    The whole account's holding counts, whoever bought it. Sales are free, and so are additions
    to a holding that is large enough already.
    """
    instrument = figures.instrument
    on_asx = instrument is not None and instrument.kind in ("STK", "ETF")
    if not on_asx or request.symbol.currency != "AUD" or request.side is Side.SELL:
        return None
    price = request.limit_price or request.stop_price or figures.price
    if price is None or request.purpose in RISK_REDUCING:
        return None
    # What is held is worth what the market gives; what is bought, what is paid for it. The
    # venue's word on a position comes later than the fill that made it.
    held = max(figures.held, figures.managed, Decimal(0)) * (figures.price or price)
    after = held + request.quantity * price
    if held >= LEAST_PARCEL or after >= LEAST_PARCEL:
        return None
    least = ((LEAST_PARCEL - held) / price).to_integral_value(ROUND_CEILING)
    return Refusal(
        request.client_order_id,
        "FIRST_PARCEL",
        f"It would leave a holding of {request.symbol} worth A${after:.2f}; the ASX takes no "
        f"first parcel below A${LEAST_PARCEL}.",
        f"Buy at least {least} at this price.",
    )


def too_many_active(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Refuse an entry where so many orders of the symbol work that its protection might not fit."""
    most = max(figures.active_buys, figures.active_sells)
    if most < MOST_ACTIVE or request.purpose in RISK_REDUCING:
        return None
    return Refusal(
        request.client_order_id,
        "TOO_MANY_ORDERS",
        f"{most} orders in {request.symbol} work on one side; IB takes 20, and exits come first.",
        "Cancel some of them, or wait until they have ended.",
    )


def odd_lot(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Refuse an order in a pair below IDEALPRO's minimum, unless odd lots are allowed.

    It would be routed as an odd lot, at a worse price than the quotes show. What leaves a
    position always may: it has the size that it has. So may a conversion: how much cash is to be
    another is the owner's affair, and that it is an odd lot is said.
    """
    free = (*RISK_REDUCING, Purpose.CONVERT)
    if figures.odd_lots_allowed or request.purpose in free:
        return None
    worth = usd_worth(request, figures)
    if worth is None and request.symbol.is_currency_pair:
        return Refusal(
            request.client_order_id,
            "NO_RATE",
            f"What {request.symbol} is worth in US dollars is not known, so it may be an odd lot.",
            "Wait for a fresh rate of the US dollar; `kelpie status` shows how old it is.",
        )
    if worth is None or worth >= figures.idealpro_minimum_usd:
        return None
    return Refusal(
        request.client_order_id,
        "ODD_LOT",
        f"{request.quantity} {request.symbol.base} are worth US${worth:.0f}; IDEALPRO takes "
        f"orders from US${figures.idealpro_minimum_usd} and fills smaller ones at a worse price.",
        "Make it larger, or set ODD_LOTS=allow to have it sent all the same.",
    )


def is_odd_lot(request: OrderRequest, figures: DeskFigures) -> bool:
    """It is below the minimum of IDEALPRO, whatever is done about that."""
    worth = usd_worth(request, figures)
    return worth is not None and worth < figures.idealpro_minimum_usd


def usd_worth(request: OrderRequest, figures: DeskFigures) -> Decimal | None:
    """What an order in a currency pair is worth in US$; None for others, or without a price."""
    symbol = request.symbol
    if not symbol.is_currency_pair:
        return None
    if symbol.base == "USD":
        return request.quantity
    price = request.limit_price or request.stop_price or figures.price
    if price is None:
        return None
    worth = request.quantity * price
    if symbol.currency == "USD":
        return worth
    if figures.rate is None or not figures.usd_rate:
        return None
    return worth * figures.rate / figures.usd_rate


def marketable(
    request: OrderRequest,
    touch: Decimal | None,
    steps: Sequence[PriceStep],
    slip_bps: Decimal,
    *,
    continuous: bool,
) -> OrderRequest:
    """A market order as a limit at most `slip_bps` basis points through the touch.

    The limit is rounded towards the touch, so that the bound holds. An entry in continuous
    trading is IOC: what the market does not give at once is not chased. An exit is DAY, for its
    rest must still get out; so is an entry in an auction, where IOC would end it unmatched.
    Without a fresh touch it stays as it is: an exit then goes as a true market order, an entry
    is refused by the gates.
    """
    if request.type is not OrderType.MARKET or touch is None or not steps:
        return request
    reach = touch * slip_bps / _IN_TEN_THOUSAND
    if request.side is Side.BUY:
        limit = max(floor_to_step(touch + reach, steps), touch)
    else:
        limit = min(ceil_to_step(touch - reach, steps), touch)
    if limit <= 0:
        return request
    tif = request.tif
    if tif is Tif.DAY and continuous and request.purpose not in RISK_REDUCING:
        tif = Tif.IOC
    return replace(
        request,
        type=OrderType.LIMIT,
        limit_price=limit,
        tif=tif,
        market_tif=request.tif,
    )


def stop_on_step(price: Decimal, side: Side, steps: Sequence[PriceStep]) -> Decimal:
    """The stop on a step that protects no later than this one: a sale's rounds up."""
    return ceil_to_step(price, steps) if side is Side.SELL else floor_to_step(price, steps)

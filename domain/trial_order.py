"""The smallest sensible order that rests: to prove that orders work before the first real signal.

A purchase well below the bid, so that it waits and does not trade, as small as the gates take it.
Pure. Were it filled against all expectation, it would be an entry like any other, with its stop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from domain.admission import Refusal
from domain.costs import trip_cost
from domain.figures import DeskFigures
from domain.gate_words import GateWord
from domain.market_rules import LEAST_PARCEL, usd_worth
from domain.orders import OrderRequest, OrderType, Side
from domain.price_steps import floor_to_step

_AWAY_PERCENT = Decimal(5)
"""So far below the bid, unless PRICE_AWAY_PERCENT is nearer than twice that."""
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """What would be placed, and what the gates say of it now."""

    request: OrderRequest
    bid: Decimal
    words: tuple[GateWord, ...]


def resting(client_order_id: str, figures: DeskFigures, bid: Decimal) -> OrderRequest | Refusal:
    """The smallest purchase that rests below this bid; `figures` are those of its symbol.

    Refused where the venue has not described the instrument.
    """
    instrument = figures.instrument
    if instrument is None:
        return Refusal(
            client_order_id,
            "INSTRUMENT_NOT_KNOWN",
            f"{figures.venue} has not described it yet.",
            "Wait a moment; if it stays so, check the symbol in ALLOWED_SYMBOLS.",
        )
    limits = figures.risk.limits
    away = _AWAY_PERCENT
    if limits.price_away_percent is not None:
        away = min(away, limits.price_away_percent / 2)
    limit = floor_to_step(bid * (1 - away / _HUNDRED), instrument.price_steps)
    lot = instrument.lot
    request = OrderRequest(
        client_order_id, instrument.symbol, Side.BUY, lot, OrderType.LIMIT, limit
    )
    least = max(
        least_quantity(request, figures, limits.min_trade_size),
        worthwhile_quantity(limit, lot, figures),
    )
    lots = max((least / lot).to_integral_value(ROUND_CEILING), Decimal(1))
    return replace(request, quantity=lots * lot)


def worthwhile_quantity(price: Decimal, lot: Decimal, figures: DeskFigures) -> Decimal:
    """From how many units on a round trip costs no more than MAX_ROUND_TRIP_COST; else one lot."""
    cost = None if figures.fees is None else trip_cost(figures.fees, price, 2)
    if cost is None or figures.max_round_trip is None:
        return lot
    return cost.least_size(figures.max_round_trip, lot) or lot


def least_quantity(request: OrderRequest, figures: DeskFigures, least: Decimal | None) -> Decimal:
    """How many units make the smallest entry that the market and MIN_TRADE_SIZE take.

    `least` is MIN_TRADE_SIZE, in the base currency; the request must name its limit.
    """
    assert request.limit_price is not None
    rate = figures.rate or Decimal(1)
    wanted = (least or Decimal(0)) / (request.limit_price * rate)
    if not request.symbol.is_currency_pair:
        parcel = LEAST_PARCEL if request.symbol.currency == "AUD" else Decimal(0)
        return max(wanted, parcel / request.limit_price)
    worth = usd_worth(replace(request, quantity=Decimal(1)), figures)
    return max(wanted, figures.idealpro_minimum_usd / worth) if worth else wanted

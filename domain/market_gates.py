"""The gates of the market: is it open, how far is the price off, how wide and thin is the book.

They hold back what opens something new; what leaves a position or guards it is never asked.
"""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.admission import Refusal
from domain.figures import RISK_REDUCING, DeskFigures
from domain.gate_words import Figures, GateWord, money
from domain.orders import OrderRequest, OrderType, Side
from domain.phases import ALLOWED, Action, Phase
from domain.quotes import Quote

_SYDNEY = ZoneInfo("Australia/Sydney")
_HUNDRED = Decimal(100)
_AUCTIONS = (Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.PRE_CLOSE, Phase.CLOSING_AUCTION)
_PLACES = Decimal("0.01")


def market_open(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a new position in a phase that the owner did not name.

    Outside continuous trading only a limit order joins an auction: another has no bound there.
    """
    market = figures.risk.market
    if market.entry_phases is None or request.purpose in RISK_REDUCING:
        return None
    phase = market.phase
    told: Figures = (("phase", str(phase)),)
    if phase in market.entry_phases and Action.ENTER in ALLOWED[phase]:
        bound = phase is Phase.OPEN or request.type is OrderType.LIMIT
        if bound:
            return GateWord("MARKET_CLOSED", True, f"The market is {_said(phase)}.", told)
    opens = ""
    if market.next_open is not None:
        told += (("opens", market.next_open.isoformat()),)
        opens = f" It opens on {market.next_open.astimezone(_SYDNEY):%a %d %b at %H:%M} (Sydney)."
    name = request.client_order_id
    if phase is Phase.UNKNOWN:
        return Refusal(
            name,
            "MARKET_HOURS_NOT_KNOWN",
            f"Neither the venue nor a calendar says whether {request.symbol} trades now.{opens}",
            "Wait until the venue has told its hours; GET /venues shows them.",
            told,
        )
    if phase in _AUCTIONS:
        return Refusal(
            name,
            "MARKET_IN_AUCTION",
            f"The market of {request.symbol} is {_said(phase)}.{opens}",
            "Wait for continuous trading, or name the phase in ENTRY_PHASES and give a limit.",
            told,
        )
    return Refusal(
        name,
        "MARKET_CLOSED",
        f"The market of {request.symbol} is {_said(phase)}.{opens}",
        "Wait until it is open; exits and stops are sent all the same.",
        told,
    )


def price_collar(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a price too far through the market, or too far away from it, for a slip of a finger.

    A limit is held against the side that would fill it; a stop waits beyond the market, so that
    its price may be away on the other side.
    """
    limits, quote = figures.risk.limits, figures.risk.market.quote
    through, away = limits.price_collar_percent, limits.price_away_percent
    prices = [p for p in (request.limit_price, request.stop_price) if p is not None]
    if request.purpose in RISK_REDUCING or not prices or (through is None and away is None):
        return None
    touch = _touch(quote, request.side)
    if touch is None:
        return _no_quote(request)
    waits = request.type.needs_stop
    for price in prices:
        beyond = (price - touch) * request.side.sign / touch * _HUNDRED
        limit = (away if waits else through) if beyond > 0 else away
        if limit is not None and abs(beyond) > limit:
            where = "through" if beyond > 0 and not waits else "away from"
            name = "PRICE_COLLAR_PERCENT" if where == "through" else "PRICE_AWAY_PERCENT"
            far = f"{abs(beyond).quantize(_PLACES)} %"
            return Refusal(
                request.client_order_id,
                "PRICE_COLLAR",
                f"{price} is {far} {where} the market, which is at {touch}: more than the "
                f"{limit} % of {name}.",
                f"Check the price; if it is meant, change {name} on the box.",
                (("price", str(price)), ("market", str(touch)), ("off", far)),
            )
    return GateWord(
        "PRICE_COLLAR",
        True,
        f"The price is near the market, which is at {touch}.",
        (("price", ", ".join(map(str, prices))), ("market", str(touch))),
    )


def spread(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a new position while bid and ask are too far apart."""
    limits, quote = figures.risk.limits, figures.risk.market.quote
    pair = request.symbol.is_currency_pair
    limit = limits.max_pair_spread_percent if pair else limits.max_spread_percent
    if limit is None or request.purpose in RISK_REDUCING:
        return None
    if quote is None or quote.bid is None or quote.ask is None or quote.crossed:
        return _no_quote(request)
    bid, ask = Decimal(repr(quote.bid)), Decimal(repr(quote.ask))
    wide = (ask - bid) / (ask + bid) * 2 * _HUNDRED
    name = "MAX_PAIR_SPREAD_PERCENT" if pair else "MAX_SPREAD_PERCENT"
    told = (("spread", f"{wide:.3f} %"), ("limit", f"{limit} %"))
    if wide > limit:
        return Refusal(
            request.client_order_id,
            "SPREAD_TOO_WIDE",
            f"Bid {bid} and ask {ask} of {request.symbol} are {wide:.3f} % apart, more than the "
            f"{limit} % of {name}.",
            "Wait until they are closer.",
            told,
        )
    return GateWord("SPREAD_TOO_WIDE", True, f"Bid and ask are {wide:.3f} % apart.", told)


def depth(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse a new position while too little stands at the best price of the side that fills.

    Of shares so many, and so much money (base currency); of a pair units of its base currency.
    """
    limits, quote = figures.risk.limits, figures.risk.market.quote
    if request.purpose in RISK_REDUCING:
        return None
    least: list[tuple[str, Decimal]] = []
    if request.symbol.is_currency_pair:
        least += [("MIN_PAIR_TOP_UNITS", limits.min_pair_top_units or Decimal(0))]
    else:
        least += [("MIN_TOP_SHARES", limits.min_top_shares or Decimal(0))]
        least += [("MIN_TOP_VALUE", limits.min_top_value or Decimal(0))]
    if not any(limit for _, limit in least):
        return None
    touch = _touch(quote, request.side)
    size = None
    if quote is not None:
        size = quote.ask_size if request.side is Side.BUY else quote.bid_size
    if touch is None or size is None:
        return _no_quote(request)
    units = Decimal(repr(size))
    value = units * touch * (figures.rate or Decimal(0))
    worth = money(value, figures.base_currency)
    told = (("at the best price", f"{units.normalize():f}"), ("worth", worth))
    for name, limit in least:
        if (value if name == "MIN_TOP_VALUE" else units) < limit:
            return Refusal(
                request.client_order_id,
                "DEPTH_TOO_THIN",
                f"At the best price of {request.symbol} stand {units.normalize():f} ({worth}), "
                f"less than the {limit} of {name}.",
                "Wait until there is more; a thin book fills at a bad price.",
                told,
            )
    said = f"At the best price stand {units.normalize():f} ({worth})."
    return GateWord("DEPTH_TOO_THIN", True, said, told)


def _touch(quote: Quote | None, side: Side) -> Decimal | None:
    if quote is None:
        return None
    price = quote.ask if side is Side.BUY else quote.bid
    return None if price is None else Decimal(repr(price))


def _no_quote(request: OrderRequest) -> Refusal:
    return Refusal(
        request.client_order_id,
        "NO_FRESH_QUOTE",
        f"There is no fresh quote for {request.symbol} with prices and sizes on both sides.",
        "Wait for the market's data; `kelpie status` shows how old it is.",
    )


def _said(phase: Phase) -> str:
    return "open" if phase is Phase.OPEN else phase.replace("_", " ").lower()

"""The gates between a proposal and a venue, each with its code, its sentence and its cure.

Pure: one consistent view and a request in, an admission or a refusal out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from domain.admission import Admission, Refusal
from domain.figures import RISK_REDUCING, DeskFigures
from domain.market_rules import first_parcel, is_odd_lot, odd_lot, stop_on_step, too_many_active
from domain.orders import OrderError, OrderRequest, OrderType, Purpose, Side, check_request
from domain.price_steps import ceil_to_step, floor_to_step, on_step

Gate = Callable[[OrderRequest, DeskFigures], Refusal | None]


def purpose_of(request: OrderRequest, managed: Decimal) -> Purpose:
    """What an order is for, given what Kelpie holds: one that is against the holding leaves it.

    A sale of shares is never an entry: Kelpie sells what it bought, and does not sell short.
    """
    if request.purpose is not Purpose.ENTRY:
        return request.purpose
    against = managed < 0 if request.side is Side.BUY else managed > 0
    if not against and (request.side is Side.BUY or request.symbol.is_currency_pair):
        return Purpose.ENTRY
    return Purpose.PROTECTION if request.type.needs_stop else Purpose.EXIT


def sized(request: OrderRequest, figures: DeskFigures) -> OrderRequest:
    """A plan's exit, cut to what is provably held and not offered yet.

    Where somebody sold a part, or the fate of a part is not known, the rest still gets out.
    Without any room it stays as it is, and the gate says why.
    """
    room = _room(request.side, figures)
    if figures.instrument is not None:
        room -= room % figures.instrument.lot
    if request.purpose is not Purpose.EXIT or not 0 < room < request.quantity:
        return request
    return replace(request, quantity=room)


def decide(request: OrderRequest, figures: DeskFigures) -> Admission | Refusal:
    """Walk the gates in their order; the first that is shut gives the refusal."""
    try:
        check_request(request)
    except OrderError as error:
        return Refusal(request.client_order_id, error.code, str(error), "Mend the order.")
    return walk(_GATES, request, figures) or _largest_order(request, figures)


def decide_lesser(request: OrderRequest, figures: DeskFigures) -> Admission | Refusal:
    """Walk the gates for a change that takes up no more than what was admitted.

    An entry made smaller or moved away from the market, an exit or a stop at another price:
    those gates that hold back new exposure stand open; what the market and the venue demand of
    any order they demand of it, too.
    """
    as_exit = replace(request, purpose=Purpose.EXIT)
    refusal = walk((_known, _observing, _tradable, _blocked), as_exit, figures)
    refusal = refusal or walk((_shape, first_parcel, odd_lot), request, figures)
    return refusal or _admission(request, figures)


def walk(gates: Iterable[Gate], request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """The refusal of the first gate that is shut; None when all stand open."""
    for gate in gates:
        refusal = gate(request, figures)
        if refusal is not None:
            return refusal
    return None


def _refuse(request: OrderRequest, code: str, sentence: str, cure: str) -> Refusal:
    return Refusal(request.client_order_id, code, sentence, cure)


def _known(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if not figures.allowed:
        return _refuse(
            request,
            "SYMBOL_NOT_ALLOWED",
            f"{request.symbol} is not among the symbols that Kelpie may trade.",
            "Name it in ALLOWED_SYMBOLS and start Kelpie again, or choose one that is there.",
        )
    return None


def _observing(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if figures.observing:
        return _refuse(
            request,
            "OBSERVING",
            "Kelpie only observes: no order is sent in this mode.",
            "Start it with MODE=paper to trade paper money.",
        )
    if figures.disarmed and request.purpose not in RISK_REDUCING:
        return _refuse(
            request,
            "DISARMED",
            f"No new positions: {figures.disarmed}.",
            "This version cannot arm live trading; use MODE=paper. Exits and cancels go on.",
        )
    return None


def _keeping_up(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if figures.facts_waiting and request.purpose not in RISK_REDUCING:
        return _refuse(
            request,
            "FALLING_BEHIND",
            f"{figures.facts_waiting} facts wait to be handled, so what is known is old.",
            "Wait until they are; `kelpie actors` shows where they wait.",
        )
    return None


def _paused(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if figures.paused and request.purpose not in RISK_REDUCING:
        return _refuse(
            request,
            "PAUSED",
            f"New orders are paused: {figures.paused_reason}.",
            "Resume with `kelpie resume` when you want new positions again.",
        )
    return None


def _announced(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if figures.announced and request.purpose not in RISK_REDUCING:
        return _refuse(
            request,
            "ANNOUNCED_RESTART",
            f"{figures.venue} is {figures.announced}.",
            "Wait until then; exits and cancels go on. IB_WINDOWS says which windows count.",
        )
    return None


def _tradable(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if not figures.venue_reconciled:
        return _refuse(
            request,
            "VENUE_NOT_TRADABLE",
            f"{figures.venue} cannot be traded now: {figures.venue_reason.rstrip('.')}.",
            "Wait until it is ready again; `kelpie status` says why and when it is tried.",
        )
    if not figures.circuit_closed and request.purpose not in RISK_REDUCING:
        return _refuse(
            request,
            "VENUE_NOT_TRADABLE",
            f"{figures.venue} takes no new positions: {figures.venue_reason.rstrip('.')}.",
            "Wait until its circuit has closed; exits and cancels go on.",
        )
    return None


def _blocked(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if figures.symbol_blocked and request.purpose not in RISK_REDUCING:
        return _refuse(
            request,
            "SYMBOL_ON_HOLD",
            f"{request.symbol} is on hold: {figures.symbol_blocked}.",
            "Look at it with `kelpie status`; it is released when IB and the ledger agree.",
        )
    if figures.instrument is None:
        return _refuse(
            request,
            "INSTRUMENT_NOT_KNOWN",
            f"{figures.venue} has not described {request.symbol} yet.",
            "Wait a moment; if it stays so, check the symbol in ALLOWED_SYMBOLS.",
        )
    return None


def _shape(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    instrument = figures.instrument
    assert instrument is not None
    if request.quantity % instrument.lot != 0:
        return _refuse(
            request,
            "QUANTITY_NOT_IN_LOTS",
            f"{request.symbol} trades in lots of {instrument.lot}, not {request.quantity}.",
            f"Give a multiple of {instrument.lot}.",
        )
    for name, price in (
        ("limit_price", request.limit_price),
        ("stop_price", request.stop_price),
    ):
        if price is not None and not on_step(price, instrument.price_steps):
            below = floor_to_step(price, instrument.price_steps)
            above = ceil_to_step(price, instrument.price_steps)
            instead = f"{below} or {above}"
            if name == "stop_price":
                # Only the side that protects no later is named.
                instead = f"{stop_on_step(price, request.side, instrument.price_steps)}"
            return _refuse(
                request,
                "PRICE_BETWEEN_STEPS",
                f"The {name} {price} lies between the steps of {request.symbol}.",
                f"Give {instead}.",
            )
    return None


def _room(side: Side, figures: DeskFigures) -> Decimal:
    """How much may leave the position by this side: held for certain, and not offered yet."""
    if side is Side.SELL:
        room = min(figures.managed, figures.held) - figures.working_sells
    else:
        room = min(-figures.managed, -figures.held) - figures.working_buys
    return max(room, Decimal(0))


def _oversell(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """An exit sells what Kelpie bought and what is still there, less what already works."""
    if request.purpose not in RISK_REDUCING:
        return None
    room = _room(request.side, figures)
    if request.quantity > room:
        return _refuse(
            request,
            "MORE_THAN_HELD",
            f"{request.quantity} of {request.symbol} would be more than the {room} that "
            "Kelpie holds and has not offered yet.",
            "Ask for no more than that; what others hold is never sold.",
        )
    return None


def _largest_order(request: OrderRequest, figures: DeskFigures) -> Admission | Refusal:
    reducing = request.purpose in RISK_REDUCING
    missing = "quote" if figures.price is None else "exchange rate" if figures.rate is None else ""
    if missing and not reducing:
        # Not even with a limit: nothing is opened on data that is old, delayed or one-sided.
        return _refuse(
            request,
            "NO_FRESH_QUOTE" if missing == "quote" else "NO_RATE",
            f"There is no fresh {missing} for {request.symbol}, so its value is not known.",
            "Wait for the market's data; `kelpie status` shows how old it is.",
        )
    admission = _admission(request, figures)
    if admission.value > figures.max_order_value and not reducing:
        return _refuse(
            request,
            "ORDER_TOO_LARGE",
            f"The order is worth {admission.value:.2f} {figures.base_currency}, more than the "
            f"{figures.max_order_value} of MAX_ORDER_VALUE.",
            "Make it smaller, or raise MAX_ORDER_VALUE on the box.",
        )
    return admission


def _admission(request: OrderRequest, figures: DeskFigures) -> Admission:
    price = _worst_price(request, figures) or Decimal(0)
    value = request.quantity * price * (figures.rate or Decimal(0))
    remark = "an odd lot at IDEALPRO" if is_odd_lot(request, figures) else ""
    return Admission(request, figures.venue, value, figures.base_currency, price, remark=remark)


def _worst_price(request: OrderRequest, figures: DeskFigures) -> Decimal | None:
    """What a unit may cost: a purchase its limit, a sale at least what the market pays."""
    if request.type is OrderType.STOP:
        prices = [request.stop_price, figures.price]
    elif request.side is Side.BUY and request.limit_price is not None:
        return request.limit_price
    else:
        prices = [request.limit_price, figures.price]
    known = [price for price in prices if price is not None]
    return max(known) if known else None


_GATES: tuple[Gate, ...] = (
    _known,
    _observing,
    _paused,
    _keeping_up,
    _announced,
    _tradable,
    _blocked,
    _shape,
    first_parcel,
    odd_lot,
    too_many_active,
    _oversell,
)

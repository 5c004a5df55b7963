"""The walk over the gates between a proposal and a venue, in their order.

Pure: one consistent view and a request in, an admission or a refusal out, with the word of every
gate that was asked. Each gate has its code, its sentence and its cure, in a file of its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from domain.admission import Admission, Refusal
from domain.borrowing import borrowing
from domain.conversions import conversion
from domain.cost_gate import cost_gate
from domain.costs import estimate
from domain.exposure import worst_value
from domain.figures import RISK_REDUCING, DeskFigures, worst_price
from domain.gate_words import GateWord
from domain.holdings import room_to_leave
from domain.loss_gates import daily_loss, drawdown, fee_budget
from domain.market_gates import depth, market_open, price_collar, spread
from domain.market_rules import first_parcel, is_odd_lot, odd_lot, stop_on_step, too_many_active
from domain.orders import OrderError, OrderRequest, Purpose, Side, check_request
from domain.pace_gates import cooling_down, duplicate, order_rate, sign_flip
from domain.permits import KELPIE, Act, Asker
from domain.plan_gate import too_many_plans
from domain.price_steps import ceil_to_step, floor_to_step, on_step
from domain.short_sales import short_sale
from domain.size_gates import (
    cash,
    largest_order,
    largest_position,
    positions_count,
    purse,
    smallest_trade,
    total_exposure,
)
from domain.state_gates import fresh_quote, known, permitted, states

Gate = Callable[[OrderRequest, DeskFigures], Refusal | GateWord | None]
"""Refuses, or says with its figures that it is open; None where it has nothing to say of this."""


def purpose_of(request: OrderRequest, managed: Decimal, *, short_selling: bool = False) -> Purpose:
    """What an order is for, given what Kelpie holds: one that is against the holding leaves it.

    A sale of shares is an entry only where the owner allows short selling: else Kelpie sells what
    it bought, and nothing more.
    """
    if request.purpose is not Purpose.ENTRY:
        return request.purpose
    against = managed < 0 if request.side is Side.BUY else managed > 0
    may_enter = request.side is Side.BUY or request.symbol.is_currency_pair or short_selling
    if not against and may_enter:
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


def decide(
    request: OrderRequest, figures: DeskFigures, asker: Asker = KELPIE
) -> Admission | Refusal:
    """Walk the gates in their order; the first that is shut refuses.

    Admission and refusal carry what the gates said of it.
    """
    try:
        check_request(request)
    except OrderError as error:
        return Refusal(request.client_order_id, error.code, str(error), "Mend the order.")
    refusal, words = states(request, figures, asker)
    if refusal is None:
        refusal, more = walk(GATES, request, figures)
        words += more
    if refusal is not None:
        return replace(refusal, words=words)
    return _admission(request, figures, words)


def decide_lesser(request: OrderRequest, figures: DeskFigures) -> Admission | Refusal:
    """Walk the gates for a change that takes up no more than what was admitted.

    An entry made smaller or moved away from the market, an exit or a stop at another price:
    those gates that hold back new exposure stand open; what the market and the venue demand of
    any order they demand of it, too.
    """
    # In the shadow nothing is sent: a stop there is moved as an exit is.
    stops = request.purpose is Purpose.PROTECTION and not figures.observing
    act = Act.STOP if stops else Act.EXIT
    refusal = known(request, figures) or permitted(act, request, figures)
    words: tuple[GateWord, ...] = ()
    if refusal is None:
        gates = (_described, _price_step, _lot, first_parcel, odd_lot)
        refusal, words = walk(gates, request, figures)
    return refusal or _admission(request, figures, words)


def survey(request: OrderRequest, figures: DeskFigures) -> tuple[GateWord, ...]:
    """What every gate says of a request, those behind a shut one included; refuses nothing."""
    _, words = states(request, figures)
    for gate in GATES:
        words += walk((gate,), request, figures)[1]
    return words


def walk(
    gates: Iterable[Gate], request: OrderRequest, figures: DeskFigures
) -> tuple[Refusal | None, tuple[GateWord, ...]]:
    """The refusal of the first gate that is shut (None when all stand open), and the words."""
    words = []
    for gate in gates:
        said = gate(request, figures)
        if isinstance(said, Refusal):
            words.append(GateWord(said.code, False, said.sentence, said.figures))
            return said, tuple(words)
        if said is not None:
            words.append(said)
    return None, tuple(words)


def _refuse(request: OrderRequest, code: str, sentence: str, cure: str) -> Refusal:
    return Refusal(request.client_order_id, code, sentence, cure)


def _described(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    if figures.instrument is None:
        return _refuse(
            request,
            "INSTRUMENT_NOT_KNOWN",
            f"{figures.venue} has not described {request.symbol} yet.",
            "Wait a moment; if it stays so, check the symbol in ALLOWED_SYMBOLS.",
        )
    return None


def _price_step(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    instrument = figures.instrument
    if instrument is None:
        return None
    prices = (("limit_price", request.limit_price), ("stop_price", request.stop_price))
    for name, price in prices:
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
    return _ON_STEP


def _lot(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    instrument = figures.instrument
    if instrument is None:
        return None
    if request.quantity % instrument.lot != 0:
        return _refuse(
            request,
            "QUANTITY_NOT_IN_LOTS",
            f"{request.symbol} trades in lots of {instrument.lot}, not {request.quantity}.",
            f"Give a multiple of {instrument.lot}.",
        )
    return _IN_LOTS


def _room(side: Side, figures: DeskFigures) -> Decimal:
    """How much may leave the position by this side: held for certain, and not offered yet.

    What others offer eats what others hold first; only the rest of it is taken from ours.
    """
    sells = side is Side.SELL
    works = figures.working_sells if sells else figures.working_buys
    others = figures.foreign_sells if sells else figures.foreign_buys
    return room_to_leave(side, figures.managed, figures.held, works, others)


def _oversell(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """An exit sells what Kelpie bought and what is still there, less what already works."""
    if request.purpose not in RISK_REDUCING:
        return None
    room = _room(request.side, figures)
    if request.quantity > room:
        theirs = figures.foreign_sells if request.side is Side.SELL else figures.foreign_buys
        beside = f" Orders of others work for {theirs} of it as well." if theirs else ""
        look = " `GET /orders/foreign` shows theirs." if theirs else ""
        return _refuse(
            request,
            "MORE_THAN_HELD",
            f"{request.quantity} of {request.symbol} would be more than the {room} that "
            f"Kelpie holds and has not offered yet.{beside}",
            f"Ask for no more than that; what others hold is never sold. What a stop guards is "
            f"left by its plan (`DELETE /plans/ID`) or by `kelpie flatten`.{look}",
        )
    told = (("to be left", str(room)),)
    return GateWord("MORE_THAN_HELD", True, f"{room} may still leave the position.", told)


def _admission(
    request: OrderRequest, figures: DeskFigures, words: tuple[GateWord, ...]
) -> Admission:
    price, fees = worst_price(request, figures), figures.fees
    preview = figures.previews.get(request.client_order_id)
    return Admission(
        request,
        figures.venue,
        worst_value(request, figures),
        figures.base_currency,
        price,
        remark="an odd lot at IDEALPRO" if is_odd_lot(request, figures) else "",
        preview=preview,
        words=words,
        estimate=None if fees is None else estimate(request.quantity, price, fees, preview),
    )


_ON_STEP = GateWord("PRICE_BETWEEN_STEPS", True, "Its prices lie on the steps of the market.")
_IN_LOTS = GateWord("QUANTITY_NOT_IN_LOTS", True, "Its quantity comes in whole lots.")

GATES: tuple[Gate, ...] = (
    _described,
    conversion,
    market_open,
    fresh_quote,
    cooling_down,
    order_rate,
    duplicate,
    price_collar,
    spread,
    depth,
    _price_step,
    _lot,
    smallest_trade,
    first_parcel,
    odd_lot,
    cost_gate,
    largest_order,
    largest_position,
    total_exposure,
    purse,
    cash,
    borrowing,
    positions_count,
    daily_loss,
    drawdown,
    too_many_active,
    too_many_plans,
    short_sale,
    _oversell,
    sign_flip,
    fee_budget,
)
"""In the order in which they are asked, behind the states of things."""

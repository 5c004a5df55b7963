"""Cash by currency: what an order would spend, what is free of it, and the gate on borrowing.

A margin account lends whatever currency is missing, in silence. What is free is reckoned at the
worst: every open order that may spend the currency does so, ours and those of others, and a fill
has spent it until the account must have said so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from domain.account import SpendableCash
from domain.admission import Refusal
from domain.commissions import ChargeTerms
from domain.figures import RISK_REDUCING, DeskFigures, worst_price
from domain.foreign import ForeignOrder
from domain.gate_words import GateWord, money
from domain.orders import Order, OrderRequest, Purpose, Side
from domain.symbols import Symbol

_ZERO = Decimal(0)

CASH_LAG_SECONDS = 200.0
"""IB tells changed account values every three minutes: for so long a fill may be missing there."""

TermsOf = Callable[[Symbol], ChargeTerms | None]


def spent_currency(symbol: Symbol, side: Side) -> str | None:
    """What an order is paid with; None for a sale of shares."""
    if side is Side.BUY:
        return symbol.currency
    return symbol.base if symbol.is_currency_pair else None


def spent(
    symbol: Symbol,
    side: Side,
    quantity: Decimal,
    price: Decimal | None,
    terms: ChargeTerms | None,
) -> Decimal | None:
    """How much of it, with the commission where that is charged in it; None without a price."""
    currency = spent_currency(symbol, side)
    if currency is None:
        return _ZERO
    amount = quantity
    if side is Side.BUY:
        if price is None:
            return None
        amount = quantity * price
    if terms is not None and terms.currency == currency and price is not None:
        amount += terms.charge(quantity, quantity * price)
    return amount


def taken_by(orders: Iterable[Order], currency: str, terms_of: TermsOf) -> Decimal | None:
    """What open orders may still spend of a currency; None where one of them has no price.

    Of those that cancel each other the dearest counts; one that waits for its entry counts up to
    what that has filled.
    """
    listed = list(orders)
    filled_of = {order.client_order_id: order.filled for order in listed}
    total, dearest = _ZERO, dict[str, Decimal]()
    for order in listed:
        request = order.request
        if spent_currency(request.symbol, request.side) != currency or order.state.is_final:
            continue
        exposed = order.exposed
        if request.parent in filled_of:
            exposed = min(exposed, filled_of[request.parent])
        terms = terms_of(request.symbol)
        price = _dearest_price(order)
        amount = spent(request.symbol, request.side, exposed, price, terms) if exposed else _ZERO
        if amount is None:
            return None
        if request.oca_group is None:
            total += amount
        else:
            dearest[request.oca_group] = max(dearest.get(request.oca_group, _ZERO), amount)
    return total + sum(dearest.values(), _ZERO)


def _dearest_price(order: Order) -> Decimal | None:
    terms = [order.request.terms, *([order.amending.terms] if order.amending else [])]
    prices = [p for each in terms for p in (each.limit_price, each.stop_price) if p is not None]
    return max(prices, default=None)


def taken_by_others(orders: Iterable[ForeignOrder], currency: str) -> Decimal | None:
    """What orders of others in the account may spend; None where that is not known."""
    total = _ZERO
    for order in orders:
        if not order.exposed and order.quantity is not None:
            continue
        if order.symbol is None or order.side is None:
            return None
        if spent_currency(order.symbol, order.side) != currency:
            continue
        prices = [p for p in (order.limit_price, order.stop_price) if p is not None]
        amount = spent(order.symbol, order.side, order.exposed, max(prices, default=None), None)
        if amount is None:
            return None
        total += amount
    return total


def before_fills(order: Order, figures: DeskFigures) -> SpendableCash | None:
    """The cash as it was before an order that is to be changed began to fill.

    What it has paid is a part of what it needs on its new terms, and would count twice.
    """
    spends, terms = figures.spends, figures.fees.terms if figures.fees is not None else None
    if spends is None or spends.cash is None or not order.filled:
        return spends
    symbol, side = order.request.symbol, order.request.side
    paid = spent(symbol, side, order.filled, order.average_price, terms)
    return spends if paid is None else replace(spends, cash=spends.cash + paid)


def borrowing(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Refuse an entry that would borrow a foreign currency, and a conversion of what is not there.

    How much there is of the base currency is another gate's question.
    """
    spends = figures.spends
    if spends is None or request.purpose in RISK_REDUCING:
        return None
    if spends.currency == figures.base_currency and request.purpose is not Purpose.CONVERT:
        return None
    terms = figures.fees.terms if figures.fees is not None else None
    price = worst_price(request, figures)
    needed = spent(request.symbol, request.side, request.quantity, price, terms)
    if needed is None or spends.free is None:
        return Refusal(
            request.client_order_id,
            "CASH_NOT_KNOWN",
            f"How much {spends.currency} is free to spend is not known: {_missing(spends)}.",
            "Wait until the account has told it and open orders without a price have ended; "
            "`GET /account` shows the cash.",
        )
    told = (
        ("needed", money(needed, spends.currency)),
        ("free", money(spends.free, spends.currency)),
        ("in the account", money(spends.cash, spends.currency)),
    )
    if needed <= spends.free:
        said = f"It takes up to {money(needed, spends.currency)} of what is free."
        return GateWord("WOULD_BORROW", True, said, told)
    return Refusal(
        request.client_order_id,
        "WOULD_BORROW",
        f"It takes up to {needed:.2f} {spends.currency}, and {max(spends.free, _ZERO):.2f} are "
        f"free of the {spends.cash:.2f} in the account: the rest would be borrowed.",
        "Convert cash first (`kelpie convert`), make it smaller, or set BORROW_CURRENCY.",
        told,
    )


def _missing(spends: SpendableCash) -> str:
    if spends.cash is None:
        return "the account has not told its cash yet"
    if spends.taken is None:
        return "an open order may spend of it, and nobody knows how much"
    return "the order has no price"

"""What is at stake, and what may come to be, at the worst and in the base currency.

Long and short count by their absolute value, over all venues, whoever bought it; what works or
may work counts as if all of it had filled, and nothing that leaves a position counts as if it had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.figures import DeskFigures, worst_price
from domain.foreign import ForeignOrder
from domain.orders import Order, OrderRequest, Purpose, Side
from domain.risk_figures import Exposure
from domain.symbols import Symbol

_NOTHING = Decimal(0)
#: What is not known counts as more than any limit.
_UNKNOWN = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Stake:
    """What is held of a symbol, short negative, and what a unit of it is worth.

    `worth` is in the base currency; None where no price, or no rate, was ever told.
    """

    symbol: Symbol
    held: Decimal
    managed: Decimal
    worth: Decimal | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What orders may still open on one side of a symbol, in the base currency; None: unknown."""

    symbol: Symbol
    side: Side
    value: Decimal | None


class _Tally:
    """One symbol's sums; infinite where a part is not known."""

    def __init__(self) -> None:
        self.held = self.managed = _NOTHING
        self.lost = False
        self.ours = {Side.BUY: _NOTHING, Side.SELL: _NOTHING}
        self.all = {Side.BUY: _NOTHING, Side.SELL: _NOTHING}

    def sides(self, held: Decimal, opening: Mapping[Side, Decimal]) -> tuple[Decimal, Decimal]:
        """Should all purchases fill, and should all sales."""
        if self.lost:
            return _UNKNOWN, _UNKNOWN
        return held + opening[Side.BUY], opening[Side.SELL] - held


def exposure_of(
    symbol: Symbol,
    stakes: Iterable[Stake],
    ours: Iterable[Opening],
    theirs: Iterable[Opening] = (),
) -> Exposure:
    """All of it, and this symbol's part; None for a sum of which a part is not known."""
    tallies: dict[Symbol, _Tally] = {symbol: _Tally()}
    taken: dict[Symbol, None] = {}
    for stake in stakes:
        tally = tallies.setdefault(stake.symbol, _Tally())
        if stake.managed:
            taken[stake.symbol] = None
        if stake.worth is None:
            tally.lost = tally.lost or bool(stake.held or stake.managed)
        else:  # it may be held at several venues
            tally.held += stake.held * stake.worth
            tally.managed += stake.managed * stake.worth
    for opening in ours:
        taken[opening.symbol] = None
        _open(tallies.setdefault(opening.symbol, _Tally()), opening, ours=True)
    for opening in theirs:
        _open(tallies.setdefault(opening.symbol, _Tally()), opening, ours=False)
    total = used = _NOTHING
    for tally in tallies.values():
        total += max(tally.sides(tally.held, tally.all))
        used += max(tally.sides(tally.managed, tally.ours))
    own = tallies[symbol]
    long, short = own.sides(own.held, own.all)
    ours_long, ours_short = own.sides(own.managed, own.ours)
    return Exposure(
        total=_known(total),
        ours=_known(used),
        long=_known(long),
        short=_known(short),
        ours_long=_known(ours_long),
        ours_short=_known(ours_short),
        positions=len(taken),
        in_symbol=symbol in taken,
    )


def openings(orders: Iterable[Order], rates: Mapping[str, Decimal | None]) -> list[Opening]:
    """What our entries may still open, UNKNOWN ones whole; those being changed at the larger.

    Of those that cancel each other the largest counts. `rates` are base currency for one unit
    of each currency.
    """
    found = []
    groups: dict[tuple[Symbol, Side, str], Decimal] = {}
    for order in orders:
        request = order.request
        if request.purpose is not Purpose.ENTRY or order.state.is_final:
            continue
        terms = order.amending.terms if order.amending is not None else request.terms
        prices = (request.limit_price, request.stop_price, terms.limit_price, terms.stop_price)
        known = [price for price in prices if price is not None]
        rate = rates.get(request.symbol.currency)
        value = order.exposed * max(known) * rate if known and rate is not None else None
        if request.oca_group is None:
            found.append(Opening(request.symbol, request.side, value))
            continue
        group = (request.symbol, request.side, request.oca_group)
        worst = _UNKNOWN if value is None else value
        groups[group] = max(groups.get(group, _NOTHING), worst)
    found += [Opening(symbol, side, _known(most)) for (symbol, side, _), most in groups.items()]
    return found


def foreign_openings(
    orders: Iterable[ForeignOrder],
    rates: Mapping[str, Decimal | None],
    mark: Callable[[Symbol], Decimal | None],
) -> list[Opening]:
    """What orders of others may still open, by their own prices, else at the market's `mark`.

    Those in instruments that have no symbol of ours are left out: nobody could value them.
    """
    found = []
    for order in orders:
        symbol = order.symbol
        if symbol is None or not order.exposed:
            continue
        rate = rates.get(symbol.currency)
        prices = (order.limit_price, order.stop_price, mark(symbol))
        known = [price for price in prices if price is not None]
        value = order.exposed * max(known) * rate if known and rate is not None else None
        sides = (Side.BUY, Side.SELL) if order.side is None else (order.side,)
        found += [Opening(symbol, side, value) for side in sides]
    return found


def worst_value(request: OrderRequest, figures: DeskFigures) -> Decimal | None:
    """The worst that an order can cost, in the base currency; None where that is not known."""
    price = worst_price(request, figures)
    if price is None or figures.rate is None:
        return None
    return request.quantity * price * figures.rate


def _open(tally: _Tally, opening: Opening, *, ours: bool) -> None:
    value = _UNKNOWN if opening.value is None else opening.value
    tally.all[opening.side] += value
    if ours:
        tally.ours[opening.side] += value


def _known(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None

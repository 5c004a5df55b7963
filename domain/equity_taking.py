"""A point of the equity curve, taken from what the desk sees and what was earned until now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain.account import total
from domain.equity_curve import ALL, CurveRow, EquityPoint, Mark, Why
from domain.symbols import Symbol
from domain.used_rates import UsedRate
from domain.views import DeskView, PositionView

Rates = Mapping[str, UsedRate | None]
"""Base currency for one unit, by currency; None where nobody told it."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What was earned with a symbol at a venue since the book began."""

    venue: str
    symbol: Symbol
    realised: Decimal
    """In the currency of the symbol, commissions not deducted."""
    commissions: tuple[tuple[str, Decimal], ...]
    """By currency."""


def curve_row(
    view: DeskView, earned: Sequence[Earned], rates: Rates, why: Why, day: date
) -> CurveRow:
    """What the desk's view is worth at this moment: all together, and each venue.

    A sum for which a price or a rate is missing is None.
    """
    whole = EquityPoint(
        at=view.at,
        venue=ALL,
        why=why,
        day=day,
        currency=view.base_currency,
        equity=view.equity.equity,
        cash=view.equity.cash,
        holdings=view.equity.holdings,
        realised=_realised(earned, rates),
        unrealised=view.equity.unrealised_pnl,
        commissions=_commissions(earned, rates),
        stale=view.equity.stale,
    )
    venues = sorted(each.venue for each in view.venues)
    points = (_of_venue(view, venue, earned, rates, whole) for venue in venues)
    return CurveRow(
        (whole, *points), tuple(map(_mark, view.positions)), tuple(sorted(rates.items()))
    )


def _of_venue(
    view: DeskView, venue: str, earned: Sequence[Earned], rates: Rates, whole: EquityPoint
) -> EquityPoint:
    account = next((each.summary for each in view.accounts if each.venue == venue), None)
    held = [each for each in view.positions if each.venue == venue]
    shares = [each for each in held if not each.symbol.is_currency_pair]
    theirs = [each for each in earned if each.venue == venue]
    return EquityPoint(
        at=whole.at,
        venue=venue,
        why=whole.why,
        day=whole.day,
        currency=whole.currency,
        equity=None if account is None else account.net_liquidation,
        cash=None if account is None else account.cash_in_base,
        holdings=total(each.market_value_base for each in shares),
        realised=_realised(theirs, rates),
        unrealised=total(each.unrealised_pnl_base for each in held),
        commissions=_commissions(theirs, rates),
        stale=account is None or account.rates_stale or any(map(_is_stale, shares)),
    )


def _realised(earned: Iterable[Earned], rates: Rates) -> Decimal | None:
    return total(_in_base(each.realised, each.symbol.currency, rates) for each in earned)


def _commissions(earned: Iterable[Earned], rates: Rates) -> Decimal | None:
    charged = (each for one in earned for each in one.commissions)
    return total(_in_base(amount, currency, rates) for currency, amount in charged)


def _in_base(amount: Decimal, currency: str, rates: Rates) -> Decimal | None:
    rate = rates.get(currency)
    if amount == 0:
        return Decimal(0)
    return None if rate is None else amount * rate.value


def _is_stale(position: PositionView) -> bool:
    rate = position.rate
    return position.held != 0 and (position.price_stale or rate is None or rate.stale)


def _mark(position: PositionView) -> Mark:
    price, age = position.market_price, position.price_age_seconds
    return Mark(
        venue=position.venue,
        symbol=position.symbol,
        held=position.held,
        managed=position.managed,
        average_price=position.average_price,
        price=None if price is None else Decimal(repr(price)),
        price_age=None if age is None else timedelta(seconds=age),
        stale=position.price_stale,
        unrealised=position.unrealised_pnl,
    )

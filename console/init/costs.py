"""What a round trip in a symbol costs, by the same table and rules as the gate on costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from actors import names
from actors.chosen import cost_options
from actors.desk_money import DeskMoney
from actors.desk_view import VenueState
from config.settings import Settings
from console.owner.words import money
from domain.costs import Fees, TripCost, trip_cost
from domain.quotes import Quote
from domain.rates import ToldRate
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from runtime.interface import Clock

_HUNDRED, _CENT = Decimal(100), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """In and out again of one symbol at one size; money is in `currency`, the base currency."""

    symbol: Symbol
    currency: str
    value: Decimal
    cost: Decimal | None
    """None where it is not known, and `unknown` says why."""
    percent: Decimal | None
    passes: bool
    """The gate on costs lets it through."""
    passing_value: Decimal | None
    """The smallest size that the gate lets through; None where none, or not known."""
    unknown: str = ""
    remark: str = ""
    """What else holds an entry of this size back."""

    def sentence(self, most: Decimal) -> str:
        """One line for the owner; `most` is MAX_ROUND_TRIP_COST in percent."""
        size = _whole(self.value, self.currency)
        if self.cost is None or self.percent is None:
            return f"{self.symbol}: what {size} in and out again costs is not known: {self.unknown}"
        told = (
            f"{self.symbol}: {size} in and out again costs "
            f"{money(self.cost, self.currency)}, {self.percent} % of it"
        )
        if not self.passes and self.passing_value is None:
            told += f". TOO DEAR: the most is {most} %, and no size of it is cheap enough"
        elif not self.passes and self.passing_value is not None:
            told += (
                f". TOO DEAR: the most is {most} % (MAX_ROUND_TRIP_COST), so every entry of this "
                f"size would be refused; from {_whole(self.passing_value, self.currency)} on "
                "it would pass"
            )
        return told + (f". {self.remark}" if self.remark else "") + "."


def fees_of(
    settings: Settings,
    instrument: InstrumentDetails,
    quotes: Mapping[Symbol, Quote],
    told: Mapping[str, Decimal],
    clock: Clock,
) -> Fees | None:
    """What trading an instrument costs now; `told` are the account's own rates by currency."""
    venue = VenueState(names.IB, clock.now())
    venue.told_rates = {c: ToldRate(rate, clock.monotonic()) for c, rate in told.items()}
    desk = DeskMoney(
        cost_options(settings),
        settings.ib_base_currency,
        settings.quote_stale_after_seconds,
        clock,
        quotes,
        {names.IB: venue},
    )
    return desk.fees(instrument.symbol, names.IB, instrument)


def round_trip(
    instrument: InstrumentDetails,
    fees: Fees | None,
    price: Decimal | None,
    value: Decimal,
    settings: Settings,
) -> RoundTrip:
    """In and out again at this size.

    Without a price it is reckoned where the price does not matter: nothing is charged by the share.
    """
    symbol, base = instrument.symbol, settings.ib_base_currency

    def unknown(why: str) -> RoundTrip:
        return RoundTrip(symbol, base, value, None, None, True, None, why)

    if fees is None or fees.terms is None:
        return unknown("nobody told" if fees is None else fees.unknown)
    if price is None and fees.terms.per_unit:
        return unknown("there is no price of it now")
    rate = fees.rates.get(symbol.currency)
    trip = trip_cost(fees, price or Decimal(1), 2)
    if rate is None or trip is None:
        return unknown(f"there is no exchange rate of {symbol.currency}")
    lot = instrument.lot if price is not None else _CENT
    quantity = value / rate / trip.price // lot * lot
    if quantity <= 0:
        return unknown("it does not reach for a single one")
    share, most = trip.share(quantity), settings.max_round_trip_cost / _HUNDRED
    return RoundTrip(
        symbol,
        base,
        value,
        (share * quantity * trip.price * rate).quantize(_CENT),
        (share * _HUNDRED).quantize(_CENT, ROUND_UP),
        share <= most,
        _passing(trip, most, lot, rate),
        remark=_too_small_a_pair(symbol, value, fees, settings),
    )


def _passing(trip: TripCost, most: Decimal, lot: Decimal, rate: Decimal) -> Decimal | None:
    size = trip.least_size(most, lot)
    return None if size is None else (size * trip.price * rate).quantize(Decimal(1), ROUND_UP)


def _too_small_a_pair(symbol: Symbol, value: Decimal, fees: Fees, settings: Settings) -> str:
    dollar = fees.rates.get("USD")
    if not symbol.is_currency_pair or settings.odd_lots == "allow" or not dollar:
        return ""
    if value / dollar >= settings.idealpro_minimum_usd:
        return ""
    return (
        f"Entries below US${settings.idealpro_minimum_usd:,} are refused, for they fill at a "
        "worse price (IDEALPRO_MINIMUM_USD, ODD_LOTS)"
    )


def _whole(value: Decimal, currency: str) -> str:
    return money(value, currency).removesuffix(".00")

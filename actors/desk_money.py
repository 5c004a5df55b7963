"""Money as the desk reckons with it: rates between currencies, fees, and cash that is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from actors.desk_view import VenueState
from adapters.book import Fill
from domain.account import SpendableCash
from domain.borrowing import CASH_LAG_SECONDS, spent, spent_currency, taken_by, taken_by_others
from domain.commissions import ChargeTerms, CommissionTable, FeeRule, terms_of
from domain.costs import Fees
from domain.orders import Order, Side
from domain.quotes import Quote
from domain.rates import Rate, newest_told, rates_in
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from runtime.interface import Clock

_SYDNEY = ZoneInfo("Australia/Sydney")
_IN_TEN_THOUSAND = Decimal(10_000)
_LOOK_UP_SECONDS = 60.0
#: By the kind of instrument: what the table says of cash that a venue converts by itself.
_CONVERSION = "CONVERSION"


@dataclass(frozen=True, slots=True)
class CostOptions:
    """What trading costs, and what may be borrowed. By default nothing is reckoned or held back."""

    table: CommissionTable | None = None
    """None: no costs are estimated."""
    plan: str = "fixed"
    max_round_trip: Decimal | None = None
    """As a part of the value; None for any."""
    fx_spread_bps: Decimal = Decimal(0)
    """How far off the middle a currency order fills, each way, in basis points."""
    borrow: Literal["refuse", "convert", "allow"] = "allow"


@dataclass(frozen=True, slots=True)
class _Spent:
    """By a fill that the account may not have counted yet."""

    venue: str
    currency: str
    amount: Decimal
    until: float
    on_shares: bool
    """What paid for a pair has bought cash: all of it together is as much as before."""


class DeskMoney:
    """Reads what the desk knows; the quotes and venues are the desk's own."""

    def __init__(
        self,
        options: CostOptions,
        base_currency: str,
        stale_after_seconds: float,
        clock: Clock,
        quotes: Mapping[Symbol, Quote],
        venues: Mapping[str, VenueState],
    ) -> None:
        self.options = options
        self._base = base_currency
        self._stale_after = stale_after_seconds
        self._clock = clock
        self._quotes = quotes
        self._venues = venues
        self._spent: list[_Spent] = []
        self._found: dict[tuple[Symbol, str, str], tuple[float, FeeRule | None]] = {}
        """Until when, and which rule."""

    # -- rates ---------------------------------------------------------------------------

    def rate(self, currency: str) -> Decimal | None:
        """Base currency for one unit of this one; a rate that is too old is none."""
        return self._rates(currency).get(currency)

    def any_rate(self, currency: str) -> Decimal | None:
        """The same, however old; None where nobody ever told one."""
        rate = self._told(currency).get(currency)
        return None if rate is None else rate.value

    def _rates(self, *currencies: str) -> dict[str, Decimal]:
        """The fresh ones alone."""
        rates = self._told(*currencies)
        return {name: rate.value for name, rate in rates.items() if not rate.stale}

    def _told(self, *currencies: str) -> dict[str, Rate]:
        return rates_in(
            self._base,
            dict.fromkeys(currencies),
            newest_told(state.told_rates for state in self._venues.values()),
            self._quotes,
            self._clock.monotonic(),
            self._stale_after,
        )

    # -- fees ----------------------------------------------------------------------------

    def fees(self, symbol: Symbol, venue: str, instrument: InstrumentDetails | None) -> Fees | None:
        """What trading it costs now; None where no costs are estimated."""
        if self.options.table is None:
            return None
        rule = self._rule(symbol, venue, instrument)
        needed = [self._base, symbol.currency]
        needed += [rule.minimum_currency] if rule is not None and rule.minimum_currency else []
        rates = self._rates(*needed)
        terms = None if rule is None else terms_of(rule, symbol, self._base, rates)
        return Fees(
            terms=terms,
            unknown="" if terms is not None else _why_unknown(rule, venue, symbol, needed, rates),
            rule="" if rule is None else rule.version,
            beside="" if rule is None else rule.beside,
            base_currency=self._base,
            rates=rates,
            spread=self._spread(symbol),
            conversion=self._conversion(symbol, venue),
        )

    def _rule(
        self, symbol: Symbol, venue: str, instrument: InstrumentDetails | None
    ) -> FeeRule | None:
        table = self.options.table
        kind = instrument.kind if instrument is not None else ""
        if symbol.is_currency_pair:
            kind = "CASH"
        return None if table is None else self._find(table, venue, kind, symbol)

    def _find(
        self, table: CommissionTable, venue: str, kind: str, symbol: Symbol
    ) -> FeeRule | None:
        """Looked up again each minute: for every order it would take longer than all the rest."""
        key, now = (symbol, venue, kind), self._clock.monotonic()
        known = self._found.get(key)
        if known is not None and known[0] > now:
            return known[1]
        today = self._clock.now().astimezone(_SYDNEY).date()
        rule = table.find(venue, kind, symbol, self.options.plan, today)
        self._found[key] = now + _LOOK_UP_SECONDS, rule
        return rule

    def _spread(self, symbol: Symbol) -> Decimal:
        return (
            self.options.fx_spread_bps / _IN_TEN_THOUSAND if symbol.is_currency_pair else Decimal(0)
        )

    def _conversion(self, symbol: Symbol, venue: str) -> Decimal:
        """A cash account converts by itself for a purchase of shares, and takes some for it."""
        foreign = symbol.currency != self._base and not symbol.is_currency_pair
        if self.options.borrow != "convert" or not foreign or self.options.table is None:
            return Decimal(0)
        rule = self._find(self.options.table, venue, _CONVERSION, symbol)
        return Decimal(0) if rule is None else rule.tier().rate * (1 + rule.gst)

    # -- cash ----------------------------------------------------------------------------

    def take_fill(self, fill: Fill, instrument: InstrumentDetails | None) -> None:
        """It has spent cash, whatever the account says for a while yet."""
        now = self._clock.monotonic()
        self._spent = [each for each in self._spent if each.until > now]
        currency = spent_currency(fill.symbol, fill.side)
        fees = self.fees(fill.symbol, fill.venue, instrument)
        terms = fees.terms if fees is not None else None
        amount = spent(fill.symbol, fill.side, fill.quantity, fill.price, terms)
        if currency is not None and amount:
            until = now + CASH_LAG_SECONDS
            on_shares = not fill.symbol.is_currency_pair
            self._spent.append(_Spent(fill.venue, currency, amount, until, on_shares))

    def spent_lately(self, rates: Mapping[str, Decimal | None]) -> Decimal | None:
        """On shares, in the base currency, as far as the account may not have counted it.

        None where a rate is missing.
        """
        now, total = self._clock.monotonic(), Decimal(0)
        for each in self._spent:
            if each.until > now and each.on_shares:
                rate = rates.get(each.currency)
                if rate is None:
                    return None
                total += each.amount * rate
        return total

    def spends(
        self,
        symbol: Symbol,
        side: Side,
        state: VenueState | None,
        orders: Iterable[Order],
        instrument_of: Mapping[Symbol, InstrumentDetails],
    ) -> SpendableCash | None:
        """What an order is paid with, and what is free of it; None where it may be borrowed."""
        currency = spent_currency(symbol, side)
        policy = self.options.borrow
        if currency is None or state is None or policy == "allow":
            return None
        if not symbol.is_currency_pair and (policy == "convert" or currency == self._base):
            return None

        def terms(of: Symbol) -> ChargeTerms | None:
            fees = self.fees(of, state.venue, instrument_of.get(of))
            return fees.terms if fees is not None else None

        now = self._clock.monotonic()
        ours = taken_by((o for o in orders if o.venue == state.venue), currency, terms)
        others = taken_by_others(state.foreign, currency)
        lately = sum(
            (
                each.amount
                for each in self._spent
                if (each.venue, each.currency) == (state.venue, currency) and each.until > now
            ),
            Decimal(0),
        )
        taken = None if ours is None or others is None else ours + others + lately
        return SpendableCash(currency, state.cash(currency), taken)


def _why_unknown(
    rule: FeeRule | None,
    venue: str,
    symbol: Symbol,
    needed: Iterable[str],
    rates: Mapping[str, Decimal],
) -> str:
    if rule is None:
        return f"no rule of config/commissions.toml speaks of {symbol} at {venue}"
    missing = ", ".join(dict.fromkeys(name for name in needed if name not in rates))
    return f"there is no fresh exchange rate of {missing}"

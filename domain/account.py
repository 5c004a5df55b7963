"""What an account says of itself, read from its rows: money by currency and in its base currency.

IB names a figure by tag and currency. The rows of currency `BASE` are sums over the others, and
tags that end in `-S` or begin with `Full` or `LookAhead` say the same again for a segment or a
moment: none of these is ever added to anything (facts: IB's account values).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from domain.rates import Rate

#: The currency of rows that are sums.
SUM = "BASE"

#: Cash by currency is named by one of these; the first that is there counts, never both.
_CASH_TAGS = ("CashBalance", "TotalCashBalance")


@dataclass(frozen=True, slots=True)
class CashRow:
    """The cash of one currency; negative is borrowed."""

    currency: str
    amount: Decimal
    rate: Rate | None
    in_base: Decimal | None
    """None without a rate: unknown, which is not zero."""


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """An account; amounts in its base currency, None where it does not say.

    `cash_in_base` is the sum of `cash` by the rates shown there, None while one is missing.
    """

    base_currency: str
    net_liquidation: Decimal | None
    equity_with_loan: Decimal | None
    total_cash: Decimal | None
    available_funds: Decimal | None
    excess_liquidity: Decimal | None
    buying_power: Decimal | None
    initial_margin: Decimal | None
    maintenance_margin: Decimal | None
    gross_position_value: Decimal | None
    unrealised_pnl: Decimal | None
    realised_pnl: Decimal | None
    cash: tuple[CashRow, ...]
    cash_in_base: Decimal | None
    rates_stale: bool
    """A rate that stands behind a figure is too old, or missing."""
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class SpendableCash:
    """The currency that an order is paid with, as the account and the open orders have it."""

    currency: str
    cash: Decimal | None
    """As the account says; None while it has said nothing."""
    taken: Decimal | None
    """Spoken for already, at the worst; None where that is not known."""

    @property
    def free(self) -> Decimal | None:
        """What may still be spent without borrowing."""
        if self.cash is None or self.taken is None:
            return None
        return self.cash - self.taken


class AccountRows:
    """The newest word on each row of one account."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], str] = {}
        self._updated_at: datetime | None = None

    def take(self, tag: str, currency: str, value: str, at: datetime) -> None:
        """A row came."""
        self._values[tag, currency] = value
        self._updated_at = at

    @property
    def updated_at(self) -> datetime | None:
        """When a row last came, UTC."""
        return self._updated_at

    def amount(self, tag: str, currency: str) -> Decimal | None:
        """A figure; None where there is none, or none that is a finite number."""
        return _amount(self._values.get((tag, currency)))

    @property
    def base_currency(self) -> str | None:
        """In which the account counts, by its own word; None while it has said nothing."""
        named = (currency for tag, currency in self._values if tag == "NetLiquidation")
        return next((currency for currency in named if currency not in (SUM, "")), None)

    def currencies(self) -> tuple[str, ...]:
        """All currencies of which the account has a row of cash, sums left out."""
        found = {currency for tag, currency in self._values if tag in _CASH_TAGS}
        return tuple(sorted(found - {SUM, ""}))

    def cash(self, currency: str) -> Decimal | None:
        """The cash of a currency, counted once."""
        for tag in _CASH_TAGS:
            amount = self.amount(tag, currency)
            if amount is not None:
                return amount
        return None

    def summary(self, base: str, rates: Mapping[str, Rate]) -> AccountSummary:
        """All of it, cash converted by `rates` (base currency for one unit, by currency)."""
        cash = tuple(self._cash_rows(rates))
        in_base = [row.in_base for row in cash]
        # P&L comes by currency, its own base currency included: the sum has a row of its own.
        return AccountSummary(
            base_currency=base,
            net_liquidation=self.amount("NetLiquidation", base),
            equity_with_loan=self.amount("EquityWithLoanValue", base),
            total_cash=self.amount("TotalCashValue", base),
            available_funds=self.amount("AvailableFunds", base),
            excess_liquidity=self.amount("ExcessLiquidity", base),
            buying_power=self.amount("BuyingPower", base),
            initial_margin=self.amount("InitMarginReq", base),
            maintenance_margin=self.amount("MaintMarginReq", base),
            gross_position_value=self.amount("GrossPositionValue", base),
            unrealised_pnl=self.amount("UnrealizedPnL", SUM),
            realised_pnl=self.amount("RealizedPnL", SUM),
            cash=cash,
            cash_in_base=total(in_base) if cash else None,
            rates_stale=any(row.rate is None or row.rate.stale for row in cash if row.amount),
            updated_at=self._updated_at,
        )

    def _cash_rows(self, rates: Mapping[str, Rate]) -> Iterable[CashRow]:
        for currency in self.currencies():
            amount = self.cash(currency)
            if amount is None:
                continue
            yield CashRow(
                currency, amount, rates.get(currency), converted(amount, rates.get(currency))
            )


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None as soon as one of them is not known."""
    result = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        result += amount
    return result


def converted(amount: Decimal | None, rate: Rate | None) -> Decimal | None:
    """An amount in the base currency; None when it or its rate is not known. Zero needs none."""
    if amount == 0:
        return Decimal(0)
    return None if amount is None or rate is None else amount * rate.value


def _amount(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        return None
    # The largest double is IB's word for *no figure*.
    return value if value is not None and value.is_finite() and abs(value) < 10**300 else None

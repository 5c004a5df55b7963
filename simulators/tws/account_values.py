"""The account in figures, as TWS calls them, worked out from the broker's cash and holdings.

A cash account: what is held must be paid for in full, so margin is the value of what is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulators.model import Broker
from simulators.tws.fields import money, number

_ZERO = Decimal(0)

#: Tags whose value is the same in every segment and look-ahead: with their base name.
_VARIANTS = ("", "Full", "LookAhead")


@dataclass(frozen=True, slots=True)
class AccountValue:
    """One row: `currency` is empty for what is no money, `BASE` for sums in the base currency."""

    tag: str
    value: str
    currency: str


def account_values(broker: Broker) -> list[AccountValue]:
    """All rows of the account, in a fixed order."""
    base = broker.base_currency
    cash = {base: _ZERO, **broker.cash()}
    rates = {currency: broker.rate(currency) for currency in cash}
    shares = {currency: _ZERO for currency in cash}
    unrealised, realised = dict(shares), dict(shares)
    for held in broker.positions():
        if held.instrument.sec_type == "CASH":
            continue  # a virtual position: the cash itself counts already
        currency = held.instrument.symbol.currency
        rates.setdefault(currency, broker.rate(currency))
        value = held.quantity * held.market_price
        shares[currency] = shares.get(currency, _ZERO) + value
        unrealised[currency] = (
            unrealised.get(currency, _ZERO) + value - held.quantity * held.average_cost
        )
        realised[currency] = realised.get(currency, _ZERO) + held.realised_pnl
    for currency in rates:
        cash.setdefault(currency, _ZERO)

    def in_base(amounts: dict[str, Decimal]) -> Decimal:
        return sum((amount * rates[c] for c, amount in amounts.items()), _ZERO)

    total_cash, total_shares = in_base(cash), in_base(shares)
    worth = total_cash + total_shares
    rows = [
        AccountValue("AccountCode", broker.account, ""),
        AccountValue("AccountReady", "true", ""),
        AccountValue("AccountType", "INDIVIDUAL", ""),
        AccountValue("Cushion", _cushion(total_cash, worth), ""),
    ]
    for prefix in _VARIANTS:
        for tag, amount in (
            ("AvailableFunds", total_cash),
            ("ExcessLiquidity", total_cash),
            ("InitMarginReq", total_shares),
            ("MaintMarginReq", total_shares),
        ):
            rows.append(AccountValue(prefix + tag, money(amount), base))
    for tag, amount in (
        ("NetLiquidation", worth),
        ("EquityWithLoanValue", worth),
        ("TotalCashValue", total_cash),
        ("SettledCash", total_cash),
        ("BuyingPower", total_cash),
        ("GrossPositionValue", total_shares),
        ("AccruedCash", _ZERO),
    ):
        rows.append(AccountValue(tag, money(amount), base))
    rows += _by_currency(base, rates, cash, shares, unrealised, realised)
    for tag, amounts in (
        ("CashBalance", cash),
        ("TotalCashBalance", cash),
        ("StockMarketValue", shares),
        ("UnrealizedPnL", unrealised),
        ("RealizedPnL", realised),
    ):
        rows.append(AccountValue(tag, money(in_base(amounts)), "BASE"))
    rows.append(AccountValue("NetLiquidationByCurrency", money(worth), "BASE"))
    rows.append(AccountValue("ExchangeRate", "1.00", "BASE"))
    return rows


def _by_currency(
    base: str,
    rates: dict[str, Decimal],
    cash: dict[str, Decimal],
    shares: dict[str, Decimal],
    unrealised: dict[str, Decimal],
    realised: dict[str, Decimal],
) -> list[AccountValue]:
    rows = []
    for currency in sorted(rates):
        held = shares.get(currency, _ZERO)
        rate = "1.00" if currency == base else number(rates[currency])
        rows += [
            AccountValue("Currency", currency, currency),
            AccountValue("CashBalance", money(cash[currency]), currency),
            AccountValue("TotalCashBalance", money(cash[currency]), currency),
            AccountValue("StockMarketValue", money(held), currency),
            AccountValue("UnrealizedPnL", money(unrealised.get(currency, _ZERO)), currency),
            AccountValue("RealizedPnL", money(realised.get(currency, _ZERO)), currency),
            AccountValue("NetLiquidationByCurrency", money(cash[currency] + held), currency),
            AccountValue("ExchangeRate", rate, currency),
        ]
    return rows


def _cushion(free: Decimal, worth: Decimal) -> str:
    return format((free / worth).quantize(Decimal("0.000001")), "f") if worth > 0 else "0"

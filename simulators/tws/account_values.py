"""The account in figures, as TWS calls them, worked out from the broker's cash and holdings.

Which rows there are, and in which currencies, is as in a recorded account in Australian dollars.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulators.broker_interface import Broker
from simulators.tws.fields import money, number

_ZERO = Decimal(0)

#: Tags whose value is the same in every segment and look-ahead: with their base name.
_VARIANTS = ("", "Full", "LookAhead")

#: Assets that this account never has; shown all the same, in every currency.
NEVER_HELD = (
    "AccruedCash",
    "CorporateBondValue",
    "FundValue",
    "FutureOptionValue",
    "FuturesPNL",
    "FxCashBalance",
    "IssuerOptionValue",
    "MoneyMarketFundValue",
    "MutualFundValue",
    "NetDividend",
    "OptionMarketValue",
)


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
    margin = broker.margin()
    worth = margin.equity
    free, excess = worth - margin.initial, worth - margin.maintenance
    rows = [
        AccountValue("AccountCode", broker.account, ""),
        AccountValue("AccountReady", "true", ""),
        AccountValue("AccountType", "INDIVIDUAL", ""),
        AccountValue("Cushion", _ratio(excess, worth, "0.000001"), ""),
        AccountValue("Leverage-S", _ratio(total_shares, worth, "0.01"), ""),
        AccountValue("LookAheadNextChange", "0", ""),
        AccountValue("NLVAndMarginInReview", "false", ""),
    ]
    for prefix in _VARIANTS:
        for tag, amount in (
            ("AvailableFunds", free),
            ("ExcessLiquidity", excess),
            ("InitMarginReq", margin.initial),
            ("MaintMarginReq", margin.maintenance),
        ):
            rows += _with_segment(prefix + tag, amount, base)
    for tag, amount in (
        ("NetLiquidation", worth),
        ("EquityWithLoanValue", worth),
        ("TotalCashValue", total_cash),
        ("GrossPositionValue", total_shares),
        ("AccruedDividend", _ZERO),
        ("Billable", _ZERO),
        ("Guarantee", _ZERO),
    ):
        rows += _with_segment(tag, amount, base)
    buying_power = free / broker.initial_margin_rate
    for tag, amount in (
        ("SettledCash", total_cash),
        ("BuyingPower", buying_power),
        ("NetLiquidationUncertainty", _ZERO),
    ):
        rows.append(AccountValue(tag, money(amount), base))
    rows += _by_currency(broker, rates, cash, shares, unrealised, realised)
    for tag, amounts in (
        ("CashBalance", cash),
        ("TotalCashBalance", cash),
        ("StockMarketValue", shares),
        ("UnrealizedPnL", unrealised),
        ("RealizedPnL", realised),
    ):
        rows.append(AccountValue(tag, money(in_base(amounts)), "BASE"))
    rows += _nothing_held("BASE")
    rows.append(AccountValue("AccountOrGroup", broker.account, "BASE"))
    rows.append(AccountValue("NetLiquidationByCurrency", money(worth), "BASE"))
    rows.append(AccountValue("ExchangeRate", "1.00", "BASE"))
    return rows


def _with_segment(tag: str, amount: Decimal, base: str) -> list[AccountValue]:
    """A row for the account and one for its securities segment, which is all there is."""
    return [AccountValue(tag, money(amount), base), AccountValue(f"{tag}-S", money(amount), base)]


def _nothing_held(currency: str) -> list[AccountValue]:
    """Kinds of assets that this account never has."""
    return [AccountValue(tag, "0.00", currency) for tag in NEVER_HELD]


def _by_currency(
    broker: Broker,
    rates: dict[str, Decimal],
    cash: dict[str, Decimal],
    shares: dict[str, Decimal],
    unrealised: dict[str, Decimal],
    realised: dict[str, Decimal],
) -> list[AccountValue]:
    rows = []
    for currency in sorted(rates):
        held = shares.get(currency, _ZERO)
        rate = "1.00" if currency == broker.base_currency else number(rates[currency])
        rows += [
            AccountValue("AccountOrGroup", broker.account, currency),
            AccountValue("Currency", currency, currency),
            AccountValue("CashBalance", money(cash[currency]), currency),
            AccountValue("TotalCashBalance", money(cash[currency]), currency),
            AccountValue("StockMarketValue", money(held), currency),
            AccountValue("UnrealizedPnL", money(unrealised.get(currency, _ZERO)), currency),
            AccountValue("RealizedPnL", money(realised.get(currency, _ZERO)), currency),
            AccountValue("NetLiquidationByCurrency", money(cash[currency] + held), currency),
            AccountValue("ExchangeRate", rate, currency),
            *_nothing_held(currency),
        ]
    return rows


def _ratio(part: Decimal, whole: Decimal, places: str) -> str:
    return format((part / whole).quantize(Decimal(places)), "f") if whole > 0 else "0"

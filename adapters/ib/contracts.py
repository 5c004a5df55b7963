"""Symbols of ours and contracts of TWS: `BHP/AUD` is BHP at SMART, listed on the ASX.

A bare `BHP` would also be its American twin (USD), so currency and listing always go with it.
A currency pair trades at IDEALPRO, and only in IB's own order of its two currencies.
"""

from __future__ import annotations

from adapters.ib.library import Contract, ContractDetails
from domain.symbols import CASH_CURRENCIES, Symbol, SymbolError


def contract_of(symbol: Symbol, preference: str) -> Contract:
    """The contract that a symbol names, not resolved yet (no contract id).

    `preference` is where shares are routed and, after a slash, listed: `SMART/ASX`. The listing
    holds for shares in AUD; others are found by their currency.
    """
    if symbol.is_currency_pair:
        return Contract(
            secType="CASH", symbol=symbol.base, currency=symbol.currency, exchange="IDEALPRO"
        )
    route, _, listing = preference.partition("/")
    return Contract(
        secType="STK",
        symbol=symbol.base,
        currency=symbol.currency,
        exchange=route or "SMART",
        primaryExchange=listing if symbol.currency == "AUD" else "",
    )


def symbol_of(contract: Contract) -> Symbol | None:
    """Our symbol for a contract of the venue's; None for what has none (options, futures)."""
    if contract.secType not in ("STK", "CASH"):
        return None
    if (contract.secType == "CASH") != (contract.symbol in CASH_CURRENCIES):
        return None
    try:
        return Symbol.parse(f"{contract.symbol}/{contract.currency}")
    except SymbolError:
        return None


def describe(contract: Contract) -> str:
    """A contract in a few words, for a person: `STK BHP ASX AUD`."""
    where = contract.primaryExchange or contract.exchange
    words = (contract.secType, contract.localSymbol or contract.symbol, where, contract.currency)
    return " ".join(word for word in words if word)


def resolved(details: ContractDetails, asked: Contract) -> Contract:
    """The contract to trade with: the venue's, routed as it was asked for."""
    found = details.contract
    if found is None:
        raise ValueError("contract details without a contract")
    return at_exchange(found, asked.exchange)


def at_exchange(contract: Contract, exchange: str) -> Contract:
    """The same instrument, routed to this exchange."""
    return Contract(
        secType=contract.secType,
        conId=contract.conId,
        symbol=contract.symbol,
        currency=contract.currency,
        exchange=exchange,
        primaryExchange=contract.primaryExchange,
        localSymbol=contract.localSymbol,
        tradingClass=contract.tradingClass,
    )


def market_rule_id(details: ContractDetails, route: str) -> int | None:
    """The rule of price steps for the exchange used; None when the venue names none.

    `marketRuleIds` runs parallel to `validExchanges`.
    """
    exchanges = details.validExchanges.split(",")
    rules = [text.strip() for text in details.marketRuleIds.split(",")]
    listing = details.contract.primaryExchange if details.contract is not None else ""
    for exchange in (route, listing):
        if exchange in exchanges:
            at = exchanges.index(exchange)
            if at < len(rules) and rules[at].isdigit():
                return int(rules[at])
    return None

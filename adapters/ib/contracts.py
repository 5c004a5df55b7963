"""Symbols of ours and contracts of TWS: `BHP/AUD` is BHP at SMART, listed on the ASX.

A bare `BHP` would also be its American twin (USD), so currency and listing always go with it.
A currency pair trades at IDEALPRO, and only in IB's own order of its two currencies.
"""

from __future__ import annotations

from adapters.ib.instrument_store import ContractFields
from adapters.ib.library import Contract, ContractDetails
from domain.symbols import CASH_CURRENCIES, Symbol, SymbolError


def contract_of(
    symbol: Symbol, preference: str, *, exchange: str = "", security_type: str = ""
) -> Contract:
    """The contract that a symbol names, not resolved yet (no contract id).

    `preference` is where Australian shares are routed and, after a slash, listed: `SMART/ASX`,
    or `ASX` for the exchange directly. Shares in other currencies go by SMART and are found by
    their currency. `exchange` and `security_type` say otherwise where they are given.
    """
    kind = security_type or ("CASH" if symbol.is_currency_pair else "STK")
    if kind == "CASH":
        route, listing = "IDEALPRO", ""
    elif symbol.currency == "AUD":
        route, _, listing = preference.partition("/")
    else:
        route, listing = "SMART", ""
    return Contract(
        secType=kind,
        # IB writes a class of shares behind a blank (`BRK B`), which no symbol of ours has.
        symbol=symbol.base.replace(".", " "),
        currency=symbol.currency,
        exchange=exchange or route,
        primaryExchange=listing,
    )


def symbol_of(contract: Contract) -> Symbol | None:
    """Our symbol for a contract of the venue's; None for what has none (options, futures)."""
    if contract.secType not in ("STK", "CASH"):
        return None
    if (contract.secType == "CASH") != (contract.symbol in CASH_CURRENCIES):
        return None
    try:
        return Symbol.parse(f"{contract.symbol.replace(' ', '.')}/{contract.currency}")
    except SymbolError:
        return None


def asked_as(contract: Contract) -> str:
    """The route and listing of a contract as they were asked for: `SMART/ASX`, `IDEALPRO`."""
    return "/".join(part for part in (contract.exchange, contract.primaryExchange) if part)


def instrument_type(details: ContractDetails) -> str:
    """`STK`, `ETF` or `CASH`; what IB calls it where it is none of these.

    Funds come as shares, told apart by their stock type (ETF, ETC, ETN); so do rights.
    """
    found = details.contract
    if found is None:
        return ""
    if found.secType == "STK" and details.stockType.startswith("ET"):
        return "ETF"
    if found.secType == "STK" and details.stockType in ("RIGHT", "WARRANT"):
        return details.stockType
    return found.secType


def describe(contract: Contract) -> str:
    """A contract in a few words, for a person: `STK BHP ASX AUD`."""
    where = contract.primaryExchange or contract.exchange
    words = (contract.secType, contract.localSymbol or contract.symbol, where, contract.currency)
    return " ".join(word for word in words if word)


def fields_of(found: Contract) -> ContractFields:
    """What names a contract of the venue's, to be kept."""
    return ContractFields(
        con_id=found.conId,
        sec_type=found.secType,
        symbol=found.symbol,
        currency=found.currency,
        primary_exchange=found.primaryExchange,
        local_symbol=found.localSymbol,
        trading_class=found.tradingClass,
    )


def resolved(fields: ContractFields, exchange: str) -> Contract:
    """The contract to trade with: the venue's, routed to this exchange."""
    return Contract(
        secType=fields.sec_type,
        conId=fields.con_id,
        symbol=fields.symbol,
        currency=fields.currency,
        exchange=exchange,
        primaryExchange=fields.primary_exchange,
        localSymbol=fields.local_symbol,
        tradingClass=fields.trading_class,
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

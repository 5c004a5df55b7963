"""Replies whose layout is plain: notices, accounts, positions, bars and lists.

Each function gives the fields of one message. `version` is the negotiated server version
where the layout depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from simulators.model import BrokerPosition, Instrument
from simulators.tws.fields import money, number, size
from simulators.tws.protocol import VERSION_ADVANCED_REJECT, VERSION_ISSUER_ID, Reply


def error(version: int, req_id: int, code: int, text: str) -> list[str]:
    """An error or a notice; `req_id` is -1 where it belongs to no request."""
    fields = [str(Reply.ERROR.value), "2", str(req_id), str(code), text]
    return [*fields, ""] if version >= VERSION_ADVANCED_REJECT else fields


def simple(reply: Reply, *fields: object) -> list[str]:
    """A message of version 1 with the fields given."""
    return [str(reply.value), "1", *map(str, fields)]


def contract_fields(instrument: Instrument, exchange: str) -> list[str]:
    """The eleven fields of a contract inside positions, orders and executions."""
    return [
        str(instrument.con_id),
        instrument.symbol.base,
        instrument.sec_type,
        "",
        "0",
        "",
        "",
        exchange,
        instrument.symbol.currency,
        instrument.local_symbol,
        instrument.trading_class,
    ]


def position(account: str, held: BrokerPosition, version: int) -> list[str]:
    """A row of the list of positions; pairs have no exchange there."""
    exchange = "" if held.instrument.sec_type == "CASH" else held.instrument.exchange
    return [
        str(Reply.POSITION.value),
        "3",
        account,
        *contract_fields(held.instrument, exchange),
        size(held.quantity, version),
        number(held.average_cost),
    ]


def position_multi(req_id: int, account: str, held: BrokerPosition, version: int) -> list[str]:
    """A row of the list of positions of one account."""
    row = position(account, held, version)
    return [str(Reply.POSITION_MULTI.value), "1", str(req_id), *row[2:], ""]


def portfolio_value(account: str, held: BrokerPosition, version: int) -> list[str]:
    """A position with its value: market price, value and profit in the instrument's currency."""
    instrument = held.instrument
    exchange = "" if instrument.sec_type == "CASH" else instrument.exchange
    contract = contract_fields(instrument, exchange)
    value = held.quantity * held.market_price
    return [
        str(Reply.PORTFOLIO_VALUE.value),
        "8",
        *contract,
        size(held.quantity, version),
        number(held.market_price),
        money(value),
        number(held.average_cost),
        money(value - held.quantity * held.average_cost),
        money(held.realised_pnl),
        account,
    ]


def symbol_samples(req_id: int, found: Sequence[Instrument], version: int) -> list[str]:
    """The instruments that match a pattern."""
    fields = [str(Reply.SYMBOL_SAMPLES.value), str(req_id), str(len(found))]
    for instrument in found:
        fields += [
            str(instrument.con_id),
            instrument.symbol.base,
            instrument.sec_type,
            instrument.exchange,
            instrument.symbol.currency,
            "0",
        ]
        if version >= VERSION_ISSUER_ID:
            fields += [instrument.long_name, ""]
    return fields


def market_rule(rule_id: int, steps: Sequence[tuple[Decimal, Decimal]]) -> list[str]:
    """The price steps of a rule: from which price on, which step."""
    fields = [str(Reply.MARKET_RULE.value), str(rule_id), str(len(steps))]
    for edge, step in steps:
        fields += [number(edge), number(step)]
    return fields


def contract_details(
    req_id: int,
    instrument: Instrument,
    exchange: str,
    trading_hours: str,
    liquid_hours: str,
    version: int,
) -> list[str]:
    """The details of an instrument on one exchange. The layout changes at version 164.

    `minTick` is the smallest step of the market rule, whatever the price, as IB sends it.
    """
    old = version < 164
    smallest = min(step for _, step in instrument.price_steps)
    has_isin = bool(instrument.isin)
    fields = [str(Reply.CONTRACT_DETAILS.value)]
    if old:
        fields.append("8")
    fields += [
        str(req_id),
        instrument.symbol.base,
        instrument.sec_type,
        "",
        "0",
        "",
        exchange,
        instrument.symbol.currency,
        instrument.local_symbol,
        instrument.trading_class,
        instrument.trading_class,
        str(instrument.con_id),
        number(smallest),
    ]
    if old:
        fields.append("100")
    fields += [
        "",
        "DAY,GTC,IOC,LMT,MKT,STP,STPLMT",
        ",".join(instrument.valid_exchanges),
        "1",
        "0",
        instrument.long_name,
        instrument.exchange if instrument.sec_type == "STK" else "",
        "",
        "",
        "",
        "",
        instrument.time_zone_id,
        trading_hours,
        liquid_hours,
        "",
        "0",
        "1" if has_isin else "0",
        *(("ISIN", instrument.isin) if has_isin else ()),
        "4" if instrument.sec_type == "CASH" else "1",
        "",
        "",
        ",".join([str(instrument.market_rule_id)] * len(instrument.valid_exchanges)),
        "",
        instrument.stock_type,
    ]
    if version == 163:
        fields.append("1")
    if not old:
        lot = number(instrument.lot)
        fields += [lot, lot, lot]
    return fields

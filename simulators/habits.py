"""How this broker behaves wherever IB's answer is unknown, or differs from one account to another.

Each field is one such point, with the answer that we hold to be the likely one as its default.
A scenario sets them in its table `[habits]`.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Habits:
    """The switches. Amounts are in the currency named, times in seconds of the gateway's clock."""

    # Changes

    change_of_filled: Literal["104", "silence"] = "104"
    """What a change of a filled order is answered with; gateways were seen to say nothing."""
    change_of_child: Literal["accepted", "135"] = "accepted"
    """Of a change that still names a parent which has gone (ib_insync, issue 647)."""

    # Brackets

    children_wake: Literal["parent_complete", "parent_fills"] = "parent_complete"
    """Children work once the parent is filled, or with each part of it, in that size."""
    children_of_part_filled_parent: Literal["cancelled", "kept"] = "cancelled"
    """What becomes of them when the rest of the parent is cancelled; `kept`: for what it filled."""

    group_cancelled_together: Literal["always", "named_groups", "never"] = "always"
    """Whether the cancel of one order ends its one-cancels-all group; IB makes a group of the
    children of a bracket, `named_groups` leaves those out."""

    # Previews

    what_if: Literal["answered", "sentinel_first", "mute"] = "answered"
    """`sentinel_first`: before the answer comes one whose margins are all unset."""
    what_if_commission: Literal["exact", "range"] = "exact"
    """`range`: the commission is unset, its least and its most are told instead."""
    read_only: bool = False
    """The gateway's *Read-Only API*: orders, previews and cancels are answered with 321."""

    # Money

    account_type: Literal["cash", "margin"] = "cash"
    """A cash account pays in full; in a margin account the two rates below are what is tied up."""
    initial_margin: Decimal = Decimal("0.50")
    maintenance_margin: Decimal = Decimal("0.4545")
    virtual_currency_positions: bool = True
    """Currency bought shows as a position of type CASH too, beside the cash itself."""

    # Several clients

    cancel_of_another_clients: Literal["10147", "allowed"] = "10147"
    """Measured in August 2026, and in April 2026 the other way round."""
    master_client_id: int | None = None
    """It hears of the orders, executions and commissions of all clients."""

    manual_execution_id: int = 0
    """The order id in executions of orders entered by hand; 2147483647 was seen too."""

    # Commissions

    commission: Literal["after_execution", "before_execution", "never"] = "after_execution"
    """When the report comes; never: not with the lists of executions either."""
    commission_delay: Decimal = Decimal(0)
    """So many seconds later, in either case."""
    commission_reported: Decimal | None = None
    """Every report says this, whatever is charged: -1, a rebate, 1.7976931348623157E308."""
    realised_pnl_unset: bool = False
    """Reports leave the realised profit unset even where a trade closes."""

    bust: Literal["zero_shares", "silent"] = "zero_shares"
    """A trade that never was comes as a correction to nothing, or only the account shows it."""

    # Rules of the market

    minimum_parcel: Literal["off", "refused", "cancelled"] = "off"
    """Of a purchase that leaves a holding below A$500: nothing (paper), 201, or taken, then 202."""
    odd_lots: bool = True
    """Currency orders below US$25,000 trade a step worse than quoted, with a warning (399)."""
    most_active_orders: int = 20
    """Of one side of one contract; the next is refused."""
    short_sale: Literal["refused", "banned", "locate"] = "refused"
    """Sold without being held: refused (201), forbidden (201), or held until located (404)."""
    post_close: Literal["closed", "at_auction_price", "cancel_only"] = "closed"
    """The ten minutes after the closing auction, with the real hours of the ASX."""
    fill_or_kill: Literal["inactive", "refused"] = "inactive"
    """FOK is not offered for the ASX: paper accounts keep such an order as Inactive."""

    trailing_stop_told: bool = False
    """Whether each move of a trailing stop is told, or only what is asked for shows it."""

    # Callbacks

    status_twice: bool = False
    """Every orderStatus comes twice."""
    status_of_fill: Literal["sent", "missing"] = "sent"
    """`missing`: an order that fills as it arrives gets no orderStatus for it."""
    status_before_execution: bool = False
    """Filled is said before the execution is."""
    open_order_with_commission: bool = True
    """With the commission, the filled order is told again."""

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Habits:
        """From a table of TOML; numbers may be written as text where they must be exact.

        Raises:
            ValueError: a name is not one of these, or a value is not one of its kind.
        """
        kinds = get_type_hints(cls)
        unknown = sorted(set(table) - set(kinds))
        if unknown:
            known = ", ".join(field.name for field in fields(cls))
            raise ValueError(f"there is no habit {unknown[0]!r}; there are: {known}")
        return cls(**{name: _read(name, kinds[name], value) for name, value in table.items()})


def _read(name: str, kind: Any, value: Any) -> Any:
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        allowed = ", ".join(repr(choice) for choice in get_args(kind))
        raise ValueError(f"habit {name} is {value!r}: it must be one of {allowed}")
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is Decimal and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise ValueError(f"habit {name} is {value!r}: it must be {_A_KIND[kind]}")


_A_KIND = {bool: "true or false", int: "a whole number", Decimal: "a number"}

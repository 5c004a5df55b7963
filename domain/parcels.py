"""Parcels of shares and coins, first in first out, what is managed and what is external apart.

Pure: the same events give the same parcels and disposals. A sale takes the oldest parcels of its
own owner; Kelpie's trades never touch the owner's own parcels, nor a sale by hand Kelpie's. Splits,
renames and changes of hands keep cost and dates (facts: australia.md, *Parcels*, *Splits*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import assert_never

from domain.apportioning import Rest, added, divided, negative, subtracted
from domain.cgt_rules import TRANSITION
from domain.exact import EXACT
from domain.orders import Side
from domain.symbols import Symbol
from domain.tax_events import (
    Aud,
    CostAdjustment,
    Demerger,
    Disposal,
    DisposalKind,
    Handover,
    Owner,
    OwnParcel,
    Parcel,
    Rename,
    Split,
    TaxEvent,
    Trade,
    Valuation,
)
from domain.tax_year import contract_date

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What events leave."""

    parcels: tuple[Parcel, ...]
    """Open ones, by symbol, owner and age."""
    disposals: tuple[Disposal, ...]
    """In the order in which they were made."""
    not_covered: tuple[str, ...]
    """Sales by hand of what no parcel is known of, and restatings that found nothing: sentences."""


def replayed(events: Iterable[TaxEvent], until: date | None = None) -> Holdings:
    """Add up the events, in whatever order they are given; those after a day are left out."""
    book = _Pools()
    with localcontext(EXACT):
        for event in sorted(events, key=_place):
            if until is None or contract_date(event.at) <= until:
                book.take(event)
    return Holdings(book.open(), tuple(book.disposals), tuple(book.not_covered))


def _place(event: TaxEvent) -> tuple[object, ...]:
    # At one instant a split comes before what trades in new units, a valuation behind all else.
    late = 1
    if isinstance(event, Split | Rename | Demerger):
        late = 0
    elif isinstance(event, Valuation):
        late = 2
    return event.at, late, event.ref


@dataclass
class _Pools:
    """The open parcels by symbol and owner, oldest first."""

    pools: dict[tuple[Symbol, Owner], list[Parcel]] = field(default_factory=dict)
    disposals: list[Disposal] = field(default_factory=list)
    not_covered: list[str] = field(default_factory=list)

    def open(self) -> tuple[Parcel, ...]:
        keys = sorted(self.pools, key=lambda key: (str(key[0]), key[1]))
        return tuple(parcel for key in keys for parcel in self.pools[key])

    def pool(self, symbol: Symbol, owner: Owner) -> list[Parcel]:
        return self.pools.setdefault((symbol, owner), [])

    def take(self, event: TaxEvent) -> None:
        match event:
            case Trade():
                self._trade(event)
            case OwnParcel():
                self._add(_of_owner(event))
            case Handover():
                self._hand_over(event)
            case Split():
                self._each(event.symbol, lambda parcel: _split(parcel, event))
            case Rename():
                self._rename(event)
            case Demerger():
                self._demerge(event)
            case CostAdjustment():
                self._adjust(event)
            case Valuation():
                if contract_date(event.at) == TRANSITION:
                    self._each(event.symbol, lambda parcel: _valued(parcel, event.price))
            case _ as never:
                assert_never(never)

    # -- trades ------------------------------------------------------------------------------

    def _trade(self, trade: Trade) -> None:
        """What closes parcels is a disposal, what is over opens one."""
        pool = self.pool(trade.symbol, trade.owner)
        sign = trade.side.sign
        against = sum((p.quantity for p in pool if p.quantity * sign < 0), _ZERO)
        closing = min(trade.quantity, abs(against))
        opening = trade.quantity - closing
        value, fee = Rest(trade.quantity, trade.value), Rest(trade.quantity, trade.fee)
        for part in self._taken(pool, closing):
            units = abs(part.quantity)
            self._dispose(trade, part, value.share(units), fee.share(units))
        if not opening:
            return
        if trade.side is Side.SELL and trade.owner is Owner.EXTERNAL:
            self._sold_unknown(trade, opening, value.share(opening), fee.share(opening))
            return
        brought, paid = value.share(opening), fee.share(opening)
        cost = added(brought, paid) if sign > 0 else subtracted(brought, paid)
        self._add(
            Parcel(
                trade.symbol,
                trade.owner,
                trade.ref,
                opening * sign,
                cost if sign > 0 else negative(cost),
                paid,
                contract_date(trade.at),
            )
        )

    def _dispose(self, trade: Trade, part: Parcel, value: Aud, fee: Aud) -> None:
        day = contract_date(trade.at)
        if part.quantity > 0:
            made = _disposal(part, trade.kind, trade.ref, day)
            self.disposals.append(replace(made, proceeds=value, sale_fee=fee))
            return
        # Bought back: what the short sale brought, less its fees, against what this cost.
        made = _disposal(part, DisposalKind.SHORT, trade.ref, day)
        brought = added(negative(part.cost), part.fees)
        made = replace(made, quantity=-part.quantity, proceeds=brought, cost=added(value, fee))
        self.disposals.append(replace(made, sale_fee=part.fees, buy_fee=fee))

    def _sold_unknown(self, trade: Trade, quantity: Decimal, value: Aud, fee: Aud) -> None:
        day = contract_date(trade.at)
        self.not_covered.append(
            f"{quantity} {trade.symbol} sold by hand on {day}: no parcel of the owner's is known "
            "that they came from. Import it (kelpie import parcels)."
        )
        self.disposals.append(
            Disposal(
                trade.symbol,
                trade.owner,
                trade.kind,
                trade.ref,
                parcel="",
                quantity=quantity,
                acquired=None,
                disposed=day,
                proceeds=value,
                cost=None,
                sale_fee=fee,
                buy_fee=None,
            )
        )

    def _taken(self, pool: list[Parcel], quantity: Decimal) -> list[Parcel]:
        """Take so many units off the oldest parcels; gives the parts."""
        parts = []
        while quantity > 0:
            oldest = pool.pop(0)
            if abs(oldest.quantity) > quantity:
                part, rest = divided(oldest, quantity)
                pool.insert(0, rest)
            else:
                part = oldest
            parts.append(part)
            quantity -= abs(part.quantity)
        return parts

    # -- what a person tells -------------------------------------------------------------------

    def _hand_over(self, event: Handover) -> None:
        """Parcels change hands with their cost and dates; for what none is known of, the word."""
        into = Owner.MANAGED if event.quantity > 0 else Owner.EXTERNAL
        out = Owner.EXTERNAL if event.quantity > 0 else Owner.MANAGED
        pool = self.pool(event.symbol, out)
        quantity = abs(event.quantity)
        there = sum((parcel.quantity for parcel in pool if parcel.quantity > 0), _ZERO)
        known = min(quantity, there)
        for part in self._taken(pool, known):
            self._add(replace(part, owner=into))
        unknown = quantity - known
        if unknown:
            cost = Rest(quantity, event.cost).share(unknown)
            self._add(Parcel(event.symbol, into, event.ref, unknown, cost, _ZERO, None))

    def _rename(self, event: Rename) -> None:
        for owner in Owner:
            for parcel in self.pools.pop((event.symbol, owner), []):
                self._add(replace(parcel, symbol=event.to))

    def _demerge(self, event: Demerger) -> None:
        """A part of each parcel's cost, and of its worth, goes over to the new units."""
        for owner in Owner:
            pool = self.pool(event.symbol, owner)
            for at, parcel in enumerate(pool):
                amounts = (parcel.cost, parcel.fees, parcel.worth)
                gone = [None if each is None else each * event.cost_share for each in amounts]
                left = [subtracted(each, part) for each, part in zip(amounts, gone, strict=True)]
                units = parcel.quantity * event.new / event.old
                pool[at] = replace(parcel, cost=left[0], fees=left[1], worth=left[2])
                new = replace(parcel, symbol=event.to, quantity=units)
                self._add(replace(new, cost=gone[0], fees=gone[1], worth=gone[2]))

    def _adjust(self, event: CostAdjustment) -> None:
        """Spread over the units that were held that day; below zero no cost base falls."""
        held = [p for owner in Owner for p in self.pool(event.symbol, owner) if p.quantity > 0]
        if not held:
            day = contract_date(event.at)
            self.not_covered.append(
                f"An AMMA statement restates {event.symbol} by A${event.amount} on {day}, and none "
                "was held then by the book."
            )
            return
        total = sum((parcel.quantity for parcel in held), _ZERO)
        rest = Rest(total, event.amount)
        shares = {id(parcel): rest.share(parcel.quantity) for parcel in held}

        def adjusted(parcel: Parcel) -> Parcel:
            cost = added(parcel.cost, shares.get(id(parcel), _ZERO))
            if cost is None or cost >= 0 or parcel.quantity < 0:
                return replace(parcel, cost=cost)
            made = _disposal(parcel, DisposalKind.AMMA_EXCESS, event.ref, contract_date(event.at))
            made = replace(made, quantity=_ZERO, proceeds=-cost, cost=_ZERO, sale_fee=_ZERO)
            self.disposals.append(replace(made, buy_fee=_ZERO, worth=None))
            return replace(parcel, cost=_ZERO)

        self._each(event.symbol, adjusted)

    def _each(self, symbol: Symbol, change: Callable[[Parcel], Parcel]) -> None:
        for owner in Owner:
            pool = self.pool(symbol, owner)
            pool[:] = [change(parcel) for parcel in pool]

    def _add(self, parcel: Parcel) -> None:
        """Behind those that are older; what nobody knows the age of is the newest."""
        pool = self.pool(parcel.symbol, parcel.owner)
        at = len(pool)
        while at and (pool[at - 1].acquired or date.max) > (parcel.acquired or date.max):
            at -= 1
        pool.insert(at, parcel)


def _of_owner(event: OwnParcel) -> Parcel:
    return Parcel(
        event.symbol,
        Owner.EXTERNAL,
        event.ref,
        event.quantity,
        event.cost,
        _ZERO,
        contract_date(event.at),
    )


def _split(parcel: Parcel, event: Split) -> Parcel:
    """Other units of the same holding: quantity changes, and nothing else."""
    return replace(parcel, quantity=parcel.quantity * event.new / event.old)


def _valued(parcel: Parcel, price: Aud) -> Parcel:
    return replace(parcel, worth=None if price is None else parcel.quantity * price)


def _disposal(parcel: Parcel, kind: DisposalKind, ref: str, day: date) -> Disposal:
    """Of all of a parcel, before it is known what it brought."""
    return Disposal(
        parcel.symbol,
        parcel.owner,
        kind,
        ref,
        parcel=parcel.ref,
        quantity=parcel.quantity,
        acquired=parcel.acquired,
        disposed=day,
        proceeds=None,
        cost=parcel.cost,
        sale_fee=None,
        buy_fee=parcel.fees,
        worth=parcel.worth,
    )

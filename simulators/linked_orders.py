"""Brackets and one-cancels-all groups: what a fill or a cancel of one order means for the others.

IB says that types 2 and 3 reduce the other orders of a group in proportion; it does not say how
attached orders follow a parent that is filled in parts, so the habits decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from simulators.habits import Habits
from simulators.model import BrokerEvent, BrokerOrder, NewOrder, OrderChanged
from simulators.order_register import OrderRegister

_BY_SYSTEM = "Cancelled by System:\n"


class Desk(Protocol):
    """What can be done to an order that somebody else's fate concerns."""

    def submit(self, order: BrokerOrder, fresh: bool = False) -> list[BrokerEvent]: ...

    def anchored(self, asked: NewOrder) -> NewOrder: ...

    def resize(self, order: BrokerOrder, quantity: Decimal) -> list[BrokerEvent]: ...

    def end(self, order: BrokerOrder, how: str) -> list[BrokerEvent]: ...


class LinkedOrders:
    """Follows the links between orders of the register."""

    def __init__(self, desk: Desk, register: OrderRegister, habits: Callable[[], Habits]) -> None:
        self._desk = desk
        self._register = register
        self._habits = habits

    def after_fill(self, before: BrokerOrder, quantity: Decimal) -> list[BrokerEvent]:
        """An order, given as it was before, has traded so much."""
        order = self._register.order(before.perm_id)
        events: list[BrokerEvent] = []
        for child in self._still_open(self._register.children(order)):
            if child.request.transmit:
                events += self._wake(child, order, quantity)
        for other in self._still_open(self._register.rest_of_group(order)):
            if order.request.oca_type == 1:
                events += self._desk.end(other, _BY_SYSTEM)
            else:
                events += self._reduce(other, quantity, before.remaining + before.asleep)
        return events

    def after_cancel(self, order: BrokerOrder) -> list[BrokerEvent]:
        """An order was cancelled or has expired."""
        events: list[BrokerEvent] = []
        kept = self._habits().children_of_part_filled_parent == "kept" and order.filled > 0
        for child in self._still_open(self._register.children(order)):
            if kept and child.request.transmit:
                events += self._keep(child, order)
            else:
                events += self._desk.end(child, _BY_SYSTEM)
                events += self.after_cancel(child)
        if self._cancels_group(order):
            for other in self._register.rest_of_group(order):
                events += self._desk.end(other, _BY_SYSTEM)
        return events

    def _still_open(self, orders: list[BrokerOrder]) -> Iterator[BrokerOrder]:
        """Each as it stands when its turn comes: what was done to one may have ended another."""
        for known in orders:
            order = self._register.order(known.perm_id)
            if order.is_open:
                yield order

    def _cancels_group(self, order: BrokerOrder) -> bool:
        parent = self._register.parent(order.request)
        named = parent is None or order.request.oca_group != str(parent.perm_id)
        habit = self._habits().group_cancelled_together
        return habit == "always" or (habit == "named_groups" and named)

    def _wake(self, child: BrokerOrder, parent: BrokerOrder, filled: Decimal) -> list[BrokerEvent]:
        whole = child.request.quantity
        if self._habits().children_wake == "parent_complete" or not parent.is_open:
            if parent.is_open:
                return []
            if child.why_held == "child":
                return self._start(child, whole)
            return self._grow(child, child.asleep)
        if child.why_held == "child":
            return self._start(child, min(whole, filled))
        return self._grow(child, min(child.asleep, filled))

    def _keep(self, child: BrokerOrder, parent: BrokerOrder) -> list[BrokerEvent]:
        """What the parent filled stays covered."""
        if child.why_held == "child":
            started = replace(
                child,
                request=replace(child.request, quantity=min(child.request.quantity, parent.filled)),
            )
            return self._start(started, started.request.quantity)
        self._register.put(replace(child, asleep=Decimal(0)))
        return []

    def _start(self, child: BrokerOrder, quantity: Decimal) -> list[BrokerEvent]:
        """Its first part works; a stop that follows the market begins where that is now."""
        child = replace(child, request=self._desk.anchored(child.request))
        awake = self._register.put(
            replace(
                child,
                request=replace(child.request, quantity=quantity),
                asleep=child.request.quantity - quantity,
                why_held="",
            )
        )
        return [OrderChanged(awake), *self._desk.submit(awake, fresh=True)]

    def _grow(self, child: BrokerOrder, by: Decimal) -> list[BrokerEvent]:
        if not by:
            return []
        grown = replace(child, asleep=child.asleep - by)
        return self._desk.resize(grown, child.request.quantity + by)

    def _reduce(self, other: BrokerOrder, traded: Decimal, of: Decimal) -> list[BrokerEvent]:
        """Make another order of the group smaller by the share that this one traded."""
        share = (other.remaining + other.asleep) * traded / of
        by = share.quantize(Decimal(1), ROUND_HALF_UP)
        from_asleep = min(max(by - other.remaining, Decimal(0)), other.asleep)
        other = replace(other, asleep=other.asleep - from_asleep)
        left = other.request.quantity - (by - from_asleep)
        if left <= other.filled and not other.asleep:
            return self._desk.end(other, _BY_SYSTEM)
        return self._desk.resize(other, left)

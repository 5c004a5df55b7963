"""What must hold between the broker's file and Kelpie's book, whatever was killed and when.

Pure: two records in, what is wrong with them out. Three degrees: what holds at every instant,
what holds soon after a start, and what holds once all has come to rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rehearsal.crash.records import BrokerOrder, BrokerRecord, LedgerOrder, LedgerRecord


class Fault(StrEnum):
    """What is wrong."""

    DUPLICATE = "DUPLICATE"
    """One intent, and more than one order at the broker or on the wire."""
    NO_INTENT = "NO_INTENT"
    """An order at the broker or on the wire that the book has no durable intent of."""
    LOST = "LOST"
    """An execution or commission of the broker's that the book does not have."""
    INVENTED = "INVENTED"
    """A fill in the book that the broker does not have, or has otherwise."""
    TWICE = "TWICE"
    """Fills that are counted otherwise than once."""
    STATE = "STATE"
    """An order of which the two say different things."""
    UNKNOWN = "UNKNOWN"
    """An order that the book calls unknown though the broker's lists tell."""
    POSITION = "POSITION"
    """Two different positions."""
    DAMAGED = "DAMAGED"
    """A book, or one of its back-ups, that is not what was written."""
    NOT_READY = "NOT_READY"
    """A start that was not ready in time."""
    ENDED = "ENDED"
    """A process that ended by itself, or that did not come to its point."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong, with the order or execution that it concerns."""

    fault: Fault
    subject: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.fault} {self.subject}: {self.sentence}"


_OPEN = ("WORKING", "HELD")
#: By the broker's own word what the book may call it.
_STATES = {
    "PendingSubmit": _OPEN,
    "PreSubmitted": _OPEN,
    "Submitted": _OPEN,
    "Inactive": (*_OPEN, "REJECTED"),
    "Filled": ("FILLED",),
    "Cancelled": ("CANCELLED", "REJECTED", "EXPIRED"),
    "ApiCancelled": ("CANCELLED", "REJECTED", "EXPIRED"),
}
#: What the book calls an order that never came to the market.
_NEVER_CAME = ("NOT_SENT", "REJECTED")
#: While the proof of its absence is under way.
_IN_DOUBT = ("INTENDED", "SENT", "UNKNOWN")


def at_any_instant(broker: BrokerRecord, ledger: LedgerRecord) -> list[Violation]:
    """What no kill may ever bring about; the book is to be read while its process is dead."""
    return [
        *_duplicates(broker),
        *_without_intent(broker, ledger),
        *_invented(broker, ledger),
        *_counted_twice(ledger),
    ]


def soon(broker: BrokerRecord, ledger: LedgerRecord) -> list[Violation]:
    """What a start makes good within its limit: whatever the broker had on file before."""
    found = [
        Violation(Fault.LOST, id, f"the broker filled {trade.quantity} of {trade.order_ref}")
        for id, trade in broker.trades.items()
        if id not in ledger.trades
    ]
    for id, cost in broker.costs.items():
        if ledger.costs.get(id) != cost:
            said = f"the broker charged {cost.amount} {cost.currency}, the book has "
            found.append(Violation(Fault.LOST, id, said + _words(ledger.costs.get(id))))
    return found


def at_rest(broker: BrokerRecord, ledger: LedgerRecord) -> list[Violation]:
    """What holds once nothing is on its way any more, all of the above included."""
    return [
        *at_any_instant(broker, ledger),
        *soon(broker, ledger),
        *_states(broker, ledger),
        *_positions(broker, ledger),
    ]


def in_doubt(ledger: LedgerRecord) -> list[str]:
    """The orders whose fate is not proven yet; for a while that is no fault."""
    return [name for name, order in ledger.orders.items() if order.state in _IN_DOUBT]


def _duplicates(broker: BrokerRecord) -> Iterator[Violation]:
    for where, counts in (
        ("in the broker's file", Counter(order.order_ref for order in broker.orders)),
        ("on the wire", broker.placed),
    ):
        for name, count in counts.items():
            if count > 1:
                yield Violation(Fault.DUPLICATE, name, f"{count} orders {where}")


def _without_intent(broker: BrokerRecord, ledger: LedgerRecord) -> Iterator[Violation]:
    names = dict.fromkeys((*broker.placed, *(order.order_ref for order in broker.orders)))
    for name in names:
        if name not in ledger.orders:
            yield Violation(Fault.NO_INTENT, name, "the book has no such intent")


def _invented(broker: BrokerRecord, ledger: LedgerRecord) -> Iterator[Violation]:
    for id, trade in ledger.trades.items():
        theirs = broker.trades.get(id)
        if theirs != trade:
            said = f"the book has {_words(trade)}, the broker {_words(theirs)}"
            yield Violation(Fault.INVENTED, id, said)


def _counted_twice(ledger: LedgerRecord) -> Iterator[Violation]:
    """An order's count and a position are what their fills add up to."""
    sums: dict[str, Decimal] = {}
    for trade in ledger.trades.values():
        sums[trade.order_ref] = sums.get(trade.order_ref, Decimal(0)) + trade.quantity
    held: dict[str, Decimal] = {}
    for name, order in ledger.orders.items():
        added = sums.get(name, Decimal(0))
        if order.filled != added:
            said = f"the book counts {order.filled} filled, its fills are {added}"
            yield Violation(Fault.TWICE, name, said)
        sign = 1 if order.side == "BUY" else -1
        held[order.symbol] = held.get(order.symbol, Decimal(0)) + sign * added
    for symbol, quantity in held.items():
        counted = ledger.positions.get(symbol, Decimal(0))
        if counted != quantity:
            said = f"the book counts {counted} held, its fills are {quantity}"
            yield Violation(Fault.TWICE, symbol, said)


def _states(broker: BrokerRecord, ledger: LedgerRecord) -> Iterator[Violation]:
    theirs = {order.order_ref: order for order in broker.orders}
    for name, ours in ledger.orders.items():
        there = theirs.get(name)
        if there is None or not there.transmitted:
            if ours.state not in _NEVER_CAME:
                yield Violation(Fault.STATE, name, f"{ours.state} in the book, not at the broker")
        else:
            yield from _state(name, ours, there)


def _state(name: str, ours: LedgerOrder, there: BrokerOrder) -> Iterator[Violation]:
    if ours.state in _IN_DOUBT:
        yield Violation(Fault.UNKNOWN, name, f"{ours.state} in the book, {there.status} there")
        return
    if ours.state not in _STATES.get(there.status, ()) or ours.filled != there.filled:
        said = f"{ours.state} with {ours.filled} filled in the book, "
        yield Violation(Fault.STATE, name, f"{said}{there.status} with {there.filled} there")
    agreed = ours.pending_change is None and _terms(ours) == _terms(there)
    if ours.state in _OPEN and not agreed:
        said = f"{_terms(ours)} in the book (pending: {ours.pending_change}), "
        yield Violation(Fault.STATE, name, f"{said}{_terms(there)} there")


def _terms(order: LedgerOrder | BrokerOrder) -> tuple[Decimal | None, ...]:
    return order.quantity, order.limit_price, order.stop_price


def _positions(broker: BrokerRecord, ledger: LedgerRecord) -> Iterator[Violation]:
    """Of the contracts that were traded: the account has no other orders than ours."""
    symbols = {
        order.con_id: ledger.orders[order.order_ref].symbol
        for order in broker.orders
        if order.order_ref in ledger.orders
    }
    for con_id, symbol in symbols.items():
        theirs = broker.positions.get(con_id, Decimal(0))
        ours = ledger.positions.get(symbol, Decimal(0))
        if theirs != ours:
            yield Violation(Fault.POSITION, symbol, f"{ours} in the book, {theirs} there")


def _words(what: object) -> str:
    return "nothing" if what is None else str(what)

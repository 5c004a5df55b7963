"""What the ledger says, held against what the broker itself has on file."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from adapters.store import open_book
from adapters.store.verification import verify
from runtime.clocks import SystemClock
from simulators.books import Books


class Traded(NamedTuple):
    """One execution, in the words that both files share."""

    execution_id: str
    client_order_id: str
    side: str
    quantity: Decimal
    price: Decimal
    commission: Decimal
    currency: str


def of_broker(books: Books, prefix: str = "") -> list[Traded]:
    """The broker's executions of our orders, oldest first."""
    return [
        Traded(
            each.execution_id,
            each.order.request.order_ref,
            each.order.request.side.value,
            each.quantity,
            each.price,
            books.commissions[each.execution_id].amount,
            books.commissions[each.execution_id].currency,
        )
        for each in books.executions
        if each.order.request.order_ref.startswith(prefix)
    ]


def of_hook(items: Iterable[dict[str, Any]]) -> list[Traded]:
    """The ledger's fills as `GET /fills` gives them; those without their commission left out."""
    return [
        Traded(
            each["execution_id"],
            each["client_order_id"],
            each["side"],
            Decimal(each["quantity"]),
            Decimal(each["price"]),
            Decimal(each["commission"]),
            each["commission_currency"],
        )
        for each in items
        if each["commission_final"]
    ]


def of_ledger(state_dir: Path, mode: str, account: str) -> list[Traded]:
    """The fills of a ledger that no process has open."""
    book = open_book(state_dir, mode, account, SystemClock())
    try:
        return [
            Traded(
                fill.execution_id,
                fill.client_order_id,
                fill.side.value,
                fill.quantity,
                fill.price,
                fill.commission,
                fill.commission_currency or "",
            )
            for fill in book.fills(limit=10_000)
            if fill.commission is not None and fill.commission_final
        ]
    finally:
        book.close()


def hold_to_their_journals(state_dir: Path) -> None:
    """Every book there is what was written: its journal alone gives each of its tables."""
    for path in sorted(state_dir.glob("*/ledger.db")):
        verify(path)

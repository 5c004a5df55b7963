"""What the venue said beforehand that an order would cost, kept beside its intent."""

from __future__ import annotations

from datetime import datetime

from adapters.store.columns import optional_decimal, optional_decimal_text
from adapters.store.connection import Connection
from adapters.store.journal import Journal
from domain.venue import OrderPreview

_AMOUNTS = (
    "commission",
    "minimum",
    "maximum",
    "initial_margin_change",
    "maintenance_margin_change",
    "equity_with_loan_change",
    "initial_margin_after",
    "equity_with_loan_after",
)
_NAMES = ", ".join((*_AMOUNTS, "currency", "warning"))
_INSERT = f"INSERT INTO previews (client_order_id, {_NAMES}) VALUES ({', '.join('?' * 11)})"
_SELECT = f"SELECT {_NAMES} FROM previews WHERE client_order_id = ?"


class Previews:
    """The table of previews. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def insert(
        self, client_order_id: str, preview: OrderPreview, at: datetime, correlation: str
    ) -> None:
        """Keep it beside the order."""
        amounts = (optional_decimal_text(getattr(preview, name)) for name in _AMOUNTS)
        self._connection.execute(
            _INSERT, (client_order_id, *amounts, preview.currency, preview.warning)
        )
        detail = {name: getattr(preview, name) for name in (*_AMOUNTS, "currency", "warning")}
        self._journal.append(at, "preview", client_order_id, detail, correlation)

    def of(self, client_order_id: str) -> OrderPreview | None:
        """What was said of an order; None where the venue was not asked."""
        row = self._connection.row(_SELECT, (client_order_id,))
        if row is None:
            return None
        amounts = dict(zip(_AMOUNTS, map(optional_decimal, row[:8]), strict=True))
        return OrderPreview(**amounts, currency=row[8], warning=row[9])

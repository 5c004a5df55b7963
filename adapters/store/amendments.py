"""Amendments on the disk: each an intent of its own, never written or sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.book import DuplicateAmendment
from adapters.store.columns import (
    decimal_text,
    micros,
    moment,
    optional_decimal,
    optional_decimal_text,
    optional_moment,
)
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from domain.terms import Amendment, AmendmentState, Terms

_NAMES = (
    "amendment_id, client_order_id, was_quantity, was_limit_price, was_stop_price, quantity, "
    "limit_price, stop_price, state, created_us, sent_us, reason"
)
AMENDMENT_COLUMNS = ", ".join(f"a.{name.strip()}" for name in _NAMES.split(","))
_SELECT = f"SELECT {AMENDMENT_COLUMNS} FROM amendments AS a WHERE a.client_order_id = ?"
_ONE = f"{_SELECT} AND a.amendment_id = ?"
_ALL = f"{_SELECT} ORDER BY a.id"
_INSERT = f"INSERT INTO amendments ({_NAMES}) VALUES ({', '.join('?' * 12)})"
_SET = """
UPDATE amendments SET state = ?, reason = coalesce(?, reason), sent_us = coalesce(?, sent_us),
settled_us = ? WHERE client_order_id = ? AND amendment_id = ?
"""


class Amendments:
    """The table of amendments. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def one(self, client_order_id: str, amendment_id: str) -> Amendment | None:
        """The amendment of this order under this id."""
        row = self._connection.row(_ONE, (client_order_id, amendment_id))
        return None if row is None else amendment_of(row)

    def of(self, client_order_id: str) -> Sequence[Amendment]:
        """All of an order, oldest first."""
        return [amendment_of(row) for row in self._connection.rows(_ALL, (client_order_id,))]

    def refuse_duplicate(self, amendment: Amendment) -> None:
        """See to it that the id is free for this order.

        Raises:
            DuplicateAmendment: it is taken.
        """
        taken = self.one(amendment.client_order_id, amendment.amendment_id)
        if taken is not None:
            raise DuplicateAmendment(taken)

    def insert(self, amendment: Amendment, correlation: str) -> None:
        """Write the intent to amend."""
        self._connection.execute(
            _INSERT,
            (
                amendment.amendment_id,
                amendment.client_order_id,
                *_texts(amendment.was),
                *_texts(amendment.terms),
                amendment.state.value,
                micros(amendment.created_at),
                None,
                amendment.reason,
            ),
        )
        detail = {
            "amendment_id": amendment.amendment_id,
            "was": terms_detail(amendment.was),
            **terms_detail(amendment.terms),
            "state": amendment.state.value,
            "reason": amendment.reason,
        }
        subject = amendment.client_order_id
        self._journal.append(amendment.created_at, "amendment", subject, detail, correlation)

    def set_state(
        self,
        amendment: Amendment,
        state: AmendmentState,
        at: datetime,
        *,
        reason: str | None,
        sent_at: datetime | None,
        correlation: str,
    ) -> None:
        """Write what became of it; None keeps what stands."""
        self._connection.execute(
            _SET,
            (
                state.value,
                reason,
                None if sent_at is None else micros(sent_at),
                micros(at) if state.is_settled else None,
                amendment.client_order_id,
                amendment.amendment_id,
            ),
        )
        detail = {
            "amendment_id": amendment.amendment_id,
            "from": amendment.state.value,
            "to": state.value,
            "reason": reason,
            "sent_at": sent_at,
        }
        self._journal.append(at, "amended", amendment.client_order_id, detail, correlation)


def amendment_of(row: Row) -> Amendment:
    """Read a row of `AMENDMENT_COLUMNS`."""
    return Amendment(
        amendment_id=row[0],
        client_order_id=row[1],
        was=_terms(row[2:5]),
        terms=_terms(row[5:8]),
        state=AmendmentState(row[8]),
        created_at=moment(row[9]),
        sent_at=optional_moment(row[10]),
        reason=row[11],
    )


def terms_detail(terms: Terms) -> dict[str, object]:
    """Terms as the journal tells them."""
    return {
        "quantity": terms.quantity,
        "limit_price": terms.limit_price,
        "stop_price": terms.stop_price,
    }


def _terms(row: Row) -> Terms:
    return Terms(Decimal(row[0]), optional_decimal(row[1]), optional_decimal(row[2]))


def _texts(terms: Terms) -> tuple[str, str | None, str | None]:
    return (
        decimal_text(terms.quantity),
        optional_decimal_text(terms.limit_price),
        optional_decimal_text(terms.stop_price),
    )

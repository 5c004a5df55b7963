"""What an order was reckoned to cost, kept beside its intent and held against the charge later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from adapters.store.columns import optional_decimal_text
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from domain.commissions import ChargeTerms
from domain.costs import CostEstimate, EstimateSource

_TERMS = ("currency", "rate", "per_unit", "minimum", "cap", "of_value", "gst_share")
_AMOUNTS = ("quantity", "commission", "gst", "spread", "rate")
_WORDS = ("currency", "base_currency", "rule", "source")
COLUMNS = (*_AMOUNTS, *_WORDS, *(f"terms_{name}" for name in _TERMS))
_INSERT = f"""
INSERT INTO estimates (client_order_id, {", ".join(COLUMNS)})
VALUES ({", ".join("?" * (len(COLUMNS) + 1))})
"""
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM estimates WHERE client_order_id = ?"


class Estimates:
    """The table of estimates. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def insert(
        self, client_order_id: str, estimate: CostEstimate, at: datetime, correlation: str
    ) -> None:
        """Keep it beside the order."""
        detail = _detail(estimate)
        self._connection.execute(_INSERT, (client_order_id, *detail.values()))
        self._journal.append(at, "estimate", client_order_id, detail, correlation)

    def of(self, client_order_id: str) -> CostEstimate | None:
        """What was reckoned; None where nothing was."""
        row = self._connection.row(_SELECT, (client_order_id,))
        return None if row is None else read(row)


def _detail(estimate: CostEstimate) -> Mapping[str, str | None]:
    """By column, as it is stored."""
    terms = estimate.terms
    figures = {name: optional_decimal_text(getattr(estimate, name)) for name in _AMOUNTS}
    words = {name: str(getattr(estimate, name)) for name in _WORDS}
    ready = {
        f"terms_{name}": None if terms is None else _text(getattr(terms, name)) for name in _TERMS
    }
    return {**figures, **words, **ready}


def _text(value: Decimal | str | None) -> str | None:
    return value if isinstance(value, str) else optional_decimal_text(value)


def read(row: Row) -> CostEstimate:
    """A row of `COLUMNS`."""
    said = dict(zip(COLUMNS, row, strict=True))
    return CostEstimate(
        quantity=Decimal(said["quantity"]),
        commission=Decimal(said["commission"]),
        gst=Decimal(said["gst"]),
        currency=said["currency"],
        spread=Decimal(said["spread"]),
        rate=_optional(said["rate"]),
        base_currency=said["base_currency"],
        source=EstimateSource(said["source"]),
        rule=said["rule"],
        terms=_terms(said) if said["terms_currency"] is not None else None,
    )


def _terms(said: Mapping[str, str]) -> ChargeTerms:
    return ChargeTerms(
        currency=said["terms_currency"],
        rate=Decimal(said["terms_rate"]),
        per_unit=Decimal(said["terms_per_unit"]),
        minimum=Decimal(said["terms_minimum"]),
        cap=_optional(said["terms_cap"]),
        of_value=Decimal(said["terms_of_value"]),
        gst_share=Decimal(said["terms_gst_share"]),
    )


def _optional(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

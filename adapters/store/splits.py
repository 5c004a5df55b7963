"""Splits that a person has confirmed: facts of their own kind."""

from __future__ import annotations

from datetime import datetime

from adapters.store.columns import decimal_text, micros
from adapters.store.connection import Connection
from adapters.store.journal import Journal
from adapters.store.positions import Positions
from domain.restating import Split

# The columns of the position are set at once by the recomputation that follows.
_INSERT = """
INSERT INTO splits (split_id, venue, symbol, new, old, was, who, time_us, after_quantity,
after_cost, after_realised, after_opened_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '0', '0', '0', 0)
"""


class Splits:
    """The table of splits. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal, positions: Positions) -> None:
        self._connection = connection
        self._journal = journal
        self._positions = positions

    def add(self, split: Split, at: datetime) -> None:
        """Write it, and what the position is since. Its cost is the same, so no money moves."""
        row = {
            "split_id": split.split_id,
            "venue": split.venue,
            "symbol": str(split.symbol),
            "new": decimal_text(split.ratio.new),
            "old": decimal_text(split.ratio.old),
            "was": decimal_text(split.was),
            "who": split.who,
        }
        self._connection.execute(_INSERT, (*row.values(), micros(at)))
        self._positions.recompute(split.venue, split.symbol, micros(at), split.split_id)
        self._journal.append(at, "split", str(split.symbol), {**row, "time": at}, split.split_id)

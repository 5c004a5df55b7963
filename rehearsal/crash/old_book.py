"""A book of the first schema, with something in it, for a migration to be killed over."""

from __future__ import annotations

from pathlib import Path

from adapters.store.connection import Connection
from adapters.store.migrations import MIGRATIONS, applied, migrate
from runtime.clocks import SystemClock

OLD_SCHEMA = MIGRATIONS[0].number
NEW_SCHEMA = MIGRATIONS[-1].number

_FOREIGN = """
INSERT INTO foreign_executions (execution_key, revision, execution_id, side, quantity, price,
time_us, exchange, liquidity) VALUES ('0000.01', 1, '0000.01.01', 'BUY', '5', '45', 1, 'ASX', '')
"""


def lay_down_an_old_book(path: Path) -> None:
    """Make a book as the first Kelpie made it, in which another's trade stands."""
    path.parent.mkdir(parents=True)
    connection = Connection(path)
    try:
        migrate(connection, SystemClock().now(), MIGRATIONS[:1])
        with connection.write():
            connection.execute(_FOREIGN)
    finally:
        connection.close()


def schema_of(path: Path) -> int:
    """The number of the last step that is in the file; no process may have it open."""
    connection = Connection(path)
    try:
        return applied(connection)
    finally:
        connection.close()

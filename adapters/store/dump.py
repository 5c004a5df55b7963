"""A book as text that can be compared: the same facts, the same lines.

One JSON object a line, tables and rows sorted, amounts and times as they are stored. Left out is
what is no fact about money: numbers of rows, when Kelpie wrote a thing down, the journal with
its repetitions, and so every trace of a start that changed nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator

import orjson

from adapters.store.facts import tables_of


def dump(link: sqlite3.Connection) -> Iterator[bytes]:
    """The lines, each with its line feed; a row in memory at a time."""
    for table in tables_of(link):
        if table.steps:
            continue
        columns = {row[1] for row in link.execute(f"PRAGMA table_info({table.name})")}
        said = ", ".join(f'"{name}"' for name in sorted(columns - set(table.noise)))
        # What is told apart by a number alone is sorted by all that it says.
        order = said if set(table.key) & set(table.noise) else table.order
        rows = link.execute(f"SELECT {said} FROM {table.name} WHERE {table.where} ORDER BY {order}")
        names = [column[0] for column in rows.description]
        for row in rows:
            fact = {"table": table.name, **dict(zip(names, row, strict=True))}
            yield orjson.dumps(fact, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def dump_hash(link: sqlite3.Connection) -> str:
    """SHA-256 over the lines, in hexadecimal digits."""
    digest = hashlib.sha256()
    for line in dump(link):
        digest.update(line)
    return digest.hexdigest()

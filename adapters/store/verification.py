"""Is a book what was written? The file, the chain of its journal, and its tables against that."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from adapters.store import chain
from adapters.store.anchor import anchor_path, missing_since, read_anchor
from adapters.store.chain import Mark
from adapters.store.connection import Coded
from adapters.store.facts import Table, tables_of
from adapters.store.failures import damaged
from adapters.store.reading import reading, schema_of
from adapters.store.replay import Replay

_JOURNAL = "SELECT at_us, kind, subject, correlation, detail FROM journal ORDER BY seq"
#: Sums, whose spelling in an old book may have been another.
_SUMS = ("filled", "filled_value")
_LONGEST = 10


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose book it is; the account's number itself is not in it."""

    mode: str
    account_hash: str
    account_masked: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of a sound book."""

    path: Path
    owner: Owner
    schema: int
    head: Mark
    rows: tuple[tuple[str, int], ...]
    """How many each table has."""
    replayed: bool
    """The tables were held against the journal."""
    not_replayed: tuple[tuple[str, int], ...]
    """Kinds of rows in the journal that change none of these tables, and how many of each."""


def verify(path: Path) -> Verified:
    """Check a book from end to end, while it is written or not. Nothing is changed.

    Raises:
        BookError: `DAMAGED` with what is wrong; or as `reading` does.
    """
    anchored = read_anchor(anchor_path(path))  # first: the book may grow, but not the anchor alone
    with reading(path) as link, Coded(path):
        return verified(link, path, anchored)


def verified(
    link: sqlite3.Connection,
    path: Path,
    anchored: Mark | None = None,
    *,
    replayed_up_to: int | None = None,
) -> Verified:
    """As `verify`, of an open book.

    A journal of more than `replayed_up_to` entries is not replayed: that takes about 1 KB of
    memory for each.

    Raises:
        BookError: `DAMAGED`.
    """
    findings = [str(row[0]) for row in link.execute(f"PRAGMA integrity_check({_LONGEST})")]
    if findings != ["ok"]:
        raise damaged(path, "; ".join(findings))
    try:
        head = chain.check(link)
    except chain.ChainBroken as broken:
        raise damaged(path, str(broken)) from broken
    if anchored is not None and (finding := missing_since(anchored, link)):
        raise damaged(path, finding)
    owner = link.execute("SELECT mode, account_hash, account_masked FROM identity").fetchone()
    if owner is None:
        raise damaged(path, "it does not say whose it is")
    whole = replayed_up_to is None or head.seq <= replayed_up_to
    return Verified(
        path=path,
        owner=Owner(*owner),
        schema=schema_of(link),
        head=head,
        rows=counts(link),
        replayed=whole,
        not_replayed=_replayed(link, path) if whole else (),
    )


def _replayed(link: sqlite3.Connection, path: Path) -> tuple[tuple[str, int], ...]:
    """Hold the tables against the journal; gives the kinds of entries that change none of them."""
    replay = Replay()
    try:
        for row in link.execute(_JOURNAL):
            replay.take(*row)
    except (KeyError, ValueError) as error:
        raise damaged(path, f"the journal contradicts itself ({error!r})") from error
    replay.finish()
    there = tables_of(link)
    differences = [each for table in there for each in _differences(link, table, replay)]
    gone = {name for name, rows in replay.tables.items() if rows} - {table.name for table in there}
    differences += [f"the table {name} is gone" for name in sorted(gone)]
    if differences:
        said = "; ".join(differences[:_LONGEST])
        more = len(differences) - _LONGEST
        raise damaged(path, said + (f"; and {more} more" if more > 0 else ""))
    return tuple(sorted(replay.not_known.items()))


def counts(link: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
    """How many rows each table of facts has."""
    count = "SELECT count(*) FROM {} WHERE {}"
    return tuple(
        (table.name, link.execute(count.format(table.name, table.where)).fetchone()[0])
        for table in tables_of(link)
    )


def _differences(link: sqlite3.Connection, table: Table, replay: Replay) -> Iterator[str]:
    """What the journal and the table say differently, as clauses."""
    rows = link.execute(f"SELECT * FROM {table.name} WHERE {table.where} ORDER BY {table.order}")
    columns = [column[0] for column in rows.description]
    expected = dict(replay.tables[table.name])
    for values in rows:
        row = dict(zip(columns, values, strict=True))
        key = tuple(row[name] for name in table.key)
        place = f"{table.name} {'/'.join(map(str, key))}"
        said = expected.pop(key, None)
        if said is None:
            yield f"{place} is in no entry of the journal"
            continue
        for name, value in row.items():
            if name != "id" and not _same(name, value, said.get(name)):
                yield f"{place} has {name} {value!r} where the journal says {said.get(name)!r}"
    for key, said in expected.items():
        if said.get("amount") != "0" or not table.follows:
            yield f"{table.name} {'/'.join(map(str, key))} is in the journal alone"


def _same(name: str, stored: Any, said: Any) -> bool:
    if name in _SUMS and isinstance(stored, str) and isinstance(said, str):
        with suppress(InvalidOperation):
            return Decimal(stored) == Decimal(said)
    return bool(stored == said)

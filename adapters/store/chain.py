"""The journal's chain: each row carries a hash over itself and over all that came before it.

A row's hash is SHA-256 over the hash of the row before (32 zero bytes for the first) and the
row's own bytes, which are the JSON array `[seq, at_us, kind, subject, correlation, detail]` of
what is stored, to the letter. Whoever changes, takes out or slips in a row must write every
later one anew, and then the head no longer agrees with the anchor and with the back-ups.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

BEFORE_THE_FIRST = bytes(32)
_ROWS = """
SELECT seq, at_us, kind, subject, correlation, detail, hash FROM journal WHERE seq > ?
ORDER BY seq
"""
_HEAD = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
_HASH = "SELECT hash FROM journal WHERE seq = ?"

_sha256 = hashlib.sha256
_dumps = orjson.dumps


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the chain: the number of a row and its hash; 0 is before the first."""

    seq: int
    hash: bytes


START = Mark(0, BEFORE_THE_FIRST)


class ChainBroken(Exception):
    """A row is not what was written, or is missing; the sentence names the first such row."""

    def __init__(self, seq: int, sentence: str) -> None:
        super().__init__(sentence)
        self.seq = seq


def linked(before: bytes, row: tuple[Any, ...]) -> bytes:
    """The hash of a row `(seq, at_us, kind, subject, correlation, detail)` behind that one."""
    return _sha256(before + _dumps(row)).digest()


def head(link: sqlite3.Connection) -> Mark:
    """The newest row; `START` in an empty journal."""
    found = link.execute(_HEAD).fetchone()
    return START if found is None else Mark(*found)


def mark_at(link: sqlite3.Connection, seq: int) -> Mark | None:
    """The row of that number; None where there is none."""
    if seq == 0:
        return START
    found = link.execute(_HASH, (seq,)).fetchone()
    return None if found is None else Mark(seq, found[0])


def check(link: sqlite3.Connection, after: Mark = START) -> Mark:
    """Walk the chain behind a row that is taken as it stands; gives the head.

    Raises:
        ChainBroken: at the first row that is not what was written.
    """
    return walk(link.execute(_ROWS, (after.seq,)), after)


def walk(rows: Iterable[tuple[Any, ...]], after: Mark = START) -> Mark:
    """As `check`, over rows with their hash as the last column, in order."""
    seq, before = after.seq, after.hash
    for row in rows:
        seq += 1
        if row[0] != seq:
            raise ChainBroken(seq, f"entry {seq} of the journal is missing")
        try:
            before = linked(before, row[:6])
        except TypeError:  # bytes where there was text: no JSON is made of it
            before = b""
        if before != row[6]:
            raise ChainBroken(seq, f"entry {seq} of the journal is not what was written")
    return Mark(seq, before)

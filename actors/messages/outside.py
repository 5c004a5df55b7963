"""What statements, files and persons tell, on its way into the book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Lane, Message
from domain.outside_facts import FactKind, OutsideFact


@dataclass(frozen=True, slots=True)
class RecordOutside(Message):
    """To the ledger: write those that are not in the book yet, all of them or none."""

    facts: tuple[OutsideFact, ...]
    who: str


@dataclass(frozen=True, slots=True)
class GetOutside(Message):
    """To the ledger. Answered with a tuple of `OutsideFact`, withdrawn ones included, by day.

    With `ids`, only those of them that are in the book.
    """

    lane: ClassVar[Lane] = Lane.QUERY
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LoadOutside(Message):
    """To the ledger, from a seat: which facts of these kinds are there? `OutsideLoaded`."""

    reply_to: str
    kinds: tuple[FactKind, ...]


@dataclass(frozen=True, slots=True)
class OutsideLoaded(Message):
    """From the ledger: the facts that were asked for, by day."""

    facts: tuple[OutsideFact, ...]

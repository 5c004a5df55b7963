"""Corporate actions: what a person says has happened to a share, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from actors.lanes import Command, Message
from adapters.book import ManagedPosition
from domain.corporate_actions import Ratio
from domain.ex_dividends import ExDividend
from domain.outside_facts import OutsideFact
from domain.restating import ActionResolution, Split, Successor
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class ResolveAction(Command):
    """To protection, from a person: end the doubt about a share. Answered with `ActionAnswer`."""

    symbol: Symbol
    ratio: Ratio | None
    """None: nothing has happened."""
    who: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """What it does, or has asked the ledger to do; or why not (`code` is not empty then)."""

    resolution: ActionResolution | None
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class TellDividend(Command):
    """To protection, from a person: when a share goes ex. Answered with `DividendTold`."""

    symbol: Symbol
    dividend: ExDividend
    who: str


@dataclass(frozen=True, slots=True)
class DividendTold:
    """It is known and on its way to the disk; or why not (`code` is not empty then)."""

    symbol: Symbol
    dividend: ExDividend
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class RecordSplit(Message):
    """To the ledger: position, plans and parcels are of new units, in one commit.

    Written with its audit row, if all of it is still what it was decided by.
    """

    split: Split
    plans: tuple[Successor, ...]
    fact: OutsideFact
    """What parcels follow by."""


@dataclass(frozen=True, slots=True)
class PositionRestated(Message):
    """From the ledger, after the commit, behind its plans: the position since."""

    split: Split
    position: ManagedPosition

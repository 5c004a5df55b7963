"""Which of a statement's movements of cash explain changes that nothing in the book explained.

Pure. A change of cash is seen when the venue shows it, a movement is told by the day: they belong
together when amount and currency are the same and the days are near. What was withheld from a
dividend arrives as one change with it. Each movement explains one change at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.cash_differences import TOLERANCE, CashDifference
from domain.cash_types import CashMovement, CashType
from domain.tax_year import contract_date

#: How long before or after its day by the statement the venue may show a movement.
NEAR = timedelta(days=4)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Explained:
    """A change of cash, what it was, and the movements that say so."""

    difference_id: str
    type: CashType
    movements: tuple[CashMovement, ...]

    @property
    def note(self) -> str:
        """What is written beside it: the ids of the movements, by which they count as used."""
        return "statement: " + ", ".join(each.movement_id for each in self.movements)


def used(notes: Iterable[str | None]) -> frozenset[str]:
    """The ids of the movements that have explained a change already."""
    told = (note.removeprefix("statement: ") for note in notes if note is not None)
    return frozenset(id for note in told for id in note.split(", "))


def explained(
    differences: Iterable[CashDifference], movements: Sequence[CashMovement]
) -> tuple[Explained, ...]:
    """Each change that can be explained, oldest first; what is left stays unexplained."""
    groups = [*([each] for each in movements), *_joint(movements)]
    found: list[Explained] = []
    taken: set[str] = set()
    for each in sorted(differences, key=lambda each: (each.at, each.difference_id)):
        fitting = [
            group
            for group in groups
            if _fits(each, group) and not any(one.movement_id in taken for one in group)
        ]
        if not fitting:
            continue
        day = contract_date(each.at)
        group = min(fitting, key=lambda group: (abs(group[0].day - day), len(group)))
        taken.update(one.movement_id for one in group)
        found.append(Explained(each.difference_id, group[0].type, tuple(group)))
    return tuple(found)


def _joint(movements: Sequence[CashMovement]) -> Iterable[list[CashMovement]]:
    """What comes in one sum: a dividend with what was withheld, the same type of one day."""
    by_symbol: dict[tuple[object, ...], list[CashMovement]] = {}
    by_type: dict[tuple[object, ...], list[CashMovement]] = {}
    for each in movements:
        if each.symbol is not None and each.type in (CashType.DIVIDEND, CashType.TAX):
            by_symbol.setdefault((each.day, each.currency, str(each.symbol)), []).append(each)
        by_type.setdefault((each.day, each.currency, each.type), []).append(each)
    for group in (*by_symbol.values(), *by_type.values()):
        if len(group) > 1:
            # The dividend names the group, not its tax.
            yield sorted(group, key=lambda each: each.type is CashType.TAX)


def _fits(difference: CashDifference, group: Sequence[CashMovement]) -> bool:
    day = contract_date(difference.at)
    total = sum((each.amount for each in group), _ZERO)
    return (
        all(each.currency == difference.currency for each in group)
        and abs(total - difference.amount) <= TOLERANCE
        and all(abs(each.day - day) <= NEAR for each in group)
    )

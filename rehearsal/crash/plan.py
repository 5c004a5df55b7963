"""Which kills there will be: every named point in turn, then chance, as one seed decides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from runtime.crash_points import CrashPoint

#: So many kills share a book and a gateway, before both are compared at rest and put away.
KILLS_PER_HOUSE = 25

#: What the venue's lists repeat at each start.
TOLD_AGAIN = (
    CrashPoint.ACK_HEARD,
    CrashPoint.END_HEARD,
    CrashPoint.FILL_HEARD,
    CrashPoint.COMMISSION_HEARD,
)


class Victim(StrEnum):
    """Who is killed."""

    KELPIE = "kelpie"
    GATEWAY = "gateway"
    BOTH = "both"
    BACKUP = "backup"
    """The program that copies the book; Kelpie soon after it."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: at a named point, or so many seconds after a moment.

    `after` counts from ready, or, `starting`, from the start of the process.
    """

    victim: Victim = Victim.KELPIE
    point: CrashPoint | None = None
    passing: int = 1
    after: float = 0.0
    starting: bool = False

    @property
    def name(self) -> str:
        """Under which the report counts it."""
        if self.point is not None:
            return self.point.value
        return f"at random: {self.victim}{', while it starts' if self.starting else ''}"


@dataclass(frozen=True, slots=True)
class House:
    """The kills that one book and one gateway go through, one after the other."""

    number: int
    seed: int
    kills: tuple[Kill, ...]


def plan(kills: int, seed: int, per_house: int = KILLS_PER_HOUSE) -> list[House]:
    """Deal so many kills to houses. With too few for all points, the seed chooses among them."""
    chance = random.Random(seed)
    points = list(CrashPoint)
    if kills < len(points):
        points = sorted(chance.sample(points, kills), key=list(CrashPoint).index)
    named = [_at_point(point, chance) for point in points]
    rest = [_at_random(chance) for _ in range(kills - len(named))]
    count = max(1, -(-kills // per_house))
    houses: list[list[Kill]] = [[] for _ in range(count)]
    for index, kill in enumerate((*named, *rest)):
        houses[index % count].append(kill)
    return [
        House(number, chance.getrandbits(32), tuple(sorted(dealt, key=_rank)))
        for number, dealt in enumerate(houses)
    ]


def of_migration(point: CrashPoint | None) -> bool:
    """It is passed only while an older book is brought forward."""
    return point is not None and point.value.startswith("migration.")


def _rank(kill: Kill) -> int:
    """Migrations while the book is old; then what later starts repeat, while there is little."""
    if of_migration(kill.point):
        return 0
    return 1 if kill.point in TOLD_AGAIN else 2


def _at_point(point: CrashPoint, chance: random.Random) -> Kill:
    if point.value.startswith("backup."):
        return Kill(Victim.BACKUP, point, after=chance.uniform(0.1, 0.5))
    if point is CrashPoint.MIGRATION_INSIDE:
        return Kill(point=point, passing=chance.randint(1, 10))
    return Kill(point=point, passing=1 if of_migration(point) else chance.randint(1, 3))


def _at_random(chance: random.Random) -> Kill:
    draw = chance.random()
    if draw < 0.04:
        return Kill(Victim.GATEWAY, after=chance.uniform(0.05, 1.0))
    if draw < 0.07:
        return Kill(Victim.BOTH, after=chance.uniform(0.05, 1.0))
    if draw < 0.20:
        return Kill(after=chance.uniform(0.3, 1.5), starting=True)
    if draw < 0.40:
        # The instants between two steps are short: time alone would hardly ever find them.
        later = [p for p in CrashPoint if not of_migration(p)]
        return _at_point(chance.choice(later), chance)
    return Kill(after=chance.uniform(0.02, 1.2))


def by_number(houses: Sequence[House], only: Sequence[int]) -> list[House]:
    """Those with these numbers, or all."""
    return [house for house in houses if not only or house.number in only]

"""What is as it must never be, and what every room of invariants may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.invariants.book import Book
from rehearsal.invariants.truth import Truth
from rehearsal.invariants.wire import Wire

if TYPE_CHECKING:
    from rehearsal.world import World

_STORY_LINES = 8


class Violation(AssertionError):
    """Which invariant, when (virtual seconds and step), the figures, and how it came to it."""

    def __init__(
        self, invariant: str, sentence: str, at: float, step: int, story: list[str]
    ) -> None:
        super().__init__(f"{invariant}: {sentence} (at {at:.6f} s, step {step})")
        self.invariant = invariant
        self.sentence = sentence
        self.at = at
        self.step = step
        self.story = story[-_STORY_LINES:]
        """The last lines of what happened before."""


class Scene:
    """What the rooms look at, and where they say what they found: the first one counts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = Book(world.kelpie)
        self.truth = Truth(world.gateway.broker)
        self.wire = Wire(world, self.truth)
        self.found: Violation | None = None
        self.struck: list[str] = []
        """The faults since all was well last, by name."""
        self.healed: list[str] = []
        """Those that were over when all was well last."""
        self.healed_at = 0.0
        """When the last of them was over."""

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return self.world.loop.time()

    def blame(self, invariant: str, sentence: str) -> None:
        """Say that it does not hold. Raised between two steps, where nothing swallows it."""
        if self.found is None:
            world = self.world
            self.found = Violation(
                invariant, sentence, world.loop.time(), world.loop.steps, list(world.story)
            )

    @property
    def disk_is_dead(self) -> bool:
        """The ledger cannot write, or has only just been able to again."""
        return any(self.excused(60.0, kind) for kind in ("disk", "book locked"))

    def at_work(self, kind: str = "") -> bool:
        """Something is wrong with the world now; of this kind, if one is named."""
        return any(kind in name for name in self.struck)

    def excusing(self, seconds: float) -> tuple[str, ...]:
        """What is wrong with the world, or was so short a time ago, by name."""
        recent = self.healed if self.now - self.healed_at < seconds else ()
        return (*self.struck, *recent)

    def excused(self, seconds: float, kind: str = "") -> bool:
        """Something of this kind is wrong with the world, or was so short a time ago."""
        if self.now - self.healed_at < seconds:
            return any(kind in name for name in (*self.struck, *self.healed))
        return self.at_work(kind)

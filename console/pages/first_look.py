"""The overview for a page: as it is now, and where a part does not answer as it last was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.hook.asking import Asking
from console.hook.overview import overview_now
from console.hook.problems import Refused
from console.overview_schemas import OverviewOut
from console.pages.remembered import TRADING, Part

NAME = "overview"
_PARTS = ("money", "holdings", "orders", "quiet", "links", "next", "backup", "alerts")


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is shown. The verdict is always of now; the other parts may be older."""

    overview: OverviewOut
    part: Part[OverviewOut]
    """The last one that was whole; silent where the one of now is not."""

    @property
    def as_of(self) -> datetime:
        """When the oldest of what is shown was known."""
        if self.part.silent is None or self.part.at is None:
            return self.overview.asked_at
        return self.part.at


def keep(asking: Asking) -> None:
    """Have it asked every so often, so that there is one when the tree hangs."""

    async def whole() -> OverviewOut:
        return _whole(await overview_now(asking))

    asking.remembered.keep(NAME, whole)


async def first_look(asking: Asking) -> FirstLook:
    """Ask now; what is missing is taken from the last overview that was whole."""
    asked: list[OverviewOut] = []

    async def whole() -> OverviewOut:
        asked.append(await overview_now(asking))
        return _whole(asked[-1])

    part = await asking.remembered.ask(NAME, TRADING, whole)
    if part.silent is None and part.value is not None:
        return FirstLook(part.value, part)
    now = asked[-1] if asked else await overview_now(asking)
    known: dict[str, Any] = {}
    if part.value is not None:
        known = {n: getattr(part.value, n) for n in _PARTS if getattr(now, n) is None}
        if now.last_trade is None:
            known["last_trade"] = part.value.last_trade
    return FirstLook(now.model_copy(update=known), part)


def _whole(overview: OverviewOut) -> OverviewOut:
    """It, if nothing is missing.

    Raises:
        Refused: `SEAT_SLOW`.
    """
    if any(getattr(overview, name) is None for name in _PARTS):
        told = " ".join(each.sentence for each in overview.unanswered)
        raise Refused(503, "SEAT_SLOW", told or "A part of the overview is not known.")
    return overview

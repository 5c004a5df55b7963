"""The colour of a symbol's protection over time: what does not mend itself in time is RED."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.guard import Colour, Guard
from domain.protection import AMBER_SECONDS, Judgement
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Shade:
    """A guard, and since when (monotonic) it has not been GREEN; None while it is."""

    guard: Guard
    troubled_since: float | None


def shaded(
    before: Shade | None,
    symbol: Symbol,
    said: Sequence[Judgement],
    *,
    unplanned: Decimal,
    now: datetime,
    monotonic: float,
    held_back: str = "",
    foretold: bool = False,
) -> Shade:
    """How a symbol is guarded now, by what was judged of each of its plans.

    `unplanned` is what is managed of it and belongs to no plan: nothing says where its stop is.
    `held_back` is why a corporate action is suspected; a person has to look, so it is RED.
    `foretold`: its orders are purged before an ex-date, and none is taken yet: it stays AMBER.
    """
    protected = sum((each.protected for each in said), Decimal(0))
    causes = list(dict.fromkeys(each.cause for each in said if each.cause))
    grave = any(each.grave for each in said if each.cause)
    if held_back and held_back not in causes:
        causes.append(held_back)
    if unplanned:
        causes.append(f"{unplanned} of it have no plan")
    if not causes:
        return _shade(before, Guard(symbol, Colour.GREEN, now, "", protected), None)
    since = monotonic
    if before is not None and not foretold and before.troubled_since is not None:
        since = before.troubled_since
    red = grave or bool(held_back) or monotonic - since >= AMBER_SECONDS
    colour = Colour.RED if red else Colour.AMBER
    guard = Guard(symbol, colour, now, "; ".join(causes), protected, held_back=bool(held_back))
    return _shade(before, guard, since)


def _shade(before: Shade | None, guard: Guard, troubled_since: float | None) -> Shade:
    """Since when it has this colour stays, while it has it."""
    if before is not None and before.guard.colour is guard.colour:
        guard = replace(guard, since=before.guard.since)
    return Shade(guard, troubled_since)

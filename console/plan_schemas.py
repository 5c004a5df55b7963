"""What the hook answers about plans."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from console.schemas import Answer, Plain
from domain.orders import Side

PlanStates = Literal["PENDING", "OPEN", "CLOSED"]
OvernightWords = Literal["HOLD", "CLOSE"]


class TrailOut(Answer):
    """How the stop follows a gain."""

    break_even_after: Plain = Field(description="In times the first distance to the stop.")
    distance: Plain = Field(description="Behind the best price, in the currency of the symbol.")


class PlanOut(Answer):
    """What guards a position. Prices are in the currency of the symbol."""

    id: str = Field(description="The client order id of its entry; of a holding, its own.")
    version: int
    symbol: str
    venue: str
    side: Side = Field(description="Of its entry: BUY guards a long position.")
    state: PlanStates
    wanted: Plain = Field(description="What its entry was for.")
    lot: Plain = Field(description="What it holds now.")
    entry_price: Plain | None
    stop: Plain = Field(description="As it holds now.")
    first_stop: Plain = Field(description="As it was asked for.")
    target: Plain | None
    trail: TrailOut | None
    best: Plain | None = Field(description="The best price when the stop last moved.")
    latest_age_seconds: float | None
    overnight: OvernightWords
    day_stop: Plain | None = Field(
        description="The stop of the day, while it is widened for a night."
    )
    created_at: datetime
    opened_at: datetime | None
    moved_at: datetime | None
    reason: str = Field(description="Why there is this version.")


class PlansOut(Answer):
    """Plans, newest first."""

    items: list[PlanOut]


class PlanDetailOut(PlanOut):
    """A plan with all its versions."""

    versions: list[PlanOut] = Field(description="Oldest first.")

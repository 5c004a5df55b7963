"""What the hook answers and takes about the way to live trading."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from console.fill_schemas import FillOut
from console.schemas import Answer, OrderOut, PositionOut, ReasonIn
from domain.checklist import Item


class ItemOut(Answer):
    """One thing that must have been shown before live trading can be armed."""

    item: Item
    title: str
    proven: bool
    sentence: str = Field(description="What was seen, or what is missing and how it comes about.")
    at: datetime | None = Field(description="When it was last seen.")
    source: str = Field(description="The seat that saw it.")
    expires: datetime | None = Field(description="When it must have been shown anew.")
    earliest: date | None = Field(
        description="The first day, in Sydney, on which it can be complete; null: not known."
    )


class ChecklistOut(Answer):
    """How far the way to live trading has been gone."""

    mode: str
    items: list[ItemOut]
    missing: int
    armed: bool = Field(description="Positions with real money may be opened now.")
    armed_until: datetime | None
    disarmed: str = Field(description="Why they may not; empty where they may, or nothing is live.")
    limits: list[str] = Field(description="The limits with which it is armed, NAME=value.")
    longest_hours: float = Field(description="For how long it can be armed at once.")


class ShadowOut(Answer):
    """What would have been: positions, orders and fills of the shadow book, newest first.

    Filled by quotes alone; no figure of it is in any other answer's sum.
    """

    mode: str
    positions: list[PositionOut]
    orders: list[OrderOut]
    fills: list[FillOut]


class ArmIn(ReasonIn):
    """Arm live trading, with the code that lies on the box."""

    hours: float = Field(gt=0, le=168, allow_inf_nan=False)
    code: str = Field(max_length=100)

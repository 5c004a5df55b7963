"""What the hook takes and answers about facts from outside."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from console.schemas import Answer


class OutsideFactIn(BaseModel):
    """One fact: `detail` has the fields of its kind, all as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(description="Follows from what it says: the same id again is harmless.")
    kind: str = Field(description="PARCEL, DIVIDEND, AMMA, SPLIT, RENAME, CLOSE, RATE, CASH, …")
    day: str = Field(description="2027-06-30, in Sydney.")
    symbol: str | None = None
    detail: dict[str, str] = Field(default_factory=dict)


class OutsideFactsIn(BaseModel):
    """Facts of one source, taken all or none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1, max_length=200)
    items: list[OutsideFactIn] = Field(min_length=1, max_length=200)


class OutsideFactOut(Answer):
    """A fact as it stands in the book."""

    id: str
    kind: str
    day: str
    symbol: str | None
    detail: dict[str, str]
    source: str


class OutsideFactsOut(Answer):
    """All of them, withdrawn ones included, by day."""

    items: list[OutsideFactOut]


class RecordedOut(Answer):
    """What became of the facts that were sent."""

    recorded: int = Field(description="How many of them are in the book now.")
    new: int = Field(description="How many were not there before.")

"""The shapes of dead letters over the hook."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from console.schemas import Answer


class DeadLetterOut(Answer):
    """A message that reached nobody, or crashed its handler."""

    id: str
    at: datetime
    seat: str
    sender: str
    lane: str
    message: str
    summary: str
    cause: str
    correlation: str
    quarantined: bool
    content: str = Field(default="", description="All of a quarantined fact, as text.")
    times: int = Field(default=0, description="How often it was quarantined.")
    of_earlier_start: bool = Field(default=False, description="Quarantined before the last start.")


class DeadLettersOut(Answer):
    """Quarantined facts first, then the others, the newest first; counts are of all by lane."""

    items: list[DeadLetterOut]
    counts: dict[str, int]
    earlier_known: bool = Field(description="False: the ledger did not say what is kept in it.")


class ReleaseIn(BaseModel):
    """Why, and whether to do it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str = Field(default="", max_length=500)
    dry_run: bool = False


class ReleaseOut(Answer):
    """What it was, and what becomes of it."""

    id: str
    seat: str
    message: str
    content: str
    cause: str
    times: int
    outcome: Literal["released", "superseded"]
    done: bool
    sentence: str

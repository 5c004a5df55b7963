"""What is taken out, as the hook says it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from console.schemas import Answer, Plain
from domain.orders import Side

FlattenStates = Literal["PREVIEW", "CONFIRM", "RUNNING", "DONE", "NONE"]
ProgressStates = Literal["PREVIEW", "RUNNING", "FLAT", "LEFT"]


class FlattenItemOut(Answer):
    """One symbol. Quantities in shares, or in units of the base currency of a pair."""

    symbol: str
    state: ProgressStates
    managed: Plain
    held: Plain
    cancels: list[str]
    side: Side | None
    quantity: Plain
    note: str


class FlattenOut(Answer):
    """A flatten that would be, runs, or was the last one."""

    state: FlattenStates
    who: str
    reason: str
    since: datetime | None
    confirm: str | None = Field(description="Send it as `confirm` within 60 s to have it done.")
    confirm_because: str
    items: list[FlattenItemOut]

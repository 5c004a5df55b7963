"""What `kelpie status` says where Kelpie does not answer: read from its files."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from console.schemas import Answer


class SilentOut(Answer):
    """The verdict without an overview, in its parts."""

    mode: str
    asked_at: datetime
    level: Literal["NOT_RUNNING", "NEEDS_YOU"] = Field(
        description="NEEDS_YOU where it runs, and does not answer."
    )
    last_sign: datetime | None = Field(description="When it last wrote anything; null: never.")
    sentence: str
    stands: str
    if_nothing: str
    to_do: list[str]

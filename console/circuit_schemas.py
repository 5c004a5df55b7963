"""The shapes of circuits over the hook."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from console.schemas import Answer


class CircuitOut(Answer):
    """The circuit of a venue: it gates entries and nothing else."""

    venue: str
    state: str = Field(description="closed, open, half-open or forced-open.")
    beneath: str = Field(description="What failures and reads have made of it.")
    forced: str | None = Field(description="Why a person holds it open.")
    failures: int = Field(description="Of the link, in a row.")
    cause: str | None = Field(description="The code of the last failure.")
    next_probe_at: datetime | None = Field(description="When an open one is tried.")


class CircuitsOut(Answer):
    """One for each venue."""

    items: list[CircuitOut]

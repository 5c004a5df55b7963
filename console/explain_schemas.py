"""What the hook answers about how an order, or a refusal, came about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from console.schemas import Answer


class StepOut(Answer):
    """One step on the way; in the order in which it was written down."""

    at: datetime
    what: str = Field(description="`quote`, `proposal`, `gate`, `intent`, `fill` and so on.")
    text: str = Field(description="For a person; times are in `at` alone.")
    entry: int | None = Field(description="The entry of the book's journal that says so.")
    facts: dict[str, Any] = Field(description="As it is written down.")


class GateOut(Answer):
    """What one gate said of it."""

    gate: str
    open: bool
    sentence: str
    figures: list[tuple[str, str]] = Field(description="Name, and value with its unit.")


class ExplanationOut(Answer):
    """The whole way of an order, or of a proposal that was refused."""

    client_order_id: str
    outcome: str = Field(description="The order's state, or REFUSED.")
    venue: str
    symbol: str
    summary: str
    decided_with: str = Field(
        description="The order with which it was decided; empty where that was not written down."
    )
    related: list[str] = Field(description="Those that left with it.")
    gates: list[GateOut]
    steps: list[StepOut]

"""What the hook answers about corporate actions."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from console.schemas import Answer, Plain


class RestatedPlanOut(Answer):
    """A plan in old units, and what goes on in its place."""

    before: str = Field(description="The id of the plan that ends.")
    after: str = Field(description="The id of the plan in new units; of a preview only a sample.")
    lot_before: Plain
    lot_after: Plain
    stop_before: Plain
    stop_after: Plain
    target_before: Plain | None
    target_after: Plain | None


class ActionOut(Answer):
    """What a person's word on a share does, or has done."""

    symbol: str
    done: bool = Field(description="False for a preview.")
    doubt: str = Field(description="Why a corporate action is suspected.")
    split: str | None = Field(description="New units for old ones; null: nothing has happened.")
    managed_before: Plain
    managed_after: Plain
    held: Plain = Field(description="By the venue's newest list, ours and others'.")
    plans: list[RestatedPlanOut]


class DividendOut(Answer):
    """The next dividend of a share, as it is known now."""

    symbol: str
    ex_date: date = Field(description="In the zone of its exchange.")
    amount: Plain = Field(description="Of one share, in its currency.")

"""What the hook answers about limits, gates and signals; money in `base_currency`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from console.schemas import Answer, Plain
from domain.orders import Side


class LimitOut(Answer):
    """One limit. `used` is null for a limit of single orders, and where it is not known."""

    name: str = Field(description="As in the settings.")
    limit: Plain | None = Field(description="As it holds now; null: it limits nothing.")
    in_settings: Plain | None = Field(description="Another where it was tightened since.")
    unit: str
    sentence: str
    used: Plain | None
    shut: bool = Field(description="Nothing new may be opened, for this limit alone.")
    since: datetime | None = Field(description="Since when it has been shut.")


class CoolingOut(Answer):
    """A symbol in which nothing new is opened for a while."""

    symbol: str
    detail: str


class RiskOut(Answer):
    """Every limit with its use, and how the Sydney day stands; null where it is not known."""

    at: datetime
    base_currency: str
    limits: list[LimitOut]
    exposure: Plain | None = Field(description="At the worst, in the whole account.")
    ours: Plain | None = Field(description="The managed part of it, with what entries may buy.")
    positions: int
    free_cash: Plain | None
    result_today: Plain | None = Field(description="By fills, marks and fees, since midnight.")
    below_peak: Plain | None
    fees_today: Plain | None
    fees_this_month: Plain | None
    result_since_start: Plain | None = Field(description="The same since the book began.")
    fees_since_start: Plain | None
    missing: str = Field(description="Of what a price or rate is missing; empty otherwise.")
    cooling: list[CoolingOut]


class LimitsIn(BaseModel):
    """Limits to be made tighter, by name; a looser one is refused with all the others."""

    model_config = ConfigDict(extra="forbid")
    limits: dict[str, Decimal] = Field(min_length=1, max_length=40)
    reason: str = Field(default="asked for over the hook", max_length=400)


class FigureOut(Answer):
    """A figure that a gate looked at."""

    name: str
    value: str


class GateOut(Answer):
    """What one gate says of a new position, and since when."""

    gate: str = Field(description="The stable code of a refusal by it.")
    open: bool
    detail: str
    figures: list[FigureOut]
    since: datetime = Field(description="As far as anybody looked.")


class SignalOut(Answer):
    """The strategist's last word on the symbol."""

    answers: bool = Field(description="False where there is no strategist, or it does not answer.")
    wants: bool = Field(description="There is a signal to enter, and it holds nothing back.")
    detail: str
    last: str = Field(description="What became of its last proposal; empty without one.")


class WhyNotOut(Answer):
    """Why nothing is opened in a symbol: the gates for such an order, and the signal."""

    symbol: str
    at: datetime
    side: Side
    quantity: Plain
    price: Plain | None
    verdict: str = Field(description="The short of it.")
    shut: list[str] = Field(description="The gates that are shut, in their order.")
    gates: list[GateOut]
    signal: SignalOut

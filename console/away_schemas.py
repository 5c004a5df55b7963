"""The owner's absence, as the hook says it and is told it."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.schemas import Answer
from domain.away import Then


class AwayIn(BaseModel):
    """From when to when nobody can log the gateway in, and what is to happen then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: AwareDatetime
    until: AwareDatetime
    then: Then = Then.EXITS_ONLY
    reason: str = Field(default="asked for over the hook", max_length=400)


class MarketTurnOut(Answer):
    """What the next missed login makes of one market. Times in UTC."""

    symbol: str
    held: bool = Field(description="No new positions now.")
    held_from: datetime | None = Field(
        description="From when on; null where it has begun, or nobody knows yet."
    )
    leaves: bool = Field(description="What is held is left now.")
    leaves_from: datetime | None = Field(description="From when on; null where it is not.")


class AwayOut(Answer):
    """The absence. All but `away` and `detail` is null or empty where nobody is."""

    away: bool = Field(description="An absence is known: to come, or under way.")
    since: datetime | None
    until: datetime | None
    then: Then | None
    who: str
    logins: list[datetime] = Field(description="The weekly logins that fall into it.")
    missed: datetime | None = Field(
        description="The next of them that nobody has made, where anything follows from it."
    )
    markets: list[MarketTurnOut]
    detail: str = Field(description="What follows from all of it, in a sentence.")

"""The shapes of alerts over the hook."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from console.schemas import Answer
from domain.alerting import Level


class AlertOut(Answer):
    """One incident, from its beginning to its end."""

    id: str = Field(description="By which it is answered: A17.")
    code: str
    level: Level
    title: str
    venue: str
    since: datetime
    sentence: str = Field(description="What it is.")
    stands: str = Field(description="What goes on, or is safe, without you.")
    if_nothing: str = Field(description="What happens if you do nothing.")
    to_do: str = Field(description="What you can do.")
    open: bool = Field(description="It is not over.")
    answered: bool = Field(description="A person has said that it is known.")
    answered_at: datetime | None
    answered_by: str
    told: int = Field(description="In how many delivered messages it was.")
    told_at: datetime | None = Field(description="When it was delivered last.")
    next_at: datetime | None = Field(description="When it is to be told next.")
    ended_at: datetime | None
    ended: str = Field(description="How it ended.")


class AlertsOut(Answer):
    """Alerts of the last 30 days, newest first, and how they reach you."""

    items: list[AlertOut]
    ways: int = Field(description="How many ALERT_URLS there are.")
    delivered: int = Field(description="How many messages were delivered.")
    failed: int = Field(description="How many attempts reached nobody.")
    delivered_at: datetime | None = Field(description="When anything was delivered last.")
    proven_at: datetime | None = Field(
        description="When you proved by an echo that what is sent arrives; null: not by these ways."
    )
    acknowledged_at: datetime | None = Field(
        description="When something that was delivered was last answered."
    )
    test_sent_at: datetime | None = Field(
        description="When the digits that are waited for were delivered; null: none are."
    )
    trouble: str = Field(description="What is wrong with the way to you; empty where nothing is.")
    holds: str = Field(description="Why new positions are held for that; empty: they are not.")
    watcher: str = Field(description="How the outside watcher was last told; empty: there is none.")
    morning_at: datetime = Field(description="When the next morning message is due.")


class AnsweredOut(Answer):
    """What is answered now."""

    items: list[AlertOut]


class EchoIn(BaseModel):
    """The four digits that came with the last test."""

    model_config = ConfigDict(extra="forbid")
    digits: str = Field(pattern=r"^\d{4}$")


class EchoOut(Answer):
    """That they are the right ones."""

    sentence: str
    proven_at: datetime | None

"""What the hook answers about how the venues stood, hour by hour."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from console.schemas import Answer
from domain.uptime import UpState


class UpReasonOut(Answer):
    """Why a venue was not ready, and for how long within the hour."""

    state: UpState
    cause: str = Field(description="A stable code.")
    sentence: str
    seconds: float


class UpHourOut(Answer):
    """One hour of a venue: seconds in each state, and the worst that was no mere blip."""

    hour: datetime = Field(description="Its start.")
    shown: UpState = Field(description="The worst state that lasted for more than 60 s.")
    ready_seconds: float
    on_hold_expected_seconds: float
    on_hold_not_expected_seconds: float
    not_running_seconds: float = Field(description="Nobody wrote anything down.")
    reasons: list[UpReasonOut] = Field(description="The longest first.")


class UpVenueOut(Answer):
    """The hours of a venue, oldest first; none from before anything was remembered."""

    venue: str
    hours: list[UpHourOut]


class UpEventOut(Answer):
    """A start of the process (`seat` is empty), or of an actor after it had crashed."""

    at: datetime
    seat: str
    sentence: str


class UptimeOut(Answer):
    """How the venues stood since then."""

    since: datetime
    until: datetime
    remembered_since: datetime | None = Field(description="Null while nothing is.")
    trouble: str = Field(description="Why nothing can be written or read; empty otherwise.")
    items: list[UpVenueOut]
    events: list[UpEventOut] = Field(description="Newest first.")

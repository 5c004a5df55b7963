"""What the hook answers about the ledger and the venue held against each other, and adoptions."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from console.schemas import Answer, Plain
from domain.findings import Ends, Rule
from domain.foreign import Whose
from domain.orders import OrderType, Side, Tif
from domain.venue import VenueStatus


class FindingOut(Answer):
    """One difference between the ledger and the venue, with its rule and what ends it."""

    rule: Rule = Field(description="A stable code.")
    subject: str = Field(description="The client order id, or the symbol.")
    symbol: str | None
    sentence: str
    ends_by: Ends = Field(description="KELPIE ends it by itself, or it is left to a PERSON.")
    cure: str


class ForeignOrderOut(Answer):
    """An open order in the account that is not managed; null where the venue did not say."""

    venue: str
    venue_order_id: str | None
    client_id: int | None = Field(description="Of the API client that placed it; 0: by hand.")
    client_order_id: str | None
    symbol: str | None = Field(description="Null for an instrument without a symbol of ours.")
    side: Side | None
    quantity: Plain | None
    remaining: Plain | None
    type: OrderType | None
    limit_price: Plain | None
    stop_price: Plain | None
    tif: Tif | None
    state: VenueStatus
    whose: Whose


class ForeignOrdersOut(Answer):
    """Open orders of others, as of the last comparison with each venue."""

    items: list[ForeignOrderOut]


class ReconciliationOut(Answer):
    """How the ledger and a venue were last held against each other.

    Lists are empty where there was no comparison yet: then `at` is null.
    """

    venue: str
    reconciled: bool = Field(description="Compared on this link, and nothing has come since.")
    asking: bool = Field(description="Lists are being asked for, or judged.")
    trouble: str = Field(description="Why the last attempt came to nothing; empty otherwise.")
    cause: str
    at: datetime | None
    needs_a_person: bool
    provisional: bool = Field(description="The next comparison may say otherwise; it comes soon.")
    matches: list[str] = Field(description="Client order ids and symbols.")
    adoptions: list[FindingOut] = Field(description="What Kelpie takes over from the venue.")
    mismatches: list[FindingOut] = Field(description="Their symbols are on hold.")
    suspected: list[FindingOut] = Field(description="One more comparison has to show them.")
    unknowns: list[FindingOut] = Field(description="Orders whose fate is not known.")
    absent: list[str] = Field(description="Orders that provably never came to the venue.")
    foreign: list[ForeignOrderOut]


class ReconciliationsOut(Answer):
    """Of all active venues."""

    items: list[ReconciliationOut]


class ReconcileIn(BaseModel):
    """Why somebody wants it, which goes into the audit; and how long they wait for the outcome."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="asked for over the hook", max_length=400)
    wait_seconds: float = Field(default=0, ge=0, le=60)


class ReconcileOut(Answer):
    """Who has been asked; with the outcome, where that was waited for (else without it)."""

    asked: list[str]
    done: bool = Field(
        default=False, description="Each venue has been compared since it was asked for."
    )
    items: list[ReconciliationOut] = Field(default_factory=list)


class AdoptionOut(Answer):
    """What it changes that so much of a holding is Kelpie's, or is not any more.

    With `done` false nothing was changed. `price` null: given up at what it cost.
    """

    adoption_id: str
    venue: str
    symbol: str
    quantity: Plain
    price: Plain | None
    held: Plain
    managed_before: Plain
    managed_after: Plain
    external_before: Plain
    external_after: Plain
    average_before: Plain | None
    average_after: Plain | None
    warning: str
    done: bool

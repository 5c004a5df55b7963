"""What the hook takes and answers about orders beyond placing one: changes, groups, previews."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from console.schemas import Answer, OrderOut, Plain
from domain.orders import OrderState
from domain.terms import AmendmentState


class TermsOut(Answer):
    """How much of it, and at which prices."""

    quantity: Plain
    limit_price: Plain | None
    stop_price: Plain | None


class AmendmentOut(Answer):
    """One change of an order's terms; until it is settled both the old and the new may hold."""

    amendment_id: str
    was: TermsOut
    terms: TermsOut
    state: AmendmentState
    reason: str | None
    created_at: datetime
    sent_at: datetime | None


class PreviewOut(Answer):
    """What the venue says that an order would cost; null is *not told*, never zero.

    Commission in `currency`, bounded by `minimum` and `maximum` where it is not known exactly;
    margins and equity in the account's base currency.
    """

    commission: Plain | None
    minimum: Plain | None
    maximum: Plain | None
    currency: str
    initial_margin_change: Plain | None
    maintenance_margin_change: Plain | None
    equity_with_loan_change: Plain | None
    initial_margin_after: Plain | None
    equity_with_loan_after: Plain | None
    warning: str


class PreviewedOut(Answer):
    """An order that was only asked about: what it would cost, and whether it would be taken."""

    would_be_taken: bool
    code: str = Field(description="Of the refusal that it would meet; empty when it would not.")
    detail: str
    preview: PreviewOut | None


class EstimateOut(Answer):
    """What an order was reckoned to cost before it was admitted.

    `commission` includes `gst`; both and `spread` are in `currency`, in which the venue charges.
    `spread` is for filling off the middle price and for cash that is converted.
    """

    commission: Plain
    gst: Plain
    currency: str
    spread: Plain
    in_base: Plain | None = Field(
        description="Commission and spread in the base currency; null without a fresh rate."
    )
    base_currency: str
    source: Literal["table", "preview"]
    rule: str = Field(description="The row of the table of commissions and its date.")


class OrderDetailOut(OrderOut):
    """An order with all that is known about it."""

    purpose: str
    asked_as: str = Field(
        description="The type that was asked for; a MARKET order may go as a LIMIT."
    )
    terms_at_venue: TermsOut | None = Field(
        description="As the venue acknowledged them last; null before it has."
    )
    amendments: list[AmendmentOut] = Field(description="Oldest first.")
    parent: str | None = Field(description="The entry that it leaves, in a bracket.")
    oca_group: str | None = Field(description="Those of one name cancel or reduce each other.")
    related: list[OrderOut] = Field(description="Parent, children, and the others of its group.")
    preview: PreviewOut | None = Field(
        description="What the venue foretold before it was placed; null where it was not asked."
    )
    estimate: EstimateOut | None = Field(
        description="What it was reckoned to cost; null where nobody could."
    )


class ResolutionOut(Answer):
    """What a person's word makes of an order in doubt; with `done` false nothing was changed."""

    client_order_id: str
    was: OrderState
    state: OrderState
    booked: Plain = Field(description="Booked as filled, beside what is booked already.")
    price: Plain | None
    reason: str
    done: bool


Outcomes = Literal["absent", "filled"]

"""Proposing an order to the desk, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.amendments import Wanted
from domain.orders import OrderRequest
from domain.plan_terms import PlanTerms
from domain.quotes import Quote
from domain.resolution import Outcome
from domain.symbols import Symbol
from domain.venue import OrderPreview


@dataclass(frozen=True, slots=True)
class Propose(Command):
    """To the desk: somebody would like this order. Answered with `Verdict`."""

    request: OrderRequest
    proposer: str
    reason: str
    attached: tuple[OrderRequest, ...] = ()
    """Those that are to leave with it in one piece: a bracket's children, or a group's others."""
    preview_only: bool = False
    """Only say what it would cost; nothing is placed."""
    plan: PlanTerms | None = None
    """What guards the position that an entry opens; None leaves it to the settings."""
    quote: Quote | None = None
    """What it was decided on; None leaves it to the newest that the desk has."""
    decided_at: datetime | None = None
    """When the proposer made up its mind (UTC)."""


@dataclass(frozen=True, slots=True)
class Verdict(Message):
    """From the desk to the proposer. `code` is empty when it was admitted."""

    client_order_id: str
    admitted: bool
    code: str = ""
    sentence: str = ""
    cure: str = ""
    pending: bool = False
    """Not decided yet: the venue is asked what it would cost. `GetVerdict` tells the outcome."""
    preview: OrderPreview | None = None


@dataclass(frozen=True, slots=True)
class ProposeAmend(Command):
    """To the desk: change the terms of an order that works. Answered with `Verdict`."""

    client_order_id: str
    amendment_id: str
    wanted: Wanted
    proposer: str


@dataclass(frozen=True, slots=True)
class ResolveOrder(Command):
    """To `orders`, from a person: settle an order whose fate cannot be proven.

    Answered with a `domain.resolution.Resolution`, or with a `Verdict` that refuses it.
    """

    client_order_id: str
    outcome: Outcome
    who: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class AdoptPosition(Command):
    """To the desk, from a person: so much of a holding is Kelpie's to manage from now on.

    Negative gives up. Answered with a `domain.adoption.AdoptionPlan`, or with a `Verdict` that
    refuses it. With `managed` it is done only if that is still what is managed.
    """

    symbol: Symbol
    quantity: Decimal
    price: Decimal | None
    managed: Decimal | None
    who: str
    reason: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class ProposeCancel(Command):
    """To the desk: take this order back."""

    client_order_id: str
    proposer: str


@dataclass(frozen=True, slots=True)
class SetPaused(Message):
    """To the desk: no new entries from now on, or entries again. Durable, audited."""

    lane: ClassVar[Lane] = Lane.CONTROL
    paused: bool
    who: str
    reason: str
    cancel_entries: bool = False
    """With the pause every entry that has not ended is cancelled; stops and exits stand.

    Answered with the client order ids of those.
    """

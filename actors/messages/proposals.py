"""Proposing an order to the desk, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.orders import OrderRequest


@dataclass(frozen=True, slots=True)
class Propose(Command):
    """To the desk: somebody would like this order. Answered with `Verdict`."""

    request: OrderRequest
    proposer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict(Message):
    """From the desk to the proposer. `code` is empty when it was admitted."""

    client_order_id: str
    admitted: bool
    code: str = ""
    sentence: str = ""
    cure: str = ""


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

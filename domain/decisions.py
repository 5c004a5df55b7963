"""What the desk decided of one proposal, and by what: kept with the order, told by `explain`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.admission import Admission, Refusal
from domain.costs import CostEstimate
from domain.gate_words import GateWord
from domain.orders import OrderRequest
from domain.quotes import Quote


@dataclass(frozen=True, slots=True)
class Decision:
    """One proposal as it was asked for, as the gates saw it, and what came of it."""

    request: OrderRequest
    """As the gates saw it: with its purpose, its size and its price."""
    asked: OrderRequest
    """As it was proposed."""
    attached: tuple[str, ...]
    """Client order ids of those that were to leave with it."""
    venue: str
    proposer: str
    reason: str
    """The proposer's own."""
    proposed_at: datetime | None
    """When the proposer made up its mind (UTC); None where it did not say."""
    at: datetime
    """When the desk decided (UTC)."""
    quote: Quote | None
    """What the proposer decided on, else the newest that the desk had; None without any."""
    base_currency: str
    value: Decimal | None
    """The worst that it can cost, in the base currency; None of what was refused."""
    price: Decimal | None
    """What the value was reckoned with, in the currency of the symbol."""
    rate: Decimal | None
    """Base currency for one unit of the symbol's; None where none was fresh."""
    words: tuple[GateWord, ...]
    """What the gates said, in their order."""
    estimate: CostEstimate | None
    """What it is reckoned to cost; None of what was refused, or where that is not known."""
    remark: str = ""
    code: str = ""
    """Of the refusal; empty when it was admitted."""
    sentence: str = ""
    cure: str = ""

    @property
    def admitted(self) -> bool:
        """It may go."""
        return not self.code

    @property
    def client_order_id(self) -> str:
        """Of the first of those that it is about."""
        return self.request.client_order_id


def decision_of(
    outcome: Admission | Refusal,
    request: OrderRequest,
    asked: OrderRequest,
    attached: tuple[str, ...],
    *,
    venue: str,
    proposer: str,
    reason: str,
    proposed_at: datetime | None,
    at: datetime,
    quote: Quote | None,
    base_currency: str,
    rate: Decimal | None,
) -> Decision:
    """What is to be kept of what came of a proposal."""
    admitted = outcome if isinstance(outcome, Admission) else None
    refused = outcome if isinstance(outcome, Refusal) else None
    return Decision(
        request,
        asked,
        attached,
        venue,
        proposer,
        reason,
        proposed_at,
        at,
        quote,
        base_currency,
        admitted.value if admitted is not None else None,
        admitted.price if admitted is not None else None,
        rate,
        outcome.words,
        admitted.estimate if admitted is not None else None,
        admitted.remark if admitted is not None else "",
        refused.code if refused is not None else "",
        refused.sentence if refused is not None else "",
        refused.cure if refused is not None else "",
    )

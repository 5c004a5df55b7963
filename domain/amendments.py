"""Changing an order that works: what may be changed, and what the venue's answer means.

Pure. The rules of the table of what may still be sent hold here, too: what raises the exposure
of an entry is an entry, and a stop may be moved as long as the venue's lists are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.admission import AmendmentAdmission, Refusal
from domain.borrowing import before_fills
from domain.calendar import ExchangeCalendar
from domain.figures import RISK_REDUCING, DeskFigures
from domain.gates import decide, decide_lesser
from domain.orders import Order, OrderError, OrderRequest, OrderState, Side, check_request
from domain.phases import ALLOWED, Action, Phase, spans
from domain.state_gates import unwritable
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import InstrumentDetails, OrderTerms

_ACKNOWLEDGED = (OrderState.WORKING, OrderState.HELD)
_AUCTIONS = (Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants changed; None leaves a term as it is."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None

    def of(self, terms: Terms) -> Terms:
        """All terms, with these changes made."""
        return Terms(
            quantity=terms.quantity if self.quantity is None else self.quantity,
            limit_price=terms.limit_price if self.limit_price is None else self.limit_price,
            stop_price=terms.stop_price if self.stop_price is None else self.stop_price,
        )


def is_asked_already(order: Order, terms: Terms) -> bool:
    """The order has these terms, or is about to: to ask again is harmless."""
    if order.amending is not None:
        return order.amending.terms == terms
    return order.request.terms == terms


def decide_amendment(
    order: Order, terms: Terms, amendment_id: str, figures: DeskFigures, now: datetime
) -> AmendmentAdmission | Refusal:
    """Admit a change of terms or refuse it. `figures` must leave the order itself out."""
    name = order.client_order_id
    refusal = _not_now(order) or unwritable(name, figures.book_trouble)
    if refusal is not None:
        return refusal
    request = order.request.amended(terms)
    try:
        check_request(request)
    except OrderError as error:
        return Refusal(name, error.code, str(error), "Mend the amendment.")
    if terms.quantity <= order.filled:
        return Refusal(
            name,
            "AMENDED_BELOW_FILLED",
            f"{order.filled} of {name} are filled already; its quantity cannot become "
            f"{terms.quantity}.",
            "Cancel the rest instead, or give a larger quantity.",
        )
    decision = _decide(order, request, figures)
    if isinstance(decision, Refusal):
        return decision
    amendment = Amendment(
        amendment_id=amendment_id,
        client_order_id=name,
        was=order.request.terms,
        terms=terms,
        state=AmendmentState.INTENDED,
        created_at=now,
    )
    return AmendmentAdmission(amendment, request, order.venue, decision.value)


def _not_now(order: Order) -> Refusal | None:
    name = order.client_order_id
    if order.state.is_final:
        return Refusal(
            name,
            "ORDER_NOT_OPEN",
            f"There is no open order {name}.",
            "Look at /orders; one that has ended cannot be changed.",
        )
    if order.pending_change == "CANCEL":
        return Refusal(
            name,
            "CANCEL_PENDING",
            f"{name} is being cancelled.",
            "Wait until it has ended, and place another order.",
        )
    if order.amending is not None:
        return Refusal(
            name,
            "AMENDMENT_PENDING",
            f"A change of {name} is on its way already ({order.amending.amendment_id}).",
            "Wait until the venue has taken or refused it.",
        )
    if order.state not in _ACKNOWLEDGED:
        return Refusal(
            name,
            "ORDER_NOT_ACKNOWLEDGED",
            f"The venue has not acknowledged {name} ({order.state}), so nothing of it is changed.",
            "Wait until it works, or cancel it.",
        )
    return None


def _decide(order: Order, request: OrderRequest, figures: DeskFigures) -> Refusal | _Worth:
    if request.purpose in RISK_REDUCING and request.quantity > order.request.quantity:
        # What is filled has left the holding already: only the rest needs something to sell.
        rest = replace(request, quantity=request.quantity - order.filled, market_tif=None)
        decision = decide(rest, figures)
    else:
        # What it has filled is in its quantity: in the holding it would count a second time.
        signed = order.request.side.sign * order.filled
        before = replace(
            figures,
            held=figures.held - signed,
            managed=figures.managed - signed,
            spends=before_fills(order, figures),
        )
        entry = request.purpose not in RISK_REDUCING
        raised = entry and raises_exposure(order.request, request)
        decision = decide(request, before) if raised else decide_lesser(request, before)
    return decision if isinstance(decision, Refusal) else _Worth(decision.value)


@dataclass(frozen=True, slots=True)
class _Worth:
    value: Decimal | None


def raises_exposure(before: OrderRequest, after: OrderRequest) -> bool:
    """The entry may cost more, or come about sooner, than it was admitted for."""
    if after.quantity > before.quantity or after.stop_price != before.stop_price:
        return True
    if before.limit_price is None or after.limit_price is None:
        return False
    if before.side is Side.BUY:
        return after.limit_price > before.limit_price
    return after.limit_price < before.limit_price


def when_again(
    reason: str, instrument: InstrumentDetails, calendar: ExchangeCalendar | None, now: datetime
) -> datetime | None:
    """When an amendment that was refused in an auction is tried once more; None for others.

    In the auctions of the ASX orders can be cancelled and not changed (facts/ib.md 6.1). The
    announced hours count the auctions in, so it is the phases that tell.
    """
    phases = list(spans(instrument, calendar, now))
    in_auction = any(span.phase in _AUCTIONS and span.starts <= now < span.ends for span in phases)
    if not in_auction and "auction" not in reason.lower():
        return None
    starts = (span.starts for span in phases if Action.AMEND in ALLOWED[span.phase])
    return min((start for start in starts if start > now), default=None)


@dataclass(frozen=True, slots=True)
class TermsSeen:
    """What an open order of the venue says of the terms of an order of ours."""

    confirmed: bool
    """Those of the amendment on its way."""
    adopted: Terms | None
    """Neither ours nor those on their way: the venue changed them, and its word counts."""


def on_terms(order: Order, told: OrderTerms) -> TermsSeen:
    """Compare the venue's terms with ours; only those that the type of order has."""
    kind = order.request.type
    seen = Terms(
        quantity=told.quantity,
        limit_price=told.limit_price if kind.needs_limit else None,
        stop_price=told.stop_price if kind.needs_stop else None,
    )
    if order.amending is not None and seen == order.amending.terms:
        return TermsSeen(confirmed=True, adopted=None)
    incomplete = (
        seen.quantity <= 0
        or (kind.needs_limit and seen.limit_price is None)
        or (kind.needs_stop and seen.stop_price is None)
    )
    if incomplete or seen == order.request.terms:
        return TermsSeen(confirmed=False, adopted=None)
    return TermsSeen(confirmed=False, adopted=seen)

"""Changes of orders on their way to the venue, and what proves that they were taken.

The venue's open order with the new terms proves it; an error refuses it; where neither comes,
the terms in the next complete round of lists tell. Until then the larger exposure counts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actors import names
from actors.base import on
from actors.lanes import Command
from actors.messages import (
    AmendHanded,
    AmendmentDurable,
    AmendNotSent,
    AmendOrder,
    BookLoaded,
    RecordAmended,
    RecordTerms,
)
from actors.order_sending import OrderSending
from domain.amendments import on_terms
from domain.claims import ClaimedBy
from domain.order_life import on_fill
from domain.orders import Order, OrderState
from domain.terms import Amendment, AmendmentState
from domain.venue import NoticeEffect, OrderReport, VenueNotice
from runtime.crash_points import CrashPoint, reached

_ANSWER_WITHIN = 5.0
_ASK_AGAIN = 12.0
_TAKEN_BY = timedelta(seconds=5)
"""So long after it left, a list that shows the old terms says that it was not taken."""
_NEVER_LEFT_BY = timedelta(seconds=30)
"""The same for one of which nobody has said whether it left."""


class OrderAmending(OrderSending):
    """Amendments, from the ledger to the connection, and what became of them."""

    # -- towards the venue ---------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        super()._book(message)
        for order in list(self._open.values()):
            if order.amending is not None:
                # The process or the link ended while it was on its way.
                self._await_answer(order, _ANSWER_WITHIN)

    @on(AmendmentDurable)
    def _amendment(self, message: AmendmentDurable) -> None:
        if self._waits(message):
            return
        amendment = message.admission.amendment
        order = self._open.get(amendment.client_order_id)
        if order is None:
            self._tell_amended(amendment, AmendmentState.NOT_SENT, "the order ended before it")
            return
        if order.amending is not None and order.amending.state is not AmendmentState.INTENDED:
            return
        order = self._taking_up(order, amendment)
        if order.pending_change == "CANCEL":
            self._settle(order, AmendmentState.NOT_SENT, "the order is being cancelled")
        elif order.request.terms != amendment.was:
            # All terms are sent: those that it leaves alone would be set back.
            reason = "the venue has changed its terms since it was decided"
            self._settle(order, AmendmentState.NOT_SENT, reason)
        elif self._epoch is None or message.epoch != self._epoch:
            reason = "the link on which it was decided is gone"
            self._settle(order, AmendmentState.NOT_SENT, reason)
        else:
            admission = message.admission
            if admission.request.parent not in self._open:
                # It has ended: the venue refuses a change that names it still.
                admission = replace(admission, request=replace(admission.request, parent=None))
            amend = AmendOrder(message.deadline, admission, message.epoch)
            self.tell(names.connection(self.venue), amend)

    def _taking_up(self, order: Order, amendment: Amendment) -> Order:
        order = replace(order, amending=amendment, pending_change=order.pending_change or "AMEND")
        self._keep(order)
        return order

    def on_expired(self, command: Command) -> Any:
        """An amendment that comes too late is closed as not sent."""
        if not isinstance(command, AmendmentDurable):
            return super().on_expired(command)
        if self._waits(command):
            return None
        amendment = command.admission.amendment
        order = self._open.get(amendment.client_order_id)
        reason = "its deadline was over before it could be sent"
        if order is None:
            self._tell_amended(amendment, AmendmentState.NOT_SENT, reason)
        else:
            self._settle(self._taking_up(order, amendment), AmendmentState.NOT_SENT, reason)
        return None

    @on(AmendHanded)
    def _amend_handed(self, message: AmendHanded) -> None:
        if self._waits(message):
            return
        order = self._amended_by(message.client_order_id, message.amendment_id)
        if order is None or order.amending is None:
            return
        sent = replace(order.amending, state=AmendmentState.SENT, sent_at=message.at)
        order = replace(order, amending=sent)
        self._keep(order)
        self._tell_amended(sent, AmendmentState.SENT, None)
        self._await_answer(order, _ANSWER_WITHIN)

    @on(AmendNotSent)
    def _amend_not_sent(self, message: AmendNotSent) -> None:
        if self._waits(message):
            return
        order = self._amended_by(message.client_order_id, message.amendment_id)
        if order is not None:
            self._settle(order, AmendmentState.NOT_SENT, message.sentence)

    def _amended_by(self, client_order_id: str, amendment_id: str) -> Order | None:
        order = self._open.get(client_order_id)
        if order is None or order.amending is None:
            return None
        return order if order.amending.amendment_id == amendment_id else None

    # -- from the venue ------------------------------------------------------------------

    def _take_terms(self, order: Order, report: OrderReport) -> Order:
        """What an open order straight from the wire says of the terms."""
        if report.terms is None or report.completed or order.state.is_final:
            return order
        seen = on_terms(order, report.terms)
        if seen.confirmed:
            reached(CrashPoint.AMEND_HEARD)
            return self._settle(order, AmendmentState.CONFIRMED, None)
        self._terms_heard[order.client_order_id] = self.clock.now()
        if seen.adopted is None:
            return order
        # One of a group that was reduced by the fill of another, or somebody changed it by hand.
        why = report.reason or "the venue's open order shows other terms"
        self.log.warning(
            "{} has other terms at the venue: {} instead of {}.",
            order.client_order_id,
            seen.adopted,
            order.request.terms,
        )
        order = replace(order, request=order.request.amended(seen.adopted))
        self._keep(order)
        self.tell(names.LEDGER, RecordTerms(order.client_order_id, seen.adopted, why))
        return order

    def _concerns_amendment(self, order: Order, notice: VenueNotice, text: str) -> bool:
        """A refusal while an amendment is on its way refuses that; the order itself lives on.

        Should the order be gone all the same, the round that is asked for will show it.
        """
        if order.amending is None:
            return False
        if notice.effect is NoticeEffect.NOT_SENT and not self._never_seen(order):
            self._settle(order, AmendmentState.NOT_SENT, notice.text)
            return True
        if notice.effect not in (NoticeEffect.REJECT, NoticeEffect.CHANGE_REFUSED):
            return False
        order = self._settle(order, AmendmentState.REFUSED, text)
        self._said.pop(order.client_order_id, None)
        self._claim(order, OrderState.REJECTED, text, ClaimedBy.CODE)
        return True

    def _judge_amendments(self, asked_at: datetime | None) -> None:
        """A complete round that showed the old terms long enough after the send settles it."""
        if asked_at is None:
            return
        for order in list(self._open.values()):
            amendment = order.amending
            heard = self._terms_heard.get(order.client_order_id)
            if amendment is None or heard is None or heard < asked_at:
                continue
            left = amendment.sent_at
            since = left + _TAKEN_BY if left else amendment.created_at + _NEVER_LEFT_BY
            if asked_at >= since:
                state = AmendmentState.REFUSED if left else AmendmentState.NOT_SENT
                self._settle(order, state, "the venue's open orders show the old terms")

    def _amendment_unanswered(self, client_order_id: str) -> None:
        """Nobody said whether it was taken: ask for the lists until they tell."""
        order = self._open.get(client_order_id)
        if order is None or order.amending is None:
            return
        amendment = order.amending
        reason = f"no answer to the amendment {amendment.amendment_id}"
        if amendment.state is AmendmentState.SENT:
            order = replace(order, amending=replace(amendment, state=AmendmentState.UNKNOWN))
            self._keep(order)
            self._tell_amended(amendment, AmendmentState.UNKNOWN, reason)
        self._query(order, "AMENDMENT_UNANSWERED", reason)
        self._await_answer(order, _ASK_AGAIN)

    # -- recording -----------------------------------------------------------------------

    def _await_answer(self, order: Order, seconds: float) -> None:
        self.after(seconds, f"amendment {order.client_order_id}")

    def _settle(self, order: Order, state: AmendmentState, reason: str | None) -> Order:
        """It came to its end; what is filled is held against the terms that now hold."""
        amendment = order.amending
        assert amendment is not None
        name = order.client_order_id
        self.cancel_timer(f"amendment {name}")
        if state is not AmendmentState.CONFIRMED:
            self.log.warning("The amendment of {} is {}: {}", name, state, reason)
        confirmed = state is AmendmentState.CONFIRMED
        order = replace(
            order,
            request=order.request.amended(amendment.terms) if confirmed else order.request,
            amending=None,
            pending_change=None if order.pending_change == "AMEND" else order.pending_change,
        )
        self._keep(order)
        self._tell_amended(amendment, state, reason)
        change = on_fill(order)
        if change is not None:
            self._change(order, change)
        return self._open.get(name, order)

    def _tell_amended(
        self, amendment: Amendment, state: AmendmentState, reason: str | None
    ) -> None:
        told = RecordAmended(
            amendment.client_order_id, amendment.amendment_id, state, reason, amendment.sent_at
        )
        self.tell(names.LEDGER, told)

    def _record(self, order: Order) -> None:
        """An order that ends takes the amendment that was on its way with it."""
        amendment = order.amending
        if order.state.is_final and amendment is not None:
            taken = order.filled > order.request.quantity
            state = AmendmentState.CONFIRMED if taken else AmendmentState.REFUSED
            self._tell_amended(amendment, state, None if taken else "the order ended before it")
            self.cancel_timer(f"amendment {order.client_order_id}")
            request = order.request.amended(amendment.terms) if taken else order.request
            order = replace(order, request=request, amending=None)
        super()._record(order)

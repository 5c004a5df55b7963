"""Changes of orders that work: decided by the desk, and reserved at the larger of both terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from actors import names
from actors.base import on
from actors.desk_adopting import DeskAdopting
from actors.desk_knowledge import DeskOptions
from actors.messages import (
    AmendmentRefused,
    AmendmentSettled,
    ProposeAmend,
    RecordAmendment,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal
from domain.amendments import Wanted, decide_amendment, is_asked_already, when_again
from domain.order_groups import refuse_in_bracket
from domain.symbols import Symbol
from domain.terms import Amendment, AmendmentState

_ONCE_MORE = "-again"
"""How the id of an amendment ends that is tried a second time, after an auction."""


class DeskAmending(DeskAdopting):
    """Admits or refuses changes."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._amenders: dict[str, str] = {}
        """Who proposed the amendment of an order."""
        self._again: dict[str, Amendment] = {}

    @on(ProposeAmend)
    def _propose_amend(self, message: ProposeAmend) -> Verdict:
        name = message.client_order_id
        self.correlation = name
        open_orders = self._all_orders()
        order = next((o for o in open_orders if o.client_order_id == name), None)
        if order is None:
            refused = self._refuse(self._not_open(name, "changed"))
            return self._tell_proposer(message.proposer, refused)
        terms = message.wanted.of(order.request.terms)
        if is_asked_already(order, terms):
            return self._tell_proposer(message.proposer, Verdict(name, True))
        figures = self._figures(order.request, amended=order)
        decision = refuse_in_bracket(order, terms, open_orders) or decide_amendment(
            order, terms, message.amendment_id, figures, self.clock.now()
        )
        if isinstance(decision, Refusal):
            return self._tell_proposer(message.proposer, self._refuse(decision))
        if decision.request.parent not in self._orders:
            # To the venue a child whose parent has ended is an order like any other.
            decision = replace(decision, request=replace(decision.request, parent=None))
        self._amending[name] = decision.amendment
        self._amenders[name] = message.proposer
        deadline = min(message.deadline, self.clock.monotonic() + self.options.command_seconds)
        state = self._venues.get(order.venue)
        epoch = state.epoch if state is not None else 0  # in the shadow there is no link
        self.tell(names.LEDGER, RecordAmendment(decision, message.proposer, deadline, epoch))
        return self._tell_proposer(message.proposer, Verdict(name, True))

    @on(AmendmentRefused)
    def _amendment_refused(self, message: AmendmentRefused) -> None:
        """Something came in between: nothing was written."""
        name = message.client_order_id
        self._amending.pop(name, None)
        proposer = self._amenders.pop(name, "")
        self.log.warning("No amendment of {} was written: {}", name, message.sentence)
        verdict = Verdict(name, False, message.code, message.sentence, message.cure)
        self._tell_proposer(proposer, verdict)

    @on(AmendmentSettled)
    def _amendment_settled(self, message: AmendmentSettled) -> None:
        """One that was refused in an auction is tried once more, when the market trades again."""
        amendment = message.amendment
        name = amendment.client_order_id
        self._amending.pop(name, None)
        refused = amendment.state is AmendmentState.REFUSED and not message.order.state.is_final
        if not refused or amendment.amendment_id.endswith(_ONCE_MORE):
            self._amenders.pop(name, None)
            return
        now = self.clock.now()
        at = self._when_again(message.order.request.symbol, amendment.reason or "", now)
        if at is None:
            self._amenders.pop(name, None)
            return
        self.log.info("{} is amended again at {}: {}", name, at.isoformat(), amendment.reason)
        self._again[name] = amendment
        self.after((at - now).total_seconds(), f"amend {name}")

    def _when_again(self, symbol: Symbol, reason: str, now: datetime) -> datetime | None:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            return None
        return when_again(reason, instrument, self._instruments.calendar(instrument), now)

    def on_timer(self, name: str) -> None:
        """The auction is over: what was refused in it is proposed anew, once."""
        what, _, order_id = name.partition(" ")
        amendment = self._again.pop(order_id, None) if what == "amend" else None
        if amendment is None:
            super().on_timer(name)
            return
        order = self._orders.get(order_id)
        if order is None or order.request.terms != amendment.was:
            return  # it has ended, or somebody has changed it meanwhile
        terms = amendment.terms
        self.tell(
            names.DESK,
            ProposeAmend(
                self.clock.monotonic() + self.options.command_seconds,
                order_id,
                amendment.amendment_id + _ONCE_MORE,
                Wanted(terms.quantity, terms.limit_price, terms.stop_price),
                self._amenders.pop(order_id, names.DESK),
            ),
        )

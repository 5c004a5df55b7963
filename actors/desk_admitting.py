"""Admission: the gates, the reservation at the worst case, and then the intent."""

from __future__ import annotations

from dataclasses import replace

from actors import names
from actors.base import on
from actors.desk_amending import DeskAmending
from actors.desk_knowledge import DeskOptions
from actors.messages import (
    IntentRefused,
    OrderRecorded,
    Propose,
    RecordCancel,
    RecordIntent,
    ShadowAdmitted,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Admission, Refusal
from domain.assurance import may_be_admitted
from domain.gates import decide
from domain.market_rules import marketable
from domain.order_groups import OrderGroup, decide_group
from domain.orders import OrderRequest, OrderState
from domain.permits import KELPIE, Act, Asker
from domain.plans import Plan
from domain.shadow import SHADOW, in_shadow
from domain.state_gates import permitted
from domain.venue import OrderPreview


class DeskAdmitting(DeskAmending):
    """Reserves what it admits until the ledger has it, and has the intent written."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._proposers: dict[str, str] = {}
        self._admitted = 0

    def _reserve(self, admission: Admission) -> None:
        for each in admission.members:
            self._reserved[each.request.client_order_id] = each

    def _release(self, client_order_id: str) -> None:
        admission = self._reserved.get(client_order_id)
        for each in admission.members if admission is not None else ():
            self._reserved.pop(each.request.client_order_id, None)

    def _decide_group(
        self,
        group: OrderGroup,
        proposer: str,
        asker: Asker = KELPIE,
        preview: OrderPreview | None = None,
    ) -> Admission | Refusal:
        """`preview` is what the venue said of its first order."""
        for request in group.members:
            name = request.client_order_id
            if name in self._reserved or name in self._orders:
                return Refusal(
                    group.first.client_order_id,
                    "ORDER_ID_TAKEN",
                    f"There is an order {name} already.",
                    "Give each order an id of its own, or none.",
                )
        figures = self._figures(group.first, proposer=proposer)
        if preview is not None:
            figures = replace(figures, previews={group.first.client_order_id: preview})
        if not group.attached:
            return decide(group.first, figures, asker)
        return decide_group(group, figures)

    def _priced(self, request: OrderRequest) -> OrderRequest:
        instrument = self._instruments.get(request.symbol)
        if not self.options.market_as_limit or instrument is None:
            return request
        return marketable(
            request,
            self._price(request.symbol, request.side),
            instrument.price_steps,
            self.options.max_slippage_bps,
            continuous=self._instruments.is_open(request.symbol, self.clock.now()),
        )

    def _cancel(self, name: str, who: str, asker: Asker) -> Verdict:
        """Have the wish written, which `orders` then says to the venue."""
        order = next((o for o in self._all_orders() if o.client_order_id == name), None)
        if order is None:
            return self._refuse(self._not_open(name, "cancelled"))
        figures = self._figures_of(order.request.symbol, order.request.side)
        refusal = permitted(Act.CANCEL, order.request, figures, asker)
        if refusal is not None and order.venue != SHADOW:
            return self._refuse(refusal)
        deadline = self.clock.monotonic() + self.options.command_seconds
        self.tell(names.LEDGER, RecordCancel(name, who, deadline, order.venue))
        return Verdict(name, True)

    def _admit(self, admission: Admission, message: Propose) -> Verdict:
        request = admission.request
        epoch = self._venues[admission.venue].epoch
        if self.options.observing:
            admission = in_shadow(admission)
        plan = self._plan_of(admission, message)
        if isinstance(plan, Refusal):
            return self._refuse(plan)
        taken = self._reserved.keys() | self._orders.keys()
        may_be_admitted(admission, paused=self._paused, taken=taken)
        self._reserve(admission)
        self._proposers[request.client_order_id] = message.proposer
        self._admitted += 1
        for each in admission.members:
            self._pace.made(each.request.client_order_id, message.proposer)
        decision = self._decision(message, request, admission)
        self._untold[request.client_order_id] = decision
        deadline = min(message.deadline, self.clock.monotonic() + self.options.command_seconds)
        self.tell(names.LEDGER, RecordIntent(admission, deadline, epoch, plan, decision))
        if self.options.shadow_beside:
            self.tell(names.SHADOW, ShadowAdmitted(admission))
        self._tell_exposure(admission.venue)
        return Verdict(request.client_order_id, True, preview=admission.preview)

    def _plan_of(self, admission: Admission, message: Propose) -> Plan | Refusal | None:
        symbol, side = admission.request.symbol, admission.request.side
        return self._plans.of_entry(
            admission,
            self._instruments.get(symbol),
            self._price(symbol, side),
            terms=message.plan,
            attached=tuple(each.request for each in admission.attached),
            at=self.clock.now(),
            reason=message.reason,
        )

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        self._pace.recorded(order, self._limits)
        self._reserved.pop(name, None)
        self._proposers.pop(name, None)
        if order.amending is not None or order.state.is_final:
            self._amending.pop(name, None)
        if order.state is not OrderState.INTENDED:
            self._tell_admitted(order.client_order_id)
        if order.state.is_final:
            self._orders.pop(order.client_order_id, None)
        else:
            self._orders[order.client_order_id] = order
        self._tell_exposure(order.venue)

    @on(IntentRefused)
    def _intent_refused(self, message: IntentRefused) -> None:
        self._release(message.client_order_id)
        self._tell_unwritten(message)
        self.log.warning("No intent was written: {}", message.sentence)
        refused = Verdict(
            message.client_order_id, False, message.code, message.sentence, message.cure
        )
        proposer = self._proposers.pop(message.client_order_id, "")
        self._tell_proposer(proposer, refused)

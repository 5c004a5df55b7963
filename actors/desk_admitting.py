"""Admission: the gates, the reservation at the worst case, and then the intent."""

from __future__ import annotations

from actors import names
from actors.base import on
from actors.desk_amending import DeskAmending
from actors.desk_knowledge import DeskOptions
from actors.messages import IntentRefused, OrderRecorded, Propose, RecordIntent, Verdict
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Admission, Refusal
from domain.gates import decide
from domain.order_groups import OrderGroup, decide_group
from domain.orders import OrderState


class DeskAdmitting(DeskAmending):
    """Reserves what it admits until the ledger has it, and has the intent written."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._proposers: dict[str, str] = {}
        self._admitted = 0
        self._untold: dict[str, tuple[Admission, str]] = {}

    def _reserve(self, admission: Admission) -> None:
        for each in admission.members:
            self._reserved[each.request.client_order_id] = each

    def _release(self, client_order_id: str) -> None:
        admission = self._reserved.get(client_order_id)
        for each in admission.members if admission is not None else ():
            self._reserved.pop(each.request.client_order_id, None)

    def _decide_group(self, group: OrderGroup) -> Admission | Refusal:
        for request in group.members:
            name = request.client_order_id
            if name in self._reserved or name in self._orders:
                return Refusal(
                    group.first.client_order_id,
                    "ORDER_ID_TAKEN",
                    f"There is an order {name} already.",
                    "Give each order an id of its own, or none.",
                )
        figures = self._figures(group.first)
        if not group.attached:
            return decide(group.first, figures)
        return decide_group(group, figures)

    def _admit(self, admission: Admission, message: Propose) -> Verdict:
        request = admission.request
        self._reserve(admission)
        self._proposers[request.client_order_id] = message.proposer
        self._admitted += 1
        self._untold[request.client_order_id] = (admission, message.reason)
        deadline = min(message.deadline, self.clock.monotonic() + self.options.command_seconds)
        epoch = self._venues[admission.venue].epoch
        self.tell(names.LEDGER, RecordIntent(admission, deadline, epoch))
        self._tell_exposure(admission.venue)
        return Verdict(request.client_order_id, True, preview=admission.preview)

    def _tell_log(self, client_order_id: str) -> None:
        """Write of an admission once its order has left or ended: words do not hold it back."""
        untold = self._untold.pop(client_order_id, None)
        if untold is None:
            return
        admission, reason = untold
        request = admission.request
        self.log.bind(correlation=client_order_id).info(
            "Admitted {} {} {} {} at {} (worth {:.2f} {}{}): {}",
            request.purpose.lower(),
            request.side,
            request.quantity,
            request.symbol,
            request.limit_price or "market",
            admission.value,
            admission.base_currency,
            f", {admission.remark}" if admission.remark else "",
            reason,
        )

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        self._reserved.pop(name, None)
        self._proposers.pop(name, None)
        if order.amending is not None or order.state.is_final:
            self._amending.pop(name, None)
        if order.state is not OrderState.INTENDED:
            self._tell_log(order.client_order_id)
        if order.state.is_final:
            self._orders.pop(order.client_order_id, None)
        else:
            self._orders[order.client_order_id] = order
        self._tell_exposure(order.venue)

    @on(IntentRefused)
    def _intent_refused(self, message: IntentRefused) -> None:
        self._release(message.client_order_id)
        self._tell_log(message.client_order_id)
        self.log.warning("No intent was written: {}", message.sentence)
        refused = Verdict(
            message.client_order_id,
            False,
            "ORDER_ID_TAKEN",
            message.sentence,
            "Give each order an id of its own, or none.",
        )
        proposer = self._proposers.pop(message.client_order_id, "")
        self._tell_proposer(proposer, refused)

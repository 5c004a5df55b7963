"""What the ledger could not write: it stays reserved until it is certain that nothing was sent."""

from __future__ import annotations

from actors import names
from actors.base import on
from actors.desk_admitting import DeskAdmitting
from actors.desk_knowledge import DeskOptions
from actors.lanes import Quarantined
from actors.messages import (
    BookLoaded,
    IntentRefused,
    LoadBook,
    RecordAmendment,
    RecordIntent,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.orders import Order

_TICKETS_OF_AN_INCARNATION = 1_000_000
_CODE = "INTENT_NOT_WRITTEN"
_SENTENCE = "The ledger crashed twice over it and wrote nothing; nothing was sent."
_CURE = "Propose it anew; the dead letters show what it was."


class DeskDoubts(DeskAdmitting):
    """Asks the book what became of an intent that is kept apart, and goes by its answer.

    The ledger reads behind whatever it was told before. An intent that is not in the book then
    never will be; only what is durable is handed on, so not one byte of it has left.
    """

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._doubted: dict[int, RecordIntent | RecordAmendment] = {}
        self._doubts = self.incarnation * _TICKETS_OF_AN_INCARNATION

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        super()._quarantined(message)
        what = message.what
        if message.seat == names.LEDGER and isinstance(what, RecordIntent | RecordAmendment):
            self._doubts += 1
            self._doubted[self._doubts] = what
            self.tell(names.LEDGER, LoadBook(self.seat.name, self._doubts))

    def _settle_doubt(self, message: BookLoaded) -> None:
        """Release what the book has not; what it has, it goes on announcing."""
        what = self._doubted.pop(message.ticket, None)
        orders = {o.client_order_id: o for o in (*message.open_orders, *message.ended)}
        if isinstance(what, RecordIntent):
            self._settle_intent(what, orders)
        elif isinstance(what, RecordAmendment):
            self._settle_amendment(what, orders)

    def _settle_intent(self, what: RecordIntent, orders: dict[str, Order]) -> None:
        name = what.admission.request.client_order_id
        if name in orders or name not in self._reserved:
            return
        self._release(name)
        self._tell_unwritten(IntentRefused(name, _SENTENCE, _CODE, _CURE))
        self._tell_exposure(what.admission.venue)
        self.log.bind(correlation=name).error("{}: {}", name, _SENTENCE)
        verdict = Verdict(name, False, _CODE, _SENTENCE, _CURE)
        self._decided_late(self._proposers.pop(name, ""), verdict)

    def _settle_amendment(self, what: RecordAmendment, orders: dict[str, Order]) -> None:
        amendment = what.admission.amendment
        name = amendment.client_order_id
        order = orders.get(name)
        written = order is not None and order.amending is not None
        if written or self._amending.get(name) is not amendment:
            return
        del self._amending[name]
        self.log.bind(correlation=name).error("The change of {}: {}", name, _SENTENCE)
        verdict = Verdict(name, False, _CODE, _SENTENCE, _CURE)
        self._decided_late(self._amenders.pop(name, ""), verdict)

"""How the desk answers: a verdict for each proposal, told to whoever proposed."""

from __future__ import annotations

from collections import OrderedDict

from actors import names
from actors.base import on
from actors.desk_knowledge import DeskOptions
from actors.desk_risk import DeskRisk
from actors.lanes import Command
from actors.messages import AdoptPosition, GetVerdict, Propose, ProposeAmend, ProposeCancel, Verdict
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal

_REMEMBERED = 1000
_SEATS = (names.STRATEGIST, names.PLAN_MONITOR, names.PROTECTION)
"""Proposers that are told; a person asks."""


class DeskAnswers(DeskRisk):
    """Verdicts, and the memory of those that came later than the answer."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._refused: dict[str, int] = {}
        self._late: OrderedDict[str, Verdict] = OrderedDict()

    def on_expired(self, command: Command) -> Verdict | None:
        """Whoever proposed is told: else it would wait for ever."""
        if isinstance(command, AdoptPosition):
            return too_late(str(command.symbol))
        if isinstance(command, Propose):
            name = command.request.client_order_id
        elif isinstance(command, ProposeCancel | ProposeAmend):
            name = command.client_order_id
        else:
            return None
        return self._tell_proposer(command.proposer, too_late(name))

    def _tell_proposer(self, proposer: str, verdict: Verdict) -> Verdict:
        if proposer in _SEATS and not verdict.pending:
            self.tell(proposer, verdict)
        return verdict

    def _not_open(self, client_order_id: str, cannot: str) -> Refusal:
        """No open order of this name; before the book has come nobody knows of any."""
        if not self._loaded:
            return Refusal(
                client_order_id,
                "BOOK_NOT_READ",
                "The desk has not read the book yet, so which orders are open is not known.",
                "Try again in a moment.",
            )
        return Refusal(
            client_order_id,
            "ORDER_NOT_OPEN",
            f"There is no open order {client_order_id}.",
            f"Look at /orders; one that has ended cannot be {cannot}.",
        )

    def _refuse(self, refusal: Refusal) -> Verdict:
        self._refused[refusal.code] = self._refused.get(refusal.code, 0) + 1
        self.log.bind(correlation=refusal.client_order_id).info(
            "Refused {}: {} {} [{}]",
            refusal.client_order_id,
            refusal.sentence,
            refusal.cure,
            refusal.code,
        )
        return Verdict(refusal.client_order_id, False, refusal.code, refusal.sentence, refusal.cure)

    def _decided_late(self, proposer: str, verdict: Verdict) -> None:
        """The answer was *pending*; now whoever asks, or proposed, hears the outcome."""
        self._late[verdict.client_order_id] = verdict
        while len(self._late) > _REMEMBERED:
            self._late.popitem(last=False)
        self._tell_proposer(proposer, verdict)

    @on(GetVerdict)
    def _verdict(self, message: GetVerdict) -> Verdict | None:
        return self._late.get(message.client_order_id)


def too_late(client_order_id: str) -> Verdict:
    """The verdict on what was not come to before its deadline."""
    return Verdict(
        client_order_id,
        False,
        "ORDER_EXPIRED_UNSENT",
        "The desk came to it after its deadline, so nothing was sent.",
        "Propose it anew, by what holds now.",
    )

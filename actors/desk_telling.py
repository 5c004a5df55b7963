"""What the desk decided, for the record: with the intent, and told once it holds nobody back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from actors.desk_answers import DeskAnswers
from actors.desk_knowledge import DeskOptions
from actors.lanes import Command
from actors.messages import DecisionMade, IntentRefused, Propose, Verdict
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Admission, Refusal
from domain.decisions import Decision, decision_of
from domain.orders import OrderRequest


class DeskTelling(DeskAnswers):
    """Keeps what was admitted until it has left, and tells of it then; refusals at once."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._untold: dict[str, Decision] = {}

    def on_expired(self, command: Command) -> Verdict | None:
        """What came too late is refused like any other."""
        verdict = super().on_expired(command)
        if isinstance(command, Propose) and verdict is not None and not command.preview_only:
            self._tell_too_late(command, verdict)
        return verdict

    def _tell_too_late(self, message: Propose, verdict: Verdict) -> None:
        name, code = verdict.client_order_id, verdict.code
        refusal = Refusal(name, code, verdict.sentence, verdict.cure)
        self._tell_refused(message, message.request, refusal)

    def _decision(
        self, message: Propose, request: OrderRequest, outcome: Admission | Refusal
    ) -> Decision:
        symbol, base = request.symbol, self.options.base_currency
        own = symbol.currency == base
        return decision_of(
            outcome,
            request,
            message.request,
            tuple(each.client_order_id for each in message.attached),
            venue=self._venue_of(symbol),
            proposer=message.proposer,
            reason=message.reason,
            proposed_at=message.decided_at,
            at=self.clock.now(),
            quote=message.quote or self._quotes.get(symbol),
            base_currency=base,
            rate=Decimal(1) if own else self._money.rate(symbol.currency),
        )

    def _tell_refused(self, message: Propose, request: OrderRequest, refusal: Refusal) -> None:
        self._tell_record(self._decision(message, request, refusal))

    def _tell_unwritten(self, refused: IntentRefused) -> None:
        """It passed the gates, and came to nothing: for the record it was refused."""
        decision = self._untold.pop(refused.client_order_id, None)
        if decision is not None:
            code, sentence, cure = refused.code, refused.sentence, refused.cure
            self._tell_record(replace(decision, code=code, sentence=sentence, cure=cure))

    def _tell_record(self, decision: Decision) -> None:
        if self.options.telemetry:
            self.tell(self.options.telemetry, DecisionMade(decision))

    def _tell_admitted(self, client_order_id: str) -> None:
        """Of an admission once its order has left or ended: words do not hold it back."""
        decision = self._untold.pop(client_order_id, None)
        if decision is None:
            return
        self._tell_record(decision)
        request = decision.request
        self.log.bind(correlation=client_order_id).info(
            "Admitted {} {} {} {} at {} (worth {} {}{}): {}",
            request.purpose.lower(),
            request.side,
            request.quantity,
            request.symbol,
            request.limit_price or "market",
            f"{decision.value:.2f}" if decision.value is not None else "an unknown sum in",
            decision.base_currency,
            f", {decision.remark}" if decision.remark else "",
            decision.reason,
        )

"""Proposals that wait for the venue's word on what they would cost.

A proposal is parked with its reservation and its deadline; nobody waits. When the answer comes
the gates are walked again, by what holds then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors import names
from actors.base import on
from actors.desk_answers import too_late
from actors.desk_doubts import DeskDoubts
from actors.desk_knowledge import DeskOptions
from actors.messages import AskPreview, PreviewCame, Propose, Verdict
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Admission, Refusal
from domain.order_groups import OrderGroup
from domain.previews import PreviewKey, judge_preview, preview_key, wants_preview


@dataclass(frozen=True, slots=True)
class _Parked:
    message: Propose
    group: OrderGroup
    key: PreviewKey
    ticket: int


class DeskPreviews(DeskDoubts):
    """Asks for previews, and takes up what waited for them."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._parked: dict[str, _Parked] = {}
        self._previewed: set[PreviewKey] = set()
        self._tickets = 0

    def _key(self, admission: Admission) -> PreviewKey:
        instrument = self._instruments.get(admission.request.symbol)
        zone = instrument.time_zone if instrument is not None else "UTC"
        return preview_key(admission, zone, self.clock.now())

    def _wants_preview(self, admission: Admission) -> bool:
        large = self.options.preview_above * self._max_order_value
        # To ask what it would cost is to send an order, whatever is said of it.
        asks = self.options.previews and not self.options.observing
        return asks and wants_preview(admission, self._key(admission), self._previewed, large)

    def _park(self, admission: Admission, message: Propose, group: OrderGroup) -> Verdict:
        """Reserve it, ask the venue, and go on."""
        name = admission.request.client_order_id
        if not message.preview_only:
            self._reserve(admission)
        self._tickets += 1
        self._late.pop(name, None)
        self._parked[name] = _Parked(message, group, self._key(admission), self._tickets)
        seconds = self.options.preview_seconds
        # The venue's own time limit comes first, so that its answer says more than ours would.
        self.after(seconds + 0.5, f"preview {name}")
        ask = AskPreview(
            self.clock.monotonic() + seconds,
            admission.request,
            self._tickets,
            seconds,
            self._venues[admission.venue].epoch,
        )
        self.tell(names.connection(admission.venue), ask)
        return Verdict(name, False, pending=True)

    def on_timer(self, name: str) -> None:
        """No answer came at all: the link went, or its actor."""
        what, _, order_id = name.partition(" ")
        parked = self._parked.get(order_id) if what == "preview" else None
        if parked is None:
            super().on_timer(name)
            return
        sentence = "Nobody said in time what the order would cost."
        self._came(PreviewCame(order_id, parked.ticket, None, "PREVIEW_UNANSWERED", sentence))

    @on(PreviewCame)
    def _came(self, message: PreviewCame) -> None:
        name = message.client_order_id
        parked = self._parked.get(name)
        if parked is None or parked.ticket != message.ticket:
            return
        del self._parked[name]
        self.cancel_timer(f"preview {name}")
        self.correlation = name
        if not parked.message.preview_only:
            self._release(name)
        self._decided_late(parked.message.proposer, self._after_preview(parked, message))

    def _after_preview(self, parked: _Parked, came: PreviewCame) -> Verdict:
        name, preview = came.client_order_id, came.preview
        if preview is None:
            cure = "Nothing was placed. Try again; `kelpie status` shows how the venue is."
            return self._refuse_parked(parked, Refusal(name, came.code, came.sentence, cure))
        refusal = judge_preview(name, preview)
        if parked.message.preview_only:
            if refusal is None:
                decision = self._decide_group(
                    parked.group, parked.message.proposer, preview=preview
                )
                refusal = decision if isinstance(decision, Refusal) else None
            shown = Verdict(name, refusal is None, preview=preview)
            if refusal is None:
                return shown
            return replace(shown, code=refusal.code, sentence=refusal.sentence, cure=refusal.cure)
        if refusal is not None:
            return self._refuse_parked(parked, refusal)
        self._previewed = {key for key in self._previewed if key.day >= parked.key.day}
        self._previewed.add(parked.key)
        if self.clock.monotonic() > parked.message.deadline:
            verdict = too_late(name)
            self._tell_too_late(parked.message, verdict)
            return verdict
        decision = self._decide_group(parked.group, parked.message.proposer, preview=preview)
        if isinstance(decision, Refusal):
            return self._refuse_parked(parked, decision)
        return self._admit(decision, parked.message)

    def _refuse_parked(self, parked: _Parked, refusal: Refusal) -> Verdict:
        if not parked.message.preview_only:
            self._tell_refused(parked.message, parked.group.first, refusal)
        return self._refuse(refusal)

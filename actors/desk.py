"""The only door to a venue: one consistent view, the gates, the reservation, then the intent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from actors import names
from actors.base import on
from actors.desk_knowledge import DeskKnowledge, DeskOptions
from actors.desk_view import account_view, desk_view
from actors.lanes import Command, State
from actors.messages import (
    BookLoaded,
    GetDesk,
    IntentRefused,
    Introduce,
    LoadBook,
    OrderRecorded,
    Propose,
    ProposeCancel,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    SetPaused,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Admission, Refusal
from domain.gates import decide, purpose_of
from domain.orders import OrderRequest, OrderState
from domain.views import DeskView


class Desk(DeskKnowledge):
    """Admits or refuses."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._proposers: dict[str, str] = {}
        self._refused: dict[str, int] = {}
        self._admitted = 0
        self._untold: dict[str, tuple[Admission, str]] = {}

    def on_start(self) -> None:
        """Ask for the book; nothing is admitted before it has come."""
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        for venue in self._venues:
            # The answers come in any order: each names the epoch of its link.
            seats = (names.connection(venue), names.resync(venue), names.quotes(venue))
            for name in (venue, *seats):
                self.tell(name, Introduce(self.seat.name))

    def describe(self) -> State:
        """What it admitted and refused, and by which gate."""
        return {
            "loaded": self._loaded,
            "paused": self._paused,
            "admitted": self._admitted,
            "refused": dict(self._refused),
            "open_orders": len(self._orders),
            "venues": {name: state.reason() for name, state in self._venues.items()},
        }

    # -- proposals -----------------------------------------------------------------------

    @on(Propose)
    def _propose(self, message: Propose) -> Verdict:
        position = self._positions.get(message.request.symbol)
        managed = position.quantity if position is not None else Decimal(0)
        purpose = purpose_of(message.request, managed)
        request = replace(message.request, purpose=purpose)
        self.correlation = request.client_order_id
        decision = self._decide(request)
        if isinstance(decision, Refusal):
            verdict = self._refuse(decision)
        else:
            verdict = self._admit(decision, message)
        return self._tell_proposer(message.proposer, verdict)

    def on_expired(self, command: Command) -> Verdict | None:
        """Whoever proposed is told: else it would wait for ever."""
        if not isinstance(command, Propose | ProposeCancel):
            return None
        if isinstance(command, Propose):
            name = command.request.client_order_id
        else:
            name = command.client_order_id
        verdict = Verdict(
            name,
            False,
            "ORDER_EXPIRED_UNSENT",
            "The desk came to it after its deadline, so nothing was sent.",
            "Propose it anew, by what holds now.",
        )
        return self._tell_proposer(command.proposer, verdict)

    def _tell_proposer(self, proposer: str, verdict: Verdict) -> Verdict:
        if proposer in (names.STRATEGIST, names.PLAN_MONITOR):
            self.tell(proposer, verdict)
        return verdict

    def _decide(self, request: OrderRequest) -> Admission | Refusal:
        name = request.client_order_id
        if name in self._reserved or name in self._orders:
            return Refusal(
                name,
                "ORDER_ID_TAKEN",
                f"There is an order {name} already.",
                "Give each order an id of its own, or none.",
            )
        return decide(request, self._figures(request))

    def _admit(self, admission: Admission, message: Propose) -> Verdict:
        request = admission.request
        self._reserved[request.client_order_id] = admission
        self._proposers[request.client_order_id] = message.proposer
        self._admitted += 1
        self._untold[request.client_order_id] = (admission, message.reason)
        deadline = min(message.deadline, self.clock.monotonic() + self.options.command_seconds)
        epoch = self._venues[admission.venue].epoch
        self.tell(names.LEDGER, RecordIntent(admission, deadline, epoch))
        self._tell_exposure(admission.venue)
        return Verdict(request.client_order_id, True)

    def _tell_log(self, client_order_id: str) -> None:
        """Write of an admission once its order has left or ended: words do not hold it back."""
        untold = self._untold.pop(client_order_id, None)
        if untold is None:
            return
        admission, reason = untold
        request = admission.request
        self.log.bind(correlation=client_order_id).info(
            "Admitted {} {} {} {} at {} (worth {:.2f} {}): {}",
            request.purpose.lower(),
            request.side,
            request.quantity,
            request.symbol,
            request.limit_price or "market",
            admission.value,
            admission.base_currency,
            reason,
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

    @on(ProposeCancel)
    def _propose_cancel(self, message: ProposeCancel) -> Verdict:
        name = message.client_order_id
        self.correlation = name
        if name not in self._orders and name not in self._reserved:
            verdict = Verdict(
                name,
                False,
                "ORDER_NOT_OPEN",
                f"There is no open order {name}.",
                "Look at /orders; one that has ended cannot be cancelled.",
            )
        else:
            deadline = self.clock.monotonic() + self.options.command_seconds
            self.tell(names.LEDGER, RecordCancel(name, message.proposer, deadline))
            verdict = Verdict(name, True)
        return self._tell_proposer(message.proposer, verdict)

    # -- what the ledger says ------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._orders = {order.client_order_id: order for order in message.open_orders}
        self._positions = {position.symbol: position for position in message.positions}
        settings = dict(message.settings)
        self._paused_reason = settings.get("paused", "")
        self._paused = bool(self._paused_reason)
        self._loaded = True
        for venue in self._venues:
            self._tell_exposure(venue)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        self._reserved.pop(order.client_order_id, None)
        self._proposers.pop(order.client_order_id, None)
        if order.state is not OrderState.INTENDED:
            self._tell_log(order.client_order_id)
        if order.state.is_final:
            self._orders.pop(order.client_order_id, None)
        else:
            self._orders[order.client_order_id] = order
        self._tell_exposure(order.venue)

    @on(IntentRefused)
    def _intent_refused(self, message: IntentRefused) -> None:
        self._reserved.pop(message.client_order_id, None)
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

    # -- the switch, and the view --------------------------------------------------------

    @on(SetPaused)
    def _set_paused(self, message: SetPaused) -> None:
        self._paused = message.paused
        self._paused_reason = (message.reason or "no reason given") if message.paused else ""
        self.log.warning(
            "New entries are {} by {}: {}.",
            "paused" if message.paused else "allowed again",
            message.who,
            message.reason or "no reason given",
        )
        reason = message.reason or "no reason given"
        self.tell(names.LEDGER, RecordSetting("paused", self._paused_reason, message.who, reason))

    @on(GetDesk)
    def _view(self, message: GetDesk) -> DeskView:
        return desk_view(
            now=self.clock.now(),
            monotonic=self.clock.monotonic(),
            paused=self._paused,
            paused_reason=self._paused_reason,
            venues=list(self._venues.values()),
            positions=self._positions,
            quotes=self._quotes,
            working=len(self._all_orders()),
            reserved=sum((a.value for a in self._reserved.values()), Decimal(0)),
            max_order_value=self.options.max_order_value,
            accounts=[
                account_view(state, self.options.base_currency) for state in self._venues.values()
            ],
            base_currency=self.options.base_currency,
        )

"""The venue's truth against the ledger, and what is done about the difference.

A round asks for every list (`resync_asking` says when); its facts go to `orders` like any other,
and from there into the ledger; then the ledger's snapshot is judged by the round
(`domain.reconciliation`), and what that says is carried out here.
A start after a crash is the same path as any other start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from actors import names
from actors.base import on
from actors.lanes import State
from actors.messages import (
    AccountChanged,
    Alert,
    BookSnapshot,
    GetReconciliation,
    Introduce,
    OrderJudged,
    PositionChanged,
    Reconciled,
    RoundEnded,
    RoundFed,
    VenueListed,
)
from actors.resync_asking import (
    AGAIN_IN_DOUBT,
    AGAIN_UNENDED,
    FROM_TIME_TO_TIME,
    UNENDED_TO_RENEW,
    ResyncAsking,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.findings import Reconciliation, Rule
from domain.foreign import Whose
from domain.orders import OrderState
from domain.reconciliation import Answers, LedgerState, reconcile
from domain.venue import AccountValue, Round
from domain.views import ReconciliationView
from runtime.crash_points import CrashPoint, reached

_MOVED = "moved"
_MOVED_SECONDS = 2.0


class Resync(ResyncAsking):
    """Reconciles, and says what it found."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        readers: Sequence[str],
        auditors: Sequence[str] = (),
        list_seconds: float = 10.0,
    ) -> None:
        super().__init__(
            system, seat, venue=venue, readers=tuple(readers), list_seconds=list_seconds
        )
        self._auditors = tuple(auditors)
        """Who is told what the venue lists, by every complete round."""
        self._last: Reconciled | None = None
        self._outcome: Reconciliation | None = None
        self._judged: tuple[float, datetime] | None = None
        """When the lists of the outcome were asked for (monotonic), and when it was judged."""
        self._duplicates = ""
        self._strangers: dict[str, None] = {}
        """Orders of our own client that this book never wrote, of which a person was told."""
        self._account: tuple[AccountValue, ...] = ()

    def on_start(self) -> None:
        """The link may stand already, and orders may have open questions: ask for both."""
        for name in (names.connection(self.venue), names.orders(self.venue)):
            self.tell(name, Introduce(self.seat.name))

    def describe(self) -> State:
        """The last round, and what it left open."""
        last, outcome = self._last, self._outcome
        return {
            "epoch": self._epoch,
            "rounds": self._number,
            "trouble": self._trouble,
            "reconciled_at": last.at.isoformat() if last else None,
            "in_doubt": list(last.in_doubt) if last else [],
            "mismatches": [f"{symbol}: {why}" for symbol, why in last.mismatches] if last else [],
            "suspected": [each.sentence for each in outcome.suspected] if outcome else [],
            "foreign_orders": last.foreign_orders if last else None,
            "claims": self._claims.names(),
        }

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        # With what is held now, not what was held when the lists were asked for.
        held = tuple(self._held.values())
        trouble = self._trouble_told
        if trouble is not None:
            told = trouble if trouble.held is None else replace(trouble, held=held)
            self.tell(message.seat, told)
        elif self._last is not None:
            self.tell(message.seat, replace(self._last, held=held))
        for value in self._account:
            self.tell(message.seat, AccountChanged(self.venue, value))

    @on(GetReconciliation)
    def _view(self, message: GetReconciliation) -> ReconciliationView:
        asked, at = self._judged if self._judged is not None else (None, None)
        trouble = self._trouble_told
        return ReconciliationView(
            venue=self.venue,
            epoch=self._epoch,
            asking=self._asked,
            trouble=trouble.sentence if trouble is not None else "",
            cause=trouble.cause if trouble is not None else "",
            number=self._number,
            asked=asked,
            at=at,
            outcome=self._outcome,
        )

    @on(PositionChanged)
    def _position(self, message: PositionChanged) -> None:
        """On its way to the desk: told here, it cannot be overtaken by an older comparison."""
        key = message.report.symbol or message.report.description
        before = self._held.get(key)
        self._held[key] = message.report
        self._moved.add(key)
        self.tell(names.DESK, message)
        if before is not None and before.quantity == message.report.quantity:
            return  # a list, or a price, says it again
        foreign = self._last.foreign if self._last is not None else ()
        if any(order.symbol == message.report.symbol for order in foreign):
            # Orders of others are told by lists alone: one of them may have traded just now.
            self.after(_MOVED_SECONDS, _MOVED)

    # -- what comes back -----------------------------------------------------------------

    @on(RoundEnded)
    def _ended(self, message: RoundEnded) -> None:
        if message.epoch != self._epoch or message.round.number != self._number:
            return
        round = message.round
        if not round.complete:
            self._asked = False
            self.cancel_timer("answer")
            lists = ", ".join(round.unended)
            if "positions" not in round.unended:
                self._take_positions(round)
            self._not_reconciled(
                "LIST_NOT_ENDED",
                f"the venue did not finish: {lists}",
                holdings_told="positions" not in round.unended,
            )
            self.after(AGAIN_UNENDED, "again")
            self._unended += 1
            # Cut off from IB the gateway cannot answer: another link to it could not either, and
            # on that one nobody would know.
            if self._unended >= UNENDED_TO_RENEW and not self._out_of_reach:
                self._renew_link("LIST_NOT_ENDED", f"The venue does not finish its lists: {lists}.")
            return
        reached(CrashPoint.RECONCILE_LISTED)
        self._round = round
        self._unended = 0
        self._take_positions(round)
        # Its facts went to `orders` as they came; told again, they would be old by now.
        open_there = dict.fromkeys(r.client_order_id for r in round.open_orders if not r.foreign)
        listed = tuple(name for name in open_there if name)
        self.tell(names.orders(self.venue), RoundFed(round.number, round.asked_at, listed))

    @on(BookSnapshot)
    def _snapshot(self, message: BookSnapshot) -> None:
        round = self._round
        if round is None or message.number != round.number:
            return
        self._round = None
        self._asked = False
        self.cancel_timer("answer")
        self._account = round.account_values
        if self._losses != self._losses_when_asked or self._out_of_reach:
            # Asked of a gateway that did not know either: it proves nothing.
            self.after(AGAIN_IN_DOUBT, "again")
            return
        orders = [order for order in message.open_orders if order.venue == self.venue]
        settled = self._claims.settle({order.client_order_id for order in orders}, round)
        for verdict in settled:
            self._tell_orders(verdict)
        over = {each.client_order_id for each in settled if each.state.is_final}
        ledger = LedgerState(
            open_orders=tuple(o for o in orders if o.client_order_id not in over),
            managed={p.symbol: p.quantity for p in message.positions if p.venue == self.venue},
            at=self.clock.monotonic(),
            ended=tuple(order for order in message.ended if order.venue == self.venue),
        )
        held = tuple(self._held.values())
        answers = Answers(round, self._asked_at, held, self._gateway_zone)
        outcome = reconcile(ledger, answers, self._before)
        reached(CrashPoint.RECONCILE_JUDGED)
        self._before = outcome.next
        self._outcome, self._judged = outcome, (self._asked_at, self.clock.now())
        self._carry_out(outcome)
        self._report(round, outcome, len(orders))
        if self._again:
            self._ask()
        else:
            self.after(FROM_TIME_TO_TIME if outcome.settled else AGAIN_IN_DOUBT, "again")

    def _take_positions(self, round: Round) -> None:
        """What is on the list is held, and nothing else; what came since it was asked is newer.

        Rows and changes come over the wire in one line: whatever was told later, later is true.
        """
        listed = {report.symbol or report.description: report for report in round.positions}
        newer = {key: report for key, report in self._held.items() if key in self._moved}
        self._held = listed | newer

    # -- what is done about it -----------------------------------------------------------

    def _carry_out(self, outcome: Reconciliation) -> None:
        """The states that are proven; what else the venue says went to `orders` as it came."""
        for name in outcome.absent:
            reason = "two complete rounds of the venue's lists show that it never came there"
            self._tell_orders(OrderJudged(name, OrderState.NOT_SENT, reason))
        for unknown in outcome.unknowns:
            self._tell_orders(OrderJudged(unknown.subject, OrderState.UNKNOWN, unknown.sentence))
        for name, state, reason in outcome.ended:
            self._tell_orders(OrderJudged(name, state, reason))
        for name in outcome.revived:
            reason = "two complete lists of the venue show it open"
            self._tell_orders(OrderJudged(name, OrderState.WORKING, reason))

    def _report(self, round: Round, outcome: Reconciliation, open_here: int) -> None:
        assert self._epoch is not None
        first = self._last is None or self._last.epoch != self._epoch
        self._trouble, self._trouble_told = "", None
        blocking = ((each.symbol, each.sentence) for each in outcome.mismatches)
        self._last = Reconciled(
            venue=self.venue,
            epoch=self._epoch,
            at=self.clock.now(),
            held=tuple(self._held.values()),
            mismatches=tuple((symbol, why) for symbol, why in blocking if symbol is not None),
            in_doubt=outcome.in_doubt,
            foreign_orders=len(outcome.foreign),
            foreign=outcome.foreign,
        )
        if first or outcome.mismatches or outcome.unknowns:
            differences = (*outcome.mismatches, *outcome.unknowns)
            self.log.info(
                "Reconciled with {}: {} open here, {} there, {} in doubt, {} of others, {}.",
                self.venue,
                open_here,
                len(round.open_orders),
                len(outcome.unknowns),
                len(outcome.foreign),
                "; ".join(f"{each.rule}: {each.sentence}" for each in differences) or "all agrees",
            )
        self._tell_readers(self._last)
        self._tell_of_duplicates(outcome)
        self._tell_of_strangers(outcome)
        listed = VenueListed(
            self.venue,
            self._epoch,
            self._asked_at,
            round.open_orders,
            tuple(self._held.values()),
            round.executions,
        )
        for name in self._auditors:
            self.tell(name, listed)
        reached(CrashPoint.RECONCILE_REPORTED)

    def _tell_of_duplicates(self, outcome: Reconciliation) -> None:
        """Two orders where one was meant is the worst that can be found: it stands as an alert."""
        found = [each for each in outcome.mismatches if each.rule is Rule.DUPLICATE_ORDER]
        sentence = " ".join(f"{each.sentence[0].upper()}{each.sentence[1:]}." for each in found)
        if sentence == self._duplicates:
            return
        self._duplicates = sentence
        cure = found[0].cure if found else "Nothing to do."
        said = sentence or "No id is borne by two open orders any more."
        self._alert(Rule.DUPLICATE_ORDER, "error", said, cure, stands=bool(found))

    def _tell_of_strangers(self, outcome: Reconciliation) -> None:
        """Orders that our own client placed and this book never wrote: once for each."""
        for order in outcome.foreign:
            name = order.venue_order_id or order.client_order_id or ""
            if order.whose is Whose.OTHERS or name in self._strangers:
                continue
            self._strangers[name] = None
            sentence = (
                f"The venue has an open order {name} ({order.side} {order.remaining or ''} "
                f"{order.symbol or 'of another instrument'}, {order.client_order_id or 'no id'}) "
                "of this client that the book never wrote."
            )
            cure = "It is counted and left alone; `GET /orders/foreign` shows it. Cancel it there."
            self._alert("ORDER_NOT_IN_BOOK", "warning", sentence, cure, stands=False)

    def _alert(self, code: str, level: str, sentence: str, cure: str, *, stands: bool) -> None:
        self.log.log("WARNING" if stands else "INFO", "{} {}", sentence, cure)
        now = self.clock.now()
        alert = Alert(self.venue, level, code, sentence, cure, now, told=1, stands=stands)
        for seat in names.HEAR_ALERTS:
            self.tell(seat, alert)

    def _tell_orders(self, message: OrderJudged) -> None:
        self.correlation = message.client_order_id
        self.tell(names.orders(self.venue), message)

"""The venue's truth against the ledger: at each link, when in doubt, and from time to time.

A round asks for every list; its facts go to `orders` like any other, and from there into the
ledger; then the ledger's snapshot is judged by the round (`domain.reconciliation`).
A start after a crash is the same path as any other start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from actors import names
from actors.base import Actor, on
from actors.claims import Claims
from actors.lanes import Message, Quarantined, State
from actors.messages import (
    AccountChanged,
    AskRound,
    BookSnapshot,
    Introduce,
    LinkUp,
    NotReconciled,
    OrderJudged,
    PositionChanged,
    QueryOrder,
    Reconciled,
    ReconcileNow,
    RenewLink,
    Resubscribe,
    RoundEnded,
    RoundFed,
    VenueSaid,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.orders import Order, OrderState
from domain.reconciliation import (
    Missing,
    compare_positions,
    judge_orders,
)
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    NoticeEffect,
    OrderReport,
    PositionReport,
    Round,
)

_AGAIN_IN_DOUBT = 11.0
_AGAIN_UNENDED = 5.0
_FROM_TIME_TO_TIME = 300.0
_ANSWER_WITHIN = 60.0
_UNENDED_TO_RENEW = 3
#: Longer than any outage but the weekend's: the word that it is over may have been missed.
_OUT_OF_REACH_TO_RENEW = 3600.0
_LOSSES = (NoticeEffect.DOWN, NoticeEffect.UP, NoticeEffect.RESUBSCRIBE)


class Resync(Actor):
    """Reconciles, and says what it found."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        readers: Sequence[str],
        list_seconds: float = 10.0,
    ) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._readers = tuple(readers)
        self._list_seconds = list_seconds
        self._epoch: int | None = None
        self._number = 0
        self._asked = False
        self._again = False
        self._unended = 0
        self._round: Round | None = None
        self._losses = 0
        """How often the venue was out of reach, or lost data, on this link."""
        self._losses_when_asked = 0
        self._held: dict[Symbol | str, PositionReport] = {}
        self._moved: set[Symbol | str] = set()
        """Whose position the venue has told since the lists were last asked for."""
        self._suspected: frozenset[Symbol] = frozenset()
        self._missing: dict[str, Missing] = {}
        self._claims = Claims()
        self._out_of_reach = ""
        self._last: Reconciled | None = None
        self._trouble_told: NotReconciled | None = None
        self._account: tuple[AccountValue, ...] = ()
        self._trouble = ""
        self._gateway_zone: tzinfo | None = None
        """In which the days of its lists are counted; without it nothing is proven absent."""

    def on_start(self) -> None:
        """The link may stand already, and orders may have open questions: ask for both."""
        for name in (names.connection(self.venue), names.orders(self.venue)):
            self.tell(name, Introduce(self.seat.name))

    def describe(self) -> State:
        """The last round, and what it left open."""
        last = self._last
        return {
            "epoch": self._epoch,
            "rounds": self._number,
            "trouble": self._trouble,
            "reconciled_at": last.at.isoformat() if last else None,
            "in_doubt": list(last.in_doubt) if last else [],
            "mismatches": [f"{symbol}: {why}" for symbol, why in last.mismatches] if last else [],
            "foreign_orders": last.foreign_orders if last else None,
            "claims": self._claims.names(),
        }

    # -- when to ask ---------------------------------------------------------------------

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        if message.epoch == self._epoch:
            return  # told at the opening, and again as the answer to our question
        self._epoch = message.epoch
        gateway_time = message.opened.gateway_time
        self._gateway_zone = gateway_time.tzinfo if gateway_time is not None else None
        self._ask()

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        if self._trouble_told is not None:
            self.tell(message.seat, self._trouble_told)
        elif self._last is not None:
            # With what is held now, not what was held when the lists were compared.
            self.tell(message.seat, replace(self._last, held=tuple(self._held.values())))
        for value in self._account:
            self.tell(message.seat, AccountChanged(self.venue, value))

    @on(PositionChanged)
    def _position(self, message: PositionChanged) -> None:
        """On its way to the desk: told here, it cannot be overtaken by an older comparison."""
        key = message.report.symbol or message.report.description
        self._held[key] = message.report
        self._moved.add(key)
        self.tell(names.DESK, message)

    @on(ReconcileNow)
    def _now(self, message: ReconcileNow) -> None:
        self.log.info("Reconciling, as {} asked.", message.who)
        self._ask()

    @on(QueryOrder)
    def _query(self, message: QueryOrder) -> None:
        end = message.state
        if end is not None and not self._claims.take_up(message, end, self._number + 1):
            return
        self.log.info(
            "Asking {} about {} ({}: {}).",
            self.venue,
            message.client_order_id,
            message.claim,
            message.text,
        )
        self._ask()

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        self._not_reconciled("QUARANTINED", f"a fact could not be handled ({message.dead_letter})")
        self._ask()

    @on(VenueSaid)
    def _said(self, message: VenueSaid) -> None:
        notice = message.notice
        text = f"{notice.code}: {notice.text}"
        level = "WARNING" if notice.alert else "DEBUG"
        self.log.log(level, "{} says {}", self.venue, text)
        if notice.symbol is not None and notice.effect is not NoticeEffect.QUERY:
            return  # about one subscription: the seat that keeps the quotes is told as well
        if notice.effect in _LOSSES:
            # What was missing before may have come meanwhile: no proof reaches across this.
            self._losses += 1
            self._missing = {}
        if notice.effect is NoticeEffect.DOWN:
            if not self._out_of_reach:  # it says so again every few seconds
                self.after(_OUT_OF_REACH_TO_RENEW, "reach")
            self._out_of_reach = text
            self._not_reconciled("OUT_OF_REACH", text)
        elif notice.effect in (NoticeEffect.UP, NoticeEffect.RESUBSCRIBE):
            self._out_of_reach, self._unended = "", 0
            self.cancel_timer("reach")
            if notice.effect is NoticeEffect.RESUBSCRIBE:
                for name in (names.quotes(self.venue), names.history(self.venue)):
                    self.tell(name, Resubscribe(self.venue, text))
            self._ask()
        elif notice.effect is NoticeEffect.LINK:
            self._renew_link("VENUE_SAYS_SO", text)
        elif notice.effect in (NoticeEffect.QUERY, NoticeEffect.ACCOUNT):
            self._ask()

    def on_timer(self, name: str) -> None:
        """Ask again; a round that brought no answer in all that time is given up first."""
        if name == "reach":
            self._renew_link("OUT_OF_REACH", self._out_of_reach)
            return
        if name == "answer":
            self._asked = False
            self._not_reconciled("NO_ANSWER", "the venue's lists never came")
            self._renew_link("NO_ANSWER", "The venue's lists never came.")
        self._ask()

    def _renew_link(self, cause: str, sentence: str) -> None:
        if self._epoch is not None:
            deadline = self.clock.monotonic() + _ANSWER_WITHIN
            renew = RenewLink(deadline, self._epoch, cause, sentence)
            self.tell(names.connection(self.venue), renew)

    def _ask(self) -> None:
        if self._epoch is None:
            return
        if self._asked:
            self._again = True
            return
        self._asked, self._again = True, False
        self._number += 1
        self._losses_when_asked = self._losses
        self._moved = set()
        self.cancel_timer("again")
        self.after(_ANSWER_WITHIN, "answer")
        deadline = self.clock.monotonic() + _ANSWER_WITHIN
        ask = AskRound(deadline, self._number, self._epoch, self._list_seconds)
        self.tell(names.connection(self.venue), ask)

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
            self._not_reconciled("LIST_NOT_ENDED", f"the venue did not finish: {lists}")
            self.after(_AGAIN_UNENDED, "again")
            self._unended += 1
            # Cut off from IB the gateway cannot answer: another link to it could not either, and
            # on that one nobody would know.
            if self._unended >= _UNENDED_TO_RENEW and not self._out_of_reach:
                self._renew_link("LIST_NOT_ENDED", f"The venue does not finish its lists: {lists}.")
        else:
            self._round = round
            self._unended = 0
            self._take_positions(round)
        # Its facts went to `orders` as they came; told again, they would be old by now.
        if round.complete:
            self.tell(names.orders(self.venue), RoundFed(round.number, round.asked_at))

    @on(BookSnapshot)
    def _snapshot(self, message: BookSnapshot) -> None:
        round, self._round = self._round, None
        if round is None or message.number != round.number:
            return
        self._asked = False
        self.cancel_timer("answer")
        self._account = round.account_values
        orders = [order for order in message.open_orders if order.venue == self.venue]
        if self._losses != self._losses_when_asked or self._out_of_reach:
            # Asked of a gateway that did not know either: it proves nothing.
            self.after(_AGAIN_IN_DOUBT, "again")
            return
        settled = self._claims.settle({order.client_order_id for order in orders}, round)
        for verdict in settled:
            self._tell_orders(verdict)
        ended = {each.client_order_id for each in settled if each.state.is_final}
        in_doubt = self._judge([o for o in orders if o.client_order_id not in ended], round)
        managed = {p.symbol: p.quantity for p in message.positions if p.venue == self.venue}
        differences = compare_positions(managed, tuple(self._held.values()))
        self._report(round, in_doubt, self._confirmed(differences), orders)
        if self._again:
            self._ask()
        else:
            wait = _AGAIN_IN_DOUBT if in_doubt or differences else _FROM_TIME_TO_TIME
            self.after(wait, "again")

    def _take_positions(self, round: Round) -> None:
        """What is on the list is held, and nothing else; what came since it was asked is newer.

        Rows and changes come over the wire in one line: whatever was told later, later is true.
        """
        listed = {report.symbol or report.description: report for report in round.positions}
        newer = {key: self._held[key] for key in self._moved if key in self._held}
        self._held = listed | newer

    def _confirmed(
        self, differences: tuple[tuple[Symbol, str], ...]
    ) -> tuple[tuple[Symbol, str], ...]:
        """Those that two comparisons in a row have shown; on a new link the first one counts.

        A fill is booked before the venue's word on the position comes: that is no mismatch.
        """
        first = self._last is None
        confirmed = tuple(each for each in differences if first or each[0] in self._suspected)
        self._suspected = frozenset(symbol for symbol, _ in differences)
        return confirmed

    def _judge(self, orders: list[Order], round: Round) -> tuple[str, ...]:
        verdicts = judge_orders(orders, round, self._missing, self._gateway_zone)
        self._missing = {each.client_order_id: each for each in verdicts.missing}
        for name in verdicts.absent:
            reason = "two complete rounds of the venue's lists show that it never came there"
            self._tell_orders(OrderJudged(name, OrderState.NOT_SENT, reason))
        for name in verdicts.in_doubt:
            reason = "the venue's lists do not show it; its fate is not known"
            self._tell_orders(OrderJudged(name, OrderState.UNKNOWN, reason))
        return verdicts.in_doubt

    def _report(
        self,
        round: Round,
        in_doubt: tuple[str, ...],
        mismatches: tuple[tuple[Symbol, str], ...],
        orders: list[Order],
    ) -> None:
        assert self._epoch is not None
        ours = {order.client_order_id for order in orders}
        foreign = [r for r in round.open_orders if self._is_foreign(r, ours)]
        first = self._last is None or self._last.epoch != self._epoch
        self._trouble, self._trouble_told = "", None
        self._last = Reconciled(
            venue=self.venue,
            epoch=self._epoch,
            at=self.clock.now(),
            held=tuple(self._held.values()),
            mismatches=mismatches,
            in_doubt=in_doubt,
            foreign_orders=len(foreign),
        )
        if first or mismatches or in_doubt:
            self.log.info(
                "Reconciled with {}: {} open here, {} there, {} in doubt, {} of others, {}.",
                self.venue,
                len(orders),
                len(round.open_orders),
                len(in_doubt),
                len(foreign),
                "; ".join(f"{s}: {why}" for s, why in mismatches) or "no mismatch",
            )
        self._tell_readers(self._last)

    def _is_foreign(self, report: OrderReport, ours: set[str]) -> bool:
        return report.foreign or report.client_order_id not in ours

    def _not_reconciled(self, cause: str, sentence: str) -> None:
        self._trouble = sentence
        self.log.warning("Not reconciled with {}: {}.", self.venue, sentence.rstrip("."))
        if self._epoch is not None:
            self._trouble_told = NotReconciled(self.venue, self._epoch, cause, sentence)
            self._tell_readers(self._trouble_told)

    def _tell_readers(self, message: Message) -> None:
        for name in self._readers:
            self.tell(name, message)

    def _tell_orders(self, message: OrderJudged) -> None:
        self.correlation = message.client_order_id
        self.tell(names.orders(self.venue), message)

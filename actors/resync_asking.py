"""When the venue's lists are asked for: at each link, when in doubt, and from time to time."""

from __future__ import annotations

from datetime import tzinfo

from actors import names
from actors.base import Actor, on
from actors.claims import Claims
from actors.lanes import Message, Quarantined, Released
from actors.messages import (
    AskRound,
    LinkUp,
    NotReconciled,
    QueryOrder,
    ReconcileNow,
    RenewLink,
    Resubscribe,
    VenueSaid,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.findings import Before
from domain.symbols import Symbol
from domain.venue import NoticeEffect, PositionReport, Round

AGAIN_IN_DOUBT = 11.0
AGAIN_UNENDED = 5.0
FROM_TIME_TO_TIME = 300.0
UNENDED_TO_RENEW = 3
_ANSWER_WITHIN = 60.0
#: More than one incarnation can ever ask for.
_ROUNDS = 1_000_000
#: Longer than any outage but the weekend's: the word that it is over may have been missed.
_OUT_OF_REACH_TO_RENEW = 3600.0
_LOSSES = (NoticeEffect.DOWN, NoticeEffect.UP, NoticeEffect.RESUBSCRIBE)


class ResyncAsking(Actor):
    """Asks for one round at a time, and knows when what it brings proves anything."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        readers: tuple[str, ...],
        list_seconds: float,
    ) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._readers = readers
        self._list_seconds = list_seconds
        self._epoch: int | None = None
        self._number = (seat.incarnation - 1) * _ROUNDS
        """Of the newest round. No two incarnations have one in common: the answers to an older
        one's rounds may still lie in the mailbox, and are of another moment."""
        self._asked = False
        self._asked_at = 0.0
        """Monotonic: when the round in hand was asked for."""
        self._again = False
        self._unended = 0
        self._losses = 0
        """How often the venue was out of reach, or lost data, on this link."""
        self._losses_when_asked = 0
        self._held: dict[Symbol | str, PositionReport] = {}
        self._moved: set[Symbol | str] = set()
        """Whose position the venue has told since the lists were last asked for."""
        self._round: Round | None = None
        """One that has ended, while its facts are on their way to the book."""
        self._before = Before()
        self._claims = Claims()
        self._out_of_reach = ""
        self._out_of_reach_on = 0
        """The epoch of the link on which that was said: of the next one it says nothing."""
        self._trouble = ""
        self._trouble_told: NotReconciled | None = None
        self._gateway_zone: tzinfo | None = None
        """In which the days of its lists are counted; without it nothing is proven absent."""

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        if message.epoch == self._epoch:
            return  # told at the opening, and again as the answer to our question
        self._epoch = message.epoch
        # A round of an older link is never answered, or only with what that one knew.
        self._round, self._asked = None, False
        self.cancel_timer("answer")
        self._before = Before()
        self._unended = 0
        if self._out_of_reach_on != message.epoch:
            self._in_reach()
        gateway_time = message.opened.gateway_time
        self._gateway_zone = gateway_time.tzinfo if gateway_time is not None else None
        self._ask()

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
        if self._round is not None:
            # What waits for the book was listed before: it cannot say that all is well again, and
            # where the question to the book is what was quarantined no answer ever comes.
            self._round, self._asked = None, False
            self.cancel_timer("answer")
        self._ask()

    @on(Released)
    def _released(self, message: Released) -> None:
        why = f"a fact that could not be handled was put back ({message.dead_letter})"
        self._not_reconciled("QUARANTINED", why)
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
            self._before = self._before.after_a_loss()
        if notice.effect is NoticeEffect.DOWN:
            if not self._out_of_reach:  # it says so again every few seconds
                self.after(_OUT_OF_REACH_TO_RENEW, "reach")
            self._out_of_reach, self._out_of_reach_on = text, message.epoch
            self._not_reconciled("OUT_OF_REACH", text)
        elif notice.effect in (NoticeEffect.UP, NoticeEffect.RESUBSCRIBE):
            self._unended = 0
            self._in_reach()
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
        if name == "answer" and self._round is not None:
            # The venue has answered; the book is what is slow. What was agreed on stands.
            self.after(_ANSWER_WITHIN, "answer")
            return
        if name == "answer":
            self._asked = False
            self._not_reconciled("NO_ANSWER", "the venue's lists never came")
            self._renew_link("NO_ANSWER", "The venue's lists never came.")
        self._ask()

    def _in_reach(self) -> None:
        self._out_of_reach = ""
        self.cancel_timer("reach")

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
        self._asked_at = self.clock.monotonic()
        self._losses_when_asked = self._losses
        self._moved = set()
        self.cancel_timer("again")
        self.after(_ANSWER_WITHIN, "answer")
        deadline = self.clock.monotonic() + _ANSWER_WITHIN
        ask = AskRound(deadline, self._number, self._epoch, self._list_seconds)
        self.tell(names.connection(self.venue), ask)

    def _not_reconciled(self, cause: str, sentence: str, *, holdings_told: bool = False) -> None:
        self._trouble = sentence
        self.log.warning("Not reconciled with {}: {}.", self.venue, sentence.rstrip("."))
        if self._epoch is not None:
            held = tuple(self._held.values()) if holdings_told else None
            self._trouble_told = NotReconciled(self.venue, self._epoch, cause, sentence, held)
            self._tell_readers(self._trouble_told)

    def _tell_readers(self, message: Message) -> None:
        for name in self._readers:
            self.tell(name, message)

"""Keeps live trading shut until all has been shown that must be, and a person has armed it.

Only what is on the checklist, and a person on the box, opens it; much shuts it again by itself.
Shut means no entries: exits, stops, plans and cancels never ask here.
"""

from __future__ import annotations

from datetime import datetime

from actors import names
from actors.base import on
from actors.lanes import State
from actors.live_evidence import LiveEvidence, LiveGateOptions
from actors.messages import (
    Alert,
    Arm,
    ArmingChanged,
    BookLoaded,
    Disarm,
    GetChecklist,
    Introduce,
    LimitsChanged,
    LoadBook,
    Reconciled,
    RecordAudit,
    RecordSetting,
    Standing,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal
from domain.arming import NOT_SAID, SETTING, Arming, Checklist, armed, why_disarmed
from domain.checklist import missing

_CODE = "LIVE_DISARMED"
_CURE = (
    "Exits, stops and cancels go on. `kelpie checklist` shows what is missing; once nothing is, "
    "`kelpie arm` on the box arms it again."
)
_OVER = "over"


class LiveGate(LiveEvidence):
    """Judges the checklist, keeps the arming, and tells the desk."""

    def __init__(
        self, system: ActorSystem, seat: Seat, *, options: LiveGateOptions, venues: tuple[str, ...]
    ) -> None:
        super().__init__(system, seat, options=options)
        self._venues = venues
        self._arming: Arming | None = None
        """None: the book has not said."""
        self._happened: tuple[datetime, str] | None = None
        """The last thing that disarms whatever was armed before it."""
        self._mismatch = ""
        self._told: ArmingChanged | None = None
        self._alert: Alert | None = None

    def on_start(self) -> None:
        """What was seen before is read, and what was allowed is asked for."""
        super().on_start()
        if self.options.live:
            self.tell(names.LEDGER, LoadBook(self.seat.name))
            self.tell(names.STARTS, Introduce(self.seat.name))
        for venue in self._venues:
            for name in (names.connection(venue), names.resync(venue)):
                self.tell(name, Introduce(self.seat.name))
        self.settle()

    def describe(self) -> State:
        """What is missing, and how it stands."""
        word = self._word()
        return {
            **super().describe(),
            "disarmed": word.disarmed,
            "armed_until": word.until and word.until.isoformat(),
        }

    # -- how it stands -------------------------------------------------------------------

    def _word(self) -> ArmingChanged:
        if not self.options.live:
            return ArmingChanged("")
        why = self._why_disarmed()
        until = self._arming.until if self._arming is not None and not why else None
        return ArmingChanged(why, until)

    def _why_disarmed(self) -> str:
        arming = self._arming
        if arming is None:
            return NOT_SAID
        if arming.at is not None and self._happened is not None:
            at, why = self._happened
            if at >= arming.at:
                return why
        return why_disarmed(arming, self.states(), self.options.limits, self.clock.now())

    def settle(self) -> None:
        """Disarm what has no ground any more, durably; and tell the desk what is news to it."""
        word = self._word()
        if self._arming is not None and self._arming.at is not None and word.disarmed:
            self._arming = Arming(why=word.disarmed)
            self._keep(self.seat.name, word.disarmed)
            self._say_disarmed(word.disarmed)
            word = self._word()
        if word != self._told:
            self._told = word
            self.tell(names.DESK, word)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        self.tell(message.seat, self._word())
        if self._alert is not None:
            self.tell(message.seat, self._alert)

    @on(GetChecklist)
    def _checklist(self, message: GetChecklist) -> Checklist:
        word = self._word()
        return Checklist(
            mode=self.options.mode,
            account=self.account_in_question(),
            items=self.states(),
            disarmed=word.disarmed,
            until=word.until,
            limits=tuple(filter(None, self.options.limits.split("; "))),
            longest_hours=self.options.longest_hours,
        )

    # -- armed ---------------------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._arming = Arming.from_text(dict(message.settings).get(SETTING, ""))
        if self._arming.why:
            self._say_disarmed(self._arming.why)
        self._await_its_end()
        self.settle()

    @on(Arm)
    def _arm(self, message: Arm) -> ArmingChanged | Refusal:
        refusal = self._why_not(message)
        if refusal is not None:
            self.log.warning("Not armed: {} [{}]", refusal.sentence, refusal.code)
            said = f"refused: {refusal.sentence}"
            self.tell(names.LEDGER, RecordAudit(message.who, "arm", said))
            return refusal
        self._arming = armed(self.clock.now(), message.hours, message.who, self.options.limits)
        self._happened = None
        self._keep(message.who, message.reason)
        self.log.warning("{} has armed live trading until {}.", message.who, self._arming.until)
        self._end_alert(f"Live trading was armed by {message.who}.")
        self._await_its_end()
        self.settle()
        return self._word()

    def _why_not(self, message: Arm) -> Refusal | None:
        if not self.options.live:
            sentence = f"There is nothing to arm in MODE={self.options.mode}."
            return _refuse("NOTHING_TO_ARM", sentence, "Only MODE=live trades with real money.")
        lacking = missing(self.states())
        if lacking:
            named = " ".join(f"{each.title} ({each.item}): {each.sentence}" for each in lacking)
            return _refuse(
                "CHECKLIST_OPEN",
                f"Live trading cannot be armed before all has been shown. Missing is {named}",
                "`kelpie checklist` shows what is left, and when it can be done.",
            )
        if self._mismatch:
            return _refuse(
                "ARM_MISMATCH",
                f"Live trading cannot be armed while ledger and venue disagree: {self._mismatch}.",
                "Settle it first; `kelpie reconcile` lists what differs.",
            )
        if self._arming is None:
            sentence = "The book has not said yet how live trading was armed before."
            return _refuse("BOOK_NOT_READ", sentence, "Try again in a moment.")
        if not 0 < message.hours <= self.options.longest_hours:
            return _refuse(
                "ARM_TOO_LONG",
                f"Live trading is armed for {self.options.longest_hours:g} hours at most.",
                "Give fewer --hours; ARM_AT_MOST_HOURS says how many it may be.",
            )
        return None

    def _await_its_end(self) -> None:
        arming = self._arming
        if arming is not None and arming.until is not None:
            left = (arming.until - self.clock.now()).total_seconds()
            self.after(max(left, 0.0), _OVER)

    def _keep(self, who: str, why: str) -> None:
        assert self._arming is not None
        setting = RecordSetting(SETTING, self._arming.as_text(), who, why)
        self.tell(names.LEDGER, setting)

    # -- disarmed ------------------------------------------------------------------------

    @on(Disarm)
    def _disarm(self, message: Disarm) -> ArmingChanged:
        reason = message.reason or "no reason given"
        self._has_happened(f"{message.who} disarmed it: {reason}", self.clock.now())
        return self._word()

    @on(LimitsChanged)
    def _limits_changed(self, message: LimitsChanged) -> None:
        sentence = message.sentence.rstrip(".")
        self._has_happened(f"{message.who} changed a limit: {sentence}", self.clock.now())

    @on(Standing)
    def _stands(self, message: Standing) -> None:
        """Too many starts after unclean ends; who armed it after this one began knew of them."""
        if message.disarmed and message.since is not None:
            self._has_happened(message.disarmed, message.since)

    @on(Reconciled)
    def _compared(self, message: Reconciled) -> None:
        super()._reconciled(message)
        self._mismatch = "; ".join(f"{symbol}: {why}" for symbol, why in message.mismatches)
        if self._mismatch:
            why = f"ledger and {message.venue} disagree: {self._mismatch.rstrip('.')}"
            self._has_happened(why, self.clock.now())

    def _has_happened(self, why: str, at: datetime) -> None:
        """It disarms what was armed before; also what the book will only tell of."""
        if self._happened is None or at >= self._happened[0]:
            self._happened = (at, why)
        self.settle()

    def _say_disarmed(self, why: str) -> None:
        sentence = f"Live trading is disarmed: {why}."
        self.log.bind(event="alert").error("{} {} [{}]", sentence, _CURE, _CODE)
        for venue in self._venues:
            self._tell_alert(
                Alert(
                    venue,
                    "error",
                    _CODE,
                    sentence,
                    _CURE,
                    self.clock.now(),
                    told=1,
                    stands=True,
                    by=self.seat.name,
                )
            )

    def _end_alert(self, sentence: str) -> None:
        standing, self._alert = self._alert, None
        if standing is not None:
            over = Alert(
                standing.venue,
                "info",
                _CODE,
                sentence,
                "",
                self.clock.now(),
                told=1,
                stands=False,
                by=self.seat.name,
            )
            for name in names.HEAR_ALERTS:
                self.tell(name, over)

    def _tell_alert(self, alert: Alert) -> None:
        self._alert = alert
        for name in names.HEAR_ALERTS:
            self.tell(name, alert)


def _refuse(code: str, sentence: str, cure: str) -> Refusal:
    return Refusal("arm", code, sentence, cure)

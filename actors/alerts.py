"""The way to the owner: alerts, the message of each morning, and the ping of the outside watcher.

Whoever has something to say tells an `Alert`, as often as it likes. Here it becomes one incident
with one beginning and one end; only here is decided what reaches a pocket, when, and how often.
Nothing waits for that: what takes letters out is a program of its own beside this process, and
every seat goes on whatever becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from actors import names
from actors.alert_delivery import AlertDelivery
from actors.alert_keeping import AlertsOptions
from actors.base import on
from actors.lanes import Message, State
from actors.messages import AlertsTold, AnswerAlert, GetAlerts, GetDesk, GetEquity, RecordAudit
from actors.messages.alerts import AlertsView
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.notify.courier import Delivery
from domain.alert_letters import Letter, free, local
from domain.alert_post import MORNING
from domain.alerting import (
    Incident,
    Level,
    answered,
    day_before_first_morning,
    morning_due,
)
from domain.morning import MorningFacts, morning_body, morning_title, note_of
from domain.views import DeskView

ALL = "all"
_PING, _PINGED, _HOUSE = "ping", "pinged", "house"
_PING_EVERY, _FIRST_PING, _POLL = 300.0, 20.0, 0.5
_ANSWER_SECONDS = 5.0
_SILENCES_BEFORE_TOLD = 2
_DAYS_OF_EQUITY = timedelta(days=4)


@dataclass(slots=True)
class _House:
    """What was asked of the other seats, and what has come."""

    ticket: int
    why: str
    waiting: set[str]
    desk: DeskView | None = None
    equity: Any = None


class _Into:
    """An answer comes as a message like any other."""

    def __init__(self, actor: Alerts, subject: str, ticket: int) -> None:
        self._system, self._name = actor.system, actor.seat.name
        self._subject, self._ticket = subject, ticket

    def set(self, value: Any = None) -> None:
        """It was answered."""
        told = AlertsTold(self._subject, self._ticket, value)
        self._system.tell(self._name, told, sender=self._name)

    def set_exception(self, exc_info: Any = None) -> None:
        """It could not be."""
        self.set(None)


class Alerts(AlertDelivery):
    """Its death never stops trading; a day without a delivery stops new positions alone."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: AlertsOptions) -> None:
        super().__init__(system, seat, options=options)
        self._house: _House | None = None
        self._asked = 0
        self._morning: Letter | None = None
        self._silences = 0
        """How many pings in a row the desk has not answered for."""
        self._pinged_at: datetime | None = None
        self._ping_failed = False

    def on_start(self) -> None:
        """Begin the round of the day."""
        super().on_start()
        now = self.clock.now()
        if self.post.morning is None:
            self.post = replace(self.post, morning=day_before_first_morning(now))
        if self.seat.incarnation == 1:
            self.say("STARTED", f"Kelpie was started {local(now)}.", "", True, "", self.seat.name)
        if self.options.watched:
            self.after(_FIRST_PING, _PING)

    def describe(self) -> State:
        """How many stand, and how the deliveries go; never the digits, nor to where."""
        standing = self._standing()
        last = self.post.delivered_at
        return {
            "standing": {level.value: count for level, count in standing.items()},
            "delivered": self.post.delivered,
            "failed": self.post.failed,
            "delivered_at": last and last.isoformat(),
            "proven": self.post.proven_at is not None,
            "out": self.is_out() or self._house is not None,
            "holds": self.holds(),
            "watcher": self.watcher(),
        }

    def on_timer(self, name: str) -> None:
        """The watcher's round, beside that of the letters."""
        match name:
            case "ping":
                self._begin_ping()
            case "pinged":
                self._look_at_ping()
            case "house":
                self._use_house()
            case _:
                super().on_timer(name)

    def look(self) -> None:
        """Also whether the morning has come."""
        super().look()
        now, retry = self.clock.now(), self.post.retry_at
        due = self.can_deliver and self._morning is None and not self.is_out()
        if due and morning_due(self.post.morning, now) and (retry is None or now >= retry):
            self._ask_house(MORNING)

    # -- what a person says --------------------------------------------------------------

    @on(AnswerAlert)
    def _answer(self, message: AnswerAlert) -> tuple[Incident, ...]:
        now, wanted = self.clock.now(), message.id.strip().upper()
        found = [
            each
            for each in self.incidents.values()
            if each.open and each.answered_at is None and wanted in (each.id, ALL.upper())
        ]
        known = tuple(answered(each, message.who, now) for each in found)
        for each in known:
            self._take(each)
        if known:
            self._has_answered(known, message.who, now)
        return known

    def _has_answered(self, known: tuple[Incident, ...], who: str, now: datetime) -> None:
        named = ", ".join(each.id for each in known[:20])
        self.tell(names.LEDGER, RecordAudit(who, "answer alerts", named))
        received = [each for each in known if each.told]
        # That something was delivered before proves nothing, where these ways never did.
        if received and self.post.proven_at is not None:
            self.acknowledge(now)
            self.tell_evidence(f"{received[0].id} was delivered, and answered by {who}.")

    @on(GetAlerts)
    def _get(self, message: GetAlerts) -> AlertsView:
        return self.view()

    def _standing(self) -> dict[Level, int]:
        counts = dict.fromkeys(Level, 0)
        for each in self.incidents.values():
            counts[each.level] += each.open
        return counts

    # -- the house is asked --------------------------------------------------------------

    def _ask_house(self, why: str) -> None:
        if self._house is not None:
            return
        self._asked += 1
        self._house = _House(self._asked, why, {"desk", "equity"})
        since = self.clock.now() - _DAYS_OF_EQUITY
        questions: tuple[tuple[str, str, Message], ...] = (
            ("desk", names.DESK, GetDesk()),
            ("equity", names.LEDGER, GetEquity(since)),
        )
        for subject, seat, question in questions:
            into = _Into(self, subject, self._asked)
            self.system.ask_into(seat, question, into, sender=self.seat.name)
        self.after(_ANSWER_SECONDS, _HOUSE)

    @on(AlertsTold)
    def _told(self, message: AlertsTold) -> None:
        house = self._house
        if house is None or message.ticket != house.ticket:
            return
        house.waiting.discard(message.subject)
        if message.subject == "desk":
            house.desk = message.value
        else:
            house.equity = message.value
        if not house.waiting:
            self.cancel_timer(_HOUSE)
            self._use_house()

    def _use_house(self) -> None:
        """All have answered, or have had the time to."""
        house, self._house = self._house, None
        if house is None:
            return
        if house.why == MORNING:
            self._write_morning(house)
        else:
            self._ping(house)

    # -- each morning --------------------------------------------------------------------

    def _write_morning(self, house: _House) -> None:
        now, options = self.clock.now(), self.options
        day = morning_due(self.post.morning, now)
        if day is None:
            return
        open_ones = [each for each in self.incidents.values() if each.open]
        noted = [each for each in open_ones if each.level is Level.FYI and not each.told]
        facts = MorningFacts(
            now=now,
            base_currency=options.base_currency,
            desk=house.desk,
            equity=house.equity,
            backup=options.newest_backup(),
            incidents=open_ones,
            noted=noted,
            digits=self.post.digits,
            calendars=options.calendars,
            schedule=options.schedule,
        )
        letter = free(
            f"{MORNING}:{day.isoformat()}",
            options.mode,
            Level.FYI,
            morning_title(now),
            morning_body(facts),
            options.clean,
            tuple(each.number for each in noted),
        )
        self._morning = letter
        self.look()

    def own_letters(self, now: datetime) -> list[Letter]:
        """The message of the morning goes with the others."""
        due = self._morning is not None and morning_due(self.post.morning, now)
        mornings = [self._morning] if self._morning is not None and due else []
        return [*super().own_letters(now), *mornings]

    def delivered(self, delivery: Delivery) -> None:
        """What did not arrive is written anew for the next attempt."""
        self._morning = None
        super().delivered(delivery)

    # -- the watcher outside -------------------------------------------------------------

    def watcher(self) -> str:
        """How it was last told."""
        if not self.options.watched:
            return ""
        if self._pinged_at is None:
            return "The outside watcher has not been told yet."
        word = "could not be told" if self._ping_failed else "was told"
        return f"The outside watcher {word} {local(self._pinged_at)}."

    def _begin_ping(self) -> None:
        self.after(_PING_EVERY, _PING)
        if self._house is not None:
            self.after(_ANSWER_SECONDS, _PING)  # the morning is asking just now
            return
        self._ask_house(_PING)

    def _ping(self, house: _House) -> None:
        courier = self.courier
        if courier is None or courier.pinging:
            return
        now = self.clock.now()
        self._silences = 0 if house.desk is not None else self._silences + 1
        open_ones = [each for each in self.incidents.values() if each.open]
        note = self.options.clean(note_of(self.options.mode, house.desk, open_ones, now))
        well = self._silences < _SILENCES_BEFORE_TOLD and not self.is_unheard()
        try:
            courier.ping(note, well=well)
        except (OSError, ValueError) as error:
            self.log.warning("The outside watcher cannot be told: {}", type(error).__name__)
            return
        self.after(_POLL, _PINGED)

    def _look_at_ping(self) -> None:
        courier = self.courier
        if courier is None or not courier.pinging:
            return
        pinged = courier.pinged()
        if pinged is None:
            self.after(_POLL, _PINGED)
            return
        self._pinged_at, failed = self.clock.now(), not pinged
        if failed and not self._ping_failed:
            self.log.warning("The outside watcher could not be told; it is tried every 5 minutes.")
        self._ping_failed = failed

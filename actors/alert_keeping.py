"""What is said of alerts, kept as incidents: each once, from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from actors.base import Actor, on
from actors.lanes import Quarantined, Released
from actors.messages import Alert, NotReconciled, Reconciled
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.alerts import AlertsFile
from adapters.book import BookError
from adapters.notify.courier import Courier
from config.alert_table import rule_of
from domain.alert_letters import Clean
from domain.alert_post import PostState
from domain.alerting import (
    KEPT,
    AlertRule,
    Incident,
    Level,
    begun,
    brought_back,
    forgotten,
    is_same,
    over,
    said_again,
)
from domain.calendar import ExchangeCalendar
from domain.maintenance import Schedule

_A_DAY = timedelta(days=1)
_MOST_OPEN = 2000
"""So many happenings are kept that nobody was told of; older ones end."""


@dataclass(frozen=True, slots=True)
class AlertsOptions:
    """To whom, how, and by which words."""

    mode: str
    base_currency: str
    open_file: Callable[[], AlertsFile]
    redact: Clean
    """Takes secrets and account numbers out of a text."""
    clean: Clean
    """The same, and amounts, where those are not to leave the house."""
    courier: Courier | None = None
    """None where there is nobody to tell."""
    ways: str = ""
    """A mark of the URLs, by which others are told from these; empty where there are none."""
    watched: bool = False
    """There is a watcher outside."""
    needs_way: bool = False
    """New positions are held while there is no way at all."""
    newest_backup: Callable[[], datetime | None] = lambda: None
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)


def rule_for(code: str, lasts: bool) -> AlertRule:
    """The row of a code; where no row is its own, what was said tells whether it lasts."""
    rule = rule_of(code)
    return rule if rule.own else replace(rule, lasts=lasts)


class AlertKeeping(Actor):
    """The incidents, and the file that keeps them."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: AlertsOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self.post = PostState()
        self.incidents: dict[int, Incident] = {}
        self._open: dict[tuple[str, str, str], int] = {}
        """The newest open incident of each key."""
        self._raisers: dict[int, tuple[str, int]] = {}
        """By which incarnation of which seat each was said."""
        self._unwritten: dict[int, Incident] = {}
        self._kept_state = self.post
        self._file: AlertsFile | None = None
        self._file_trouble = ""
        self._forgot_at: datetime | None = None
        self._reconciled_at: datetime | None = None

    def on_start(self) -> None:
        """Take up what was said and told before."""
        file: AlertsFile | None = None
        try:
            file = self.options.open_file()
            incidents, self.post = file.read()
            self._file = file
        except BookError as error:
            self.log.error("Alerts are kept in memory until the next start: {}", error)
            incidents = ()
            if file is not None:  # what is in it must not be written over by the same numbers
                file.close()
        self._kept_state = self.post
        now = self.clock.now()
        for each in incidents:
            doubted = each.open and each.rule.lasts and each.doubted is None
            self._take(replace(each, doubted=now) if doubted else each)

    def on_stop(self) -> None:
        """Close the file."""
        self.write()
        if self._file is not None:
            self._file.close()

    def on_settled(self) -> None:
        """What has changed is written in one commit."""
        self.write()

    # -- what is said --------------------------------------------------------------------

    @on(Alert)
    def _alert(self, message: Alert) -> None:
        self.say(
            message.code,
            self.options.redact(message.sentence),
            self.options.redact(message.cure),
            stands=message.stands,
            venue=message.venue,
            by=message.by,
        )

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        self._reconciled_at = self.clock.now()
        venue, mine = message.venue, self.seat.name
        differ = "; ".join(f"{symbol}: {why}" for symbol, why in message.mismatches)
        sentence = f"Kelpie's book and {venue} disagree: {differ}."
        agree = f"Kelpie's book and {venue} agree again."
        self.say("MISMATCH", sentence if differ else agree, "", bool(differ), venue, mine)
        doubt = ", ".join(message.in_doubt)
        sentence = f"It is not known what became of {doubt}."
        known = "The fate of every order is known again."
        self.say("ORDER_IN_DOUBT", sentence if doubt else known, "", bool(doubt), venue, mine)
        # Who said before a restart that it is out of reach cannot take it back any more.
        again = f"{venue} is connected and reconciled again."
        for each in list(self.incidents.values()):
            if each.open and each.doubted and (each.code, each.venue) == ("VENUE_DOWN", venue):
                self._take(over(each, again, self.clock.now()))

    @on(NotReconciled)
    def _not_reconciled(self, message: NotReconciled) -> None:
        """Nothing is known to be over by that."""

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        sentence = f"{message.seat} could not handle a message, {message.dead_letter}."
        self.say("FACT_QUARANTINED", sentence, "", True, "", self.seat.name)

    @on(Released)
    def _released(self, message: Released) -> None:
        """A person has seen it: it was put back by hand."""

    def say(self, code: str, sentence: str, cure: str, stands: bool, venue: str, by: str) -> None:
        """Something is so, or has happened, or (where it lasts and does not stand) is over."""
        now = self.clock.now()
        rule = rule_for(code, stands)
        known = self.incidents.get(self._open.get((venue, code, by), 0))
        if not stands and (rule.lasts or (known is not None and known.rule.lasts)):
            if known is not None and known.open:
                self._take(over(known, sentence, now))
            return
        if known is not None and known.open and is_same(known, sentence, now):
            incident = said_again(known, sentence, cure, now)
        else:
            number = self.post.next_number
            self.post = replace(self.post, next_number=number + 1)
            incident = begun(number, rule, venue, by, sentence, cure, now)
        self._take(incident)
        seat = self.system.find(by or venue)
        if seat is not None:
            self._raisers[incident.number] = (seat.name, seat.incarnation)
        self.has_news(incident)

    def has_news(self, incident: Incident) -> None:
        """It may have to be told."""

    # -- from time to time ---------------------------------------------------------------

    def look_after_incidents(self, now: datetime) -> None:
        """End what nobody says any more, and let go of what is old."""
        for incident in list(self.incidents.values()):
            if incident.due is not None or incident.end_due is not None:
                self._take(brought_back(incident, now))
        for incident in [each for each in self.incidents.values() if each.open]:
            self._look_after(incident, now)
        open_ones = [each for each in self.incidents.values() if each.open]
        for incident in open_ones[: max(len(open_ones) - _MOST_OPEN, 0)]:
            self._take(replace(over(incident, "Too many came after it.", now), end_due=None))
        if self._forgot_at is None or now - self._forgot_at >= _A_DAY:
            self._forget(now)

    def _look_after(self, incident: Incident, now: datetime) -> None:
        raiser = self._raisers.get(incident.number)
        if incident.rule.lasts:
            if raiser is not None and incident.doubted is None:
                seat = self.system.find(raiser[0])
                if seat is None or seat.incarnation != raiser[1]:
                    self._take(replace(incident, doubted=now))
            elif forgotten(incident, self._reconciled_at, now):
                ended = over(incident, "Nothing has been said of it since a restart.", now)
                woke = incident.level is Level.WAKE
                self._take(ended if woke else replace(ended, end_due=None))
        elif self._is_stale(incident, now):
            self._take(replace(over(incident, "A day has gone by.", now), end_due=None))

    def _is_stale(self, incident: Incident, now: datetime) -> bool:
        """Nobody will be told of it by a message of its own, and it is seen long enough."""
        untold = incident.level is Level.FYI or not self.options.ways
        return untold and now - incident.since >= 2 * _A_DAY

    def _forget(self, now: datetime) -> None:
        self._forgot_at = now
        for number, incident in list(self.incidents.items()):
            if incident.ended_at is not None and now - incident.ended_at >= KEPT:
                del self.incidents[number]
                self._unwritten.pop(number, None)
        try:
            if self._file is not None:
                self._file.forget(now - KEPT)
        except BookError as error:
            self.log.info("Old alerts are let go of later: {}", error)

    # -- kept ----------------------------------------------------------------------------

    def _take(self, incident: Incident) -> None:
        before = self.incidents.get(incident.number)
        if before == incident:
            return
        self.incidents[incident.number] = self._unwritten[incident.number] = incident
        if incident.open:
            self._open[incident.key] = incident.number
        elif self._open.get(incident.key) == incident.number:
            del self._open[incident.key]
            self._raisers.pop(incident.number, None)

    def write(self) -> None:
        """Have it on disk; while that fails it is in memory, and is tried again."""
        if self._file is None or (not self._unwritten and self.post == self._kept_state):
            return
        try:
            self._file.keep(tuple(self._unwritten.values()), self.post)
        except BookError as error:
            if not self._file_trouble:
                self.log.error("Alerts are not written down for now: {}", error)
            self._file_trouble = str(error)
            return
        self._file_trouble = ""
        self._unwritten.clear()
        self._kept_state = self.post

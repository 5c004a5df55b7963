"""What the owner is told of a venue: windows ahead, outages that last, instruments without data.

Each is said once when it begins, again on a schedule while it stands (for the log and the screen:
what reaches a pocket, and how often, is for `actors.alerts`), and once when it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actors.messages import Alert
from domain.maintenance import Schedule, Window, WindowKind
from domain.outage import NEEDS_PERSON, Health, Standing, health, outage_sentence
from domain.symbols import Symbol

ANNOUNCE_AHEAD = timedelta(minutes=10)
_LOGIN_MATTERS_FOR = timedelta(days=1)
_CURE = "It is tried again by itself; `kelpie status` says when."
_CURE_LOGIN = "Log the gateway in when it asks for it, and approve it with IB Key."
_CURE_PERSON = "No waiting mends it, and no order is sent until it is mended."


@dataclass(slots=True)
class _Outage:
    since: datetime
    cause: str
    sentence: str


@dataclass(slots=True)
class _Trouble:
    sentence: str
    cure: str
    symbols: set[Symbol]
    standing: Standing


@dataclass(slots=True)
class Outlook:
    """Of one venue. `say` takes each alert; times are UTC."""

    venue: str
    schedule: Schedule
    say: Callable[[Alert], None]
    _outage: _Outage | None = None
    _standing: Standing | None = None
    """The alert of the outage, once it has been said."""
    _troubles: dict[str, _Trouble] = field(default_factory=dict)
    _announced: datetime | None = None
    """The start of the last window that was announced."""
    _well: bool = False
    _well_until: datetime | None = None
    """When it could last be traded, before this outage."""

    # -- the venue as a whole ------------------------------------------------------------

    def down(self, cause: str, sentence: str, now: datetime) -> str:
        """It cannot be traded; gives the sentence, with what the length of the outage adds."""
        if self._outage is None:
            self._outage = _Outage(now, cause, sentence)
            self._well, self._well_until = False, now if self._well else None
        self._outage.cause, self._outage.sentence = cause, sentence
        self.look(now)
        return self._sentence(self._outage, now)

    def up(self, now: datetime) -> None:
        """It can be traded again."""
        self._well = True
        outage, self._outage = self._outage, None
        standing, self._standing = self._standing, None
        if outage is not None and standing is not None:
            lasted = _length(now - outage.since)
            sentence = f"{self.venue} is connected and reconciled again, after {lasted}."
            self._say("info", "VENUE_DOWN", sentence, "", standing, stands=False)

    def health(self, now: datetime) -> Health:
        """The colour of the venue, as its supervisor sees it."""
        if self._outage is None:
            return Health.GREEN
        outage, excuse = self._outage, self.schedule.in_window(now)
        return health(False, outage.cause, outage.since, now, excuse)

    def restarting(self, now: datetime) -> bool:
        """The gateway is in the window of its own restart."""
        window = self.schedule.in_window(now)
        return window is not None and window.kind is WindowKind.RESTART

    # -- single instruments --------------------------------------------------------------

    def trouble(self, code: str, symbol: Symbol, sentence: str, cure: str, now: datetime) -> None:
        """An instrument brings no data. Several with one cause are one alert."""
        known = self._troubles.get(code)
        if known is not None:
            known.symbols.add(symbol)
            known.sentence = sentence
            return
        self._troubles[code] = _Trouble(sentence, cure, {symbol}, Standing.begun(now))
        self._say("warning", code, sentence, cure, self._troubles[code].standing)

    def flows(self, symbol: Symbol) -> None:
        """An instrument brings data, or is known again."""
        for code, trouble in list(self._troubles.items()):
            trouble.symbols.discard(symbol)
            if not trouble.symbols:
                del self._troubles[code]
                sentence = f"{symbol} is well again, the last of those that were not."
                self._say("info", code, sentence, "", trouble.standing, stands=False)

    # -- from time to time ---------------------------------------------------------------

    def look(self, now: datetime) -> None:
        """Say what has become due."""
        self._announce(now)
        self._look_at_outage(now)
        for code, trouble in self._troubles.items():
            if now >= trouble.standing.due:
                trouble.standing = trouble.standing.again(now)
                which = ", ".join(map(str, sorted(trouble.symbols)))
                sentence = f"{trouble.sentence} It still concerns {which}."
                self._say("warning", code, sentence, trouble.cure, trouble.standing)

    def standing(self) -> tuple[str, ...]:
        """The codes of the alerts that stand."""
        outage = ("VENUE_DOWN",) if self._standing is not None else ()
        return (*outage, *self._troubles)

    def _announce(self, now: datetime) -> None:
        for window in self.schedule.ahead(now, ANNOUNCE_AHEAD):
            if window.starts <= now or (self._announced and window.starts <= self._announced):
                continue
            self._announced = window.starts
            local = self.schedule.local
            sentence = (
                f"From {local(window.starts)} to {local(window.ends)} {self.venue} may be out of "
                f"reach, because {window.reason}. New positions wait until it is over."
            )
            code, cure = "ANNOUNCED_WINDOW", ""
            if window.needs_person:
                code, cure = "LOGIN_ENDS", _CURE_LOGIN
            self._say("info", code, sentence, cure, Standing.begun(now), stands=False)

    def _look_at_outage(self, now: datetime) -> None:
        outage = self._outage
        if outage is None or self.health(now) is not Health.RED:
            return
        if self._standing is None:
            self._standing = Standing.begun(now)
        elif now >= self._standing.due:
            self._standing = self._standing.again(now)
        else:
            return
        since = self.schedule.local(outage.since)
        sentence = (
            f"{self.venue} cannot be traded since {since} ({_length(now - outage.since)}): "
            f"{self._sentence(outage, now)}"
        )
        cure = _CURE_PERSON if outage.cause in NEEDS_PERSON else _CURE
        self._say("error", "VENUE_DOWN", sentence, cure, self._standing)

    def _sentence(self, outage: _Outage, now: datetime) -> str:
        before = outage.since - _LOGIN_MATTERS_FOR
        recent: list[Window] = [
            window
            for each in self.schedule.recurrences
            for window in each.windows(before, now)
            # A login after which it could be traded has been made.
            if window.starts <= now and not (self._well_until and window.ends <= self._well_until)
        ]
        return outage_sentence(outage.cause, outage.sentence, outage.since, now, recent)

    def _say(
        self,
        level: str,
        code: str,
        sentence: str,
        cure: str,
        standing: Standing,
        *,
        stands: bool = True,
    ) -> None:
        self.say(
            Alert(
                self.venue,
                level,
                code,
                sentence,
                cure,
                standing.since,
                standing.told,
                stands,
            )
        )


def _length(lasted: timedelta) -> str:
    minutes = int(lasted / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"

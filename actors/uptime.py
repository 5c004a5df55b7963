"""Remembers by the hour how each venue stood, and what was started when.

What is not written down is time in which Kelpie did not run: so nothing is ever booked for a
stretch that nobody watched, be it that the process was stopped or that the machine slept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from actors.base import Actor, on
from actors.lanes import State
from actors.messages import GetUptime, VenueStood
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import BookError
from adapters.uptime import Uptime
from domain.uptime import NOT_TOLD, HourPart, Stood, UptimeEvent, UptimeView, split

LOOK_EVERY = 10.0
_SILENT_AFTER = 35.0
"""Seconds after which what the desk said last is no longer believed."""
_ASLEEP_AFTER = 30.0
"""Seconds between two looks after which nobody watched."""
_MOST_WAITING = 2000
"""Parts and events that are held while the disk takes nothing."""
_STARTED = "Kelpie was started."


class UptimeKeeper(Actor):
    """Its death never stops trading, and neither does a disk that takes nothing of it."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_file: Callable[[], Uptime],
        venues: Sequence[str],
    ) -> None:
        super().__init__(system, seat)
        self._open_file = open_file
        self._file: Uptime | None = None
        self._told: dict[str, tuple[Stood, float]] = {}
        """By venue: how it stands, and when that was said (monotonic)."""
        self._venues = tuple(venues)
        self._looked_at = self.clock.monotonic()
        self._parts: dict[tuple[str, datetime, Stood], float] = {}
        """What waits to be written, in seconds."""
        self._events: list[UptimeEvent] = []
        self._seated: dict[str, int] = {}
        """The incarnations of all seats, as of the last look."""
        self._trouble = ""

    def on_start(self) -> None:
        """Open the file, note a start of the process, and look every ten seconds."""
        if self.incarnation == 1:
            self._events.append(UptimeEvent(self.clock.now(), "", _STARTED))
        self._looked_at = self.clock.monotonic()
        for venue in self._venues:
            # It is told in a moment; until then silence is no silence.
            self._told[venue] = (NOT_TOLD, self._looked_at)
        self._write()
        self.after(LOOK_EVERY, "look")

    def on_stop(self) -> None:
        """Write down the rest, and close the file."""
        self._book()
        self._write()
        if self._file is not None:
            self._file.close()

    def describe(self) -> State:
        """How the venues stand, and what cannot be written."""
        return {
            "venues": {venue: stood.state.value for venue, (stood, _) in self._told.items()},
            "waiting": len(self._parts) + len(self._events),
            "trouble": self._trouble,
        }

    def on_timer(self, name: str) -> None:
        """Book what has gone by since the last look."""
        self.after(LOOK_EVERY, "look")
        self._look_at_seats()
        self._book()
        self._write()

    @on(VenueStood)
    def _stood(self, message: VenueStood) -> None:
        known = self._told.get(message.venue)
        if known is not None and known[0] is NOT_TOLD:
            # The first word after a start counts from the start.
            self._told[message.venue] = (message.stood, self._looked_at)
        self._book()
        self._told[message.venue] = (message.stood, self.clock.monotonic())

    @on(GetUptime)
    def _view(self, message: GetUptime) -> UptimeView:
        self._book()
        self._write()
        now = self.clock.now()
        try:
            if self._file is not None:
                return UptimeView(
                    at=now,
                    since=message.since,
                    began=self._file.began(),
                    parts=self._file.parts(message.since),
                    events=self._file.events(message.since),
                    trouble=self._trouble,
                )
        except BookError as error:
            self._tell_trouble(error)
        return UptimeView(now, message.since, None, (), (), self._trouble)

    # -- what goes by --------------------------------------------------------------------

    def _book(self) -> None:
        """The time since the last look, as the venues stood in it."""
        monotonic, now = self.clock.monotonic(), self.clock.now()
        passed, self._looked_at = monotonic - self._looked_at, monotonic
        if passed > _ASLEEP_AFTER:
            passed = 0.0  # the process stood still: it did not run
        # Counted back from now: a clock that steps moves no more than where these seconds lie.
        stretch = split(now - timedelta(seconds=passed), now)
        for venue, (stood, said) in self._told.items():
            silent = monotonic - said > _SILENT_AFTER
            for hour, seconds in stretch:
                key = (venue, hour, NOT_TOLD if silent else stood)
                if key in self._parts or len(self._parts) < _MOST_WAITING:
                    self._parts[key] = self._parts.get(key, 0.0) + seconds

    def _look_at_seats(self) -> None:
        """Note who was seated anew after a crash; whoever waits for a link is no news."""
        for seat in self.system.seats():
            before = self._seated.get(seat.name)
            self._seated[seat.name] = seat.incarnation
            ended = seat.last_exit
            if before is None or before == seat.incarnation or ended is None:
                continue
            if ended.kind.is_crash and len(self._events) < _MOST_WAITING:
                sentence = f"Started again after it had {ended.kind.value} ({ended.cause})."
                self._events.append(UptimeEvent(self.clock.now(), seat.name, sentence))

    # -- the file ------------------------------------------------------------------------

    def _write(self) -> None:
        """What cannot be written waits, and is written with what comes next."""
        parts = [HourPart(venue, hour, stood, s) for (venue, hour, stood), s in self._parts.items()]
        try:
            if self._file is None:
                self._file = self._open_file()
            if parts or self._events:
                self._file.add(parts, self._events, self.clock.now())
        except BookError as error:
            self._tell_trouble(error)
            return
        self._trouble = ""
        self._parts.clear()
        self._events.clear()

    def _tell_trouble(self, error: BookError) -> None:
        """To the log, once for each trouble."""
        if str(error) != self._trouble:
            self.log.error("How the venues stand cannot be written down: {}", error)
        self._trouble = str(error)

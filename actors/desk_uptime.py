"""The desk tells how each venue stands, for the page that shows a month of it."""

from __future__ import annotations

from actors.desk_trial import DeskTrial
from actors.messages import VenueStood
from domain.uptime import standing

EVERY = 10.0
"""Seconds between two tellings."""
_TIMER = "uptime"


class DeskUptime(DeskTrial):
    """Tells it by a timer, so that a desk that hangs is heard of by its silence."""

    def on_start(self) -> None:
        """Begin at once."""
        super().on_start()
        if self.options.uptime:
            self._tell_uptime()

    def on_timer(self, name: str) -> None:
        """Tell it again."""
        if name == _TIMER:
            self._tell_uptime()
        else:
            super().on_timer(name)

    def _tell_uptime(self) -> None:
        self.after(EVERY, _TIMER)
        now, holds = self.clock.now(), self._holds()
        for venue, state in self._venues.items():
            stood = standing(
                state.reason(),
                state.cause(),
                window=state.schedule.in_window(now),
                held_open=state.reconciled and state.circuit == "forced-open",
                announced=state.schedule.hold_sentence(now),
                holds=holds,
            )
            self.tell(self.options.uptime, VenueStood(venue, stood))

"""A flatten that runs, as the desk keeps it: what was asked for, and how far each symbol is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from domain.flatten import Progress
from domain.permits import Asker
from domain.symbols import Symbol

STUCK_SECONDS = 120.0
"""So long what cannot be sold for certain may become so: the venue's word follows its fills, and
that an order never came there is proven within a minute."""
ASK_AGAIN_SECONDS = 10.0
"""A cancel that nobody took up is asked for again."""
REPRICE_SECONDS = 10.0
"""An exit at a limit that works for longer is taken back and priced anew."""
AFTER_REFUSAL_SECONDS = 5.0
MOST_FAILURES = 5
"""Exits that the venue refused; after so many nothing more is tried in the symbol."""


@dataclass(slots=True)
class Taking:
    """One symbol on its way out. Moments are monotonic seconds."""

    symbol: Symbol
    progress: Progress = Progress.RUNNING
    note: str = ""
    asked: dict[str, float] = field(default_factory=dict)
    """When the cancel of an order was asked for."""
    seen: dict[str, float] = field(default_factory=dict)
    """When an exit was first seen to work."""
    not_before: float = 0.0
    stuck_since: float | None = None
    failures: int = 0

    def wait(self, why: str, now: float, *, stuck: bool) -> None:
        """Nothing can be done just now; what stays stuck is left in the end."""
        self.note = why
        if not stuck:
            self.stuck_since = None
        elif self.stuck_since is None:
            self.stuck_since = now
        elif now - self.stuck_since >= STUCK_SECONDS:
            self.progress = Progress.LEFT

    def refused(self, why: str, now: float, *, by_venue: bool) -> None:
        """The exit came to nothing; it is tried again a little later, and not for ever."""
        self.note = why
        self.not_before = now + AFTER_REFUSAL_SECONDS
        self.failures += by_venue
        if self.failures >= MOST_FAILURES:
            self.progress = Progress.LEFT


@dataclass(slots=True)
class Flattening:
    """What a person asked for. `confirmed`: they were shown what it does, and said yes."""

    who: str
    reason: str
    since: datetime
    confirmed: bool
    takings: dict[Symbol, Taking]

    @property
    def asker(self) -> Asker:
        """Whom the table of permits is asked for."""
        return Asker(person=True, confirmed=self.confirmed)

    @property
    def running(self) -> bool:
        """Something is still on its way out."""
        return any(each.progress is Progress.RUNNING for each in self.takings.values())

    def join(self, symbols: Iterable[Symbol], *, confirmed: bool) -> None:
        """Take these out as well; one that was left is tried anew."""
        self.confirmed = self.confirmed or confirmed
        for symbol in symbols:
            taking = self.takings.get(symbol)
            if taking is None or taking.progress is not Progress.RUNNING:
                self.takings[symbol] = Taking(symbol)

    def written(self) -> str:
        """As the ledger keeps it, so that it goes on after any crash."""
        return json.dumps(
            {
                "who": self.who,
                "reason": self.reason,
                "since": self.since.isoformat(),
                "confirmed": self.confirmed,
                "symbols": [str(symbol) for symbol in self.takings],
            }
        )


def read_flattening(text: str) -> Flattening:
    """What `written` wrote; how far it came follows from the orders and holdings."""
    said = json.loads(text)
    takings = {symbol: Taking(symbol) for symbol in map(Symbol.parse, said["symbols"])}
    since = datetime.fromisoformat(said["since"])
    return Flattening(said["who"], said["reason"], since, said["confirmed"], takings)

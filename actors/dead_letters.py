"""Messages that reached nobody, or crashed whoever handled them."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from actors.lanes import Lane
from actors.mailbox import Envelope


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them: who was to get it, why it did not work out, and what it said (cut short)."""

    id: str
    at: datetime
    seat: str
    sender: str
    lane: str
    message: str
    summary: str
    cause: str
    correlation: str
    quarantined: bool
    content: str = ""
    """All of a quarantined fact, as text."""
    times: int = 0
    """How often it was quarantined."""


_LONGEST_CONTENT = 8000


class DeadLetters:
    """The last ones, and counts of all. Any thread may add and read.

    Quarantined facts are never pushed out by others.
    """

    def __init__(self, keep: int = 500) -> None:
        self._lock = threading.Lock()
        self._recent: deque[DeadLetter] = deque(maxlen=keep)
        self._quarantine: dict[str, tuple[DeadLetter, Envelope]] = {}
        self._counts: Counter[str] = Counter()

    def add(
        self,
        id: str,
        at: datetime,
        seat: str,
        envelope: Envelope,
        cause: str,
        *,
        quarantined: bool = False,
    ) -> DeadLetter:
        """Keep it, with its cause."""
        letter = DeadLetter(
            id=id,
            at=at,
            seat=seat,
            sender=envelope.sender,
            lane=envelope.lane.name.lower(),
            message=type(envelope.message).__name__,
            summary=repr(envelope.message)[:400],
            cause=cause,
            correlation=envelope.correlation,
            quarantined=quarantined,
            content=repr(envelope.message)[:_LONGEST_CONTENT] if quarantined else "",
            times=envelope.quarantines,
        )
        with self._lock:
            self._counts[letter.lane] += 1
            if quarantined:
                self._quarantine[id] = (letter, envelope)
            else:
                self._recent.append(letter)
        return letter

    def find(self, id: str) -> DeadLetter | None:
        """The quarantined one of that id."""
        with self._lock:
            kept = self._quarantine.get(id)
            return None if kept is None else kept[0]

    def release(self, id: str) -> Envelope | None:
        """Take a quarantined one out; None where there is none of that id."""
        with self._lock:
            kept = self._quarantine.pop(id, None)
            return None if kept is None else kept[1]

    def items(self) -> list[DeadLetter]:
        """Quarantined ones first, then the last of the others, oldest first."""
        with self._lock:
            return [letter for letter, _ in self._quarantine.values()] + list(self._recent)

    def counts(self) -> dict[str, int]:
        """All that there ever were, by lane."""
        with self._lock:
            return {lane.name.lower(): self._counts[lane.name.lower()] for lane in Lane}

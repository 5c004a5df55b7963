"""Live trading armed by a person, for a time; and all that disarms it. Disarmed stops entries.

Exits, stops, plans and cancels never ask here (`domain.permits`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.checklist import ItemState, missing

SETTING = "arming"
"""The ledger's switch: an `Arming` as text."""
NOT_SAID = "whether live trading is armed has not been said yet"
NOT_ARMED = "live trading is not armed"
CLOCK_OFF_SECONDS = Decimal(2)
"""A clock that differs by more from the gateway's is a bad one (facts: untradable at 2 s)."""


@dataclass(frozen=True, slots=True)
class Arming:
    """What a person allowed last, or why it was taken back. Times in UTC."""

    at: datetime | None = None
    """When it was armed; None: it is not."""
    until: datetime | None = None
    who: str = ""
    limits: str = ""
    """The limits as they stood then, each with its name."""
    why: str = ""
    """Why it was disarmed; empty while nobody did, or nobody ever armed it."""

    def as_text(self) -> str:
        """For the ledger."""
        plain = {
            "at": self.at.isoformat() if self.at else None,
            "until": self.until.isoformat() if self.until else None,
            "who": self.who,
            "limits": self.limits,
            "why": self.why,
        }
        return json.dumps(plain)

    @classmethod
    def from_text(cls, text: str) -> Arming:
        """As the ledger has it; what cannot be read allows nothing."""
        if not text:
            return cls()
        try:
            plain = json.loads(text)
            return cls(
                _time(plain["at"]),
                _time(plain["until"]),
                str(plain["who"]),
                str(plain["limits"]),
                str(plain["why"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(why="what was written of its arming cannot be read")


@dataclass(frozen=True, slots=True)
class Checklist:
    """How far the way to live trading has been gone, for the console."""

    mode: str
    account: str
    """The live account that it is about, by its hash; empty while none was seen."""
    items: tuple[ItemState, ...]
    disarmed: str
    """Why live trading opens no position; empty where it may, and in every other mode."""
    until: datetime | None
    limits: tuple[str, ...]
    longest_hours: float
    """For how long it can be armed at once."""


def armed(now: datetime, hours: float, who: str, limits: str) -> Arming:
    """By a person, from now on for so many hours."""
    return Arming(now, now + timedelta(hours=hours), who, limits)


def why_disarmed(arming: Arming, states: Sequence[ItemState], limits: str, now: datetime) -> str:
    """Why no position is opened, as the end of a sentence; empty where one may be.

    What is missing of the checklist is named first, whatever a person has said.
    """
    lacking = missing(states)
    if lacking:
        return f"{NOT_ARMED}, and cannot be: missing is {lacking[0].title}{_more(lacking)}"
    if arming.at is None or arming.until is None:
        return f"{NOT_ARMED} ({arming.why})" if arming.why else NOT_ARMED
    if now >= arming.until:
        return f"the time for which {arming.who} armed live trading is over"
    if arming.limits != limits:
        return (
            f"a limit was changed since live trading was armed: {_changed(arming.limits, limits)}"
        )
    if now < arming.at - timedelta(minutes=5):
        return "the clock was set back to before live trading was armed"
    return ""


def _more(lacking: Sequence[ItemState]) -> str:
    if len(lacking) == 1:
        return f" ({lacking[0].item})"
    others = ", ".join(each.item for each in lacking[1:])
    return f" ({lacking[0].item}); and {others}"


def _changed(was: str, now: str) -> str:
    before, after = was.split("; "), now.split("; ")
    gone = [each for each in before if each not in after]
    new = [each for each in after if each not in before]
    return f"{', '.join(gone) or 'nothing'} became {', '.join(new) or 'nothing'}"


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} names no time zone")
    return time

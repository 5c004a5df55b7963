"""What must have been shown before real money may be traded: the items, and their judging.

Each item is proven by the process itself, from proofs that it wrote down as it saw them
(`adapters.proofs`). A proof is dated and names who saw it; most are worth nothing after a while.
Days are Sydney's. An item that nothing proves is missing, and one that is missing keeps live
trading shut, whoever asks (`domain.arming`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SYDNEY = ZoneInfo("Australia/Sydney")
_WEEK = timedelta(days=7)


class Item(StrEnum):
    """What is to be shown, in the order in which it is best done."""

    PAPER_RUN = "paper_run"
    PROTECTION = "protection"
    DIVERGENCE = "divergence"
    LIVE_WEEK = "live_week"
    ACCOUNT = "account"
    HOURS = "hours"
    CLOCK = "clock"
    BACKUP = "backup"
    LIMITS = "limits"
    ALERTS = "alerts"


TITLES = {
    Item.PAPER_RUN: "a run on paper without a mismatch",
    Item.PROTECTION: "a position on paper, protected at the venue",
    Item.DIVERGENCE: "the shadow book and the paper fills agree within bounds",
    Item.LIVE_WEEK: "a week observed on the live login, with its weekly new login",
    Item.ACCOUNT: "the account seen at the gateway",
    Item.HOURS: "the announced hours agree with the calendar",
    Item.CLOCK: "the clock agrees with the gateway's",
    Item.BACKUP: "a back-up of this book taken and restored",
    Item.LIMITS: "the limits set by hand",
    Item.ALERTS: "an alert received and answered",
}

HOW = {
    Item.PAPER_RUN: "Run it with MODE=paper.",
    Item.PROTECTION: "Let it open a position with MODE=paper.",
    Item.DIVERGENCE: "Run it with MODE=paper and SHADOW=true.",
    Item.LIVE_WEEK: "Run it with MODE=observe at the live gateway, over a Sunday.",
    Item.ACCOUNT: "Connect it to the live gateway.",
    Item.HOURS: "`GET /venues` shows where they differ.",
    Item.CLOCK: "Have the machine keep its time (chrony, timesyncd).",
    Item.BACKUP: "It is done by itself, soon after a start and then once a week.",
    Item.LIMITS: "Give each a value of your own, and start Kelpie again.",
    Item.ALERTS: "Give ALERT_URLS, then `kelpie alerts test` and `kelpie alerts confirm DIGITS`.",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody of the process saw at one moment (UTC)."""

    item: Item
    at: datetime
    good: bool
    source: str
    """The seat that saw it."""
    mode: str
    account: str
    """The hash of its account, as in the name of its book's folder."""
    detail: str = ""
    mark: str = ""
    """What of an item it is, where that has several parts (`LOGIN`)."""

    @property
    def day(self) -> date:
        """In Sydney."""
        return self.at.astimezone(SYDNEY).date()


LOGIN = "login"
"""The mark of a proof that the weekly new login was made."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of the proofs."""

    account: str
    """The live account, by its hash."""
    paper_days: int = 10
    """So many days of trade without a mismatch, the last ones."""
    divergence_days: int = 5
    """So many daily reports within bounds, the last ones."""
    limits_not_set: tuple[str, ...] = ()
    """Settings that limit something and still stand as they came."""


@dataclass(frozen=True, slots=True)
class ItemState:
    """How an item stands."""

    item: Item
    proven: bool
    sentence: str
    """What is there, or what is missing and how it comes about."""
    at: datetime | None = None
    """When it was last seen."""
    source: str = ""
    expires: datetime | None = None
    """When it must have been shown anew."""
    earliest: date | None = None
    """The first day on which it can be complete; None where nobody can tell."""

    @property
    def title(self) -> str:
        """The item in words."""
        return TITLES[self.item]


#: For how long the newest proof of an item is good. The run on paper and what belongs to it last
#: over the week of observing that follows it; a clock or a calendar is looked at every day.
LASTS = {
    Item.PAPER_RUN: timedelta(days=45),
    Item.PROTECTION: timedelta(days=45),
    Item.DIVERGENCE: timedelta(days=45),
    Item.LIVE_WEEK: timedelta(days=14),
    Item.ACCOUNT: _WEEK,
    Item.HOURS: timedelta(days=2),
    Item.CLOCK: timedelta(days=1, hours=2),
    Item.BACKUP: timedelta(days=8),
    Item.ALERTS: timedelta(days=30),
}
_PAPER = frozenset({Item.PAPER_RUN, Item.PROTECTION, Item.DIVERGENCE})
_OBSERVED_DAYS = 5
"""So many of the observed week's days at the least; it spans a whole week all the same."""


def judge(proofs: Iterable[Proof], demands: Demands, now: datetime) -> tuple[ItemState, ...]:
    """Every item, in their order."""
    by_item: dict[Item, list[Proof]] = {item: [] for item in Item}
    for proof in sorted(proofs, key=lambda each: each.at):
        if _counts(proof, demands) and proof.at <= now + timedelta(minutes=5):
            by_item[proof.item].append(proof)
    return tuple(_judged(item, by_item[item], demands, now) for item in Item)


def missing(states: Sequence[ItemState]) -> tuple[ItemState, ...]:
    """Those that are not proven."""
    return tuple(state for state in states if not state.proven)


def _counts(proof: Proof, demands: Demands) -> bool:
    """Whose proof it must be: of paper money, of the live login, or of the live book itself."""
    if proof.item in _PAPER:
        return proof.mode == "paper"
    if proof.item is Item.ALERTS:
        return True
    modes = ("live",) if proof.item is Item.BACKUP else ("observe", "live")
    return proof.mode in modes and proof.account == demands.account


def _judged(item: Item, proofs: list[Proof], demands: Demands, now: datetime) -> ItemState:
    match item:
        case Item.LIMITS:
            return _limits(demands, now)
        case Item.PAPER_RUN:
            return _in_a_row(item, proofs, demands.paper_days, now)
        case Item.DIVERGENCE:
            return _in_a_row(item, proofs, demands.divergence_days, now)
        case Item.LIVE_WEEK:
            return _week(proofs, now)
        case _:
            return _newest(item, proofs, now)


def _newest(item: Item, proofs: list[Proof], now: datetime) -> ItemState:
    """The last word counts, and not for ever."""
    if not proofs:
        return ItemState(item, False, f"Not shown yet. {HOW[item]}")
    last = proofs[-1]
    expires = last.at + LASTS[item]
    if not last.good:
        return ItemState(item, False, f"{last.detail} {HOW[item]}", last.at, last.source)
    if now >= expires:
        return ItemState(item, False, f"Too long ago. {HOW[item]}", last.at, last.source)
    return ItemState(item, True, last.detail, last.at, last.source, expires)


def _limits(demands: Demands, now: datetime) -> ItemState:
    if demands.limits_not_set:
        names = ", ".join(demands.limits_not_set)
        return ItemState(Item.LIMITS, False, f"Still as it came: {names}. {HOW[Item.LIMITS]}")
    return ItemState(Item.LIMITS, True, "Each was given by the owner.", now, "settings")


def _in_a_row(item: Item, proofs: list[Proof], wanted: int, now: datetime) -> ItemState:
    """So many good days, the last ones, with no bad one since the first of them."""
    bad = max((proof.day for proof in proofs if not proof.good), default=date.min)
    good = [proof for proof in proofs if proof.good and proof.day > bad]
    days = len({proof.day for proof in good})
    last = good[-1] if good else None
    at, source = (last.at, last.source) if last is not None else (None, "")
    counted = f"{min(days, wanted)} of {wanted} days"
    if last is not None and now >= last.at + LASTS[item]:
        return ItemState(item, False, f"{counted}, but too long ago. {HOW[item]}", at, source)
    if last is None or days < wanted:
        since = f" since {bad.isoformat()}" if bad > date.min else ""
        earliest = _weekdays_after(now, wanted - days, counted_today=_is_today(last, now))
        said = f"{counted}{since}. {HOW[item]}"
        return ItemState(item, False, said, at, source, earliest=earliest)
    return ItemState(item, True, f"{counted}.", at, source, last.at + LASTS[item])


def _week(proofs: list[Proof], now: datetime) -> ItemState:
    """Days of the last two weeks that span a whole one, with the new login between them."""
    item = Item.LIVE_WEEK
    recent = [each for each in proofs if each.good and now - each.at < LASTS[item]]
    days = sorted({each.day for each in recent if each.mark != LOGIN})
    logins = [each for each in recent if each.mark == LOGIN]
    if not days:
        today = now.astimezone(SYDNEY).date()
        return ItemState(item, False, f"Not begun. {HOW[item]}", earliest=today + _WEEK)
    first, last = days[0], days[-1]
    spans = (last - first).days + 1
    logged_in = any(first <= each.day <= last for each in logins)
    seen = recent[-1]
    said = f"{len(days)} days seen, over {spans}"
    said += "; the weekly login was made." if logged_in else "; the weekly login was not yet."
    if spans < 8 or len(days) < _OBSERVED_DAYS or not logged_in:
        earliest = max(first + _WEEK, now.astimezone(SYDNEY).date())
        told = f"{said} {HOW[item]}"
        return ItemState(item, False, told, seen.at, seen.source, earliest=earliest)
    # Days seen since keep it up; without any its first one is the first to be too old.
    expires = min(each.at for each in recent if each.mark != LOGIN) + LASTS[item]
    return ItemState(item, True, said, seen.at, seen.source, expires)


def _is_today(last: Proof | None, now: datetime) -> bool:
    return last is not None and last.day == now.astimezone(SYDNEY).date()


def _weekdays_after(now: datetime, wanted: int, *, counted_today: bool) -> date:
    """The last of so many weekdays from today on."""
    day = now.astimezone(SYDNEY).date() + timedelta(days=int(counted_today))
    while True:
        if day.weekday() < 5:
            wanted -= 1
        if wanted <= 0:
            return day
        day += timedelta(days=1)

"""Proofs as a process that did all of it would have written them."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.checklist import LOGIN, Item, Proof

MINE = "0123abcd"
PAPER = "9876fedc"


def proof(item: Item, at: datetime, mode: str = "live", **more: object) -> Proof:
    """One that shows it, unless `more` says otherwise."""
    account = PAPER if mode == "paper" else MINE
    given = {"good": True, "source": "a test", "account": account, "detail": "Seen."} | more
    return Proof(item=item, at=at, mode=mode, **given)  # type: ignore[arg-type]


def days_back(now: datetime, number: int) -> list[datetime]:
    """The last so many weekdays before today, oldest first."""
    found: list[datetime] = []
    at = now
    while len(found) < number:
        at -= timedelta(days=1)
        if at.weekday() < 5:
            found.append(at)
    return found[::-1]


def all_of(now: datetime, account: str = MINE) -> list[Proof]:
    """Everything that is asked for: paper first, then a week observed, then live this morning."""
    shown = [proof(Item.PAPER_RUN, at - timedelta(days=9), "paper") for at in days_back(now, 10)]
    shown += [proof(Item.DIVERGENCE, at - timedelta(days=9), "paper") for at in days_back(now, 5)]
    shown.append(proof(Item.PROTECTION, now - timedelta(days=12), "paper"))
    week = [now - timedelta(days=ago) for ago in range(8, 0, -1)]
    shown += [proof(Item.LIVE_WEEK, at, "observe", account=account) for at in week]
    login = proof(Item.LIVE_WEEK, now - timedelta(days=3), "observe", account=account, mark=LOGIN)
    shown.append(login)
    today = now - timedelta(minutes=30)
    for item in (Item.ACCOUNT, Item.HOURS, Item.CLOCK, Item.BACKUP, Item.ALERTS):
        shown.append(proof(item, today, account=account))
    return sorted(shown, key=lambda each: each.at)

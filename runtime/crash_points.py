"""Named places in the work on money at which a rehearsal has the process stopped, to be killed.

A point costs one look at a global while nothing is armed. Armed, the process writes which point
it has reached and stops itself, all threads; whoever rehearses kills it there, from outside.
It is armed by the environment alone and never in live.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

#: `NAME`, or `NAME:N` for its n-th passing; and the file that is written when it is reached.
POINT_VARIABLE = "KELPIE_CRASH_POINT"
FILE_VARIABLE = "KELPIE_CRASH_FILE"


class CrashPoint(StrEnum):
    """Every point, with the instant that it names."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.sentence = sentence
        return member

    INTENT_BEFORE_COMMIT = "intent.before_commit", "An intent is written and not committed."
    INTENT_COMMITTED = "intent.committed", "An intent is on disk and nobody has been told."
    ORDER_BEFORE_SEND = "order.before_send", "An order is about to be written to the socket."
    ORDER_HALF_WRITTEN = "order.half_written", "Half of an order's bytes have left."
    ORDER_WRITTEN = "order.written", "An order has left; no acknowledgement has been read."
    ACK_HEARD = "ack.heard", "The venue's first word on an order has been read, not written down."
    ACK_BEFORE_COMMIT = "ack.before_commit", "That an order works is written and not committed."
    ACK_COMMITTED = "ack.committed", "That an order works is on disk and nobody has been told."

    FILL_HEARD = "fill.heard", "An execution has been read and not written down."
    FILL_BEFORE_COMMIT = "fill.before_commit", "A fill is written and not committed."
    FILL_COMMITTED = "fill.committed", "A fill is on disk, its commission is not."
    COMMISSION_HEARD = "commission.heard", "A commission has been read and not written down."
    COMMISSION_BEFORE_COMMIT = (
        "commission.before_commit",
        "A commission is written and not committed.",
    )
    COMMISSION_COMMITTED = "commission.committed", "A commission is on disk."

    CANCEL_BEFORE_COMMIT = "cancel.before_commit", "A wish to cancel is written, not committed."
    CANCEL_COMMITTED = "cancel.committed", "A wish to cancel is on disk and has not been sent."
    CANCEL_BEFORE_SEND = "cancel.before_send", "A cancel is about to be written to the socket."
    CANCEL_HALF_WRITTEN = "cancel.half_written", "Half of a cancel's bytes have left."
    CANCEL_WRITTEN = "cancel.written", "A cancel has left; no answer has been read."
    END_HEARD = "end.heard", "That an order was cancelled has been read, not written."
    END_BEFORE_COMMIT = "end.before_commit", "An order's end is written and not committed."
    END_COMMITTED = "end.committed", "An order's end is on disk and nobody has been told."

    AMEND_BEFORE_COMMIT = "amend.before_commit", "A wish to change is written, not committed."
    AMEND_COMMITTED = "amend.committed", "A wish to change is on disk and has not been sent."
    AMEND_BEFORE_SEND = "amend.before_send", "A change is about to be written to the socket."
    AMEND_HALF_WRITTEN = "amend.half_written", "Half of a change's bytes have left."
    AMEND_WRITTEN = "amend.written", "A change has left; no answer has been read."
    AMEND_HEARD = "amend.heard", "The venue has taken a change; that is not written down."
    SETTLED_BEFORE_COMMIT = (
        "amend.settled_before_commit",
        "What became of a change is written and not committed.",
    )
    SETTLED_COMMITTED = "amend.settled_committed", "What became of a change is on disk."

    BRACKET_COMMITTED = "bracket.committed", "A bracket's intents are on disk, none has been sent."
    BRACKET_BEFORE_SEND = "bracket.before_send", "A bracket is about to be written to the socket."
    BRACKET_PARENT_WRITTEN = (
        "bracket.parent_written",
        "The entry of a bracket has left, the orders that protect it have not.",
    )
    BRACKET_WRITTEN = "bracket.written", "A whole bracket has left; no answer has been read."

    RECONCILE_LISTED = "reconcile.listed", "The venue's lists have come, their facts are not in."
    RECONCILE_FED = "reconcile.fed", "The facts of a round are on their way to the ledger."
    RECONCILE_JUDGED = "reconcile.judged", "A round has been judged and nobody has been told."
    RECONCILE_REPORTED = "reconcile.reported", "A reconciliation has been told to all."

    MIGRATION_INSIDE = "migration.inside", "Some of a schema's steps are written."
    MIGRATION_BEFORE_COMMIT = (
        "migration.before_commit",
        "All of a schema's steps are written and not committed.",
    )
    MIGRATION_COMMITTED = "migration.committed", "A new schema is on disk."

    BACKUP_COPYING = "backup.copying", "Some of a book's pages have been copied."
    BACKUP_CHECKED = "backup.checked", "A copy is whole and sound, and not under its name yet."
    BACKUP_NAMED = "backup.named", "A back-up is under its name; older ones are not deleted yet."


_BY_NAME = {point.value: point for point in CrashPoint}


class CrashPointUnknown(ValueError):
    """The environment names a point that does not exist, or no whole passing above zero."""


@dataclass(slots=True)
class Armed:
    """One point, at its n-th passing, and what is done there."""

    point: CrashPoint
    passing: int
    stop: Callable[[CrashPoint], None]
    passed: int = 0

    def reached(self, point: CrashPoint) -> None:
        """Count a passing; stop at the one that is wanted."""
        if point is self.point:
            self.passed += 1
            if self.passed == self.passing:
                self.stop(point)


_armed: Armed | None = None


def reached(point: CrashPoint) -> None:
    """Say that a point is passed. Nothing happens unless it is armed."""
    if _armed is not None:
        _armed.reached(point)


def is_armed(point: CrashPoint) -> bool:
    """Whether work must be taken apart so that the point lies inside it."""
    return _armed is not None and _armed.point is point


def arm(armed: Armed | None) -> None:
    """Have this process stop at a point; None for at none."""
    global _armed
    _armed = armed


def wanted(environ: Mapping[str, str]) -> Armed | None:
    """What the environment asks for: None where it names no point.

    Raises:
        CrashPointUnknown: it names one that does not exist.
    """
    text = environ.get(POINT_VARIABLE, "")
    if not text:
        return None
    name, _, count = text.partition(":")
    point = _BY_NAME.get(name)
    passing = int(count or "1") if count.isdecimal() or not count else 0
    if point is None or passing < 1:
        names = ", ".join(CrashPoint)
        raise CrashPointUnknown(f"{text!r} is none of {names} (with :N for its n-th passing)")
    file = environ.get(FILE_VARIABLE)
    return Armed(point, passing, lambda reached: _stop(reached, Path(file) if file else None))


def _stop(point: CrashPoint, file: Path | None) -> None:
    """Say where, then stop all threads on the spot."""
    if file is not None:
        draft = file.with_name(f"{file.name}.draft")
        draft.write_text(f"{point}\n", encoding="utf-8")
        draft.replace(file)
    # To this very thread, so that it does not run on by a single instruction of ours; the
    # others stop with it.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

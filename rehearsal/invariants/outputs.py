"""I13, and what nobody expected: every line that Kelpie says, as its logs would write it.

Assertions are swallowed in callbacks of the loop, in eventkit and in the library's decoder, which
all only log: so each line of an error that no fault explains is a violation.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from loguru import logger

from actors import names
from config.logs import telemetry
from config.redaction import Redaction
from rehearsal.faults import FAULTS
from rehearsal.invariants.violation import Scene
from simulators.broker import ACCOUNT

if TYPE_CHECKING:
    from loguru import Message, Record

I13, UNEXPECTED = "I13 no secret", "an error that nobody expected"

#: What every error says that a fault has let loose in an actor.
REHEARSED = "a fault of the rehearsal"

#: What a fault may have said so long after it has healed, virtual seconds.
_AFTERMATH = 300.0
_DISK = ("disk", "book locked")
#: Errors that the faults of this world explain: the kinds of fault (any, where there is none), the
#: seat (any, where it is empty), and how the line begins.
_EXPLAINED = tuple(
    (kinds, seat, re.compile(pattern))
    for kinds, seat, pattern in (
        ((), "ib", r"ib cannot be traded since "),
        ((), "ib.orders", r"\S+: \S+ announced, \S+ booked; the executions do not come"),
        ((), "ib.orders", r"\S+: it traded after it had ended"),
        (("garbled", "news", "lying"), "ib.orders", r"\S+ was closed as "),
        (("execution",), "ib.orders", r"\S+: the venue corrected an execution"),
        (("contract",), "ib.connection", r"\d+ of the \d+ in ALLOWED_SYMBOLS cannot"),
        (("contract",), "ib.connection", r"ALLOWED_SYMBOLS names what cannot be traded"),
        (_DISK, "ledger", r"Nothing is written: "),
        (_DISK, "ledger", r"ledger crashed while "),
        (("crash", *_DISK), "", r"\S+ crashed more than "),
        (("poisoned", "crash"), names.DESK, r"\S+: The ledger crashed twice over it"),
        (("poisoned",), "", r"A fact crashed its handler twice and is quarantined"),
        (("hangs",), "", r"\S+ hangs \("),
    )
)
_LIBRARIES = logging.ERROR


class Outputs:
    """Listens to loguru and to the standard library's logging from its making to `close`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._redact = Redaction()
        self.lines = 0
        self._sink = logger.add(self._take, level=0, format=lambda _: "", catch=False)
        self._library = _Library(scene)
        logging.getLogger().addHandler(self._library)

    def close(self) -> None:
        """Listen no more."""
        logger.remove(self._sink)
        logging.getLogger().removeHandler(self._library)

    def shown(self, where: str, text: str) -> None:
        """Somebody can read this."""
        if ACCOUNT in text:
            self._scene.blame(I13, f"the account's number in {where}: {text[:200]}")

    def redacted(self, text: str) -> str:
        """As the sinks of a real process would show it."""
        return self._redact(text)

    def _take(self, message: Message) -> None:
        record = message.record
        self.lines += 1
        line = telemetry(record)
        self.shown("the log", self._redact(f"{line['text']} {line['extra']} {line.get('error')}"))
        if record["level"].no >= logger.level("ERROR").no:
            self._judge(record)

    def _judge(self, record: Record) -> None:
        seat, text = record["extra"].get("seat") or "", record["message"]
        for kinds, who, pattern in _EXPLAINED:
            explained = any(self._scene.excused(_AFTERMATH, kind) for kind in kinds or ("",))
            if explained and who in ("", seat) and pattern.match(text):
                return
        for name in self._scene.excusing(_AFTERMATH):
            if any(re.match(pattern, f"{seat}: {text}") for pattern in FAULTS[name].errors):
                return
        error = record["exception"]
        if REHEARSED in text or (error is not None and REHEARSED in str(error.value)):
            return
        reason = f" ({error.type.__name__}: {error.value})" if error and error.type else ""
        self._scene.blame(UNEXPECTED, f"{seat} {record['level'].name}: {text}{reason}")


class _Library(logging.Handler):
    """What libraries say at ERROR: exceptions that they swallowed."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(_LIBRARIES)
        self._scene = scene

    def emit(self, record: logging.LogRecord) -> None:
        """Nothing of the kind is expected."""
        error = record.exc_info[1] if record.exc_info else None
        self._scene.blame(UNEXPECTED, f"{record.name}: {record.getMessage()} ({error!r})")

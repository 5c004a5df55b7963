"""What went over the wire, both ways, as JSON lines: the record that tests assert on.

One line a message: `t` wall time (UTC, RFC 3339), `m` monotonic seconds, `s` number of the
session, `c` client id (null before it is known), `d` `in` (from a client), `out`, or `note`,
`id` the message number and `f` its fields; a note has its `event` instead.

What came in is on its way to the file before it is acted on where it concerns orders, and what
goes out before it is sent: a gateway that is killed leaves nothing unwritten that anybody saw.
Only market-data ticks may lag a quarter of a second, or be counted alone.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from runtime.interface import Clock
from simulators.tws.protocol import Request

_ORDER_REQUESTS = frozenset({Request.PLACE_ORDER, Request.CANCEL_ORDER, Request.GLOBAL_CANCEL})


class WireLogMode(StrEnum):
    """How much is kept."""

    FULL = "full"
    """Every message."""
    ORDERS = "orders"
    """Every message but market-data ticks, which are counted."""
    OFF = "off"
    """Nothing."""


class WireLog:
    """Writes the record to one file, in parts of at most `max_bytes` where that is given.

    A full part is renamed to `NAME.1`, the one before to `NAME.2`, up to `keep` of them.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        *,
        mode: WireLogMode = WireLogMode.FULL,
        max_bytes: int | None = None,
        keep: int = 3,
    ) -> None:
        self._path = path
        self._clock = clock
        self._max_bytes = max_bytes
        self._keep = keep
        self._counted: Counter[tuple[int, int | None, int]] = Counter()
        self._file: BinaryIO | None = None
        self.mode = mode if path is not None else WireLogMode.OFF
        if path is not None and self.mode is not WireLogMode.OFF:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=1 << 16)
            if _is_torn(path):
                self._file.write(b"\n")

    @property
    def wants_ticks(self) -> bool:
        """Each tick is to be given, not only its number."""
        return self.mode is WireLogMode.FULL

    def incoming(self, session: int, client_id: int | None, fields: list[str]) -> None:
        """A message from a client, before it is acted on."""
        if self._file is None:
            return
        message_id = int(fields[0]) if fields and fields[0].isdecimal() else -1
        self._write(session, client_id, {"d": "in", "id": message_id, "f": fields})
        if message_id in _ORDER_REQUESTS:
            self.flush()

    def outgoing(self, session: int, client_id: int | None, fields: list[str]) -> None:
        """A message to a client. It is in the file once `flush` has returned."""
        if self._file is not None:
            self._write(session, client_id, {"d": "out", "id": int(fields[0]), "f": fields})

    def count_ticks(self, session: int, client_id: int | None, reply: int, count: int) -> None:
        """So many ticks went out that are not kept one by one."""
        if self._file is not None:
            self._counted[session, client_id, reply] += count

    def note(self, session: int, client_id: int | None, event: str, **facts: Any) -> None:
        """Something that is no message: a connection made or lost, a limit broken."""
        if self._file is not None:
            self._write(session, client_id, {"d": "note", "event": event, **facts})
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system: a killed process loses nothing of it."""
        if self._file is not None:
            self._file.flush()
            if self._max_bytes is not None and self._file.tell() >= self._max_bytes:
                self._rotate()

    def settle(self) -> None:
        """Write down the counts of ticks since the last time, and flush."""
        if self._counted and self._file is not None:
            counted, self._counted = self._counted, Counter()
            for (session, client_id, reply), count in counted.items():
                self._write(session, client_id, {"d": "ticks", "id": reply, "n": count})
        self.flush()

    def close(self) -> None:
        """Settle and close the file; nothing more is written."""
        self.settle()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, session: int, client_id: int | None, facts: dict[str, Any]) -> None:
        line = {
            "t": self._clock.now(),
            "m": self._clock.monotonic(),
            "s": session,
            "c": client_id,
            **facts,
        }
        assert self._file is not None
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _rotate(self) -> None:
        assert self._file is not None and self._path is not None
        self._file.close()
        for number in range(self._keep - 1, 0, -1):
            older = _part(self._path, number)
            if older.exists():
                older.replace(_part(self._path, number + 1))
        self._path.replace(_part(self._path, 1))
        self._file = self._path.open("ab", buffering=1 << 16)


def _part(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _is_torn(path: Path) -> bool:
    """A kill cut the last line short; what follows must not be glued to it."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return False
        file.seek(-1, 2)
        return file.read(1) != b"\n"


def parts(path: Path) -> list[Path]:
    """The files of a log, oldest first."""
    numbered = sorted(
        (
            part
            for part in path.parent.glob(f"{path.name}.*")
            if part.name.removeprefix(f"{path.name}.").isdecimal()
        ),
        key=lambda part: -int(part.suffix[1:]),
    )
    return [*numbered, path] if path.exists() else numbered


def parse_time(text: str) -> datetime:
    """The wall time of a line."""
    return datetime.fromisoformat(text)

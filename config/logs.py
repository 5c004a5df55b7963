"""The logs: a few words on the screen, all of it in two files.

- the screen (standard error): the day and time in Sydney, level, seat, text; shown by a thread of
  its own, so that a terminal that does not read keeps nobody waiting;
- `LOG_DIR/kelpie.log`: the same for reading later, with correlation and stack traces. As a service
  of systemd it is not written: the journal has all of it, in its own order, rotated by its rules;
- `LOG_DIR/telemetry.log`: one JSON object a line, for programs: the same again, and what was
  decided, sent, filled and asked for (`console.telemetry`). docs/telemetry.md has the fields.

Every module logs by `from loguru import logger`, and binds what it knows:
`logger.bind(seat="ib.connection", incarnation=3)` once per incarnation, on top of it
`correlation=…` (the id that runs from the decision to the fill) and `event="order.sent"`
(a stable name for programs; `log` where there is none).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

import orjson
from loguru import logger

from config.redaction import Redaction
from config.rotation import RotatedFile
from config.screen import FLUSH_SECONDS, Screen

if TYPE_CHECKING:
    from loguru import Message, Record

SYDNEY = ZoneInfo("Australia/Sydney")
MAX_BYTES = 20_000_000
KEEP = 10

_BOUND = ("seat", "incarnation", "correlation", "event", "mode")

#: How much the libraries may say. ib_insync repeats each message at INFO and below; at ERROR it
#: tells of the exceptions that it swallowed, in its decoder and in handlers of its events.
LIBRARY_LEVELS: Mapping[str, int] = {
    "ib_insync": logging.ERROR,
    "eventkit": logging.WARNING,
    "pykka": logging.WARNING,
    "peewee": logging.WARNING,
    "asyncio": logging.WARNING,
    "uvicorn": logging.WARNING,
    "uvicorn.access": logging.ERROR,
    # It warns of every request that is none: anybody who can connect could fill the log.
    "uvicorn.error": logging.ERROR,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "ccxt": logging.WARNING,
}


class Logs:
    """The sinks of one process. Made by `start_logs`; `close` undoes all of it."""

    def __init__(
        self,
        folder: Path,
        level: str,
        redaction: Redaction,
        screen: TextIO,
        screen_level: str | None = None,
        journal: bool = False,
    ) -> None:
        """Prepare the sinks; nothing is written yet."""
        self._journal = journal
        self.redact = redaction
        self._stream = screen
        self._screen: Screen | None = None
        self._level = level
        self._screen_level = screen_level or level
        self._human = RotatedFile(
            folder / "kelpie.log", max_bytes=MAX_BYTES, keep=KEEP, report=self.say
        )
        self._telemetry = RotatedFile(
            folder / "telemetry.log", max_bytes=MAX_BYTES, keep=KEEP, report=self.say
        )
        self._recording = threading.Lock()
        """Around the file: lines come from the logger and from the seat of the telemetry."""
        self._library_levels: dict[str, int] = {}
        self._root = logging.getLogger()
        self._root_before = (list(self._root.handlers), self._root.level)

    def open(self, mode: str) -> None:
        """Take over loguru and the standard library's logging."""
        self._screen = Screen(self._stream)
        logger.remove()
        bound = {"seat": "", "incarnation": None, "correlation": None, "event": "log", "mode": mode}
        logger.configure(extra=bound)
        # Each sink writes from the record, so loguru need format nothing. Values of variables in a
        # trace could be secrets (diagnose); a queue would lose a crash's last words (enqueue).
        sinks: list[Callable[[Message], None]] = [self._to_telemetry]
        sinks += [self._to_journal] if self._journal else [self._to_screen, self._to_human]
        for sink in sinks:
            logger.add(
                sink,
                level=self._screen_level if sink == self._to_screen else self._level,
                format=lambda _: "",
                colorize=False,
                backtrace=False,
                diagnose=False,
                enqueue=False,
            )
        self._root.handlers = [_Intercepted()]
        self._root.setLevel(logging.getLevelName(self._level))
        for name, level in LIBRARY_LEVELS.items():
            library = logging.getLogger(name)
            self._library_levels[name] = library.level
            library.setLevel(level)

    def close(self) -> None:
        """Remove the sinks and give the standard library's logging back.

        Waits a second, no longer, for a screen that does not read.
        """
        logger.remove()
        self._root.handlers, level = list(self._root_before[0]), self._root_before[1]
        self._root.setLevel(level)
        for name, level in self._library_levels.items():
            logging.getLogger(name).setLevel(level)
        self._human.close()
        self._telemetry.close()
        if self._screen is not None:
            self._screen.close()

    def flush(self, limit_seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until the screen shows all that was said, at most this long; whether it does."""
        return self._screen is None or self._screen.flush(limit_seconds)

    def say(self, text: str) -> None:
        """Put a line on the screen past the logger. Never blocks; lines too many are counted."""
        if self._screen is not None:
            self._screen.say(self.redact(text))

    def _to_screen(self, message: Message) -> None:
        record = message.record
        time = f"{record['time'].astimezone(SYDNEY):%a %H:%M:%S}"
        error = record["exception"]
        reason = f" ({error.type.__name__}: {error.value})" if error and error.type else ""
        seat = record["extra"].get("seat") or "kelpie"
        self.say(f"{time} {record['level'].name:<7} {seat:<14} {record['message']}{reason}")

    def _to_human(self, message: Message) -> None:
        record = message.record
        time = record["time"].astimezone(SYDNEY).isoformat(sep=" ", timespec="milliseconds")
        line = f"{time} {record['level'].name:<7} {_in_full(record)}\n"
        self._human.write(self.redact(line).encode("utf-8", "backslashreplace"))

    def _to_journal(self, message: Message) -> None:
        record = message.record
        priority = _priority(record["level"].no)
        # Each line is an entry of its own there, and has its own priority.
        self.say("\n".join(f"<{priority}>{line}" for line in _in_full(record).splitlines()))

    def _to_telemetry(self, message: Message) -> None:
        self.record(telemetry(message.record))

    def record(self, line: dict[str, Any]) -> None:
        """Write a line of `telemetry.log`; any thread may."""
        text = self.redact(_as_json(line)).encode() + b"\n"
        with self._recording:
            self._telemetry.write(text)


class _Intercepted(logging.Handler):
    """Hands what libraries log by the standard library on to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it again under the library's name."""
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        seat = record.name.partition(".")[0]
        logger.bind(seat=seat, event="library").opt(exception=record.exc_info).log(
            level, "{}", record.getMessage()
        )


def start_logs(
    folder: Path,
    *,
    mode: str,
    level: str = "INFO",
    secrets: Iterable[str] = (),
    screen: TextIO | None = None,
    screen_level: str | None = None,
    journal: bool = False,
) -> Logs:
    """Begin to log: to the screen (standard error by default) and to files in `folder`.

    The screen may be told less than the files (`screen_level`). Where it is systemd's journal
    (`is_journal`) it is told all, with priorities, and takes the place of `kelpie.log`.

    From the settings: `start_logs(settings.log_dir, mode=settings.mode,
    level=settings.log_level, secrets=settings.secrets())`. A secret that is made later is given
    to `logs.redact.add`. Libraries that set up logging of their own must be kept from it
    (`uvicorn.Config(log_config=None)`).
    """
    shown = screen or sys.stderr
    logs = Logs(folder, level, Redaction(secrets), shown, screen_level, journal)
    logs.open(mode)
    return logs


def is_journal(environ: Mapping[str, str], screen: TextIO) -> bool:
    """Systemd says by `JOURNAL_STREAM` which stream leads into its journal."""
    try:
        found = os.fstat(screen.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _priority(level: int) -> int:
    """Syslog's number for a level of the logger: 2 critical to 7 debug."""
    bounds = ((50, 2), (40, 3), (30, 4), (25, 5), (20, 6))
    return next((priority for least, priority in bounds if level >= least), 7)


def _in_full(record: Record) -> str:
    """Seat, text, correlation and, if there is one, the trace on the lines that follow."""
    extra = record["extra"]
    seat = extra.get("seat") or record["name"] or "kelpie"
    if extra.get("incarnation") is not None:
        seat = f"{seat}#{extra['incarnation']}"
    text = f"{seat} {record['message']}"
    if extra.get("correlation"):
        text += f" [{extra['correlation']}]"
    trace = _trace(record)
    return f"{text}\n{trace.rstrip()}" if trace else text


def telemetry(record: Record) -> dict[str, Any]:
    """Make the object of one line of `telemetry.log`."""
    extra = record["extra"]
    line: dict[str, Any] = {
        "ts": record["time"].astimezone(UTC),
        "level": record["level"].name,
        "event": extra.get("event") or "log",
        "seat": extra.get("seat") or None,
        "incarnation": extra.get("incarnation"),
        "correlation": extra.get("correlation"),
        "mode": extra.get("mode"),
        "text": record["message"],
        "extra": {name: value for name, value in extra.items() if name not in _BOUND},
    }
    error = record["exception"]
    if error is not None and error.type is not None:
        line["error"] = {
            "type": error.type.__name__,
            "text": str(error.value),
            "trace": _trace(record),
        }
    return line


def _as_json(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(
            line, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
        ).decode()
    except orjson.JSONEncodeError:
        # Broken Unicode off the wire, or an integer beyond 64 bits: slower, but it is told.
        return json.dumps(line, default=str, skipkeys=True)


def _trace(record: Record) -> str:
    error = record["exception"]
    if error is None or error.type is None:
        return ""
    kind: type[BaseException] = error.type
    value: BaseException | None = error.value
    stack: TracebackType | None = error.traceback
    return "".join(traceback.format_exception(kind, value, stack))

"""What stands at the broker where Kelpie does not answer: read from its book, changing nothing.

What the broker did since then is not in it: it is what Kelpie knew last.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from actors.chosen import account_of
from adapters.book import BookError
from adapters.starts import StartsFile, StartsUnreadable
from adapters.store import book_path
from adapters.store.connection import Coded
from adapters.store.reading import reading
from adapters.store.standing import BookStands, stands_by
from config.entries import SettingsError
from config.settings import Settings
from console.owner.standing import what_stands
from console.owner.words import length, sydney
from console.silent_schemas import SilentOut
from domain.shadow import SHADOW
from runtime.clocks import SystemClock

_START = "`kelpie run` starts it; where it is a service, `systemctl start kelpie`."


def stands_without_us(runs: bool) -> SilentOut | None:
    """What a person should know; `runs` where something listens, and gives no answer.

    None where the settings cannot be read: what is wrong with them is to be told instead.
    """
    try:
        settings = Settings.load()
    except SettingsError:
        return None
    now = SystemClock().now()
    path = book_path(settings.state_dir, settings.mode, account_of(settings))
    if not path.is_file():
        return None if runs else _never(settings.mode, now, settings.state_dir)
    book, trouble = _read(path)
    last_sign = _last_sign(book, settings.log_dir)
    return SilentOut(
        mode=settings.mode,
        asked_at=now,
        level="NEEDS_YOU" if runs else "NOT_RUNNING",
        last_sign=last_sign,
        sentence=_sentence(runs, path, last_sign, now),
        stands=trouble if book is None else _stands(book, now),
        if_nothing="what works at IB goes on working there, stops included. Nothing else is "
        "watched: no stop is moved, no plan ends, nothing is bought.",
        to_do=_to_do(runs, settings.log_dir),
    )


def _never(mode: str, now: datetime, state_dir: Path) -> SilentOut:
    return SilentOut(
        mode=mode,
        asked_at=now,
        level="NOT_RUNNING",
        last_sign=None,
        sentence=f"here: no book lies in the STATE_DIR {state_dir}, so it never ran, or elsewhere.",
        stands="nothing of Kelpie's, as far as this folder tells.",
        if_nothing="nothing happens.",
        to_do=["`kelpie init` sets it up; `kelpie run` starts it."],
    )


def _sentence(runs: bool, path: Path, last_sign: datetime | None, now: datetime) -> str:
    ago = ""
    if last_sign is not None:
        ago = f"{sydney(last_sign, now)} ({length(now - last_sign)} ago)"
    if runs:
        last = f" It last wrote something {ago}." if ago else ""
        return f"Kelpie runs, but does not answer.{last}"
    how = _how_it_ended(path)
    return f"since about {ago}: {how}." if ago else f"{how}."


def _how_it_ended(path: Path) -> str:
    try:
        starts = StartsFile(path.with_name("starts.json")).read().starts
    except (StartsUnreadable, OSError):
        starts = ()
    if not starts:
        return "it is not told how it ended"
    return "it was stopped in order" if starts[-1].clean else "nobody stopped it, it just ended"


def _read(path: Path) -> tuple[BookStands | None, str]:
    try:
        with reading(path) as link, Coded(path):
            return stands_by(link, leaving_out=SHADOW), ""
    except BookError as error:
        return None, f"not known: {error} IB has it."


def _last_sign(book: BookStands | None, log_dir: Path) -> datetime | None:
    """The book's last entry, or the log's last line, whichever is newer."""
    signs = [] if book is None or book.written_at is None else [book.written_at]
    try:
        written = (log_dir / "kelpie.log").stat().st_mtime
        signs.append(datetime.fromtimestamp(written, UTC))
    except OSError:
        pass
    return max(signs, default=None)


def _stands(book: BookStands, now: datetime) -> str:
    text = what_stands(book.managed, book.orders)
    if book.written_at is None:
        return text
    return f"{text} So says its book, last written {sydney(book.written_at, now)}."


def _to_do(runs: bool, log_dir: Path) -> list[str]:
    log = f"{log_dir / 'kelpie.log'} says why."
    if runs:
        return ["Look again in a minute. If it stays so, stop it and start it again.", log]
    return [_START, f"If it ends again, {log}"]

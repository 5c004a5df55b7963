"""The file of starts, beside the book: readable when that is not, written before it opens."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.store.locks import make_folder, settle
from domain.starts import History, Start

_VERSION = 1


class StartsUnreadable(Exception):
    """The file is there, and is not what was written."""


class StartsFile:
    """`starts.json`: whole or not at all, whatever becomes of the process or the power."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> History:
        """What was written last; empty where nothing ever was.

        Raises:
            StartsUnreadable: it is damaged.
            OSError: the disk does not give it.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return History()
        try:
            return _history(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StartsUnreadable(f"{self.path} cannot be read ({error!r})") from error

    def write(self, history: History) -> None:
        """Have it on the disk when this returns.

        Raises:
            OSError: it is not; what was there before still is.
            BookError: its folder cannot be made.
        """
        make_folder(self.path.parent)
        draft = self.path.with_name(self.path.name + ".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(_plain(history), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        settle(self.path.parent)

    def set_aside(self) -> Path:
        """Keep what cannot be read for a person to look at; where it lies now."""
        kept = self.path.with_name(self.path.name + ".damaged")
        self.path.replace(kept)
        return kept


def _plain(history: History) -> dict[str, Any]:
    since = history.safe_since
    return {
        "version": _VERSION,
        "safe_since": since.isoformat() if since is not None else None,
        "safe_cause": history.safe_cause,
        "starts": [
            {"id": each.id, "at": each.at.isoformat(), "lived": each.lived, "clean": each.clean}
            for each in history.starts
        ],
    }


def _history(plain: dict[str, Any]) -> History:
    if plain["version"] != _VERSION:
        raise ValueError(f"version {plain['version']}")
    since = plain["safe_since"]
    return History(
        starts=tuple(
            Start(str(each["id"]), _time(each["at"]), bool(each["lived"]), bool(each["clean"]))
            for each in plain["starts"]
        ),
        safe_since=None if since is None else _time(since),
        safe_cause=str(plain["safe_cause"]),
    )


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} names no time zone")
    return time

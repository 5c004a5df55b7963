"""`.env`: read as it is, written anew with the words of the settings, the old one kept aside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from dotenv.main import dotenv_values
from dotenv.parser import parse_stream

from config.entries import as_text, entry_of
from config.settings import Settings

#: What needs no quotes, whoever reads the file: Kelpie, a shell, systemd, a container.
_PLAIN = re.compile(r"[A-Za-z0-9_./:,@%+=-]+")
_NAMES = frozenset(name.upper() for name in Settings.model_fields)

_HEAD = """\
# The settings of Kelpie, written by `kelpie init` on {day}. Change what you like: a wrong
# entry is named at the next start. The environment wins over this file.
# Keep it to yourself: it may hold secrets. `kelpie init` again starts from what stands here.
"""
_ASKED, _KEPT, _OTHERS, _REST = (
    "What init asked",
    "What stood here before",
    "What stood here before and is no setting of Kelpie's",
    "All other settings, as they are unless you take the # away",
)


@dataclass(frozen=True, slots=True)
class Existing:
    """What a `.env` says; names in capitals."""

    values: Mapping[str, str] = field(default_factory=dict)
    """Of Kelpie's settings, those that are not empty."""
    others: Mapping[str, str] = field(default_factory=dict)
    """The text, to the letter, of what is no setting of Kelpie's."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Its values: among them are the files in which secrets lie (`ALERT_URLS_FILE`)."""


def read(path: Path) -> Existing:
    """What the file says; nothing where there is none.

    Raises:
        OSError: it is there and cannot be read.
        UnicodeDecodeError: it is no text.
    """
    if not path.exists():
        return Existing()
    said = {name.upper(): text for name, text in dotenv_values(path, encoding="utf-8").items()}
    values = {name: text for name, text in said.items() if name in _NAMES and text}
    others = {}
    with path.open(encoding="utf-8") as file:
        for binding in parse_stream(file):
            if binding.key is not None and binding.key.upper() not in _NAMES:
                others[binding.key] = _entry_alone(binding.original.string)
    beside = {name: text for name, text in said.items() if name not in _NAMES and text}
    return Existing(values, others, beside)


def _entry_alone(text: str) -> str:
    """Without the empty lines before it."""
    return text.strip("\r\n").strip()


def render(asked: Mapping[str, str], before: Existing, settings: Settings, now: datetime) -> str:
    """The file's text: what was asked, what stood there before, and all the rest, disabled.

    `settings` are those that come of the first two.
    """
    parts = [_HEAD.format(day=f"{now:%d %b %Y}")]
    kept = {name: text for name, text in before.values.items() if name not in asked}
    for title, values in ((_ASKED, asked), (_KEPT, kept)):
        if values:
            parts.append(_title(title))
        parts += [_entry(name, _quoted(values[name])) for name in _in_order(values)]
    if before.others:
        parts += [_title(_OTHERS), "".join(f"{text}\n" for text in before.others.values())]
    parts.append(_title(_REST))
    for name, setting in Settings.model_fields.items():
        if (capital := name.upper()) not in asked and capital not in kept:
            # A secret that is known from elsewhere has no business here.
            value = "" if entry_of(setting).secret else as_text(getattr(settings, name))
            parts.append(_entry(capital, value, disabled=True))
    return "\n".join(parts)


def _in_order(values: Mapping[str, str]) -> list[str]:
    return [name.upper() for name in Settings.model_fields if name.upper() in values]


def _title(words: str) -> str:
    return f"# == {words} " + "=" * (95 - len(words)) + "\n"


def _entry(name: str, text: str, *, disabled: bool = False) -> str:
    entry = entry_of(Settings.model_fields[name.lower()])
    unit = f" In {entry.unit}." if entry.unit else ""
    return (
        f"# {entry.sentence}{unit}\n"
        f"# Allowed: {entry.allowed}. Example: {entry.example}\n"
        f"{'#' if disabled else ''}{name}={text}\n"
    )


def _quoted(text: str) -> str:
    if not text or _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Draft:
    """The new file beside the old one: written, checked, then put in its place or thrown away.

    Nothing is there that others than its owner may read.
    """

    def __init__(self, path: Path, text: str) -> None:
        """Write it.

        Raises:
            OSError: the folder cannot be written.
        """
        self._target = path.resolve()
        self.path = self._target.with_name(f"{self._target.name}.draft-{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self.path.unlink(missing_ok=True)
        with os.fdopen(os.open(self.path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            self._give_to_owner(file.fileno())
            _settle(file)

    def _give_to_owner(self, descriptor: int) -> None:
        """Root writes the settings of a service for the user as whom that runs."""
        if os.geteuid() == 0 and self._target.exists():
            owner = self._target.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)

    def discard(self) -> None:
        """Leave everything as it was."""
        self.path.unlink(missing_ok=True)

    def put(self, now: datetime) -> Path | None:
        """Put it in place, all of it or nothing; where the old file is kept, if there was one.

        Raises:
            OSError: the folder cannot be written; the old file is as it was.
        """
        kept = self._keep_aside(now) if self._target.exists() else None
        self.path.replace(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return kept

    def _keep_aside(self, now: datetime) -> Path:
        name, number = f"{self._target.name}.before-{now:%Y%m%d-%H%M%S}", 1
        kept = self._target.with_name(name)
        while kept.exists():
            number += 1
            kept = self._target.with_name(f"{name}-{number}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(kept, flags, 0o600), "wb") as file:
            file.write(self._target.read_bytes())
            self._give_to_owner(file.fileno())
            _settle(file)
        return kept


def _settle(file: IO[str] | IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())

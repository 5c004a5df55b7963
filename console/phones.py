"""The owner's paired devices, and the links that pair them.

`STATE_DIR/phones.json`: for its owner alone, whole or not at all. Keys and links are random
numbers of 256 bits, and stand in it as hashes: who reads the file cannot look in with it. Both
the hook and `kelpie phone` change it, one at a time, and what either has done waits in it as a
note until the ledger is told.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from console.scopes import Grade

FILE: Final = "phones.json"
LINK_GOOD_FOR: Final = timedelta(minutes=10)
MOST_PHONES: Final = 20
_SET_BACK: Final = timedelta(minutes=1)
"""So far a clock may be put right while a link is good."""
_VERSION: Final = 1
_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,28}[A-Za-z0-9])?")
NAMES_ALLOWED: Final = "1 to 30 letters, digits, blanks, dots, dashes"


class PhonesUnreadable(Exception):
    """The file is there but cannot be relied on; the sentence says what to do."""


class PhonesBusy(Exception):
    """Somebody else is changing the file just now."""


class PhoneRefused(Exception):
    """It cannot be done; the sentence says why."""


class LinkOver(Exception):
    """The link was used already, has run out, or never was."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A device that may look in: `digest` is of its key, `since` when it was paired, in UTC."""

    name: str
    grade: Grade
    https: bool
    digest: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A link that pairs one device, once, until `until` in UTC."""

    name: str
    grade: Grade
    https: bool
    digest: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What was done, for the audit."""

    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Paired:
    """All that is in the file."""

    phones: tuple[Phone, ...] = ()
    links: tuple[Link, ...] = ()
    notes: tuple[Note, ...] = ()
    version: int = _VERSION


_ADAPTER: Final = TypeAdapter(Paired)


class Phones:
    """The file. Each question looks whether it has changed, so that a revoked key ends at once."""

    def __init__(self, state_dir: Path, *, wait: bool) -> None:
        """`wait` for one who changes the file just now, or give up at once (`PhonesBusy`)."""
        self.path = state_dir / FILE
        self._wait = wait
        self._seen: tuple[int, ...] | None = None
        self._known = Paired()

    def read(self) -> Paired:
        """All that is paired, and every link that was made; empty where there is no file.

        Raises:
            PhonesUnreadable: it is damaged, or others than its owner may read it.
        """
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                mark = (status.st_ino, status.st_mtime_ns, status.st_size, status.st_ctime_ns)
                if mark != self._seen:
                    self._known = _parsed(self.path, status, file.read())
                    self._seen = mark
        except FileNotFoundError:
            self._known, self._seen = Paired(), None
        except OSError as error:
            raise PhonesUnreadable(f"{self.path} cannot be read ({error.strerror}).") from error
        return self._known

    def holder(self, key: str) -> Phone | None:
        """Whose key this is; nobody's where it was revoked, or never was one.

        Raises:
            PhonesUnreadable: nobody can say.
        """
        digest = _digest(key)
        # Found by its hash: how far a comparison got tells nothing about a key.
        return next((each for each in self.read().phones if each.digest == digest), None)

    def invite(self, name: str, grade: Grade, *, https: bool, now: datetime) -> str:
        """Make the secret of a link for a new device; an earlier link of that name is void.

        Raises:
            PhoneRefused: the name will not do, or there is a device of that name.
            PhonesUnreadable: the file cannot be relied on.
            OSError: it cannot be written.
        """
        if _NAME.fullmatch(name) is None:
            raise PhoneRefused(f"{name!r} is no name for a device: {NAMES_ALLOWED}.")
        secret = secrets.token_urlsafe(_BYTES)
        link = Link(name, grade, https, _digest(secret), now + LINK_GOOD_FOR)
        with self._changing() as change:
            paired = self.read()
            if any(_same(each.name, name) for each in paired.phones):
                raise PhoneRefused(
                    f"A device named {name} is paired already. Take another --name, or first end "
                    f"its pairing by `kelpie phone revoke {name!r}`."
                )
            if len(paired.phones) >= MOST_PHONES:
                raise PhoneRefused(f"{MOST_PHONES} devices are paired: revoke one first.")
            others = [e for e in paired.links if e.until > now and not _same(e.name, name)]
            note = Note("kelpie phone", "phone link", f"{name}: may {grade.sentence}")
            change(_noted(replace(paired, links=(*others, link)), note))
        return secret

    def link(self, secret: str, now: datetime) -> Link:
        """Look at a link without using it up.

        Raises:
            LinkOver: it pairs nothing (any more).
            PhonesUnreadable: nobody can say.
        """
        digest = _digest(secret)
        for link in self.read().links:
            # Where the clock was set back it was made later than now: good for no longer by that.
            left = link.until - now
            if link.digest == digest and timedelta() < left <= LINK_GOOD_FOR + _SET_BACK:
                return link
        raise LinkOver

    def pair(self, secret: str, now: datetime) -> tuple[Phone, str]:
        """Use a link up: the device, and the key that is its own from now on.

        Raises:
            LinkOver: it pairs nothing (any more).
            PhonesUnreadable, PhonesBusy, OSError: nothing was paired.
        """
        key = secrets.token_urlsafe(_BYTES)
        with self._changing() as change:
            link = self.link(secret, now)
            phone = Phone(link.name, link.grade, link.https, _digest(key), now)
            paired = self.read()
            left = tuple(each for each in paired.links if each.digest != link.digest)
            note = Note(_who(phone), "phone paired", f"{phone.name}: may {phone.grade.sentence}")
            change(_noted(Paired((*paired.phones, phone), left, paired.notes), note))
        return phone, key

    def revoke(self, name: str) -> None:
        """End a device's pairing, and void a link of that name.

        Raises:
            PhoneRefused: there is none of that name.
            PhonesUnreadable: the file cannot be relied on.
            OSError: it cannot be written.
        """
        with self._changing() as change:
            paired = self.read()
            phones = tuple(each for each in paired.phones if not _same(each.name, name))
            links = tuple(each for each in paired.links if not _same(each.name, name))
            if (phones, links) == (paired.phones, paired.links):
                known = ", ".join(each.name for each in paired.phones) or "none"
                raise PhoneRefused(f"No device is named {name}. Paired: {known}.")
            note = Note("kelpie phone", "phone revoked", name)
            change(_noted(Paired(phones, links, paired.notes), note))

    def tell_notes(self, tell: Callable[[Note], None]) -> None:
        """Tell what was done since this was last asked; what is told is struck out.

        Raises:
            PhonesUnreadable, PhonesBusy, OSError: another time.
        """
        if not self.read().notes:
            return
        with self._changing() as change:
            paired = self.read()
            for note in paired.notes:
                tell(note)
            change(replace(paired, notes=()))

    @contextmanager
    def _changing(self) -> Iterator[Callable[[Paired], None]]:
        """Be the only one who changes it: read it anew inside."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self.path.with_name(FILE + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if self._wait else fcntl.LOCK_NB))
            yield self._write
        except BlockingIOError:
            raise PhonesBusy from None
        finally:
            os.close(descriptor)

    def _write(self, paired: Paired) -> None:
        draft = self.path.with_name(FILE + ".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_ADAPTER.dump_json(paired, indent=1))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        # A power cut must bring no revoked device back.
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _parsed(path: Path, status: os.stat_result, text: bytes) -> Paired:
    if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise PhonesUnreadable(
            f"{path} may be read by others than its owner. Delete it and pair your devices again."
        )
    try:
        paired = _ADAPTER.validate_json(text)
    except ValidationError:
        paired = Paired(version=0)
    if paired.version != _VERSION:
        raise PhonesUnreadable(f"{path} is damaged. Delete it and pair your devices again.")
    return paired


def _noted(paired: Paired, note: Note) -> Paired:
    return replace(paired, notes=(*paired.notes, note))


def _who(phone: Phone) -> str:
    return f"phone {phone.name}"


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _digest(secret: str) -> str:
    # What does not look like one is none, and is the hash of nothing that was ever made.
    if _TOKEN.fullmatch(secret) is None:
        return "none"
    return hashlib.sha256(secret.encode("ascii")).hexdigest()

"""The file of proofs: what the process saw on its way to live trading, in all modes and accounts.

One file for a state folder, for the run on paper has to speak for the live account, whose book is
another. It is appended to by the one process that holds the folder, a JSON object a line; each
line carries the SHA-256 over the one before and itself. So a line that was edited, left out, cut
short or brought in from another house's file is found, and then the whole file counts for
nothing. That keeps it from saying by accident what was never seen. Who means to cheat can
reckon the chain anew; it is their own money that they would cheat themselves of.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.store.locks import make_folder, settle
from domain.checklist import Item, Proof

_BEFORE_THE_FIRST = "0" * 64


def account_key(account: str) -> str:
    """What an account is told by: its number itself is in no file."""
    return hashlib.sha256(account.encode()).hexdigest()[:8]


class ProofsUnreadable(Exception):
    """The file is there, and is not what was written."""


class ProofsFile:
    """`proofs.jsonl`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = _BEFORE_THE_FIRST

    def read(self) -> tuple[Proof, ...]:
        """All of them, as written; empty where nothing ever was.

        A last line without its end was not wholly written when the power went: it is let go of.

        Raises:
            ProofsUnreadable: it is damaged.
            OSError: the disk does not give it.
        """
        self._head = _BEFORE_THE_FIRST
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        whole, newline, torn = text.rpartition(b"\n")
        if torn:
            os.truncate(self.path, len(whole) + len(newline))
        return tuple(self._proof(n, line) for n, line in enumerate(whole.splitlines(), start=1))

    def append(self, proof: Proof) -> None:
        """Have it on the disk when this returns.

        Raises:
            OSError: it is not.
            BookError: its folder cannot be made.
        """
        plain = _plain(proof)
        head = _linked(self._head, plain)
        make_folder(self.path.parent)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                line = json.dumps({**plain, "hash": head}).encode() + b"\n"
                if file.write(line) != len(line):
                    raise OSError(f"{self.path} does not take a whole line")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)  # half a line would spoil the next one
                raise
        if end == 0:
            settle(self.path.parent)
        self._head = head

    def set_aside(self) -> Path:
        """Keep what cannot be read for a person to look at; where it lies now."""
        kept = self.path.with_name(self.path.name + ".damaged")
        self.path.replace(kept)
        self._head = _BEFORE_THE_FIRST
        return kept

    def _proof(self, number: int, line: bytes) -> Proof:
        try:
            plain = json.loads(line)
            told = plain.pop("hash")
            if told != _linked(self._head, plain):
                raise ValueError("it is not what was written behind the line before")
            self._head = told
            return _proof(plain)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProofsUnreadable(f"line {number} of {self.path}: {error}") from error


def _linked(before: str, plain: dict[str, Any]) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


def _plain(proof: Proof) -> dict[str, Any]:
    return {
        "item": proof.item.value,
        "at": proof.at.isoformat(),
        "good": proof.good,
        "source": proof.source,
        "mode": proof.mode,
        "account": proof.account,
        "detail": proof.detail,
        "mark": proof.mark,
    }


def _proof(plain: dict[str, Any]) -> Proof:
    at = datetime.fromisoformat(plain["at"])
    if at.tzinfo is None:
        raise ValueError(f"{plain['at']} names no time zone")
    return Proof(
        item=Item(plain["item"]),
        at=at,
        good=plain["good"] is True,
        source=str(plain["source"]),
        mode=str(plain["mode"]),
        account=str(plain["account"]),
        detail=str(plain["detail"]),
        mark=str(plain["mark"]),
    )

"""The two tokens of the hook: where they are kept, and how they are made.

`STATE_DIR/hook.token` opens everything, `STATE_DIR/hook.read.token` what only reads.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

TOKEN_FILE = "hook.token"
READ_TOKEN_FILE = "hook.read.token"
_BYTES = 32


class TokenFileError(Exception):
    """A token file is there but cannot be relied on; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Both tokens. They are never shown in a log or a trace."""

    full: str = field(repr=False)
    read: str = field(repr=False)


def read_or_make(state_dir: Path, full: str | None = None, read: str | None = None) -> Tokens:
    """Take the tokens that are given, else those on file, else make new ones of 256 bits.

    Raises:
        TokenFileError: a file is empty, or others than its owner may read it.
        OSError: the folder cannot be written.
    """
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Tokens(
        full if full is not None else _on_file(state_dir / TOKEN_FILE),
        read if read is not None else _on_file(state_dir / READ_TOKEN_FILE),
    )


def read_token(path: Path) -> str:
    """Read a token that somebody has made.

    Raises:
        FileNotFoundError: there is no such file.
        TokenFileError: it is empty, or others than its owner may read it.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        mode = os.fstat(file.fileno()).st_mode
        token = file.read(4096).strip()
    if stat.S_IMODE(mode) & 0o077:
        raise TokenFileError(
            f"{path} may be read by others than its owner. Delete it and start Kelpie again: "
            "a new one is made."
        )
    if len(token) < _BYTES:
        raise TokenFileError(
            f"{path} holds no token of at least {_BYTES} characters. Delete it and start "
            "Kelpie again: a new one is made."
        )
    return token


def _on_file(path: Path) -> str:
    try:
        return read_token(path)
    except FileNotFoundError:
        pass
    token = secrets.token_urlsafe(_BYTES)
    # Whole or not at all, and never readable by others, not even for a moment.
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        return read_token(path)
    finally:
        fresh.unlink()
    return token

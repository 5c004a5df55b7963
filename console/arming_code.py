"""The one-time code by which live trading is armed: only who sits on the box can have it.

The hook's token may travel (over a tunnel, to a phone); it does not arm. `kelpie arm` writes a
code into STATE_DIR, which only the owner of the process can do, and says it to the hook; the hook
finds it there, once, and not for longer than a minute.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from datetime import datetime
from pathlib import Path

CODE_FILE = "arm.code"
GOOD_FOR_SECONDS = 60.0
_BYTES = 24


class CodeRefused(Exception):
    """There is no such code; the sentence says why."""


def write_code(state_dir: Path) -> str:
    """Leave a new code on the box; one that was left before is void.

    Raises:
        OSError: the folder cannot be written by whoever asks.
    """
    path = state_dir / CODE_FILE
    path.unlink(missing_ok=True)
    code = secrets.token_urlsafe(_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(code)
    return code


def take_code(state_dir: Path, code: str, now: datetime) -> None:
    """Look whether this is the code that lies on the box. Right or wrong, it is gone afterwards.

    Raises:
        CodeRefused: it is not.
    """
    path = state_dir / CODE_FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise CodeRefused("no code lies on the box") from None
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        known = os.fstat(file.fileno())
        left = file.read(1024)
    path.unlink(missing_ok=True)
    if known.st_uid != os.getuid() or stat.S_IMODE(known.st_mode) & 0o077:
        raise CodeRefused("the code on the box is not its owner's alone")
    if not -GOOD_FOR_SECONDS <= now.timestamp() - known.st_mtime <= GOOD_FOR_SECONDS:
        raise CodeRefused(f"the code is older than {GOOD_FOR_SECONDS:.0f} s")
    if not left or not hmac.compare_digest(left.encode(), code.encode()):
        raise CodeRefused("it is another code than the one on the box")

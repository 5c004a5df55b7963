"""Secrets that lie in files of their own: `NAME_FILE=path`, and systemd's credentials.

A secret in a file is in no environment, which every program that is started from here inherits and
a crash report may show. Each secret setting `NAME` can be given in three ways, of which the first
that is there counts: in the environment, in the settings file, as a credential of the service
(`LoadCredential=kelpie:/etc/kelpie/secrets` makes one of each file there). At one place it is
given as `NAME` or as `NAME_FILE`, never as both.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.entries import Fault

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable by which systemd tells a service where its credentials are."""
_PREFIXES = ("kelpie_", "")
_MOST_BYTES = 65_536
#: Where container engines put secrets, with rights of their own making.
_MOUNTED = Path("/run/secrets")
_ALLOWED = "a file that holds the secret and nothing else, and that nobody but its owner may read"


class SecretsInFiles:
    """What was found in files, by the (lower-case) names of the settings, and what is wrong."""

    def __init__(self, names: Iterable[str], *places: Mapping[str, str | None]) -> None:
        """Look at the places in their order; each has names in lower case."""
        self.values: dict[str, str] = {}
        self.faults: dict[str, Fault] = {}
        for name in names:
            for place in places:
                if place.get(name) or place.get(f"{name}_file"):
                    self._take(name, place.get(name), place.get(f"{name}_file"))
                    break

    def look_in(self, folder: str | None, missing: Iterable[str]) -> None:
        """Take what lies there as a credential for those that nobody has given."""
        for name in missing if folder else ():
            for prefix in _PREFIXES:
                path = Path(str(folder), f"{prefix}{name.upper()}")
                if path.is_file():
                    self._read(name, path, "a credential of the service", private=True)
                    break

    def _take(self, name: str, direct: str | None, pointer: str | None) -> None:
        if not pointer:
            return
        variable = f"{name.upper()}_FILE"
        if direct:
            reason = f"{name.upper()} is given as well, and only one of them can hold"
            self.faults[name] = _fault(variable, pointer, reason)
            return
        path = Path(pointer)
        self._read(name, path, variable, private=_MOUNTED in path.parents)

    def _read(self, name: str, path: Path, variable: str, *, private: bool) -> None:
        try:
            with path.open("rb") as file:
                mode = path.stat().st_mode
                content = file.read(_MOST_BYTES + 1)
            text = content.decode().strip()
        except UnicodeDecodeError:
            reason = "the file holds no text"
        except OSError as error:
            reason = f"the file cannot be read ({error.strerror})"
        else:
            if len(content) > _MOST_BYTES:
                reason = f"the file is larger than {_MOST_BYTES} bytes"
            elif not text:
                reason = "the file is empty"
            elif not private and stat.S_IMODE(mode) & 0o077:
                reason = f"others may read the file: `chmod 600 {path}`"
            else:
                self.values[name] = text
                return
        self.faults[name] = _fault(variable, str(path), reason)


def _fault(variable: str, seen: str, reason: str) -> Fault:
    name = variable.removesuffix("_FILE")
    return Fault(variable, repr(seen), reason, _ALLOWED, f"/etc/kelpie/secrets/{name}")

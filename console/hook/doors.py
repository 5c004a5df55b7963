"""Which door a path leads to, and what one must be allowed to pass it. What is not here is shut."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from console.scopes import Scope

PROBES: Final = frozenset({"/health/live", "/health/ready"})
STYLE: Final = "/see/style.css"
"""The one file that even the page of a refusal needs; it tells nothing."""
PAIR: Final = "/pair"
ACTIONS: Final[Mapping[str, Scope]] = MappingProxyType(
    {
        "/do/pause": Scope.PAUSE,
        "/do/resume": Scope.PAUSE,
        "/do/answer": Scope.PAUSE,
        "/do/close-everything": Scope.TRADE,
    }
)
"""The forms of the pages, and what sending each of them needs."""
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing, and bring no body."""
_PLAIN: Final = re.compile(rb"/(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*)?")


class Door(Enum):
    """The kinds of path: each has its own keys, methods and bodies."""

    PROBE = auto()
    """Open to everybody, reading alone."""
    JSON = auto()
    """For programs, with a token."""
    PAGE = auto()
    """For people, with a cookie or a token; reading alone."""
    ACTION = auto()
    """A form of a page, sent by POST, with the same keys."""
    PAIRING = auto()
    """For people, with the link that pairs a device."""

    @property
    def for_people(self) -> bool:
        """Whether what is behind it answers with a page, and a refusal as well."""
        return self in (Door.PAGE, Door.ACTION, Door.PAIRING)

    @property
    def methods(self) -> tuple[str, ...]:
        """What it takes; empty where that is for each route to say."""
        return _METHODS.get(self, ())


_METHODS: Final = {Door.PAGE: ("GET",), Door.ACTION: ("POST",), Door.PAIRING: ("GET", "POST")}


def door_of(path: str) -> Door:
    """Say which kind this path is of, whether or not there is anything behind it."""
    if path in PROBES or path == STYLE:
        return Door.PROBE
    if path == "/" or path.startswith("/see/"):
        return Door.PAGE
    if path.startswith("/do/"):
        return Door.ACTION
    return Door.PAIRING if path == PAIR else Door.JSON


def is_plain(raw_path: bytes) -> bool:
    """Whether a path is spelt in the one way in which our pages spell theirs.

    No percent signs, no empty names, none that begin with a dot.
    """
    return _PLAIN.fullmatch(raw_path) is not None


def needed(door: Door, method: str, path: str) -> Scope | None:
    """Give the scope that this request needs; None where there is no such request at all."""
    match door:
        case Door.ACTION:
            return ACTIONS.get(path)
        case Door.JSON if method not in READING:
            return Scope.TRADE
        case _:
            return Scope.LOOK

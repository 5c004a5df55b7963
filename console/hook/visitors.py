"""Who looks in: a program with a token or a paired device, and what each of them may do."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request

from console.scopes import Scope as Scope


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes the request in hand, as the guard has found it.

    `name` goes into the audit; `csrf` is what each form of a page carries in its field `csrf`.
    """

    name: str
    scopes: frozenset[Scope]
    csrf: str = field(repr=False)
    is_device: bool = False
    """Paired by `kelpie phone`, and not a program with a token."""

    def may(self, scope: Scope) -> bool:
        """Whether this is among what they may do."""
        return scope in self.scopes


CSRF_FIELD: Final = "csrf"
"""The field of every form that carries the visitor's `csrf`."""


def csrf_of(key: str) -> str:
    """Derive what the forms carry from the visitor's own key: no other site can know it."""
    return hmac.digest(key.encode(), b"kelpie form", hashlib.sha256).hex()


def visitor_of(request: Request) -> Visitor:
    """Give the one whom the guard let in."""
    visitor = request.state.visitor
    assert isinstance(visitor, Visitor)
    return visitor

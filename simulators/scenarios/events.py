"""What happens at a gateway that a rule can wait for, and the message that is in hand then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Protocol

from simulators.tws.session import Session


class Keeper(Protocol):
    """Keeps a message back, and lets it go some time."""

    def keep(self, message: Message) -> None:
        """Take the message over."""
        ...


@dataclass(slots=True)
class Message:
    """A request that was read and not acted on yet, or a reply that is about to leave."""

    session: Session
    name: str
    fields: list[str]
    go_on: Callable[[Message], None]
    """Acts on the request, or puts the reply on its way."""
    is_dropped: bool = False
    keeper: Keeper | None = None
    """Whoever keeps it back for now."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with all that rules may match it on."""

    name: str
    session: Session | None = None
    about: int | None = None
    """The order id or request id that it is about."""
    symbol: str = ""
    order_ref: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    message: Message | None = None

    @property
    def client_id(self) -> int | None:
        """Of the session, once it is known."""
        return None if self.session is None else self.session.client_id

    def fits(self, wanted: Mapping[str, str]) -> bool:
        """Whether it has all these values; `order_ref` matches by its beginning."""
        return all(self._has(key, value) for key, value in wanted.items())

    def _has(self, key: str, value: str) -> bool:
        match key:
            case "client_id":
                return str(self.client_id) == value
            case "session":
                return self.session is not None and str(self.session.number) == value
            case "symbol":
                return self.symbol == value.upper()
            case "order_ref":
                return self.order_ref.startswith(value) and bool(self.order_ref)
            case "about":
                return str(self.about) == value
            case _:
                return _same(self.fields.get(key, ""), value)


def _same(one: str, other: str) -> bool:
    """Two fields mean the same: `10` and `10.0` do."""
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False

"""A message that no handler survives, whichever actor it is sent to and whatever is to be raised.

Nothing of the tree is replaced for it: an actor looks up the handler by the message's type, and
asking this type for its hash raises. So the error comes up where a fault in any handler would,
inside the handling of a message on the actor's own thread.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from actors.lanes import Lane, Message

ERRORS: tuple[type[BaseException], ...] = (
    asyncio.CancelledError,
    SystemExit,
    MemoryError,
    RecursionError,
)


class _Unhashable(type):
    error: ClassVar[type[BaseException]]

    def __hash__(cls) -> int:
        raise cls.error("poison")


def poison(error: type[BaseException]) -> Message:
    """A command, so that it is not handled a second time: it is no fact that must be kept."""
    kind = _Unhashable("Poison", (Message,), {"error": error, "lane": Lane.COMMAND})
    message = kind()
    assert isinstance(message, Message)
    return message


class RaisesWhenCounted(float):
    """A number of seconds that raises as soon as a coroutine reckons with it."""

    error: type[BaseException]

    def __new__(cls, error: type[BaseException]) -> RaisesWhenCounted:
        seconds = super().__new__(cls, 1.0)
        seconds.error = error
        return seconds

    def __radd__(self, other: object) -> float:
        raise self.error("poison")

    __add__ = __radd__
    __gt__ = __lt__ = __le__ = __ge__ = __radd__  # type: ignore[assignment]

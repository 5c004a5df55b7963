"""A message that no handler survives, whichever actor it is sent to and whatever is to be raised.

Nothing of the tree is replaced for it: an actor looks up the handler by the message's type, and
asking this type for its hash raises. So the error comes up where a fault in any handler would,
inside the handling of a message on the actor's own thread.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from actors import names
from actors.lanes import Lane, Message
from tests.tree.in_process import Tree
from tests.tree.waiting import SOON, until

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


def park(tree: Tree, name: str) -> None:
    """Crash whoever sits there, of those who trade, until nobody does.

    The clock leaps over the waits between two tries and no further: the crashes are to fall
    within a minute.
    """
    seat, seen = tree.system.seat(name), 0

    def parked() -> bool:
        nonlocal seen
        if seat.parked:
            return True
        if seat.incarnation > seen:
            seen = seat.incarnation
            tree.system.tell(name, poison(RecursionError))
        children = tree.system.inspect(names.TRADING).get(timeout=SOON)["children"]
        [wait] = [each["next_try_in_seconds"] for each in children if each["name"] == name]
        if wait:
            tree.leap(wait)
        return False

    until(parked, f"{name} is parked", 2 * SOON)


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

"""The last good answer of each part of the tree, with its time: pages come though the tree hangs.

The hook serves pages from a loop of its own. Whatever a page needs is asked here, all parts at
once and each for a short time; a part that does not answer is shown as it last was, with its age.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from loguru import logger

from console.hook.problems import Refused
from console.pages.rendering import minute, span
from runtime.interface import Clock

T = TypeVar("T")
NO_ANSWER = 503
"""What the hook says of a seat that is slow, busy, down or has crashed over the question."""
_MOST_NAMED = 200
_NEVER = datetime.max.replace(tzinfo=UTC)

TRADING = "The trading part"
BOOK = "The book"
GATE = "The keeper of the checklist"
MEMORY = "The memory of past hours"
ALERTS = "The part that alerts"


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What is known of one part."""

    who: str
    """Who should have answered, as the begin of a sentence."""
    value: T | None
    """None where it has never answered."""
    at: datetime | None
    """When it answered; UTC."""
    silent: float | None
    """Seconds for which it has not answered; None when it just did."""


@dataclass(slots=True)
class _Memory:
    value: Any = None
    at: datetime | None = None
    silent_since: float | None = None
    """Monotonic: when the first question was asked that was not answered."""


class Remembered:
    """Of one hook; used on its loop alone. No part is waited for longer than `answer_seconds`."""

    def __init__(self, clock: Clock, answer_seconds: float) -> None:
        self._clock = clock
        self._limit = answer_seconds
        self._memory: dict[str, _Memory] = {}
        # Apart, and not for ever: who asks for a thousand of them must not wipe out the rest.
        self._named: OrderedDict[tuple[str, str], _Memory] = OrderedDict()
        self._kept: dict[str, Callable[[], Awaitable[Any]]] = {}

    def keep(self, name: str, question: Callable[[], Awaitable[Any]]) -> None:
        """Have it asked every so often, so that there is an answer before anybody looks."""
        self._kept[name] = question

    async def refresh(self) -> None:
        """Ask again whatever is kept; what is refused stays as it was, for nobody waits here."""
        await asyncio.gather(*(self._again(*kept) for kept in self._kept.items()))

    async def _again(self, name: str, question: Callable[[], Awaitable[Any]]) -> None:
        try:
            await self.ask(name, "", question)
        except Refused:
            return
        except Exception as error:  # a page's own fault ends no hook; who looks at it is told
            logger.opt(exception=error).error("What pages remember as {!r} has failed.", name)

    async def ask(
        self, name: str, who: str, question: Callable[[], Awaitable[T]], *, of: str = ""
    ) -> Part[T]:
        """Ask a part, or give what it said last; `of` is what the visitor wants to know it of.

        Raises:
            Refused: it answered, and refuses the question itself.
        """
        memory = self._memory_of(name, of)
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._limit):
                memory.value = await question()
        except TimeoutError:
            return self._last(memory, who, began)
        except Refused as refused:
            if refused.status_code != NO_ANSWER:
                raise
            return self._last(memory, who, began)
        memory.at, memory.silent_since = self._clock.now(), None
        return Part(who, memory.value, memory.at, None)

    def _memory_of(self, name: str, of: str) -> _Memory:
        if not of:
            return self._memory.setdefault(name, _Memory())
        memory = self._named.setdefault((name, of), _Memory())
        self._named.move_to_end((name, of))
        if len(self._named) > _MOST_NAMED:
            self._named.popitem(last=False)
        return memory

    def _last(self, memory: _Memory, who: str, began: float) -> Part[Any]:
        if memory.silent_since is None:
            memory.silent_since = began
        silent = self._clock.monotonic() - memory.silent_since
        return Part(who, memory.value, memory.at, silent)


def oldest(parts: Sequence[Part[Any]]) -> datetime | None:
    """When the oldest of what is shown was known; None where nothing is."""
    return min((part.at for part in parts if part.at is not None), default=None)


def warning_of(parts: Sequence[Part[Any]]) -> str:
    """Who has not answered, for how long, and from when what is shown of it is.

    Empty where all have. Of several parts of one name the oldest that is shown counts.
    """
    told: dict[str, str] = {}
    # Of one name the last one stands: those that never answered first, the oldest at the end.
    silent = [part for part in parts if part.silent is not None]
    silent.sort(key=lambda part: part.at or _NEVER, reverse=True)
    for part in silent:
        assert part.silent is not None
        if part.at is None:
            said = (
                f"{part.who} has not answered for {span(part.silent)}, nor before that since "
                "Kelpie was started: nothing is known of it yet."
            )
        else:
            said = (
                f"{part.who} has not answered for {span(part.silent)}; what follows is from "
                f"{minute(part.at)}."
            )
        told[part.who] = said
    return " ".join(told.values())

"""The mailbox of a seat: five lanes under one lock.

It belongs to the seat and outlives each incarnation. A put never blocks: it is taken, refused
(too many queries wait) or comes back because the seat is closed for good. Nothing is ever put
where nobody reads: closing and putting share the lock.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from actors.lanes import Command, Lane, Message


class Reply(Protocol):
    """Where an answer goes. Pykka's futures are such; so is a future of an event loop."""

    def set(self, value: Any = None) -> None: ...

    def set_exception(self, exc_info: Any = None) -> None: ...


class Conflated(Protocol):
    """A message of the quote lane: which slot it takes, and what it does to the one before."""

    def slot(self) -> Hashable: ...

    def replacing(self, older: Any) -> Message: ...


@dataclass(slots=True)
class Envelope:
    """A message on its way. The names `message` and `reply_to` are Pykka's."""

    message: Any
    reply_to: Reply | None = None
    sender: str = ""
    correlation: str = ""
    put_at: float = 0.0
    """Monotonic seconds."""
    deliveries: int = 0
    redelivered: bool = False
    """Put back after it crashed its handler."""
    letter: str = ""
    """Under which id it was quarantined before."""
    quarantines: int = 0
    """How often it was."""

    @property
    def lane(self) -> Lane:
        """The lane of the message; what is not ours (Pykka's own) is control."""
        lane = getattr(self.message, "lane", Lane.CONTROL)
        assert isinstance(lane, Lane)
        return lane

    @property
    def is_missed(self) -> bool:
        """Somebody counts on it: a fact, a command, or a question that waits for its answer."""
        return self.lane in (Lane.FACT, Lane.COMMAND) or self.reply_to is not None

    def expired(self, now: float) -> bool:
        """It is a command whose deadline is over."""
        return isinstance(self.message, Command) and now > self.message.deadline


class Put(Enum):
    """What became of a put."""

    TAKEN = "taken"
    REFUSED = "refused"
    CLOSED = "closed"


class Mailbox:
    """Five lanes, one lock; one reader at a time."""

    def __init__(self, *, query_limit: int = 32) -> None:
        self._changed = threading.Condition()
        self._lanes: dict[Lane, deque[Envelope]] = {
            lane: deque() for lane in Lane if lane is not Lane.QUOTE
        }
        self._quotes: OrderedDict[Hashable, Envelope] = OrderedDict()
        self._query_limit = query_limit
        self._aside: dict[Lane, deque[Envelope]] = {
            lane: deque() for lane in Lane if lane is not Lane.QUOTE
        }
        self._held = False
        self._closed = False
        self._reader: object | None = None
        self._in_hand: Envelope | None = None
        self._wake: Callable[[], None] | None = None
        self.conflated = 0
        """Quotes that were replaced before anybody read them."""
        self.fact_peak = 0

    def put(self, envelope: Envelope) -> Put:
        """Take it, refuse it, or say that nobody will ever read it. Never blocks."""
        lane = envelope.lane
        with self._changed:
            if self._closed:
                return Put.CLOSED
            if lane is Lane.QUOTE:
                self._conflate(envelope)
            else:
                queue = self._lanes[lane]
                if lane is Lane.QUERY and len(queue) >= self._query_limit:
                    return Put.REFUSED
                queue.append(envelope)
                if lane is Lane.FACT:
                    self.fact_peak = max(self.fact_peak, self._depth(lane))
            self._changed.notify()
            wake = self._wake
        if wake is not None:
            wake()
        return Put.TAKEN

    def put_back(self, envelope: Envelope) -> None:
        """At the head of its lane, for the next incarnation."""
        with self._changed:
            self._lanes[envelope.lane].appendleft(envelope)
            self._changed.notify()

    def hold(self) -> None:
        """Give out nothing but control until `bring_back`; all that comes waits in its lane."""
        with self._changed:
            self._held = True

    def set_aside(self, envelope: Envelope) -> None:
        """Keep what was taken until `bring_back`: it counts as waiting, and is not given out."""
        with self._changed:
            self._aside[envelope.lane].append(envelope)

    def bring_back(self) -> None:
        """Give out again all that was held or set aside, in its order and before what is newer."""
        with self._changed:
            self._bring_back()
            self._changed.notify()
            wake = self._wake
        if wake is not None:
            wake()

    def seat_reader(self, reader: object | None) -> Envelope | None:
        """From now on this one reads, and nobody else. What was held or set aside is given out.

        Returns what the last reader took and may not have done with.
        """
        with self._changed:
            self._bring_back()
            in_hand, self._in_hand = self._in_hand, None
            self._reader = reader
            wake, self._wake = self._wake, None
            self._changed.notify_all()
        if wake is not None:
            wake()  # the last reader, so that it sees that it is the last no more
        return in_hand

    def take(self, reader: object) -> Envelope | None:
        """The next one by lane; None where nothing waits or somebody else reads now."""
        with self._changed:
            if reader is not self._reader:
                return None
            self._in_hand = self._next()
            return self._in_hand

    def done(self, reader: object) -> bool:
        """What was in hand is handled; False when it has been taken out of this reader's hands."""
        with self._changed:
            if reader is not self._reader:
                return False
            self._in_hand = None
            return True

    def has_any(self) -> bool:
        """Something waits."""
        with self._changed:
            return self._waiting()

    def wait(self, reader: object) -> None:
        """Block until something waits, or somebody else reads."""
        with self._changed:
            while reader is self._reader and not self._waiting():
                self._changed.wait()

    def on_put(self, reader: object, wake: Callable[[], None] | None) -> None:
        """Call this after each put, on the thread that put; nothing, where another reads now."""
        with self._changed:
            if reader is self._reader:
                self._wake = wake

    def clear_for_restart(self, reader: object) -> list[Envelope]:
        """Drop what an end makes meaningless (control, quotes); returns the questions to fail.

        Facts and commands stay: the one are true whoever reads them, the other expire.
        Nothing happens when somebody else reads now: the rest is for them.
        """
        with self._changed:
            if reader is not self._reader:
                return []
            self._quotes.clear()
            dropped = [*self._lanes[Lane.CONTROL], *self._lanes[Lane.QUERY]]
            self._lanes[Lane.CONTROL].clear()
            self._lanes[Lane.QUERY].clear()
            return [envelope for envelope in dropped if envelope.reply_to is not None]

    def close(self) -> list[Envelope]:
        """Take nothing more; returns what nobody will read."""
        with self._changed:
            self._closed = True
            self._bring_back()
            left = [envelope for queue in self._lanes.values() for envelope in queue]
            left.extend(self._quotes.values())
            for queue in self._lanes.values():
                queue.clear()
            self._quotes.clear()
            self._changed.notify_all()
            return left

    def open(self) -> None:
        """Take messages again: the seat is filled anew."""
        with self._changed:
            self._closed = False

    def depths(self) -> dict[str, int]:
        """How many wait, by lane."""
        with self._changed:
            depths = {lane.name.lower(): self._depth(lane) for lane in self._lanes}
            depths[Lane.QUOTE.name.lower()] = len(self._quotes)
            return depths

    def depth(self, lane: Lane) -> int:
        """How many wait in one lane."""
        with self._changed:
            return len(self._quotes) if lane is Lane.QUOTE else self._depth(lane)

    def oldest(self) -> float | None:
        """When the oldest of those that wait was put (monotonic seconds)."""
        with self._changed:
            queues = (*self._aside.values(), *self._lanes.values())
            heads = [queue[0].put_at for queue in queues if queue]
            heads.extend(envelope.put_at for envelope in list(self._quotes.values())[:1])
            return min(heads, default=None)

    def head_since(self, lane: Lane) -> float | None:
        """When the next one to be given out of a lane was put (monotonic seconds)."""
        with self._changed:
            queue = self._lanes[lane]
            return queue[0].put_at if queue else None

    def _depth(self, lane: Lane) -> int:
        return len(self._lanes[lane]) + len(self._aside[lane])

    def _bring_back(self) -> None:
        self._held = False
        for lane, kept in self._aside.items():
            self._lanes[lane].extendleft(reversed(kept))
            kept.clear()

    def _next(self) -> Envelope | None:
        if self._held:
            control = self._lanes[Lane.CONTROL]
            return control.popleft() if control else None
        for queue in self._lanes.values():
            if queue:
                return queue.popleft()
        if self._quotes:
            return self._quotes.popitem(last=False)[1]
        return None

    def _waiting(self) -> bool:
        if self._held:
            return bool(self._lanes[Lane.CONTROL])
        return bool(self._quotes) or any(self._lanes.values())

    def _conflate(self, envelope: Envelope) -> None:
        slot = envelope.message.slot()
        older = self._quotes.get(slot)
        if older is not None:
            # The place in the queue is kept, so that a busy instrument starves no other.
            older.message = envelope.message.replacing(older.message)
            older.correlation = envelope.correlation
            self.conflated += 1
            return
        self._quotes[slot] = envelope

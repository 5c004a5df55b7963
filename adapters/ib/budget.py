"""What may be written to the socket and when: below 50 messages in any second.

IB counts all kinds of messages together, answers error 100 above 50 a second and drops the
link when it happens again. A cancel goes before an order, an order before the heartbeat, that
before the lists and these before market data; each lane leaves room for those before it, so
that an order never waits for data.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum

#: The window in which messages are counted, a little longer than IB's second: what leaves here
#: spread out may arrive there bunched.
WINDOW_SECONDS = 1.05

#: Orders that may wait; above, an order is refused instead.
MOST_ORDERS_WAITING = 45


class Lane(IntEnum):
    """What a message is for; the lowest goes first."""

    CANCEL = 0
    ORDER = 1
    HEARTBEAT = 2
    LIST = 3
    DATA = 4


#: How many messages may stand in the window for one of this lane to be added.
_LIMIT = {Lane.CANCEL: 45, Lane.ORDER: 43, Lane.HEARTBEAT: 40, Lane.LIST: 38, Lane.DATA: 35}


class OutgoingBudget:
    """Writes messages as soon as the budget allows, by lane and then by age.

    Not `limited`, it writes all at once.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        write: Callable[[str], None],
        *,
        limited: bool = True,
    ) -> None:
        self._loop = loop
        self._limited = limited
        self._write = write
        self._sent: deque[float] = deque()
        self._waiting: dict[Lane, deque[str]] = {lane: deque() for lane in Lane}
        self._timer: asyncio.TimerHandle | None = None
        self.written = 0

    @property
    def takes_orders(self) -> bool:
        """There is room for one more order, if only in the queue."""
        return len(self._waiting[Lane.ORDER]) < MOST_ORDERS_WAITING

    def waiting(self, lane: Lane) -> int:
        """How many messages of a lane wait."""
        return len(self._waiting[lane])

    def submit(self, lane: Lane, message: str) -> bool:
        """Write a message, now or when its turn comes; True when it was written now."""
        queue = self._waiting[lane]
        if not queue and self._room(lane):
            self._send(message)
            return True
        queue.append(message)
        self._wake_later()
        return False

    def withdraw(self, lane: Lane, wanted: Callable[[str], bool]) -> list[str]:
        """Take back what has not been written."""
        queue = self._waiting[lane]
        taken = [message for message in queue if wanted(message)]
        for message in taken:
            queue.remove(message)
        return taken

    def stop(self) -> dict[Lane, list[str]]:
        """Write nothing more; what still waited, by lane."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = {lane: list(queue) for lane, queue in self._waiting.items() if queue}
        for queue in self._waiting.values():
            queue.clear()
        return left

    def _room(self, lane: Lane) -> bool:
        if not self._limited:
            return True
        horizon = self._loop.time() - WINDOW_SECONDS
        while self._sent and self._sent[0] <= horizon:
            self._sent.popleft()
        return len(self._sent) < _LIMIT[lane]

    def _send(self, message: str) -> None:
        if self._limited:
            self._sent.append(self._loop.time())
        self.written += 1
        self._write(message)

    def _drain(self) -> None:
        self._timer = None
        for lane in Lane:
            queue = self._waiting[lane]
            while queue and self._room(lane):
                self._send(queue.popleft())
        self._wake_later()

    def _wake_later(self) -> None:
        if self._timer is None and any(self._waiting.values()):
            # A window that is full for one lane moves on with its oldest message. The millisecond
            # keeps a clock that jumps exactly from waking just before it does.
            due = self._sent[0] + WINDOW_SECONDS + 0.001 if self._sent else self._loop.time()
            self._timer = self._loop.call_at(due, self._drain)

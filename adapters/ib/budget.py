"""What may be written to the socket and when: below 50 messages in any second.

IB counts all kinds of messages together, answers error 100 above 50 a second and drops the
link when it happens again. A cancel goes before a change of an order, that before a new order,
an order before the heartbeat, that before the lists and these before market data; each lane
leaves room for those before it, so that an order never waits for data. Messages that belong
together are a piece: they leave in one write, or wait together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum

#: The window in which messages are counted, a little longer than IB's second: what leaves here
#: spread out may arrive there bunched.
WINDOW_SECONDS = 1.05

#: Messages of orders that may wait, about a second; above, an order is refused instead.
MOST_ORDERS_WAITING = 45


class Lane(IntEnum):
    """What a message is for; the lowest goes first."""

    CANCEL = 0
    AMEND = 1
    ORDER = 2
    HEARTBEAT = 3
    LIST = 4
    DATA = 5


#: How many messages may stand in the window for one of this lane to be added.
_LIMIT = {
    Lane.CANCEL: 45,
    Lane.AMEND: 44,
    Lane.ORDER: 43,
    Lane.HEARTBEAT: 40,
    Lane.LIST: 38,
    Lane.DATA: 35,
}


class OutgoingBudget:
    """Writes messages as soon as the budget allows, by lane and then by age.

    `write` is called with the lane and all messages of a piece at once. Not `limited`, it writes
    all at once.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        write: Callable[..., None],
        *,
        limited: bool = True,
    ) -> None:
        self._loop = loop
        self._limited = limited
        self._write = write
        self._sent: deque[float] = deque()
        self._waiting: dict[Lane, deque[tuple[str, ...]]] = {lane: deque() for lane in Lane}
        self._timer: asyncio.TimerHandle | None = None
        self.written = 0

    @property
    def takes_orders(self) -> bool:
        """There is room for one more order, if only in the queue."""
        return self.waiting(Lane.ORDER) < MOST_ORDERS_WAITING

    def waiting(self, lane: Lane) -> int:
        """How many messages of a lane wait."""
        return sum(len(piece) for piece in self._waiting[lane])

    def submit(self, lane: Lane, *piece: str) -> bool:
        """Write these together, now or when their turn comes; True when they were written now."""
        queue = self._waiting[lane]
        if not queue and self._room(lane, len(piece)):
            self._send(lane, piece)
            return True
        queue.append(piece)
        self._wake_later()
        return False

    def withdraw(self, lane: Lane, wanted: Callable[[str], bool]) -> list[str]:
        """Take back what has not been written: every piece with a message that is wanted."""
        queue = self._waiting[lane]
        taken = [piece for piece in queue if any(map(wanted, piece))]
        for piece in taken:
            queue.remove(piece)
        return [message for piece in taken for message in piece]

    def stop(self) -> dict[Lane, list[str]]:
        """Write nothing more; what still waited, by lane."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = {
            lane: [message for piece in queue for message in piece]
            for lane, queue in self._waiting.items()
            if queue
        }
        for queue in self._waiting.values():
            queue.clear()
        return left

    def _room(self, lane: Lane, count: int) -> bool:
        if not self._limited:
            return True
        horizon = self._loop.time() - WINDOW_SECONDS
        while self._sent and self._sent[0] <= horizon:
            self._sent.popleft()
        return len(self._sent) + count <= _LIMIT[lane]

    def _send(self, lane: Lane, piece: tuple[str, ...]) -> None:
        if self._limited:
            now = self._loop.time()
            self._sent.extend(now for _ in piece)
        self.written += len(piece)
        self._write(lane, *piece)

    def _drain(self) -> None:
        self._timer = None
        for lane in Lane:
            queue = self._waiting[lane]
            while queue and self._room(lane, len(queue[0])):
                self._send(lane, queue.popleft())
        self._wake_later()

    def _wake_later(self) -> None:
        if self._timer is None and any(self._waiting.values()):
            # A window that is full for one lane moves on with its oldest message. The millisecond
            # keeps a clock that jumps exactly from waking just before it does.
            due = self._sent[0] + WINDOW_SECONDS + 0.001 if self._sent else self._loop.time()
            self._timer = self._loop.call_at(due, self._drain)

"""Requests that wait for their answers, each with its own end and its own time limit.

An answer is complete when the venue's own end marker came, never before. What comes after a
request is over is dropped. Some lists carry no id (positions, open orders, completed orders,
account): there the end of an older request that timed out would pass for the end of the newer
one, so an end that is still owed is waited for and counts for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any

#: An end that has not come in this time will not come any more.
OWED_SECONDS = 60.0


class RequestRefused(Exception):
    """The venue answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class RequestUnended(Exception):
    """No end came in time, or a row was lost; `rows` is what did come, a part at best."""

    def __init__(self, name: object, rows: list[Any]) -> None:
        super().__init__(f"the answer to {name} did not come whole in time")
        self.rows = rows


class _Pending:
    __slots__ = ("future", "rows", "spoiled", "timer")

    def __init__(self, future: asyncio.Future[list[Any]], timer: asyncio.TimerHandle) -> None:
        self.future = future
        self.rows: list[Any] = []
        self.spoiled = False
        self.timer = timer


class Requests:
    """All that was asked over one link and is not answered yet, by id or by name of the list."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pending: dict[Hashable, _Pending] = {}
        self._owed: dict[Hashable, list[float]] = {}
        self._closed: Exception | None = None
        self.late = 0

    def __len__(self) -> int:
        return len(self._pending)

    def begin(self, key: Hashable, seconds: float) -> asyncio.Future[list[Any]]:
        """Gather rows of this key from now on; write the request after this and await the rows.

        The future raises RequestRefused (the venue said no), RequestUnended (the time limit
        passed) or LinkError (the link went meanwhile).
        """
        if self._closed is not None:
            raise self._closed
        if key in self._pending:
            raise RuntimeError(f"{key!r} is being asked for already")
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._overdue, key)
        self._pending[key] = _Pending(future, timer)
        return future

    def give_up(self, key: Hashable) -> bool:
        """Nobody waits any more; False when the answer was there already."""
        pending = self._take(key)
        if pending is None:
            return False
        self._owe(key)
        pending.future.cancel()
        return True

    def waits_for(self, key: Hashable) -> bool:
        """Somebody waits for it."""
        return key in self._pending

    def row(self, key: Hashable, row: Any) -> bool:
        """One row came; False when nobody waits for it."""
        pending = self._pending.get(key)
        if pending is None:
            return False
        pending.rows.append(row)
        return True

    def spoil(self, key: Hashable) -> None:
        """A row of this answer was lost: it will not count as complete, whatever comes."""
        pending = self._pending.get(key)
        if pending is not None:
            pending.spoiled = True

    def end(self, key: Hashable) -> None:
        """The end of an answer came."""
        horizon = self._loop.time() - OWED_SECONDS
        owed = [asked for asked in self._owed.pop(key, ()) if asked > horizon]
        if owed:
            self.late += 1
            self._owed[key] = owed[1:]
            return
        pending = self._take(key)
        if pending is None:
            self.late += 1
        elif pending.spoiled:
            _fail(pending, RequestUnended(key, pending.rows))
        elif not pending.future.done():
            pending.future.set_result(pending.rows)

    def refuse(self, key: Hashable, code: int, text: str) -> bool:
        """The venue answered with an error; False when nobody waits for it."""
        pending = self._take(key)
        if pending is None:
            return False
        _fail(pending, RequestRefused(code, text))
        return True

    def fail_all(self, error: Exception) -> None:
        """The link is gone: so are all answers, and nothing more can be asked."""
        self._closed = error
        for key in list(self._pending):
            pending = self._take(key)
            if pending is not None:
                _fail(pending, error)

    def _take(self, key: Hashable) -> _Pending | None:
        pending = self._pending.pop(key, None)
        if pending is not None:
            pending.timer.cancel()
        return pending

    def _overdue(self, key: Hashable) -> None:
        pending = self._take(key)
        if pending is not None:
            self._owe(key)
            _fail(pending, RequestUnended(key, pending.rows))

    def _owe(self, key: Hashable) -> None:
        if isinstance(key, str):
            self._owed.setdefault(key, []).append(self._loop.time())


def _fail(pending: _Pending, error: Exception) -> None:
    if not pending.future.done():
        pending.future.set_exception(error)
        # Looked at once here: whoever gave up waiting is not to be called careless.
        pending.future.exception()

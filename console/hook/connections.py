"""Connections that say nothing: closed, so that they cannot take the place of those that do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class _Transport(Protocol):
    def abort(self) -> None: ...


class _Cycle(Protocol):
    """One request and its answer, as the web server keeps it."""

    @property
    def response_complete(self) -> bool: ...


class Connection(Protocol):
    """What is looked at of a connection of the web server."""

    @property
    def transport(self) -> _Transport | None: ...

    @property
    def cycle(self) -> _Cycle | None: ...


class QuietConnections:
    """Remembers since when each connection has had no request in hand.

    The web server's own limit counts from an answer to the next byte, so a connection that
    never sends a whole request is not held to it. This one is.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[Connection, tuple[_Cycle | None, float]] = {}

    def sweep(self, connections: Iterable[Connection], now: float) -> int:
        """Cut those that have been quiet for too long; `now` on the monotonic clock."""
        quiet = {}
        cut = 0
        for connection in connections:
            cycle = connection.cycle
            if cycle is not None and not cycle.response_complete:
                continue
            known = self._since.get(connection)
            since = known[1] if known is not None and known[0] is cycle else now
            if now - since < self._seconds:
                quiet[connection] = (cycle, since)
            elif connection.transport is not None:
                connection.transport.abort()
                cut += 1
        self._since = quiet
        return cut

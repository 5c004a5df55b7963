"""Market-data lines: what the clients of one login may stream at a time, all together."""

from __future__ import annotations

from collections.abc import Callable

from simulators.tws.session import Session


class Lines:
    """Lines in use. `limit` is asked anew each time: habits may change."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._taken: set[tuple[Session, str, int]] = set()

    def take(self, session: Session, kind: str, req_id: int) -> bool:
        """Take a line for a subscription of this kind; False when none is left."""
        if len(self._taken) >= self._limit():
            return False
        self._taken.add((session, kind, req_id))
        return True

    def free(self, session: Session, kind: str, req_id: int) -> None:
        """A subscription has ended."""
        self._taken.discard((session, kind, req_id))

    def forget(self, session: Session) -> None:
        """A session is over, and all that it streamed."""
        self._taken = {line for line in self._taken if line[0] is not session}

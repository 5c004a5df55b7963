"""Where refused proposals are written down: what it promises, whatever stores it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from domain.decisions import Decision


class Refusals(Protocol):
    """Refused proposals by their ids, the newest and the youngest of them."""

    def keep(self, decision: Decision) -> None:
        """Write it down; of one id the newest counts.

        Raises:
            BookError: it cannot be written.
        """
        ...

    def find(self, client_order_id: str) -> Mapping[str, Any] | None:
        """A refused proposal as JSON has it; None for one that is not known, or not any more."""
        ...

    def close(self) -> None: ...

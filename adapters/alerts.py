"""What is kept of alerts over a restart: an interface; `adapters.store` does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.alert_post import PostState
from domain.alerting import Incident


class AlertsFile(Protocol):
    """Incidents by their number, and how the deliveries stand."""

    def read(self) -> tuple[Sequence[Incident], PostState]:
        """All that is kept, oldest first.

        Raises:
            BookError: it cannot be read.
        """
        ...

    def keep(self, incidents: Sequence[Incident], state: PostState) -> None:
        """Write these, and how the deliveries stand, in one commit.

        Raises:
            BookError: nothing of it is written.
        """
        ...

    def forget(self, ended_before: datetime) -> None:
        """Let go of what was over by then.

        Raises:
            BookError: nothing of it is done.
        """
        ...

    def close(self) -> None:
        """Close it."""
        ...

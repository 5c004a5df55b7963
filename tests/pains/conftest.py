"""The stage for what users of IB suffer from: a gateway that misbehaves as they tell, a real tree.

The gateway is a process of its own that plays a scenario (`simulators/scenarios`), over a real
socket; what came of it is read from its own wire log and books.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from domain.backoff import Backoff
from simulators.books import Books
from simulators.tws.control import ControlClient
from simulators.tws.wire_history import WireHistory
from tests.simulators.gateway_process import ready_facts
from tests.tree.in_process import PATIENTLY, QUICKLY, Tree, Venue, growing


class Stage:
    """One venue that plays a scenario, and the trees that are grown against it."""

    def __init__(self, folder: Path, venue: Venue) -> None:
        self.folder = folder
        self.venue = venue
        self._open = ExitStack()
        self._control: ControlClient | None = None

    def play(self, scenario: str = "", *arguments: str) -> None:
        """Start the gateway; `scenario` is a name in `simulators/scenarios`, or a file."""
        words = ["--control-port", "0", "--market", "still"]
        if scenario:
            words += ["--scenario", scenario]
        self.venue.start(*words, *arguments)
        port = ready_facts(self.venue.folder)["control_port"]
        assert isinstance(port, int)
        self._control = self._open.enter_context(ControlClient(port))

    @property
    def control(self) -> ControlClient:
        """The door by which the gateway is told what to do wrong next."""
        assert self._control is not None, "no gateway plays"
        return self._control

    def tree(
        self,
        *,
        watched: bool = True,
        backoff: Backoff = QUICKLY,
        answers_within: float | None = None,
        hook_options: Mapping[str, Any] = PATIENTLY,
        **given: str,
    ) -> AbstractContextManager[Tree]:
        """Grow a tree against it; its book stays from one to the next.

        Unwatched where the clock leaps: a handler that runs just then would seem to hang.
        `backoff` is that of the link, `answers_within` and `hook_options` as for `growing`.
        """
        # A market that stands still says its price once; leaps of a minute still make it old.
        given.setdefault("QUOTE_STALE_AFTER_SECONDS", "50")
        return growing(
            self.folder,
            self.venue.port,
            backoff,
            watched,
            answers_within,
            None,
            hook_options,
            **given,
        )

    def books(self) -> Books:
        """The broker's truth."""
        return self.venue.books()

    def wire(self) -> WireHistory:
        """What went over the wire."""
        return self.venue.wire()

    def close(self) -> None:
        self._open.close()
        self.venue.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage of its own for each test; whatever runs on it ends with the test."""
    folder = tmp_path / "venue"
    folder.mkdir()
    place = Stage(tmp_path, Venue(folder))
    yield place
    place.close()

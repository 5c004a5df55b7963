"""The whole tree under trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pains.conftest import Stage
from tests.tree.home import Home
from tests.tree.in_process import Venue
from tests.tree.person import Person, Sits
from tests.tree.truth import hold_to_their_journals


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Folders and ports for a Kelpie of its own; whatever runs there ends with the test."""
    place = Home(tmp_path)
    yield place
    place.close()
    if not place.damaged:
        hold_to_their_journals(place.state)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    """A broker's folder and a port for its gateway, which ends with the test."""
    place = Venue(tmp_path / "venue")
    place.folder.mkdir()
    yield place
    place.close()


@pytest.fixture
def stage(tmp_path: Path, venue: Venue) -> Iterator[Stage]:
    """The same venue, playing a scenario, and the trees that are grown against it."""
    place = Stage(tmp_path, venue)
    yield place
    place.close()


@pytest.fixture
def sits(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Sits:
    """Have somebody sit down before a tree."""
    return lambda tree: Person(stage, tree, capsys)

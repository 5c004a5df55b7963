"""The whole tree under trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tree.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Folders and ports for a Kelpie of its own; whatever runs there ends with the test."""
    place = Home(tmp_path)
    yield place
    place.close()

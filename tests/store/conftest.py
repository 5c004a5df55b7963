"""A fresh book for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store import SqliteBook, open_book
from adapters.store.verification import verify
from tests.store.material import ACCOUNT, StandingClock


@pytest.fixture
def book(tmp_path: Path) -> Iterator[SqliteBook]:
    """An empty book of a demo account. Whatever is done to it, its journal tells all of it."""
    opened = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    yield opened
    opened.close()
    verify(opened.connection.path)

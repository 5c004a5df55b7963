"""The drill: a back-up is restored beside its book, also one that was made before an upgrade."""

from __future__ import annotations

from pathlib import Path

from adapters.store import book_path
from adapters.store.backup import back_up
from adapters.store.connection import Connection
from adapters.store.drill import drill
from adapters.store.journal import Journal
from adapters.store.migrations import MIGRATIONS, migrate
from adapters.store.opening import _own
from adapters.store.verification import verify
from tests.store.material import ACCOUNT, NOON, StandingClock
from tests.store.test_migrations import first_book


def test_a_backup_from_before_an_upgrade_is_restored_whole(tmp_path: Path) -> None:
    first_book(tmp_path)
    path = book_path(tmp_path, "demo", ACCOUNT)
    older = Connection(path)
    migrate(older, NOON, MIGRATIONS[:5])
    _own(older, Journal(older), "demo", ACCOUNT, StandingClock())
    older.close()
    assert verify(path).schema == 5
    back_up(path, NOON)
    drilled = drill(tmp_path, "demo", ACCOUNT, StandingClock())
    assert drilled.verified.schema == MIGRATIONS[-1].number
    assert dict(drilled.verified.rows)["fills"] == 1

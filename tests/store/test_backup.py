"""Back-ups of a book in use: sound and whole under their name, or not there at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.book import BookError
from adapters.store import SqliteBook, backup, book_path
from adapters.store.backup import back_up, backups_of, newest_backup, to_delete
from adapters.store.dump import dump_hash
from adapters.store.locks import StateLock
from adapters.store.reading import reading
from adapters.store.second_place import copy_to
from adapters.store.verification import verify
from tests.store.material import ACCOUNT, NOON, intent
from tests.store.story import tell
from tests.store.test_chain import by_hand, opened, written
from tests.store.test_disk import WRITE_FOR_EVER

ROOT = Path(__file__).parents[2]

DIE_COPYING = """
import os, signal, sys
from pathlib import Path
from adapters.store.backup import back_up
from tests.store.material import NOON
os.fdatasync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
back_up(Path(sys.argv[1]), NOON)
"""


class Usage(NamedTuple):
    free: int


def hashed(path: Path) -> str:
    with reading(path) as link:
        return dump_hash(link)


def files(book: Path) -> list[str]:
    return sorted(path.name for path in backups_of(book).iterdir())


def failure(book: Path) -> BookError:
    with pytest.raises(BookError) as caught:
        back_up(book, NOON)
    return caught.value


def test_it_has_all_that_is_committed_and_nothing_more(book: SqliteBook) -> None:
    tell(book)
    path = book.connection.path
    before = hashed(path)
    with book.group():
        book.record_intent(intent("K-not-yet"), "c")
        made = back_up(path, NOON)
    assert made.path == backups_of(path) / "ledger-20261123T010000Z.db"
    assert files(path) == ["ledger-20261123T010000Z.db", "lock"], "one file, and no log beside it"
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert backups_of(path).stat().st_mode & 0o777 == 0o700
    assert hashed(made.path) == before != hashed(path)
    assert newest_backup(path) == NOON


def test_it_is_made_while_another_process_writes_without_a_pause(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        for _ in range(300):
            child.stdout.readline()
        made = back_up(book_path(tmp_path, "demo", ACCOUNT), NOON)
        assert child.poll() is None, "it still writes"
    finally:
        child.kill()
        child.communicate(timeout=30)
    orders = dict(made.verified.rows)["orders"]
    assert orders >= 300
    assert dict(made.verified.rows)["fills"] == orders, "of one moment, never half of a group"
    book = opened(tmp_path)
    assert len(book.orders(limit=1_000_000)) > orders
    book.close()


def test_of_a_book_that_is_not_sound_there_is_none(tmp_path: Path) -> None:
    path = written(tmp_path)
    back_up(path, NOON - timedelta(hours=1))
    with by_hand(path) as link:
        link.execute("UPDATE journal SET detail = '{}' WHERE seq = 4")
    error = failure(path)
    assert error.code == "DAMAGED"
    assert f"The book {path} is damaged: entry 4" in str(error)
    assert files(path) == ["ledger-20261123T000000Z.db", "lock"]


def test_a_table_that_its_journal_does_not_bear_out_is_not_backed_up(tmp_path: Path) -> None:
    path = written(tmp_path)
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("UPDATE orders SET quantity = '1000'")
    assert "has quantity '1000' where the journal says '100'" in str(failure(path))
    assert files(path) == ["lock"]


def test_a_very_long_journal_is_replayed_by_hand_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    monkeypatch.setattr(backup, "REPLAYED", 5)
    assert not back_up(path, NOON).verified.replayed
    monkeypatch.setattr(backup, "REPLAYED", 6)
    assert back_up(path, NOON).verified.replayed
    assert verify(path).replayed


def test_killed_while_copying_it_leaves_no_back_up_and_the_next_clears_up(tmp_path: Path) -> None:
    path = written(tmp_path, count=500)
    command = [sys.executable, "-c", DIE_COPYING, str(path)]
    assert subprocess.run(command, cwd=ROOT, timeout=30, check=False).returncode == -9
    assert files(path)[0] == ".ledger-20261123T010000Z.db.part"
    assert newest_backup(path) is None
    back_up(path, NOON + timedelta(seconds=1))
    assert files(path) == ["ledger-20261123T010001Z.db", "lock"]


def test_it_never_takes_the_room_that_the_book_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(backup.LEFT_FREE))
    error = failure(path)
    assert error.code == "DISK_FULL"
    assert "needs 64 MiB" in str(error)
    assert files(path) == ["lock"]


def test_two_are_not_made_at_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    back_up(path, NOON)
    lock = StateLock(backups_of(path) / "lock", "the back-ups")
    assert failure(path).code == "LOCKED"
    lock.release()


def test_the_newest_are_kept_and_one_a_day_of_a_month() -> None:
    made = [NOON - timedelta(hours=hours) for hours in range(24 * 40)]
    names = [f"ledger-{at:%Y%m%dT%H%M%SZ}.db" for at in made]
    strangers = ["lock", "ledger-replaced-x.db", "my-own-copy.db", ".ledger-x.part"]
    kept = set(names) - set(to_delete([*names, *strangers], NOON))
    assert kept >= set(names[:24])
    older = sorted(kept - set(names[:24]))
    assert len(older) == 29, "NOON is 01:00 UTC: the 24 reach into the day before"
    assert all(name.endswith("T230000Z.db") for name in older[:-1])
    assert not set(to_delete([*names, *strangers], NOON)) & set(strangers)


def test_one_of_each_month_is_kept_for_a_year(tmp_path: Path) -> None:
    names = [f"ledger-{NOON - timedelta(days=days):%Y%m%dT%H%M%SZ}.db" for days in range(800)]
    kept = sorted(set(names) - set(to_delete(names, NOON)))
    months = [name for name in kept if name < names[29]]
    assert [name[7:13] for name in months] == [
        *("202512", "202601", "202602", "202603", "202604", "202605"),
        *("202606", "202607", "202608", "202609"),
    ]
    assert months[1].startswith("ledger-20260131"), "the last of its month"


def test_each_is_copied_to_a_second_place_and_read_back(tmp_path: Path) -> None:
    path = written(tmp_path)
    place = tmp_path / "usb"
    made = back_up(path, NOON)
    with pytest.raises(BookError, match="There is no folder") as caught:
        copy_to(made, path, place, NOON)
    assert caught.value.code == "SECOND_PLACE"
    place.mkdir()
    old = place / path.parent.name / "ledger-20200101T000000Z.db"
    old.parent.mkdir()
    for hours in range(24):
        old.with_name(f"ledger-{NOON - timedelta(hours=hours + 1):%Y%m%dT%H%M%SZ}.db").touch()
    old.touch()
    second = copy_to(made, path, place, NOON)
    assert second == place / path.parent.name / made.path.name
    assert second.read_bytes() == made.path.read_bytes() and not old.exists()
    assert second.stat().st_mode & 0o077 == 0
    assert verify(second).rows == made.verified.rows


def test_a_second_place_that_writes_something_else_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    made = back_up(path, NOON)
    place = tmp_path / "usb"
    place.mkdir()

    def breaks(source: int, *_: int) -> None:
        os.ftruncate(source, 100)

    monkeypatch.setattr(os, "posix_fadvise", breaks)
    with pytest.raises(BookError, match="reads otherwise"):
        copy_to(made, path, place, NOON)
    assert list((place / path.parent.name).iterdir()) == [], "half of one is none"

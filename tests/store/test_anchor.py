"""What was cut off at the end is noticed, and a loss of power alone raises no alarm."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.store import book_path
from adapters.store.anchor import anchor_path, read_anchor
from tests.store.material import ACCOUNT, intent
from tests.store.test_chain import by_hand, opened, refusal, written

ROOT = Path(__file__).parents[2]

WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from adapters.store import open_book
from tests.store.material import ACCOUNT, StandingClock, intent
book = open_book(Path(sys.argv[1]), "demo", ACCOUNT, StandingClock())
for number in range(int(sys.argv[2])):
    book.record_intent(intent(f"K-late-{number}"), "c")
os.kill(os.getpid(), signal.SIGKILL)
"""

#: Half of one line and half of another, as a disk may leave them.
_HALF_OLD = b"%020d %s %s\n" % (99, b"ab" * 32, b"0" * 16)


def write_and_die(folder: Path, count: int) -> Path:
    """So many more orders in the write-ahead log, and nobody to bring it home; the file."""
    command = [sys.executable, "-c", WRITE_AND_DIE, str(folder), str(count)]
    killed = subprocess.run(command, cwd=ROOT, timeout=30, check=False)
    assert killed.returncode == -9
    return book_path(folder, "demo", ACCOUNT)


def log_of(path: Path) -> Path:
    return path.with_name("ledger.db-wal")


def test_after_a_kill_the_anchor_is_exact_and_the_book_opens(tmp_path: Path) -> None:
    path = write_and_die(tmp_path, 3)
    anchored = read_anchor(anchor_path(path))
    assert anchored is not None and anchored.seq == 4
    assert anchor_path(path).stat().st_mode & 0o777 == 0o600
    book = opened(tmp_path)
    assert len(book.orders()) == 3
    book.close()


def test_a_deleted_log_is_noticed(tmp_path: Path) -> None:
    written(tmp_path)
    path = write_and_die(tmp_path, 3)
    assert log_of(path).stat().st_size > 0
    log_of(path).unlink()
    said = refusal(tmp_path)
    assert "the last 3 of 9 entries of its journal are gone" in said
    assert "kelpie restore" in said
    assert "the last 3 of 9" in refusal(tmp_path), "a second start is no wiser"


def test_a_tail_that_was_cut_off_by_hand_is_noticed(tmp_path: Path) -> None:
    with by_hand(written(tmp_path)) as link:
        link.execute("DELETE FROM journal WHERE seq > 4")
    assert "the last 2 of 6 entries" in refusal(tmp_path)


def test_an_older_copy_put_in_its_place_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path)
    shutil.copy(path, tmp_path / "copy.db")
    book = opened(tmp_path)
    book.record_intent(intent("K-later"), "c")
    book.close()
    shutil.copy(tmp_path / "copy.db", path)
    assert "the last 1 of 7 entries" in refusal(tmp_path)


def test_another_history_of_the_same_length_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "ours")
    shutil.copy(written(tmp_path / "theirs", correlation="other"), path)
    assert "is another than the one that was written" in refusal(tmp_path / "ours")


@pytest.mark.parametrize(
    "lagging",
    [b"", b"nothing of the kind", b"\0" * 103, _HALF_OLD, "the line of before", None],
)
def test_an_anchor_that_lags_or_is_lost_raises_no_alarm(
    tmp_path: Path, lagging: bytes | str | None
) -> None:
    """As after a loss of power, which may take back what the disk was never made to keep."""
    path = written(tmp_path)
    anchor = anchor_path(path)
    before = anchor.read_bytes()
    book = opened(tmp_path)
    book.record_intent(intent("K-later"), "c")
    book.close()
    if lagging is None:
        anchor.unlink()
    else:
        anchor.write_bytes(before if isinstance(lagging, str) else lagging)
    opened(tmp_path).close()
    anchored = read_anchor(anchor)
    assert anchored is not None and anchored.seq == 7, "it holds again"


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, count=300)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    assert "malformed" in refusal(tmp_path)

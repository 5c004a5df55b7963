"""An older book put back: nothing is deleted, nothing half done, and never another's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.book import BookError
from adapters.store import book_path
from adapters.store.backup import back_up
from adapters.store.restoring import Restored, restore
from adapters.store.verification import verify
from tests.store.material import ACCOUNT, NOON, StandingClock, intent
from tests.store.test_anchor import log_of, write_and_die
from tests.store.test_chain import by_hand, opened, refusal, written
from tests.store.test_opening import HOLD_BOOK, HOLD_STATE, holding

ROOT = Path(__file__).parents[2]

DIE_RESTORING = """
import os, signal, sys
from pathlib import Path
from adapters.store.restoring import restore
from tests.store.material import ACCOUNT, StandingClock
last = int(sys.argv[3])
def count(event, arguments):
    global last
    if event in ("os.link", "os.remove", "os.rename"):
        last -= 1
        if last < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
restore(Path(sys.argv[1]), Path(sys.argv[2]), "demo", ACCOUNT, StandingClock())
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A back-up of a book that went on, and whose writer was killed; five orders and eight."""
    made = back_up(written(tmp_path), NOON)
    write_and_die(tmp_path, 3)
    return made.path


def done(backup: Path, folder: Path, mode: str = "demo", account: str = ACCOUNT) -> Restored:
    return restore(backup, folder, mode, account, StandingClock())


def refused(backup: Path, folder: Path, mode: str = "demo", account: str = ACCOUNT) -> BookError:
    with pytest.raises(BookError) as caught:
        done(backup, folder, mode, account)
    return caught.value


def orders(folder: Path) -> int:
    book = opened(folder)
    try:
        return len(book.orders())
    finally:
        book.close()


def sound_orders(path: Path) -> int | None:
    """How many orders a file has; None for one that is not whole."""
    with suppress(BookError):
        return dict(verify(path).rows)["orders"]
    return None


def content(folder: Path) -> dict[str, bytes]:
    """All files but the locks, and the index of the log, which is nothing to keep."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock" and not path.name.endswith(("lock", "-shm"))
    }


def test_the_older_book_is_in_place_and_the_newer_one_aside(kept: Path, tmp_path: Path) -> None:
    said = done(kept, tmp_path)
    assert (said.verified.head.seq, said.entries_not_in_it) == (6, 3)
    assert said.aside is not None
    assert dict(verify(said.aside).rows)["orders"] == 8, "with what was in its log alone"
    assert said.path.stat().st_mode & 0o777 == 0o600
    assert orders(tmp_path) == 5
    book = opened(tmp_path)
    assert [(row.what, row.detail) for row in book.audit()] == [("restore", str(kept))]
    book.record_intent(intent("K-next"), "c")
    book.close()
    assert orders(tmp_path) == 6
    assert kept.exists()
    done(kept, tmp_path)
    assert len(list(said.path.parent.glob("ledger-replaced-*.db"))) == 2


@pytest.mark.parametrize("program", [HOLD_STATE, HOLD_BOOK])
def test_not_while_it_is_in_use(kept: Path, tmp_path: Path, program: str) -> None:
    with holding(program, tmp_path):
        before = content(tmp_path)
        assert refused(kept, tmp_path).code == "LOCKED"
        assert content(tmp_path) == before


@pytest.mark.parametrize(("mode", "account"), [("live", ACCOUNT), ("demo", "DU7654399")])
def test_not_in_the_place_of_anothers(kept: Path, tmp_path: Path, mode: str, account: str) -> None:
    before = content(tmp_path)
    error = refused(kept, tmp_path, mode, account)
    assert error.code == "WRONG_BOOK"
    assert "belongs to mode demo, account DU*****67" in str(error)
    assert content(tmp_path) == before


def test_not_what_is_not_sound(kept: Path, tmp_path: Path) -> None:
    with by_hand(kept) as link:
        link.execute("DELETE FROM journal WHERE seq = 3")
    before = content(tmp_path)
    error = refused(kept, tmp_path)
    assert (error.code, f"The book {kept} is damaged" in str(error)) == ("DAMAGED", True)
    assert refused(tmp_path / "nowhere.db", tmp_path).code == "NO_BOOK"
    assert content(tmp_path) == before


def test_a_damaged_or_lost_book_is_healed_by_it(kept: Path, tmp_path: Path) -> None:
    path = book_path(tmp_path, "demo", ACCOUNT)
    log_of(path).unlink()
    refusal(tmp_path)
    said = done(kept, tmp_path)
    assert said.entries_not_in_it == 0, "the newer ones are gone for good"
    assert orders(tmp_path) == 5
    path.write_bytes(b"Dear diary, " * 1000)
    assert done(kept, tmp_path).entries_not_in_it is None
    assert orders(tmp_path) == 5
    path.unlink()
    assert done(kept, tmp_path).aside is None
    assert orders(tmp_path) == 5


def test_a_book_that_lost_its_end_can_be_gone_on_with_knowingly(kept: Path, tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.record_intent(intent("K-home"), "c")
    book.close()
    path = book_path(tmp_path, "demo", ACCOUNT)
    with by_hand(path) as link:
        link.execute("DELETE FROM journal WHERE seq > 9")
        link.execute("DELETE FROM orders WHERE client_order_id = 'K-home'")
    assert "restore this very file" in refusal(tmp_path)
    done(path, tmp_path)
    assert orders(tmp_path) == 8


def test_on_a_new_machine_there_is_no_book_to_keep(kept: Path, tmp_path: Path) -> None:
    assert done(kept, tmp_path / "new").aside is None
    assert orders(tmp_path / "new") == 5


def test_killed_at_any_step_it_is_the_old_the_new_or_refused(kept: Path, tmp_path: Path) -> None:
    found: set[int | str] = set()
    for step in range(100):
        folder = tmp_path / f"step-{step}"
        shutil.copytree(book_path(tmp_path, "demo", ACCOUNT).parent, folder / "demo-706de7b6")
        command = [sys.executable, "-c", DIE_RESTORING, str(kept), str(folder), str(step)]
        killed = subprocess.run(command, cwd=ROOT, timeout=30, check=False).returncode
        outcome: int | str
        try:
            outcome = orders(folder)
        except BookError as error:
            outcome = error.code
        found.add(outcome)
        assert outcome in (5, 8, "DAMAGED"), "never a part of either"
        if killed == 0:
            break
        # Whatever it is: doing it again brings the back-up, and what was there is kept.
        done(kept, folder)
        assert orders(folder) == 5
        assert 8 in [sound_orders(path) for path in folder.rglob("ledger-replaced-*.db")]
    assert killed == 0
    assert found == {5, 8, "DAMAGED"}

"""The commands on the book's own file: what they print, and how they exit."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from adapters.store import book_path, open_book
from adapters.store.backup import back_up
from adapters.store.drill import last_drill
from adapters.store.verification import verify
from console.keeping import WHAT_THE_NEXT_START_DOES, main
from runtime.arguments import WRONGLY_CALLED
from tests.store.material import ACCOUNT, NOON, StandingClock, intent
from tests.store.story import tell

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the book that the settings name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    opened = open_book(tmp_path / "state", "paper", ACCOUNT, StandingClock())
    tell(opened)
    opened.close()
    return book_path(tmp_path / "state", "paper", ACCOUNT)


def edit(path: Path) -> None:
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("UPDATE orders SET quantity = '7' WHERE client_order_id = 'K-1'")


def test_the_dump_is_lines_and_its_hash_is_of_them(
    book: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["ledger", "dump"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {json.loads(line)["table"] for line in lines} >= {"orders", "fills", "audit"}
    assert ACCOUNT not in "".join(lines)
    hashes = set()
    copy = back_up(book, NOON).path
    for file in ([], [str(book)], [str(copy)]):
        assert main(["ledger", "dump", "--hash", *file]) == 0
        hashes.add(capsys.readouterr().out)
    assert len(hashes) == 1
    assert main(["ledger", "dump", str(tmp_path / "none.db")]) == 1
    assert "There is no book at" in capsys.readouterr().err


def test_verify_says_what_it_found(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify"]) == 0
    head = verify(book).head
    said = capsys.readouterr().out
    found = dict(verify(book).rows)["orders"]
    assert found > 5 and f"{head.seq} entries, {found} orders, " in said
    assert f"account DU*****67. The hash of entry {head.seq} is {head.hash.hex()}." in said
    assert main(["ledger", "verify", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["entries"], facts["mode"], facts["not_replayed"]) == (head.seq, "paper", {})
    edit(book)
    assert main(["ledger", "verify"]) == 76
    said = capsys.readouterr().err
    assert "orders K-1 has quantity '7' where the journal says '100'" in said
    assert said.endswith("[DAMAGED]\n")


def test_a_back_up_is_made_and_put_back(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, str(ROOT / "supervisor.py"), "backup", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["bytes"] == Path(made["path"]).stat().st_size
    opened = open_book(book.parents[1], "paper", ACCOUNT, StandingClock())
    opened.record_intent(intent("K-later"), "c")
    opened.close()
    assert main(["restore", made["path"]]) == 0
    said = capsys.readouterr().out
    assert "The last 1 entries of its journal are not in this one." in said
    assert "is kept as" in said and said.strip().endswith(WHAT_THE_NEXT_START_DOES)
    assert main(["restore", "--json", made["path"]]) == 0
    assert json.loads(capsys.readouterr().out)["entries_not_in_it"] == 1, "the note in the audit"


def test_wrong_settings_and_wrong_words_are_told_apart(
    book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["ledger"])
    assert caught.value.code == WRONGLY_CALLED
    made = back_up(book, NOON).path
    monkeypatch.setenv("IB_ACCOUNT_ID", "DU7654399")
    assert main(["restore", str(made)]) == 1
    assert "[WRONG_BOOK]" in capsys.readouterr().err
    monkeypatch.setenv("MODE", "nonsense")
    assert main(["restore", str(made)]) == 78


def test_the_newest_back_up_is_restored_beside_the_book(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = book.read_bytes()
    assert main(["backup", "--drill"]) == 1
    assert "There is no back-up" in capsys.readouterr().err
    made = back_up(book, NOON).path
    assert main(["backup", "--drill", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["backup"] == str(made) and facts["replayed"] is True
    assert book.read_bytes() == before
    assert [path.name for path in made.parent.glob(".drill-*")] == [], "nothing is left behind"
    last = last_drill(book)
    assert last is not None and last.good and str(made) in last.sentence
    with closing(sqlite3.connect(made)) as link, link:
        link.execute("UPDATE orders SET quantity = '7' WHERE client_order_id = 'K-1'")
    assert main(["backup", "--drill"]) == 76
    last = last_drill(book)
    assert last is not None and not last.good and "K-1" in last.sentence
    assert "orders K-1 has quantity" in capsys.readouterr().err


def test_a_back_up_goes_to_the_second_place_too(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "usb"
    monkeypatch.setenv("BACKUP_SECOND_PLACE", str(place))
    assert main(["backup", "--json"]) == 4, "made, but not there"
    said = capsys.readouterr()
    assert "There is no folder" in said.err and Path(json.loads(said.out)["path"]).is_file()
    place.mkdir()
    assert main(["backup", "--json", "--book", str(book), "--second-place", str(place)]) == 0
    second = Path(json.loads(capsys.readouterr().out)["second"])
    assert second.is_file() and second.is_relative_to(place)

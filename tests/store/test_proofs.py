"""The file of proofs: kept as written, and worth nothing once it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.proofs import ProofsFile, ProofsUnreadable, account_key
from domain.checklist import LOGIN, Item, Proof
from tests.store.material import ACCOUNT, NOON

SEEN = (
    Proof(Item.PAPER_RUN, NOON, True, "live_gate", "paper", "01234567", "A day."),
    Proof(Item.LIVE_WEEK, NOON, True, "live_gate", "observe", "89abcdef", "Anew.", LOGIN),
    Proof(Item.CLOCK, NOON, False, "live_gate", "live", "89abcdef", "It is 3 s ahead."),
)


def written(folder: Path) -> Path:
    file = ProofsFile(folder / "state" / "proofs.jsonl")
    for proof in SEEN:
        file.append(proof)
    return file.path


def test_what_was_written_is_read_and_goes_on(tmp_path: Path) -> None:
    assert ProofsFile(tmp_path / "none").read() == ()
    path = written(tmp_path)
    again = ProofsFile(path)
    assert again.read() == SEEN
    again.append(SEEN[0])
    assert ProofsFile(path).read() == (*SEEN, SEEN[0])
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_account_is_told_by_its_hash_alone(tmp_path: Path) -> None:
    assert ACCOUNT not in account_key(ACCOUNT) and len(account_key(ACCOUNT)) == 8


def _edited(lines: list[str]) -> list[str]:
    plain = json.loads(lines[2])
    return [*lines[:2], json.dumps({**plain, "good": True})]


def _without_the_first(lines: list[str]) -> list[str]:
    return lines[1:]


def _without_the_middle(lines: list[str]) -> list[str]:
    return [lines[0], lines[2]]


def _twice(lines: list[str]) -> list[str]:
    return [*lines, lines[-1]]


def _anothers(lines: list[str]) -> list[str]:
    """A line as another house's file has it, with a hash that is right there."""
    file = ProofsFile(Path(lines[0]))  # never read
    return [*lines, json.dumps({"item": "clock", "hash": file._head})]


@pytest.mark.parametrize(
    "damage", [_edited, _without_the_first, _without_the_middle, _twice, _anothers]
)
def test_what_is_not_as_it_was_written_counts_for_nothing(tmp_path: Path, damage: object) -> None:
    path = written(tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(damage(lines)) + "\n")  # type: ignore[operator]
    file = ProofsFile(path)
    with pytest.raises(ProofsUnreadable, match=r"line \d"):
        file.read()
    kept = file.set_aside()
    assert kept.exists() and not path.exists()
    file.append(SEEN[0])
    assert ProofsFile(path).read() == SEEN[:1]


def test_a_line_that_the_power_cut_short_is_let_go_of(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    file = ProofsFile(path)
    assert file.read() == SEEN[:2]
    file.append(SEEN[2])
    assert path.read_bytes() == whole


def test_an_item_of_a_newer_kelpie_is_not_guessed_at(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace('"paper_run"', '"zodiac"'))
    with pytest.raises(ProofsUnreadable):
        ProofsFile(path).read()
    assert replace(SEEN[0]).day.isoformat() == NOON.date().isoformat()

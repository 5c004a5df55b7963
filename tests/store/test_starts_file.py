"""The file of starts: whole or not at all, and never taken for empty when it is damaged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.book import BookError
from adapters.starts import StartsFile, StartsUnreadable
from domain.starts import History

NOON = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
HISTORY = History().begin("1", NOON).lived("1").begin("2", NOON).ended("2").begin("3", NOON)


def test_it_reads_what_was_written(tmp_path: Path) -> None:
    file = StartsFile(tmp_path / "live-abc" / "starts.json")
    assert file.read() == History()
    for history in (HISTORY, HISTORY.in_doubt(NOON, "because")):
        file.write(history)
        assert StartsFile(file.path).read() == history
    assert [each.name for each in file.path.parent.iterdir()] == ["starts.json"]
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"version": 2, "safe_since": null, "safe_cause": "", "starts": []}',
        b'{"version": 1, "starts": []}',
        b'{"version": 1, "safe_since": "2026-01-05T12:00:00", "safe_cause": "", "starts": []}',
        b'{"version": 1, "safe_since": null, "safe_cause": "", "starts": [{"id": "1"}]}',
    ],
)
def test_what_is_damaged_is_said_and_kept_for_a_person(tmp_path: Path, damage: bytes) -> None:
    file = StartsFile(tmp_path / "starts.json")
    file.path.write_bytes(damage)
    with pytest.raises(StartsUnreadable, match="cannot be read"):
        file.read()
    kept = file.set_aside()
    assert kept.read_bytes() == damage
    assert file.read() == History()


def test_a_draft_that_was_never_finished_changes_nothing(tmp_path: Path) -> None:
    file = StartsFile(tmp_path / "starts.json")
    file.write(HISTORY)
    (tmp_path / "starts.json.new").write_text('{"version": 1, "sta')
    assert file.read() == HISTORY
    file.write(HISTORY.safe_mode_ended())
    assert json.loads(file.path.read_text())["starts"][0]["id"] == "3"


def test_a_disk_that_does_not_take_it_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    file = StartsFile(tmp_path / "starts.json")
    file.write(HISTORY)
    (tmp_path / "starts.json.new").mkdir()
    with pytest.raises(OSError):
        file.write(HISTORY.safe_mode_ended())
    assert file.read() == HISTORY
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises((OSError, BookError)):
        StartsFile(blocked / "starts.json").write(HISTORY)

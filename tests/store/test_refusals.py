"""Refused proposals are kept, found by their ids, and bounded by number and by age."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.store.refusals import open_refusals, read_refusal, refusals_path
from domain.decisions import Decision
from tests.store.material import NOON
from tests.store.story import decided

MONTH = timedelta(days=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return refusals_path(tmp_path / "book" / "ledger.db")


def refused(name: str, *, days: float = 0.0) -> Decision:
    at = NOON + timedelta(days=days)
    shut = {"code": "PAUSED", "sentence": "Entries are paused.", "cure": "Resume."}
    return replace(decided(name), at=at, **shut)  # type: ignore[arg-type]


def test_what_was_kept_is_found_by_its_id_also_beside_whoever_writes(path: Path) -> None:
    assert read_refusal(path, "K-1") is None
    refusals = open_refusals(path, most=10, oldest=MONTH)
    refusals.keep(refused("K-1"))
    found = refusals.find("K-1")
    assert found is not None
    assert (found["code"], found["asked"]["type"], found["decided"]["limit_price"]) == (
        *("PAUSED", "MARKET"),
        "45.10",
    )
    assert read_refusal(path, "K-1") == found
    assert refusals.find("K-2") is None
    refusals.close()
    assert read_refusal(path, "K-1") == found, "it outlives the process"
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_id_again_is_known_as_it_was_refused_last(path: Path) -> None:
    refusals = open_refusals(path, most=10, oldest=MONTH)
    refusals.keep(refused("K-1"))
    refusals.keep(replace(refused("K-1"), code="ORDER_TOO_LARGE"))
    found = refusals.find("K-1")
    assert found is not None and found["code"] == "ORDER_TOO_LARGE"
    refusals.close()


def test_the_newest_are_kept_and_of_those_the_young_ones(path: Path) -> None:
    refusals = open_refusals(path, most=50, oldest=MONTH)
    for number in range(201):
        refusals.keep(refused(f"K-{number}"))
    assert refusals.find("K-150") is None
    assert refusals.find("K-151") is not None
    refusals.close()
    refusals = open_refusals(path, most=50, oldest=MONTH)
    refusals.keep(refused("K-late", days=31.0))
    assert [refusals.find(each) is None for each in ("K-151", "K-200", "K-late")] == [
        *(True, True),
        False,
    ]
    refusals.close()


def test_none_are_kept_where_none_are_wanted(path: Path) -> None:
    refusals = open_refusals(path, most=0, oldest=MONTH)
    refusals.keep(refused("K-1"))
    assert refusals.find("K-1") is None
    refusals.close()


def test_a_damaged_file_is_begun_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    refusals = open_refusals(path, most=10, oldest=MONTH)
    refusals.keep(refused("K-1"))
    assert refusals.find("K-1") is not None
    refusals.close()

"""What is kept apart outlives the process, and so does its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapters.book import KeptFact
from adapters.store import open_book
from tests.store.material import ACCOUNT, NOON, StandingClock

FACT = KeptFact("01A", NOON, "ledger", "BookFill", "BookFill(…)", "ValueError('x')", "KLP-1", 1)


def test_it_is_there_after_a_restart_and_ends_once(tmp_path: Path) -> None:
    other = replace(FACT, id="01B", seat="ib.orders")
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    assert book.quarantined() == []
    book.quarantine(FACT)
    book.quarantine(other)
    book.close()
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    assert book.quarantined() == [FACT, other]
    book.end_quarantine("01A", NOON, "me", "released", "mended")
    assert book.quarantined() == [other]
    book.quarantine(replace(FACT, times=2))
    assert [(each.id, each.times) for each in book.quarantined()] == [("01B", 1), ("01A", 2)]
    assert [row.what for row in book.audit()][:2] == ["quarantine", "quarantine ended"]
    book.close()

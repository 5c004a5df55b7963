"""The story of an order, from what the book has: each kind of entry has its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store import SqliteBook, open_book
from adapters.store.decisions import content_of
from console.explaining import page
from console.story import story_of, story_of_refusal
from domain.gate_words import GateWord
from tests.store.material import ACCOUNT, StandingClock
from tests.store.story import decided, tell


@pytest.fixture
def book(tmp_path: Path) -> Iterator[SqliteBook]:
    """One to which everything has happened."""
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    tell(book)
    yield book
    book.close()


def test_the_whole_way_of_an_order_is_told(book: SqliteBook) -> None:
    told = book.explanation("K-1")
    assert told is not None
    story = story_of(told)
    text = "\n".join(step.text for step in story.steps)
    for words in (
        "BHP/AUD was quoted 45.07 bid, 45.09 asked, last 45.08 (LIVE).",
        "trading.strategist proposed BUY 100 MARKET DAY ENTRY BHP/AUD: up 0.4 % in",
        "The desk made of it BUY 100 LIMIT limit 45.10 DAY ENTRY.",
        "COST_GATE open: A round trip costs 0.31 %. (round trip 0.31 %)",
        "Admitted: it can cost 4510.00 AUD at the worst, at 1 for one AUD.",
        "Its intent is on disk: BUY 100 LIMIT limit 45.10 DAY ENTRY.",
        "The venue foretold 6.60 AUD for it. It warns: Wide market",
        "It was reckoned to cost 6.6000 AUD, by asx_fixed 2026-08-19.",
        "Its bytes left for the venue.",
        "The venue has it, and it works. The venue's number of it is 9001.",
        "Traded: BUY 60 at 45.10 on ASX (0001.01.01,",
        "The venue corrected 0001.01: it is 50 at 45.10.",
        "The venue took 0003.01 back: it never traded.",
        "The venue charged 6.60 AUD for 0001.01.01. Posted: 6.6 AUD from cash to commission.",
        "by the venue). Posted: 2706 AUD from cash to position.",
        "No rate to the base currency was known.",
        "The rate of a commission became known: 1.52 of the base currency for one (quote).",
        "All of it is filled.",
    ):
        assert words in text
    assert story.outcome == "FILLED"
    assert story.gates[0].figures == [("round trip", "0.31 %")]
    entries = [step.entry for step in story.steps if step.entry is not None]
    assert entries == sorted(entries)


@pytest.mark.parametrize("name", ["K-1", "K-1S", "K-2", "K-3", "K-5", "K-9"])
def test_every_order_of_the_book_has_its_story_and_its_page(book: SqliteBook, name: str) -> None:
    told = book.explanation(name)
    if told is None:
        assert book.order(name) is None
        return
    story = story_of(told)
    assert story.steps and name in "\n".join(page(story))
    assert max(map(len, page(story))) <= 80


def test_a_plan_is_told_with_each_of_its_versions(book: SqliteBook) -> None:
    told = book.explanation("K-5")
    assert told is not None
    texts = [step.text for step in story_of(told).steps if step.what == "plan"]
    assert texts == [
        "Its plan, version 1, is PENDING over 0: stop 44.10, target 47.10 (a test).",
        "Its plan, version 2, is OPEN over 100: stop 44.10, target 47.10 (its lot is 100 now).",
        "Its plan, version 3, is OPEN over 100: stop 45.10, target 47.10, for the day 45.20 "
        "(its lot is 100 now).",
    ]


def test_a_refusal_ends_at_the_gate_that_was_shut(book: SqliteBook) -> None:
    content = content_of(decided("K-7"))
    shut = GateWord("MAX_EXPOSURE", False, "It would be too much.", (("exposure", "A$12,000"),))
    content["gates"].append(
        {"gate": shut.gate, "open": False, "sentence": shut.sentence, "figures": [["a", "b"]]}
    )
    content |= {"code": "MAX_EXPOSURE", "sentence": "It would be too much.", "cure": "Ask less."}
    story = story_of_refusal("K-7", content)
    assert story.outcome == "REFUSED"
    assert [(gate.gate, gate.open) for gate in story.gates] == [
        ("COST_GATE", True),
        ("MAX_EXPOSURE", False),
    ]
    assert story.steps[-1].text.endswith("Ask less. [MAX_EXPOSURE]")


def test_a_page_is_in_sydney_time_with_the_day(book: SqliteBook) -> None:
    told = book.explanation("K-1")
    assert told is not None
    lines = page(story_of(told))
    assert "Mon 23 Nov 2026 (Sydney)" in lines
    assert re.search(r"^12:00:00\.000  BHP/AUD was quoted", "\n".join(lines), re.MULTILINE)

"""The seat that writes for programs: what it tells, of how many, and what its troubles cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from actors import names
from actors.messages import (
    DataAnswered,
    DecisionMade,
    FillRecorded,
    GetRefusal,
    OrderAnswered,
    OrderRecorded,
)
from adapters.book import BookError, ManagedPosition
from adapters.refusals import Refusals
from adapters.store import SqliteBook, open_book, open_refusals
from console.telemetry import Telemetry, TelemetryOptions
from console.telemetry_schemas import LINE, render
from domain.orders import OrderState
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, BHP, NOON, StandingClock, commission, execution, intent
from tests.store.story import decided

SEAT = names.TELEMETRY
MONTH = timedelta(days=30)
DOCUMENT = Path(__file__).parents[2] / "docs" / "telemetry.md"


@contextmanager
def writing(
    open_them: Callable[[], Refusals], sample: float = 1.0
) -> Iterator[tuple[Company, list[dict[str, Any]]]]:
    """The seat among listeners, and the lines that it has written."""
    lines: list[dict[str, Any]] = []
    options = TelemetryOptions(lines.append, open_them, "demo", sample)
    actors = {SEAT: lambda s, seat: Telemetry(s, seat, options=options, venues=(names.IB,))}
    with gathered(actors, names.connection(names.IB)) as company:
        yield company, lines


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[], Refusals]:
    return lambda: open_refusals(tmp_path / "refusals.db", most=10, oldest=MONTH)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[SqliteBook]:
    opened = open_book(tmp_path / "state", "demo", ACCOUNT, StandingClock())
    yield opened
    opened.close()


def refused(name: str) -> DecisionMade:
    why = {"code": "PAUSED", "sentence": "Entries are paused.", "cure": "Resume."}
    return DecisionMade(replace(decided(name), **why))  # type: ignore[arg-type]


def fills_of(book: SqliteBook) -> tuple[FillRecorded, FillRecorded]:
    """A fill, and again with its commission."""
    book.record_intent(intent(), "c")
    told = []
    for charge in (False, True):
        if charge:
            book.book_commission("ib", commission(), NOON)
        else:
            book.book_fill("ib", execution(), NOON)
        [fill] = book.fills()
        position = book.position("ib", BHP)
        assert isinstance(position, ManagedPosition)
        told.append(FillRecorded(fill, position, not charge))
    return told[0], told[1]


def test_the_way_of_an_order_is_told_hop_by_hop(
    kept: Callable[[], Refusals], book: SqliteBook
) -> None:
    fill, charged = fills_of(book)
    at = [NOON + timedelta(milliseconds=number) for number in range(10)]
    quote = decided("K-1").quote
    assert quote is not None
    decision = replace(
        decided("K-1"), quote=replace(quote, time=at[0]), proposed_at=at[1], at=at[3]
    )
    order = intent()
    with writing(kept) as (company, lines):
        company.tell(SEAT, DecisionMade(decision), OrderRecorded(order))
        company.tell(SEAT, OrderAnswered("K-1", at[5], at[6], at[9]))
        working = replace(order, state=OrderState.WORKING, sent_at=at[6], venue_order_id="9001")
        company.tell(SEAT, OrderRecorded(working), OrderRecorded(working), fill, charged)
    for line in lines:
        LINE.validate_json(orjson.dumps(line), strict=True)
    assert [(line["event"], line.get("state")) for line in lines] == [
        ("decision", None),
        ("order", "INTENDED"),
        ("order", "WORKING"),
        ("fill", None),
        ("fill", None),
    ], "the same state twice is no news"
    assert lines[2]["hop_micros"] == {
        "decided": 1000,
        "admitted": 2000,
        "durable": 2000,
        "sent": 1000,
        "acknowledged": 3000,
        "filled": None,
        "commission": None,
    }
    assert [(line["news"], line["commission_source"]) for line in lines[3:]] == [
        ("fill", "none"),
        ("revised", "reported"),
    ]
    assert all(line["hops"]["filled"] is not None for line in lines[3:])


def test_of_a_share_all_lines_about_one_order_are_there_or_none(
    kept: Callable[[], Refusals],
) -> None:
    with writing(kept, sample=0.5) as (company, lines):
        for number in range(200):
            name = f"K-{number}"
            company.tell(SEAT, DecisionMade(decided(name)), OrderRecorded(intent(name)))
    told = [line["correlation"] for line in lines]
    assert 60 <= len(set(told)) <= 140
    assert all(told.count(name) == 2 for name in told)


def test_refusals_are_kept_whatever_the_share_and_can_be_asked_for(
    kept: Callable[[], Refusals],
) -> None:
    with writing(kept, sample=0.0) as (company, lines):
        company.tell(SEAT, refused("K-1"), DecisionMade(decided("K-2")))
        found = company.system.ask(SEAT, GetRefusal("K-1")).get(timeout=LIMIT)
        assert found["code"] == "PAUSED"
        assert company.system.ask(SEAT, GetRefusal("K-2")).get(timeout=LIMIT) is None
    assert lines == []


def test_without_room_for_refusals_it_goes_on_and_keeps_them_again_later(
    kept: Callable[[], Refusals],
) -> None:
    full = [True]

    def open_them() -> Refusals:
        if full:
            raise BookError("DISK_FULL", "There is no room.")
        return kept()

    with writing(open_them) as (company, lines):
        company.tell(SEAT, refused("K-1"))
        assert company.state(SEAT)["refusals_not_kept"] == "There is no room."
        assert company.system.ask(SEAT, GetRefusal("K-1")).get(timeout=LIMIT) is None
        full.clear()
        company.tell(SEAT, refused("K-2"))
        assert company.state(SEAT)["refusals_not_kept"] == ""
        assert company.system.ask(SEAT, GetRefusal("K-2")).get(timeout=LIMIT) is not None
    assert [line["code"] for line in lines] == ["PAUSED", "PAUSED"]


def test_a_request_for_data_is_told_with_what_came_of_it(kept: Callable[[], Refusals]) -> None:
    with writing(kept) as (company, lines):
        company.tell(SEAT, DataAnswered(names.IB, "bars", BHP, "5 mins", NOON, 0.25, 96))
        company.tell(SEAT, DataAnswered(names.IB, "quotes", BHP, "", NOON, 1.5, 0, "IB354"))
    assert [(line["micros"], line["items"], line["code"]) for line in lines] == [
        (250_000, 96, ""),
        (1_500_000, 0, "IB354"),
    ]


def test_the_document_is_made_of_the_schema() -> None:
    assert DOCUMENT.read_text() == render(), "python -m console.telemetry_schemas > docs/…"


def test_the_schema_takes_no_field_that_it_does_not_know() -> None:
    line: dict[str, Any] = {
        "ts": "2026-11-23T01:00:00Z",
        "level": "INFO",
        "event": "log",
        "seat": None,
    }
    line |= {"incarnation": None, "correlation": None, "mode": "demo", "text": "x", "extra": {}}
    LINE.validate_json(orjson.dumps(line), strict=True)
    with pytest.raises(ValidationError):
        LINE.validate_json(orjson.dumps(line | {"account": "x"}), strict=True)

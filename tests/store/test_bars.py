"""The archive of bars: what was fetched is there, and what is lost costs no more than a refetch."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.bars import BarBook
from adapters.book import BookError
from adapters.store import open_bars
from domain.bars import Bar, SeriesKey, Span, What, gaps
from domain.pacing import PacedRequest, Sent
from domain.symbols import Symbol

KEY = SeriesKey(Symbol.parse("BHP/AUD"), What.TRADES, 300)
PAIR = SeriesKey(Symbol.parse("AUD/USD"), What.MIDPOINT, 300)
ALWAYS = Span(0, 10**10)


def _bar(start: float, volume: float | None = 10.0) -> Bar:
    return (float(start), 45.1, 45.2, 45.0, 45.15, volume)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "demo-1" / "bars.db"


def _fill(book: BarBook) -> None:
    book.keep(KEY, [_bar(300), _bar(600)], Span(300, 900))
    book.keep(PAIR, [_bar(300, None)], Span(0, 900))


def test_what_was_kept_is_there_after_a_restart(path: Path) -> None:
    book = open_bars(path, "ib")
    _fill(book)
    book.close()
    again = open_bars(path, "ib")
    assert again.plight == ""
    assert again.bars(KEY, ALWAYS, 100) == (_bar(300), _bar(600))
    assert again.bars(PAIR, ALWAYS, 100) == (_bar(300, None),)
    assert again.covered(KEY, Span(0, 800)) == (Span(300, 800),)
    assert again.bars(KEY, Span(300, 600), 100) == (_bar(300),)
    assert again.bars(KEY, ALWAYS, 1) == (_bar(600),)
    assert [(kept.key, kept.bars) for kept in again.series()] == [(PAIR, 1), (KEY, 2)]
    again.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_venues_and_kinds_of_bars_are_kept_apart(path: Path) -> None:
    book = open_bars(path, "ib")
    _fill(book)
    for other in (
        SeriesKey(KEY.symbol, What.BID, 300),
        SeriesKey(KEY.symbol, What.TRADES, 60),
        SeriesKey(KEY.symbol, What.TRADES, 300, liquid_hours=True),
    ):
        assert book.bars(other, ALWAYS, 100) == ()
        assert book.covered(other, ALWAYS) == ()
    book.close()
    elsewhere = open_bars(path, "gemini")
    assert elsewhere.bars(KEY, ALWAYS, 100) == ()
    elsewhere.close()


spans = st.builds(lambda at, length: Span(at, at + length), st.integers(0, 60), st.integers(1, 20))


@settings(max_examples=30, deadline=None)
@given(st.lists(spans, max_size=12), spans)
def test_coverage_is_the_sum_of_what_was_answered(
    tmp_path_factory: pytest.TempPathFactory, answered: list[Span], wanted: Span
) -> None:
    book = open_bars(tmp_path_factory.mktemp("archive") / "bars.db", "ib")
    for span in answered:
        book.keep(KEY, [], span)
    assert gaps(wanted, book.covered(KEY, wanted)) == gaps(wanted, answered)
    book.close()


@pytest.mark.parametrize("damage", ["no database", "another schema", "a torn page"])
def test_a_damaged_archive_is_begun_anew(path: Path, damage: str) -> None:
    book = open_bars(path, "ib")
    for number in range(200):
        book.keep(KEY, [_bar(300 * (20 * number + n)) for n in range(20)], Span(number, number + 1))
    book.close()
    content = path.read_bytes()
    if damage == "no database":
        path.write_bytes(b"rubbish" * 1000)
    elif damage == "another schema":
        path.write_bytes(content[:60] + b"\0\0\0\x63" + content[64:])
    else:
        middle = len(content) // 2 // 4096 * 4096
        path.write_bytes(content[:middle] + b"\xff" * 4096 + content[middle + 4096 :])
    again = open_bars(path, "ib")
    assert again.plight == ""
    assert again.bars(KEY, ALWAYS, 100) == ()
    _fill(again)
    again.close()
    once_more = open_bars(path, "ib")
    assert once_more.bars(KEY, ALWAYS, 100) == (_bar(300), _bar(600))
    once_more.close()


def test_where_the_disk_takes_nothing_it_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    book = open_bars(tmp_path / "file" / "bars.db", "ib")
    assert "in memory" in book.plight
    _fill(book)
    assert book.bars(KEY, ALWAYS, 100) == (_bar(300), _bar(600))
    book.close()


def test_a_disk_that_fills_up_is_gone_on_without(path: Path) -> None:
    book = open_bars(path, "ib")
    _fill(book)
    book._connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
    bars = [_bar(300 * number) for number in range(5000)]
    with pytest.raises(BookError) as raised:
        book.keep(KEY, bars, Span(0, 300 * 5000))
    assert raised.value.code == "DISK_FULL"
    memory = book.after(raised.value)
    assert "in memory" in memory.plight
    memory.keep(KEY, bars, Span(0, 300 * 5000))
    assert len(memory.bars(KEY, ALWAYS, 10_000)) == 5000
    memory.close()
    # The disk has what was there before.
    again = open_bars(path, "ib")
    assert again.bars(KEY, ALWAYS, 100) == (_bar(300), _bar(600))
    again.close()


def test_the_window_of_requests_outlives_the_process(path: Path) -> None:
    book = open_bars(path, "ib")
    request = PacedRequest("BHP 1", "BHP", 2)
    book.note("1", Sent(100.0, request), wall=1000.0)
    book.note("2", Sent(150.0, request), wall=1050.0)
    book.note("2", Sent(151.0, request), wall=1051.0)
    book.close()
    # The machine began anew: its monotonic clock is at 20 now.
    again = open_bars(path, "ib")
    assert dict(again.noted(1100.0, 20.0)) == {
        "1": Sent(-80.0, request),
        "2": Sent(-29.0, request),
    }
    again.note("3", Sent(900.0, request), wall=1980.0)
    assert [sent.at for _, sent in again.noted(1980.0, 900.0)] == [900.0]
    again.close()

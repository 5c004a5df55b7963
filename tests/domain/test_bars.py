"""Bar sizes, spans, IB's table of durations, and what an answer proves."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bars import (
    BAR_SIZES,
    DAY,
    Bar,
    Span,
    TimeframeError,
    What,
    aligned,
    clamp,
    gaps,
    joined,
    last_piece,
    proven,
    settled,
    what_for,
)
from domain.symbols import Symbol

SYDNEY = ZoneInfo("Australia/Sydney")
spans = st.builds(
    lambda start, length: Span(start, start + length), st.integers(0, 200), st.integers(0, 40)
)


@pytest.mark.parametrize(
    ("timeframe", "seconds", "differs"),
    [
        ("5 mins", 300, False),
        ("5m", 300, False),
        ("1 min", 60, False),
        ("1M", 30 * DAY, False),
        ("1mo", 30 * DAY, False),
        ("1d", DAY, False),
        ("1 week", 7 * DAY, False),
        ("7m", 300, True),
        ("45s", 30, True),
        ("6h", 14400, True),
        ("90d", 30 * DAY, True),
    ],
)
def test_a_timeframe_is_clamped_to_a_size_not_above_it_and_says_so(
    timeframe: str, seconds: int, differs: bool
) -> None:
    found, sentence = clamp(timeframe)
    assert found == seconds
    assert bool(sentence) is differs
    if differs:
        assert BAR_SIZES[seconds] in sentence


@pytest.mark.parametrize("text", ["", "m", "0m", "5 parsecs", "-5m", "5.5m"])
def test_what_is_no_timeframe_is_refused(text: str) -> None:
    with pytest.raises(TimeframeError):
        clamp(text)


def test_a_pair_has_no_trades() -> None:
    pair, share = Symbol.parse("AUD/USD"), Symbol.parse("BHP/AUD")
    assert what_for(pair, None) == (What.MIDPOINT, "")
    assert what_for(share, None) == (What.TRADES, "")
    what, sentence = what_for(pair, What.TRADES)
    assert what is What.MIDPOINT and "no trades" in sentence
    assert what_for(pair, What.BID_ASK) == (What.BID_ASK, "")


@given(st.lists(spans), spans)
def test_gaps_and_what_is_covered_make_up_the_whole(covered: list[Span], wanted: Span) -> None:
    def moments(several: object) -> set[int]:
        return {at for s in several for at in range(int(s.start), int(s.end))}  # type: ignore[attr-defined]

    missing = gaps(wanted, covered)
    assert moments(missing) == moments([wanted]) - moments(covered)
    assert moments(joined(covered)) == moments(covered)
    assert list(missing) == sorted(missing)


@given(st.sampled_from(sorted(BAR_SIZES)), st.integers(1, 400 * DAY))
def test_the_pieces_of_a_gap_cover_it_and_stand_in_the_table(size: int, length: int) -> None:
    gap = Span(0, aligned(Span(0, length), size, UTC).end)
    pieces = 0
    while gap.end > gap.start and pieces < 50:
        piece = last_piece(gap, size)
        number, unit = piece.duration.split(" ")
        reach = {"S": 1, "W": 6 * DAY, "M": 27 * DAY, "Y": 364 * DAY}[unit] * int(number)
        assert reach >= piece.span.end - piece.span.start
        assert piece.span.end == gap.end
        assert piece.span.start < gap.end
        if unit == "S":
            assert size <= int(number) <= DAY
        gap = Span(gap.start, piece.span.start)
        pieces += 1


@pytest.mark.parametrize(
    ("size", "seconds", "duration"),
    [
        (1, 3600, "1800 S"),
        (5, 100 * DAY, "3600 S"),
        (30, DAY, "28800 S"),
        (60, DAY, "82800 S"),
        (60, 10 * DAY, "82800 S"),
        (300, 23 * 3600, "82800 S"),
        (300, DAY, "1 W"),
        (1800, 20 * DAY, "1 M"),
        (DAY, 300 * DAY, "1 Y"),
        (300, 60, "300 S"),
    ],
)
def test_a_request_is_as_long_as_the_table_allows(size: int, seconds: int, duration: str) -> None:
    assert last_piece(Span(0, seconds), size).duration == duration


def _bar(start: float) -> Bar:
    return (start, 1.0, 2.0, 0.5, 1.5, 10.0)


def test_an_answer_proves_all_back_to_its_first_bar() -> None:
    bars = (_bar(300.0), _bar(900.0), _bar(1200.0))
    whole, covered = proven(bars, Span(600, 1200), 300)
    assert whole == bars[:2]
    assert covered == Span(300, 1200)
    assert proven((), Span(600, 1200), 300) == ((), Span(600, 1200))


def test_a_daily_bar_that_reaches_beyond_the_end_is_left_out() -> None:
    monday = datetime(2026, 11, 16, tzinfo=SYDNEY).timestamp()
    end = monday + DAY
    whole, covered = proven((_bar(monday), _bar(end)), Span(monday, end), DAY)
    assert whole == (_bar(monday),)
    assert covered == Span(monday, end)
    whole, _ = proven((_bar(monday),), Span(monday - DAY, monday + DAY / 2), DAY)
    assert whole == ()


def test_whole_bars_begin_on_round_times_and_days_on_local_midnights() -> None:
    assert aligned(Span(301, 599), 300, SYDNEY) == Span(300, 600)
    assert aligned(Span(300, 600), 300, SYDNEY) == Span(300, 600)
    noon = datetime(2026, 10, 3, 12, tzinfo=SYDNEY).timestamp()
    day = aligned(Span(noon, noon + DAY), DAY, SYDNEY)
    assert day.start == datetime(2026, 10, 3, tzinfo=SYDNEY).timestamp()
    # The fourth of October 2026 has 23 hours in Sydney.
    assert day.end == datetime(2026, 10, 5, tzinfo=SYDNEY).timestamp()
    assert day.end - day.start == 47 * 3600


def test_a_bar_is_settled_a_minute_after_its_end() -> None:
    assert settled(659.0, 300, SYDNEY) == 300
    assert settled(660.0, 300, SYDNEY) == 600

"""The starts of the process: when the next is in safe mode, and when live trading is disarmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.starts import (
    DEATHS_WITHIN,
    EARLY_DEATHS,
    KEPT,
    LIVES_AFTER,
    UNCLEAN_STARTS,
    UNCLEAN_WITHIN,
    History,
    Start,
    delay_of_start,
    early_deaths,
    unclean_starts,
    why_disarmed,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def after(*ends: str, every: timedelta = MINUTE) -> tuple[History, datetime]:
    """A history of starts that ended so, one after the other; and when the next would begin."""
    history, now = History(), NOON
    for number, end in enumerate(ends):
        name = str(number)
        history = history.begin(name, now)
        if "lived" in end:
            history = history.lived(name)
        if "clean" in end:
            history = history.ended(name)
        now += every
    return history, now


def is_safe(history: History, now: datetime) -> bool:
    return history.begin("next", now).safe_since is not None


def test_the_numbers() -> None:
    assert LIVES_AFTER == 60 * SECOND
    assert (EARLY_DEATHS, DEATHS_WITHIN) == (5, 30 * MINUTE)
    assert (UNCLEAN_STARTS, UNCLEAN_WITHIN) == (2, 60 * MINUTE)


@pytest.mark.parametrize(
    ("ends", "safe"),
    [
        ((), False),
        (("died",) * 4, False),
        (("died",) * 5, True),
        (("died",) * 9, True),
        (("died", "died", "lived", "died", "died", "died", "died"), False),
        (("died", "died", "clean", "died", "died", "died", "died"), False),
        (("died", "died", "died", "died", "lived clean"), False),
        (("lived",) * 9, False),
        (("clean",) * 9, False),
        (("lived", *("died",) * 5), True),
    ],
)
def test_the_one_after_five_early_deaths_in_a_row_is_in_safe_mode(
    ends: tuple[str, ...], safe: bool
) -> None:
    assert is_safe(*after(*ends)) is safe


@pytest.mark.parametrize(
    ("ends", "seconds"),
    [
        ((), 0),
        (("died",) * 2, 0),
        (("died",) * 3, 5),
        (("died",) * 4, 10),
        (("died",) * 6, 40),
        (("died",) * 7, 60),
        (("died",) * 90, 60),
        (("died", "died", "died", "clean"), 0),
        (("died", "died", "lived", "died"), 0),
    ],
)
def test_the_next_start_waits_longer_with_each_early_death(
    ends: tuple[str, ...], seconds: float
) -> None:
    history, now = after(*ends, every=SECOND)
    assert delay_of_start(history.starts, now).total_seconds() == seconds


@pytest.mark.parametrize(
    ("since_the_first", "safe"),
    [(30 * MINUTE, True), (30 * MINUTE + SECOND, False), (25 * MINUTE, True)],
)
def test_the_five_must_lie_within_half_an_hour(since_the_first: timedelta, safe: bool) -> None:
    history, _ = after(*("died",) * 5)
    assert is_safe(history, NOON + since_the_first) is safe


def test_it_stays_in_safe_mode_until_a_person_ends_it() -> None:
    history, now = after(*("died",) * 6)
    assert history.safe_since == NOON + 5 * MINUTE
    assert after(*("died",) * 9)[0].safe_since == history.safe_since, "since the first of them"
    assert "5 starts within 30 minutes died" in history.safe_cause
    lived = history.lived("5").ended("5").begin("6", now + timedelta(days=30))
    assert lived.safe_since == history.safe_since, "it lived, and ended in order, and is as it was"
    ended = lived.safe_mode_ended()
    assert ended == History((Start("6", now + timedelta(days=30)),))
    assert not is_safe(ended, now + timedelta(days=30)), "what died before is not counted again"


def test_a_clock_that_was_set_back_forgets_nothing() -> None:
    history, _ = after(*("died",) * 5)
    assert is_safe(history, NOON - timedelta(days=1))


def test_what_cannot_be_read_is_no_clean_slate() -> None:
    history = History().in_doubt(NOON, "damaged").begin("1", NOON)
    assert (history.safe_since, history.safe_cause) == (NOON, "damaged")


def test_how_many_is_a_setting() -> None:
    history, now = after("died", "died")
    assert history.begin("next", now, after_deaths=2).safe_since == now
    assert history.begin("next", now, after_deaths=3).safe_since is None
    for number in range(1000):
        history = history.begin(f"quick {number}", now, after_deaths=1000)
    assert history.safe_since == now, "as many are remembered as are counted"


def test_the_last_hundred_are_remembered() -> None:
    history, _ = after(*("lived",) * 110)
    assert len(history.starts) == KEPT == 100
    assert history.starts[-1].id == "109"


# -- disarming -----------------------------------------------------------------------------


def disarmed(
    *ends: str,
    every: timedelta = MINUTE,
    later: timedelta = SECOND,
) -> str:
    history, now = after(*ends, every=every)
    return why_disarmed(history.begin("next", now), now + later)


@pytest.mark.parametrize("ends", [(), ("clean",), ("lived clean", "clean"), ("lived",), ("died",)])
def test_one_unclean_start_followed_by_a_clean_reconciliation_changes_nothing(
    ends: tuple[str, ...],
) -> None:
    assert disarmed(*ends) == ""


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        (("lived", "lived"), "2 unclean starts within an hour"),
        (("died", "died"), "2 unclean starts within an hour"),
        (("lived", "clean", "died"), "2 unclean starts within an hour"),
        (("lived", "clean", "clean"), ""),
        (("clean", "clean", "died"), ""),
    ],
)
def test_a_second_within_the_hour_disarms(ends: tuple[str, ...], why: str) -> None:
    assert disarmed(*ends) == why


@pytest.mark.parametrize(
    ("every", "counts"),
    [(29 * MINUTE, 2), (60 * MINUTE, 2), (61 * MINUTE, 1), (3 * 60 * MINUTE, 1)],
)
def test_the_hour_is_counted_back_from_now(every: timedelta, counts: int) -> None:
    history, now = after("lived", "lived", every=every)
    assert unclean_starts(history.begin("next", now).starts, now) == counts


# -- whatever happens ----------------------------------------------------------------------

ENDS = st.lists(
    st.tuples(st.sampled_from(["died", "lived", "clean"]), st.integers(0, 3600)), max_size=30
)


@given(ENDS)
def test_safe_mode_comes_exactly_after_five_in_a_row_and_never_goes_by_itself(
    ends: list[tuple[str, int]],
) -> None:
    history, now, before = History(), NOON, list[tuple[str, datetime]]()
    for number, (end, pause) in enumerate(ends):
        was_safe = history.safe_since is not None
        history = history.begin(str(number), now)
        last = before[-5:]
        due = len(last) == 5 and all(
            e == "died" and now - at <= timedelta(minutes=30) for e, at in last
        )
        assert (history.safe_since is not None) is (was_safe or due)
        assert early_deaths(history.starts, now) >= 1
        before.append((end, now))
        history = history.lived(str(number)) if end == "lived" else history
        history = history.ended(str(number)) if end == "clean" else history
        now += timedelta(seconds=pause)

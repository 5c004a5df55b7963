"""When a person hears of something, and when again: Sydney's hours, over both summer times."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.alert_table import rule_of
from domain.alerting import (
    DOUBTED,
    REPEATS,
    SYDNEY,
    Level,
    answered,
    brought_back,
    day_before_first_morning,
    first_due,
    forgotten,
    is_same,
    morning_due,
    next_daytime,
    next_morning,
    over,
    said_again,
    unheard,
    was_told,
)
from tests.domain.alerts import NIGHT, NOON, at, due_now, incident

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("moment", "delivered"),
    [
        (at(2026, 11, 23, 7), at(2026, 11, 23, 7)),
        (at(2026, 11, 23, 20, 59), at(2026, 11, 23, 20, 59)),
        (at(2026, 11, 23, 21), at(2026, 11, 24, 7)),
        (at(2026, 11, 24, 6, 59), at(2026, 11, 24, 7)),
        # Summer time begins on 4 October 2026 at 02:00, and ends on 5 April 2026 at 03:00.
        (at(2026, 10, 3, 23), at(2026, 10, 4, 7)),
        (at(2026, 10, 4, 3, 30), at(2026, 10, 4, 7)),
        (at(2026, 4, 4, 23), at(2026, 4, 5, 7)),
        (at(2026, 4, 5, 2, 30, fold=0), at(2026, 4, 5, 7)),
        (at(2026, 4, 5, 2, 30, fold=1), at(2026, 4, 5, 7)),
    ],
)
def test_what_is_for_today_waits_for_the_day(moment: datetime, delivered: datetime) -> None:
    assert next_daytime(moment) == delivered


def test_the_nights_of_summer_time_are_an_hour_shorter_and_longer() -> None:
    assert next_daytime(at(2026, 10, 3, 23)) - at(2026, 10, 3, 23) == timedelta(hours=7)
    assert next_daytime(at(2026, 4, 4, 23)) - at(2026, 4, 4, 23) == timedelta(hours=9)


@given(
    st.datetimes(
        min_value=NOON.replace(tzinfo=None), max_value=at(2028, 12, 1, 0).replace(tzinfo=None)
    )
)
def test_no_delivery_by_day_is_by_night(moment: datetime) -> None:
    when = next_daytime(moment.replace(tzinfo=NOON.tzinfo))
    assert 7 <= when.astimezone(SYDNEY).hour < 21
    assert timedelta(0) <= when - moment.replace(tzinfo=NOON.tzinfo) <= timedelta(hours=11)


def test_by_its_level_it_goes_at_once_by_day_or_with_the_morning() -> None:
    assert first_due(rule_of("FLATTEN_LEFT"), NIGHT) == NIGHT
    assert first_due(rule_of("BACKUP_FAILED"), NIGHT) == at(2026, 11, 24, 7)
    assert first_due(rule_of("BACKUP_FAILED"), NOON) == NOON
    assert first_due(rule_of("STARTED"), NOON) is None
    assert first_due(rule_of("MISMATCH"), NOON) == NOON + 2 * MINUTE


@pytest.mark.parametrize("day", [date(2026, 10, 4), date(2026, 4, 5), date(2026, 11, 23)])
def test_there_is_one_morning_a_day(day: date) -> None:
    yesterday = day - timedelta(days=1)
    before, after = at(day.year, day.month, day.day, 7, 29), at(day.year, day.month, day.day, 7, 30)
    assert morning_due(yesterday, before) is None
    assert morning_due(yesterday, after) == day
    assert morning_due(day, after + MINUTE) is None
    assert next_morning(yesterday, before) == after
    assert next_morning(day, after).astimezone(SYDNEY).date() == day + timedelta(days=1)


def test_every_hour_of_two_years_has_each_day_s_morning_once() -> None:
    moment, last, sent = at(2026, 1, 1, 0), date(2025, 12, 31), []
    while moment < at(2028, 1, 1, 0):
        day = morning_due(last, moment)
        if day is not None:
            sent.append((day, moment))
            last = day
        moment += timedelta(minutes=30)
    assert len(sent) == 730 == len({day for day, _ in sent})
    assert {f"{when.astimezone(SYDNEY):%H:%M}" for _, when in sent} == {"07:30"}


def test_a_morning_that_was_missed_is_made_up_for_until_the_evening() -> None:
    monday = date(2026, 11, 23)
    assert morning_due(date(2026, 11, 20), at(2026, 11, 23, 20, 59)) == monday
    assert morning_due(date(2026, 11, 20), at(2026, 11, 23, 21)) is None
    assert morning_due(date(2026, 11, 24), at(2026, 11, 23, 9)) is None, "the clock was set back"


def test_the_first_morning_is_the_next_one() -> None:
    assert morning_due(day_before_first_morning(NOON), NOON) is None
    early = at(2026, 11, 23, 6)
    assert morning_due(day_before_first_morning(early), at(2026, 11, 23, 7, 30)) is not None


def test_what_wakes_is_told_again_until_it_is_answered() -> None:
    each, now = incident(), NOON
    for wait in (*REPEATS, REPEATS[-1], REPEATS[-1]):
        each = was_told(each, now)
        assert each.due == now + wait
        now += wait
    each = answered(each, "the owner", now)
    assert each.due is None and each.ended_at == now
    lasting = answered(was_told(incident(code="UNPROTECTED"), NOON), "the owner", NOON)
    assert lasting.due is None and lasting.open, "known, and not over"
    assert was_told(lasting, NOON).due is None


def test_what_is_for_today_is_told_once_and_its_end_by_day() -> None:
    each = was_told(incident(code="BACKUP_FAILED"), NOON)
    assert each.due is None and each.open
    ended = over(each, "The book is backed up again.", NIGHT)
    assert ended.end_due == at(2026, 11, 24, 7)
    assert over(incident(code="BACKUP_FAILED"), "Well again.", NOON).end_due is None, "nobody knew"


def test_the_end_of_what_woke_is_told_at_once() -> None:
    each = was_told(incident(code="UNPROTECTED"), NIGHT)
    assert over(each, "All is protected.", NIGHT + MINUTE).end_due == NIGHT + MINUTE


def test_an_answered_one_is_news_again_when_it_concerns_something_more() -> None:
    first = "Not protected at the venue: BHP/AUD: refused."
    known = answered(was_told(incident(1, "UNPROTECTED", first), NOON), "me", NOON)
    same = said_again(known, "Not protected at the venue: BHP/AUD: gone.", "", NOON)
    assert same.due is None and same.answered_at is not None
    more = said_again(known, f"{first} CBA/AUD: refused.", "", NOON)
    assert more.answered_at is None and more.due is not None
    less = said_again(more, first, "", NOON)
    assert less.due == more.due


def test_an_outage_that_is_said_again_is_the_same_one() -> None:
    down = incident(1, "VENUE_DOWN", "ib cannot be traded since Mon 14:00 (1 min).")
    told = was_told(down, NOON)
    again = said_again(told, "ib cannot be traded since Mon 14:00 (16 min).", "", NOON)
    assert again.due is None and again.times == 2


def test_happenings_are_the_same_by_their_words_and_within_a_day() -> None:
    each = incident(sentence="BHP/AUD is not all out.")
    assert is_same(each, "BHP/AUD is not all out.", NOON + MINUTE)
    assert not is_same(each, "CBA/AUD is not all out.", NOON + MINUTE)
    assert not is_same(each, "BHP/AUD is not all out.", NOON + timedelta(days=2))


def test_what_nobody_says_after_a_restart_is_over_once_the_venue_was_compared() -> None:
    each = replace(incident(code="UNPROTECTED"), doubted=NOON)
    later = NOON + 2 * DOUBTED
    assert not forgotten(each, None, later), "nobody could have said it"
    assert not forgotten(each, NOON - MINUTE, later)
    assert not forgotten(each, NOON + MINUTE, NOON + DOUBTED)
    assert forgotten(each, NOON + MINUTE, later)
    assert not forgotten(replace(each, doubted=None), NOON + MINUTE, later)


def test_a_day_without_a_delivery_counts_from_the_last_one_or_the_set_up() -> None:
    day = timedelta(days=1)
    assert not unheard(NOON, None, NOON + day - MINUTE)
    assert unheard(NOON, None, NOON + day)
    assert not unheard(NOON, NOON + MINUTE, NOON + day)
    assert unheard(NOON, NOON + MINUTE, NOON + day + MINUTE)


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 10, 3), date(2026, 4, 4)])
def test_the_next_morning_message_is_waited_for(day: date) -> None:
    """One each morning is enough, though the next may come a minute later, or 25 hours."""
    morning, after = at(day.year, day.month, day.day, 7, 31), day + timedelta(days=1)
    assert not unheard(NOON - timedelta(days=400), morning, at(2026, after.month, after.day, 7, 44))
    assert unheard(NOON - timedelta(days=400), morning, at(2026, after.month, after.day, 8, 32))


def test_levels_are_three() -> None:
    assert [each.value for each in Level] == ["WAKE", "TODAY", "FYI"]


def test_a_clock_that_was_ahead_makes_no_alert_wait_for_its_time() -> None:
    ahead = NOON + timedelta(days=400)
    repeated = was_told(due_now(1, now=ahead), ahead)
    assert repeated.due is not None and repeated.due > ahead
    assert brought_back(repeated, NOON).due == NOON
    ended = over(repeated, "It is over.", ahead)
    assert brought_back(ended, NOON).end_due == NOON
    for each in (repeated, ended):
        assert brought_back(each, ahead) == each
    asleep = incident(2, "VENUE_DOWN", now=NIGHT - timedelta(hours=5))
    assert asleep.due is not None and brought_back(asleep, NIGHT - timedelta(hours=5)) == asleep

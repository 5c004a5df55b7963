"""What goes out, and in how few letters."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain import alert_letters as letters
from domain.alert_letters import OK, Letter, clean_by
from domain.alert_post import (
    CAP,
    DIGITS_TRIES,
    RETRIES,
    TEST,
    Posting,
    PostState,
    asked_to_prove,
    came_back,
    due_letters,
    guessed_wrong,
    not_ahead,
    proven,
    sent_out,
    told_of,
    with_ways,
)
from domain.alerting import Incident, morning_due, over, unheard, was_told
from tests.domain.alerts import NIGHT, NOON, due_now, incident

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def plain(text: str) -> str:
    return text


def post(
    incidents: list[Incident], state: PostState | None = None, now: datetime = NOON
) -> Posting:
    ids = itertools.count(1)
    return due_letters(
        incidents,
        state or PostState(),
        now,
        mode="paper",
        clean=plain,
        new_id=lambda: f"L{next(ids)}",
    )


def delivered(
    incidents: list[Incident], state: PostState, now: datetime = NOON
) -> tuple[Sequence[Letter], list[Incident], PostState]:
    """Have what is due go out, and arrive."""
    posting = post(incidents, state, now)
    state = sent_out(state, "E", posting.letters, posting, now)
    there = frozenset(each.id for each in posting.letters)
    assert state.out is not None
    known = {each.number: each for each in incidents}
    known |= {each.number: each for each in told_of(known, state.out, there, now)}
    return posting.letters, list(known.values()), came_back(state, there, now)


def test_each_says_mode_what_stands_what_if_nothing_and_what_to_do() -> None:
    [letter] = post([due_now(17)]).letters
    assert letter.title == "Kelpie paper · WAKE · Not all was closed"
    for words in ("BHP/AUD is not all out (17).", "What stands: ", "If you do nothing: "):
        assert words in letter.body
    assert "What to do: " in letter.body and "`kelpie alerts answer A17`" in letter.body
    assert "A17, since Mon 23 Nov 13:00 (Sydney)" in letter.body


def test_a_flood_is_capped_and_summed() -> None:
    flood = [due_now(n) for n in range(1, 501)]
    told, flood, state = delivered(flood, PostState())
    assert len(told) == CAP
    assert told[-1].title == f"Kelpie paper · WAKE · and {501 - CAP} more"
    assert f"Beside the {CAP - 1} alerts told one by one" in told[-1].body
    assert f"Not all was closed ×{501 - CAP}" in told[-1].body
    assert all(each.told == 1 for each in flood), "each is in one of them"
    # For the next hour only sums go, seldom; and what is unanswered is repeated in one letter.
    more = [due_now(n, now=NOON + MINUTE) for n in range(501, 520)]
    assert post([*flood, *more], state, NOON + MINUTE).letters == ()
    late = NOON + 11 * MINUTE
    repeats, sums = post([*flood, *more], state, late).letters
    assert repeats.title.endswith("500 alerts") and sums.title.endswith("and 19 more")


def test_beyond_the_cap_only_what_wakes_may_still_be_summed() -> None:
    state = PostState(sent=(NOON,) * CAP)
    assert post([due_now(1, "BACKUP_FAILED")], state).letters == ()
    [letter] = post([due_now(1, "BACKUP_FAILED"), due_now(2)], state).letters
    assert letter.about == (1, 2) or letter.about == (2, 1)
    assert post([due_now(1, "BACKUP_FAILED")], state, NOON + HOUR).letters != ()


def test_what_wakes_goes_first() -> None:
    found = [due_now(1, "BACKUP_FAILED"), due_now(2)]
    assert [each.about for each in post(found).letters] == [(2,), (1,)]


def test_repeats_go_together() -> None:
    told = [replace(was_told(due_now(n), NOON), due=NOON + n * MINUTE) for n in (1, 2, 9)]
    [letter] = post(told, now=NOON + MINUTE).letters
    assert letter.about == (1, 2)


def test_its_end_is_told_to_whom_it_was_told_and_many_ends_in_one() -> None:
    ended = [over(was_told(due_now(n, "UNPROTECTED"), NOON), "Well.", NOON) for n in range(1, 4)]
    assert [(each.level, each.ends) for each in post(ended).letters] == [(OK, True)] * 3
    many = [over(was_told(due_now(n, "UNPROTECTED"), NOON), "Well.", NOON) for n in range(1, 31)]
    [letter] = post(many).letters
    assert letter.ends and len(letter.about) == 30 and "Not protected ×30" in letter.body
    silent = over(due_now(1, "UNPROTECTED"), "Well.", NOON)
    assert post([silent]).letters == ()


def test_what_reached_nobody_is_due_still_and_has_used_up_nothing() -> None:
    state = PostState()
    posting = post([due_now(1)], state)
    state = came_back(sent_out(state, "E", posting.letters, posting, NOON), frozenset(), NOON)
    assert state.sent == () and state.failed == 1 and state.delivered == 0
    assert state.retry_at == NOON + RETRIES[0]
    for _ in range(20):
        state = came_back(state, frozenset(), NOON)
    assert state.retry_at == NOON + RETRIES[-1]


def test_a_test_that_was_asked_for_meanwhile_does_not_wait_for_what_failed() -> None:
    """Whoever asks for a test wants to know whether it works now, not in a quarter of an hour."""
    posting = post([due_now(1)])
    state = sent_out(PostState(fails_in_a_row=9), "E", posting.letters, posting, NOON)
    state = asked_to_prove(state, "0042", NOON)
    state = came_back(state, frozenset(), NOON + MINUTE)
    assert state.retry_at is None and state.fails_in_a_row == 10
    asked = letters.of_test(f"{TEST}:{NOON}", "paper", state.digits, plain)
    state = sent_out(state, "F", [asked], Posting((), 0, False), NOON + MINUTE)
    state = came_back(state, frozenset(), NOON + MINUTE)
    assert state.retry_at == NOON + MINUTE + RETRIES[-1], "its own failure counts"


def test_a_delivery_is_known_by_its_letters() -> None:
    _, [incident_], state = delivered([due_now(1)], PostState(fails_in_a_row=4))
    assert incident_.told == 1 and state.delivered_at == NOON
    assert state.fails_in_a_row == 0 and state.retry_at is None and len(state.sent) == 1


def test_one_that_ended_on_its_way_is_told_its_end() -> None:
    posting = post([due_now(1, "UNPROTECTED")])
    state = sent_out(PostState(), "E", posting.letters, posting, NOON)
    ended = over(due_now(1, "UNPROTECTED"), "Well.", NOON)
    assert state.out is not None
    [after] = told_of({1: ended}, state.out, frozenset(["L1"]), NOON)
    assert after.end_due == NOON


def test_other_ways_have_proven_nothing() -> None:
    known = PostState(ways="a", proven_at=NOON, delivered_at=NOON)
    assert with_ways(known, "a", NOON) == known
    other = with_ways(known, "b", NOON)
    assert other.proven_at is None and other.delivered_at is None and other.ways_since == NOON


def test_digits_are_void_after_a_few_wrong_ones() -> None:
    state = asked_to_prove(PostState(), "0042", NOON)
    for _ in range(DIGITS_TRIES - 1):
        state = guessed_wrong(state)
        assert state.digits == "0042"
    assert guessed_wrong(state).digits == ""
    assert proven(state, NOON).digits == "" and proven(state, NOON).proven_at == NOON


def test_digits_are_in_the_letter_that_asks_for_them() -> None:
    letter = letters.of_test(TEST, "demo", "0042", plain)
    assert "0042" in letter.title and "`kelpie alerts confirm 0042`" in letter.body


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("DAILY_LOSS is reached: A$1,234.56 of A$1,000.", "DAILY_LOSS is reached: … of …"),
        ("The cash is AUD 10.50, by the book AUD -3.", "The cash is …, by the book …"),
        ("a fee of 12.30 USD at 14:03", "a fee of … at 14:03"),
        ("sold 100 BHP/AUD, held 20 AUD/USD", "sold 100 BHP/AUD, held 20 AUD/USD"),
    ],
)
def test_amounts_are_hidden_where_that_is_wished(said: str, left: str) -> None:
    assert clean_by(plain, hide_amounts=True)(said).rstrip(".") == left.rstrip(".")
    assert clean_by(plain, hide_amounts=False)(said) == said


def test_a_long_sentence_does_not_push_out_what_to_do() -> None:
    each = replace(incident(sentence="x" * 5000), due=NOON)
    [letter] = post([each]).letters
    assert len(letter.body) <= 1500 and "What to do" in letter.body


def test_by_night_only_what_wakes_goes() -> None:
    found = [incident(1, "BACKUP_FAILED", now=NIGHT), incident(2, now=NIGHT)]
    assert [each.about for each in post(found, now=NIGHT).letters] == [(2,)]


def test_a_today_that_could_not_go_by_day_waits_for_the_next_day() -> None:
    late = due_now(1, "VENUE_DOWN", now=NOON)
    assert not post([late], now=NIGHT).letters
    assert post([late], now=NIGHT + 6 * HOUR).letters
    ended = over(was_told(late, NOON), "It is back.", NOON)
    assert not post([ended], now=NIGHT).letters
    assert post([ended], now=NIGHT + 6 * HOUR).letters


def test_a_clock_that_was_ahead_silences_nothing() -> None:
    ahead = NOON + timedelta(days=400)
    wrong = PostState(
        ways="abc",
        ways_since=NOON,
        delivered_at=ahead,
        retry_at=ahead,
        summed_at=ahead,
        morning=ahead.date(),
        sent=(ahead,) * CAP,
    )
    state = not_ahead(wrong, NOON)
    assert state.retry_at is None
    assert not state.sent
    assert state.summed_at == NOON
    assert not unheard(NOON, state.delivered_at, NOON + 23 * HOUR)
    assert unheard(NOON, state.delivered_at, NOON + 25 * HOUR)
    assert morning_due(state.morning, NOON + 18 * HOUR) is not None


def test_a_clock_that_is_right_changes_nothing() -> None:
    state = PostState(
        ways_since=NOON - HOUR,
        delivered_at=NOON,
        retry_at=NOON + RETRIES[-1],
        morning=NOON.date(),
        sent=(NOON,),
    )
    assert not_ahead(state, NOON) == state

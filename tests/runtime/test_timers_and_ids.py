"""Clocks, timers and ids."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.clocks import SystemClock, WarpClock
from runtime.ids import time_ordered_id
from runtime.threads import ThreadRuntime
from runtime.timers import TimerThread

LIMIT = 10.0


class Calls:
    """What was called, in order, to wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.made: list[str] = []

    def add(self, what: str) -> None:
        with self._changed:
            self.made.append(what)
            self._changed.notify_all()

    def wait_for(self, what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: what in self.made, timeout=LIMIT), self.made


@pytest.fixture
def clock() -> WarpClock:
    return WarpClock()


@pytest.fixture
def timers(clock: WarpClock) -> Iterator[TimerThread]:
    thread = TimerThread(clock)
    clock.on_leap.append(thread.look_again)
    yield thread
    thread.close()


def test_both_clocks_run_forward_and_the_wall_is_in_utc(clock: WarpClock) -> None:
    for each in (clock, SystemClock()):
        assert each.now().utcoffset() == timedelta(0)
        before = each.monotonic()
        assert each.monotonic() >= before
    before_wall, before = clock.now(), clock.monotonic()
    clock.leap(3600)
    assert timedelta(hours=1) <= clock.now() - before_wall < timedelta(hours=1, seconds=LIMIT)
    assert 3600 <= clock.monotonic() - before < 3600 + LIMIT


def test_timers_are_called_in_the_order_of_their_times(
    clock: WarpClock, timers: TimerThread
) -> None:
    calls = Calls()
    for seconds in (300, 100, 200, 100.5):
        timers.call_later(seconds, lambda seconds=seconds: calls.add(str(seconds)))  # type: ignore[misc]
    timers.call_later(0, lambda: calls.add("at once"))
    timers.call_later(-5, lambda: calls.add("overdue"))
    calls.wait_for("overdue")
    assert calls.made == ["at once", "overdue"]
    clock.leap(250)
    calls.wait_for("200")
    clock.leap(100)
    calls.wait_for("300")
    assert calls.made == ["at once", "overdue", "100", "100.5", "200", "300"]


def test_those_of_one_time_are_called_in_the_order_of_their_making() -> None:
    class Standing(SystemClock):
        ahead = 0.0

        def monotonic(self) -> float:
            return self.ahead

    clock, calls = Standing(), Calls()
    timers = TimerThread(clock)
    for name in "abcdef":
        timers.call_later(1.0, lambda name=name: calls.add(name))  # type: ignore[misc]
    clock.ahead = 1.0
    timers.look_again()
    calls.wait_for("f")
    timers.close()
    assert calls.made == list("abcdef")


def test_a_cancelled_timer_is_not_called(clock: WarpClock, timers: TimerThread) -> None:
    calls = Calls()
    timers.call_later(10, lambda: calls.add("cancelled")).cancel()
    late = timers.call_later(20, lambda: calls.add("kept"))
    clock.leap(30)
    calls.wait_for("kept")
    late.cancel()  # harmless
    assert calls.made == ["kept"]


def test_a_call_that_fails_does_not_stop_the_others(
    timers: TimerThread, caplog: pytest.LogCaptureFixture
) -> None:
    calls = Calls()

    def fail() -> None:
        raise ValueError("a bug")

    with caplog.at_level(logging.ERROR, "kelpie.runtime"):
        timers.call_later(0, fail)
        timers.call_later(0, lambda: calls.add("next"))
        calls.wait_for("next")
    assert "the other timers go on" in caplog.text


def test_an_earlier_timer_is_not_kept_waiting_by_a_later_one(timers: TimerThread) -> None:
    calls = Calls()
    timers.call_later(3600, lambda: calls.add("late"))
    timers.call_later(0.01, lambda: calls.add("soon"))
    calls.wait_for("soon")
    assert calls.made == ["soon"]


def test_a_timer_may_arm_another(timers: TimerThread) -> None:
    calls = Calls()
    timers.call_later(0, lambda: timers.call_later(0, lambda: calls.add("second")))
    calls.wait_for("second")


def test_a_closed_one_calls_nothing_more(clock: WarpClock, timers: TimerThread) -> None:
    calls = Calls()
    timers.call_later(10, lambda: calls.add("never"))
    timers.close()
    clock.leap(20)
    timers.call_later(0, lambda: calls.add("never"))
    assert not [thread for thread in threading.enumerate() if thread.name == "timers"]
    assert calls.made == []


TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(TIMES, TIMES, st.integers())
def test_ids_sort_by_the_time_of_their_making(one: datetime, other: datetime, seed: int) -> None:
    chance = random.Random(seed)
    first, second = time_ordered_id(one, chance), time_ordered_id(other, chance)
    assert len(first) == len(second) == 26
    assert set(first + second) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    milliseconds = [int(each.timestamp() * 1000) for each in (one, other)]
    if milliseconds[0] != milliseconds[1]:
        assert (first < second) is (milliseconds[0] < milliseconds[1])


def test_ids_of_one_moment_differ_and_a_seed_repeats_them() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    chance = random.Random(1)
    ids = [time_ordered_id(at, chance) for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    assert time_ordered_id(at, random.Random(1)) == ids[0]
    assert len({each[:10] for each in ids}) == 1, "the time comes first"


def test_without_a_seed_no_two_runtimes_make_the_same_ids() -> None:
    one, other = ThreadRuntime(), ThreadRuntime()
    assert {one.new_id() for _ in range(100)}.isdisjoint({other.new_id() for _ in range(100)})
    seeded = [ThreadRuntime(seed=5).chance.random() for _ in range(2)]
    assert seeded[0] == seeded[1]

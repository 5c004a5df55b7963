"""The scheduler of the virtual world: what it promises to libraries, and what the seed decides."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Coroutine, Iterator
from contextlib import closing
from typing import Any

import pytest

from runtime import virtual_loop
from runtime.virtual_loop import Host, Lane, LiveLock, VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    with closing(VirtualLoop(1)) as made:
        yield made


def lane(loop: VirtualLoop, name: str) -> Lane:
    return Lane(loop, Host(name), name)


def test_hours_pass_at_once_and_timers_in_the_order_of_their_times(loop: VirtualLoop) -> None:
    heard: list[tuple[str, float]] = []

    def hear(name: str) -> None:
        heard.append((name, round(loop.time())))

    for name, when in (("later", 7200.0), ("sooner", 3600.0)):
        loop.call_at(when, hear, name)
    loop.run_until(10_000.0)
    assert heard == [("sooner", 3600.0), ("later", 7200.0)]
    assert loop.time() == pytest.approx(10_000.0)


def test_a_timer_that_is_cancelled_is_passed_over(loop: VirtualLoop) -> None:
    heard: list[str] = []
    loop.call_later(1.0, heard.append, "never").cancel()
    loop.run_until(2.0)
    assert heard == []


def test_what_is_called_soon_in_one_lane_keeps_its_order(loop: VirtualLoop) -> None:
    heard: list[int] = []
    context = lane(loop, "one").context()
    for number in range(100):
        loop.call_soon(heard.append, number, context=context)
    loop.run_until(1.0)
    assert heard == list(range(100))


def interleaving(seed: int) -> list[str]:
    heard: list[str] = []
    with closing(VirtualLoop(seed)) as loop:
        for name in ("a", "b"):
            context = lane(loop, name).context()
            for _ in range(6):
                loop.call_soon(heard.append, name, context=context)
        loop.run_until(1.0)
    return heard


def test_between_lanes_the_seed_decides_and_the_same_seed_alike() -> None:
    assert interleaving(3) == interleaving(3)
    assert len({tuple(interleaving(seed)) for seed in range(20)}) > 10


def test_of_timers_that_are_due_together_the_seed_decides() -> None:
    def order(seed: int) -> tuple[str, ...]:
        heard: list[str] = []
        with closing(VirtualLoop(seed)) as loop:
            for name in "abcd":
                loop.call_at(1.0, heard.append, name)
            loop.run_until(2.0)
        return tuple(heard)

    assert len({order(seed) for seed in range(20)}) > 5


def test_who_is_killed_runs_no_more_not_even_what_stands_in_finally(loop: VirtualLoop) -> None:
    heard: list[str] = []
    victim = lane(loop, "victim")

    async def live() -> None:
        try:
            await asyncio.sleep(10.0)
            heard.append("woke")
        finally:
            heard.append("finally")

    kept = loop.create_task(live(), context=victim.context())
    loop.run_until(1.0)
    victim.host.alive = False
    loop.run_until(100.0)
    assert heard == []
    assert not kept.done()
    kept._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant to be left


def test_what_never_began_when_the_world_ends_troubles_nobody_later() -> None:
    async def work() -> None:
        """Nothing."""

    async def contained(given: Coroutine[Any, Any, None]) -> None:
        await given

    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        made = VirtualLoop(1)
        living, killed = lane(made, "living"), lane(made, "killed")
        killed.host.alive = False
        for each in (living, killed):
            task = made.create_task(contained(work()), context=each.context())
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant to be left
        made.close()
        del made, living, killed, each, task
        gc.collect()
    assert [str(each.message) for each in complaints] == []


def test_a_library_that_waits_for_more_than_a_moment_gets_there(loop: VirtualLoop) -> None:
    # ib_insync's throttle: it asks for more than a second, and re-arms for exactly a second.
    begun = loop.time()
    looks: list[float] = []

    def look() -> None:
        looks.append(loop.time())
        if not loop.time() - begun > 1.0:
            loop.call_at(begun + 1.0, look)

    loop.call_at(begun + 1.0, look)
    loop.run_until(5.0)
    assert len(looks) < 5


def test_work_that_begets_work_without_end_is_found(
    loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_loop, "LONGEST_BUSTLE", 1000)

    def again() -> None:
        loop.call_soon(again)

    loop.call_soon(again)
    with pytest.raises(LiveLock):
        loop.run_until(1.0)


def test_what_a_callback_raises_is_kept_and_what_stands_between_steps_ends_the_run(
    loop: VirtualLoop,
) -> None:
    def fail() -> None:
        raise ValueError("lost")

    loop.call_soon(fail)
    loop.run_until(1.0)
    assert [str(error["exception"]) for error in loop.errors] == ["lost"]

    def check() -> None:
        raise AssertionError("violated")

    loop.between_steps = check
    loop.call_soon(int)
    with pytest.raises(AssertionError, match="violated"):
        loop.run_until(2.0)


def test_a_step_can_be_named_at_which_something_happens(loop: VirtualLoop) -> None:
    heard: list[int] = []
    loop.at_step(7, lambda: heard.append(loop.steps))
    for _ in range(20):
        loop.call_soon(int)
    loop.run_until(1.0)
    assert heard == [7]


def test_the_trace_of_two_runs_is_one_when_they_are_the_same() -> None:
    def trace(word: bytes) -> str:
        with closing(VirtualLoop(5)) as loop:
            loop.call_later(1.0, loop.note, word)
            loop.run_until(2.0)
            return loop.trace

    assert trace(b"one") == trace(b"one")
    assert trace(b"one") != trace(b"two")

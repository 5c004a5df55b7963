"""Never 50 messages in a second, and first what matters most."""

from __future__ import annotations

import asyncio
import random

import pytest

from adapters.ib.budget import Lane, OutgoingBudget


class JumpingLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer, exactly: nothing is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        ready: list[object] = getattr(self, "_ready")  # noqa: B009  # not in the stubs
        timers: list[asyncio.TimerHandle] = getattr(self, "_scheduled")  # noqa: B009
        if not ready and timers:
            self._now = max(self._now, timers[0].when())
        super()._run_once()  # type: ignore[misc]


def _most_in_a_second(times: list[float]) -> int:
    return max(sum(1 for other in times if t <= other < t + 1.0) for t in times)


@pytest.mark.parametrize("seed", range(5))
def test_in_no_second_more_than_45_and_nothing_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    written: list[tuple[float, str]] = []

    async def body() -> None:
        loop = asyncio.get_running_loop()
        budget = OutgoingBudget(loop, lambda _, message: written.append((loop.time(), message)))
        for number in range(400):
            budget.submit(chance.choice(list(Lane)), str(number))
            if chance.random() < 0.1:
                await asyncio.sleep(chance.random())
        while any(budget.waiting(lane) for lane in Lane):
            await asyncio.sleep(1)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(body())
    assert sorted(int(message) for _, message in written) == list(range(400))
    assert _most_in_a_second([time for time, _ in written]) <= 45


def test_a_full_window_still_has_room_for_an_order_and_a_cancel() -> None:
    async def body() -> None:
        written: list[str] = []
        budget = OutgoingBudget(asyncio.get_running_loop(), lambda _, text: written.append(text))
        for number in range(100):
            budget.submit(Lane.DATA, f"data {number}")
        waiting = len(written)
        assert not budget.submit(Lane.DATA, "one more")
        for lane in (Lane.LIST, Lane.HEARTBEAT, Lane.ORDER, Lane.CANCEL):
            assert budget.submit(lane, lane.name)
        assert written[waiting:] == ["LIST", "HEARTBEAT", "ORDER", "CANCEL"]
        assert set(budget.stop()) == {Lane.DATA}

    asyncio.run(body())


def test_when_there_is_room_again_the_lanes_go_in_order() -> None:
    written: list[str] = []

    async def body() -> None:
        budget = OutgoingBudget(asyncio.get_running_loop(), lambda _, text: written.append(text))
        for _ in range(45):
            budget.submit(Lane.CANCEL, "")
        for lane in reversed(Lane):
            budget.submit(lane, lane.name)
        await asyncio.sleep(1.2)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(body())
    assert written[45:] == [lane.name for lane in Lane]


def test_what_may_wait_is_counted_in_messages_so_that_no_order_waits_past_its_deadline() -> None:
    """Of groups fewer may wait: 45 of eight orders each would take nine seconds."""

    async def body() -> None:
        budget = OutgoingBudget(asyncio.get_running_loop(), lambda *_: None)
        pieces = 0
        while budget.takes_orders:
            budget.submit(Lane.ORDER, *("x" * 8))
            pieces += 1
        assert pieces == 11  # five go at once, six wait
        budget.stop()

    asyncio.run(body())

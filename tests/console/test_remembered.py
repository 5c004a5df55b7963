"""What a part said last is given while it does not answer, with how long it has been silent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from console.hook.problems import Refused
from console.pages.remembered import TRADING, Part, Remembered, oldest, warning_of

NOON = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


class Seat:
    """Answers, refuses, or hangs."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.says: int | Refused | None = 1

    async def answer(self) -> int:
        if self.says is None:
            self.clock.passed += 1.5
            await asyncio.Event().wait()
        if isinstance(self.says, Refused):
            raise self.says
        assert self.says is not None
        return self.says


SLOW = Refused(503, "SEAT_SLOW", "It did not answer.")


def test_the_last_answer_stands_with_its_time_until_there_is_a_new_one() -> None:
    async def look() -> None:
        clock = Clock()
        seat, remembered = Seat(clock), Remembered(clock, 0.01)

        async def ask() -> Part[int]:
            return await remembered.ask("part", TRADING, seat.answer)

        part = await ask()
        assert (part.value, part.at, part.silent) == (1, NOON, None)
        assert warning_of([part]) == ""
        for says in (SLOW, None):
            clock.passed, seat.says = 30.0, 1
            await ask()
            clock.passed, seat.says = 60.0, says
            part = await ask()
            assert (part.value, part.at) == (1, NOON + timedelta(seconds=30))
            clock.passed = 100.0
            part = await ask()
            assert part.silent is not None and 40 <= part.silent <= 41.5
            assert oldest([part]) == NOON + timedelta(seconds=30)
            assert warning_of([part]) == (
                f"The trading part has not answered for {int(part.silent)} s; what follows is "
                "from Mon 23 Nov 12:00."
            )
        seat.says = 2
        part = await ask()
        assert (part.value, part.silent) == (2, None)

    asyncio.run(look())


def test_before_the_first_answer_it_says_so_and_what_is_asked_beforehand_is_known() -> None:
    async def look() -> None:
        clock = Clock()
        seat, remembered = Seat(clock), Remembered(clock, 0.01)
        seat.says = SLOW
        part = await remembered.ask("part", TRADING, seat.answer)
        assert (part.value, part.at, oldest([part])) == (None, None, None)
        assert "nothing is known of it yet" in warning_of([part])
        seat.says = 7
        remembered.keep("part", seat.answer)
        await remembered.refresh()
        seat.says = SLOW
        await remembered.refresh()
        part = await remembered.ask("part", TRADING, seat.answer)
        assert part.value == 7

    asyncio.run(look())


def test_nobody_makes_it_forget_what_is_kept_by_asking_for_much_else() -> None:
    """Each trade has a page of its own: somebody who may only look can ask for any number."""

    async def look() -> None:
        clock = Clock()
        seat, remembered = Seat(clock), Remembered(clock, 0.01)
        remembered.keep("part", seat.answer)
        await remembered.refresh()
        for number in range(1000):
            await remembered.ask("story", TRADING, seat.answer, of=str(number))
        seat.says = SLOW
        assert (await remembered.ask("part", TRADING, seat.answer)).value == 1

    asyncio.run(look())


def test_of_several_parts_of_one_name_the_oldest_says_from_when_it_is() -> None:
    old: Part[int] = Part(TRADING, 1, NOON - timedelta(days=1), 5.0)
    new: Part[int] = Part(TRADING, 1, NOON, 5.0)
    never: Part[int] = Part(TRADING, None, None, 5.0)
    for parts in ([old, new, never], [never, new, old], [new, never, old], [new, old]):
        assert "what follows is from Sun 22 Nov 12:00." in warning_of(parts)
    assert "what follows is from Mon 23 Nov 12:00." in warning_of([never, new])


def test_a_fault_in_one_part_ends_neither_the_others_nor_the_hook() -> None:
    async def look() -> None:
        clock = Clock()
        seat, remembered = Seat(clock), Remembered(clock, 0.01)

        async def broken() -> int:
            raise ValueError("a fault of a page")

        remembered.keep("broken", broken)
        remembered.keep("part", seat.answer)
        await remembered.refresh()
        seat.says = SLOW
        assert (await remembered.ask("part", TRADING, seat.answer)).value == 1
        # Whoever looks at it is told.
        with pytest.raises(ValueError, match="a fault"):
            await remembered.ask("broken", TRADING, broken)

    asyncio.run(look())


def test_a_refusal_of_the_question_itself_is_no_silence() -> None:
    async def look() -> None:
        clock = Clock()
        seat, remembered = Seat(clock), Remembered(clock, 10.0)
        seat.says = Refused(404, "SYMBOL_NOT_ALLOWED", "There is none.")
        with pytest.raises(Refused):
            await remembered.ask("part", TRADING, seat.answer)
        # Beforehand nobody waits for it: the hook outlives whatever is said then.
        remembered.keep("part", seat.answer)
        await remembered.refresh()

    asyncio.run(look())

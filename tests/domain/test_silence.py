"""The ladder of a subscription that falls silent, and of one that the venue refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from domain.silence import REFUSED_FIRST, REFUSED_FOR_GOOD, REFUSED_LONGEST, Life, Step
from domain.symbols import Symbol
from domain.venue import TradingSession

BHP = Symbol.parse("BHP/AUD")
OPENS = datetime(2026, 7, 14, 0, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=6)
PATIENCE = 100.0


class World:
    """A life, and time that goes by: looks every five seconds, and says what was done when."""

    def __init__(self, at: datetime = OPENS) -> None:
        self.life = Life(BHP, PATIENCE, (TradingSession(OPENS, CLOSES, None, None),))
        self.begun, self.now = at, 0.0
        self.life.asked(0.0)

    def pass_by(self, seconds: float) -> list[tuple[float, Step]]:
        done: list[tuple[float, Step]] = []
        end = self.now + seconds
        while self.now < end:
            self.now += 5.0
            step = self.life.look(self.now, self.begun + timedelta(seconds=self.now))
            if step is not Step.NONE:
                done.append((self.now, step))
                self.life.asked(self.now)
        return done


def test_silent_in_an_open_market_it_is_asked_again_then_reported_ever_more_slowly() -> None:
    world = World()
    done = world.pass_by(3000)
    assert done[0] == (100.0, Step.ASK)
    assert done[1] == (200.0, Step.ASK_AND_REPORT)
    assert all(step is Step.ASK_AND_REPORT for _, step in done[1:])
    waits = [after[0] - before[0] for before, after in pairwise(done[1:])]
    assert waits[:2] == [200.0, 400.0]
    assert set(waits[2:]) == {600.0}, "no storm, and no end"


def test_whatever_comes_ends_the_silence() -> None:
    world = World()
    assert len(world.pass_by(200)) == 2
    assert world.life.heard(world.now)
    assert not world.life.heard(world.now), "news once"
    assert world.pass_by(95) == []
    assert world.pass_by(10) == [(300.0, Step.ASK)]


def test_a_closed_market_is_silent_by_right_and_counts_from_its_opening() -> None:
    world = World(OPENS - timedelta(hours=1))
    assert world.pass_by(3600) == []
    assert world.pass_by(100) == [(3700.0, Step.ASK)]


def test_a_halted_instrument_is_silent_by_right() -> None:
    world = World()
    world.life.halted = True
    assert world.pass_by(1000) == []


def test_hours_that_nobody_announced_prove_nothing() -> None:
    world = World()
    world.life.sessions = ()
    assert world.pass_by(1000) == []


def test_what_is_refused_is_asked_for_again_slowly() -> None:
    world = World()
    assert world.life.refuse("elsewhere", 0.0, for_good=False)
    assert not world.life.refuse("elsewhere", 0.0, for_good=False), "news once"
    world.life.tries = 1
    assert world.life.next_try == 2 * REFUSED_FIRST
    done = world.pass_by(1000)
    assert done == [(120.0, Step.ASK), (120.0 + REFUSED_LONGEST, Step.ASK)]
    assert world.life.heard(world.now)
    assert world.life.refused == ""


def test_what_only_a_person_can_change_is_asked_for_once_an_hour() -> None:
    world = World()
    world.life.refuse("not subscribed", 0.0, for_good=True)
    assert world.pass_by(REFUSED_FOR_GOOD - 5) == []
    assert world.pass_by(5) == [(REFUSED_FOR_GOOD, Step.ASK)]

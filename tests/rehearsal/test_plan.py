"""Which kills a run has: every named point, then chance, the same for the same seed."""

from __future__ import annotations

from collections import Counter

from rehearsal.crash.checker import Fault, Violation
from rehearsal.crash.house import Outcome
from rehearsal.crash.plan import Victim, by_number, of_migration, plan
from rehearsal.crash.report import Report, Times
from runtime.crash_points import CrashPoint


def test_every_point_has_its_kill_and_chance_the_rest() -> None:
    houses = plan(1000, seed=7)
    kills = [kill for house in houses for kill in house.kills]
    named = Counter(kill.point for kill in kills if kill.point is not None)
    assert len(kills) == 1000 and set(named) == set(CrashPoint)
    assert 100 < named.total() < 300
    chance = Counter(kill.victim for kill in kills if kill.point is None)
    assert all(chance[victim] >= 10 for victim in (Victim.KELPIE, Victim.GATEWAY, Victim.BOTH))
    assert sum(kill.starting for kill in kills) >= 50
    assert max(len(house.kills) for house in houses) <= 25
    assert plan(1000, seed=7) == houses != plan(1000, seed=8)
    assert by_number(houses, [3]) == [houses[3]] and by_number(houses, []) == houses


def test_the_kills_of_a_migration_come_first_while_the_book_is_old() -> None:
    for house in plan(100, seed=1):
        old = [of_migration(kill.point) for kill in house.kills]
        assert old == sorted(old, reverse=True)
        committed = [kill.point is CrashPoint.MIGRATION_COMMITTED for kill in house.kills]
        assert True not in committed[: old.count(True) - 1]


def test_a_few_kills_are_points_that_the_seed_chooses() -> None:
    chosen = {
        tuple(kill.point for house in plan(5, seed) for kill in house.kills) for seed in range(9)
    }
    assert len(chosen) > 5 and all(None not in points for points in chosen)


def test_the_report_counts_what_was_wrong_and_says_how_to_see_it_again() -> None:
    clean = Outcome(0, Counter({"fill.heard": 1}), [1.0, 3.0], bare=[0.5], orders=4, fills=2)
    report = Report(7, 100, [clean], 3.0)
    assert report.clean
    assert "duplicates                               0" in report.text()
    wrong = Outcome(1, Counter({"fill.heard": 1}))
    wrong.violations = [
        Violation(Fault.DUPLICATE, "KLP-1", "2 orders on the wire"),
        Violation(Fault.LOST, "0001.01", "the broker filled 5"),
    ]
    report = Report(7, 100, [wrong, clean], 3.0)
    figures = report.figures()
    assert not report.clean
    assert (figures["kills"], figures["duplicates"], figures["lost"]) == (2, 1, 1)
    assert figures["replay"] == 'make crash KILLS=100 SEED=7 ARGS="--only 1"'
    assert "house 1: DUPLICATE KLP-1: 2 orders on the wire" in report.text()


def test_times() -> None:
    assert Times.of([]) is None
    times = Times.of([float(number) for number in range(1, 101)])
    assert times is not None
    assert (times.median, times.p99, times.most) == (50.5, 99.0, 100.0)

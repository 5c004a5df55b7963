"""Bars under all of IB's rules, against a simulated gateway that counts every breach."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.bars import SeriesKey, What
from runtime.clocks import WarpClock
from simulators.tws.data_habits import DataHabits
from tests.actors.bars_world import AUDUSD, BACKFILL, BHP, CBA, CSL, READER, VAS, gateway, world
from tests.domain.pacing_checker import violations
from tests.tree.waiting import until


def test_200_requests_run_at_the_full_budget_and_break_no_rule(tmp_path: Path) -> None:
    clock = WarpClock()
    began = time.monotonic()
    symbols = (BHP, VAS, CBA, CSL)
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock, *symbols) as here:
        tickets = [
            here.want(
                symbols[number % 4],
                "30s",
                *here.ten_minutes(number + 10),
                priority=BACKFILL,
            )
            for number in range(200)
        ]
        answers = here.run_until_ready(*tickets)
        assert [a for a in answers if a.code or not a.bars] == []
        here.check_pacing()
        times = [request.at for request in here.paced()]
        # Those of the readers come first: one for each instrument.
        assert len(times) == 200 + len(symbols)
        # 204 requests cannot be made in less than 1,800 s.
        # What the machine itself took is no budget that was left unused.
        assert 1800.0 <= times[-1] - times[0] < 1815.0 + time.monotonic() - began


def test_a_bar_once_fetched_is_never_asked_for_again_not_even_after_a_restart(
    tmp_path: Path,
) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib:
        with world(tmp_path, ib, clock) as here:
            start, end = here.ago(hours=30), here.ago(hours=20)
            [first] = here.run_until_ready(here.want(BHP, "30 secs", start, end))
            assert [bar[0] for bar in first.bars] == [
                start.timestamp() + 30 * number for number in range(1200)
            ]
            asked = here.asked()
            [again] = here.run_until_ready(here.want(BHP, "30 secs", start, end))
            assert again.bars == first.bars
            [part] = here.run_until_ready(
                here.want(BHP, "30 secs", start + timedelta(hours=2), end - timedelta(hours=1))
            )
            assert set(part.bars) < set(first.bars)
            assert here.asked() == asked
        with world(tmp_path, ib, clock) as here:
            [restarted] = here.run_until_ready(here.want(BHP, "30 secs", start, end))
            assert restarted.bars == first.bars
            # A little more is wanted: only that is asked for.
            earlier = start - timedelta(minutes=10)
            [longer] = here.run_until_ready(here.want(BHP, "30 secs", earlier, end))
            assert len(longer.bars) == len(first.bars) + 20
            [more] = [row for row in here.asked() if row not in asked and row[2] == "30 secs"]
            assert more[1:4] == (f"{start:%Y%m%d-%H:%M:%S}", "30 secs", "600 S")
            here.check_pacing()


def test_what_several_want_is_asked_for_once(tmp_path: Path) -> None:
    clock = WarpClock()
    slow = gateway(tmp_path / "ib", clock, history_latency=0.2)
    with slow as ib, world(tmp_path, ib, clock) as here:
        start, end = here.ago(hours=9), here.ago(hours=5)
        tickets = [
            here.want(BHP, "1 min", start, end),
            here.want(BHP, "1m", start, end, who=READER),
            here.want(BHP, "1 min", start + timedelta(hours=1), end),
        ]
        one, same, part = here.run_until_ready(*tickets)
        assert one.bars == same.bars
        assert set(part.bars) < set(one.bars)
        assert len([row for row in here.asked() if row[2] == "1 min"]) == 1


def test_a_slow_answer_is_waited_for_and_not_asked_for_twice(tmp_path: Path) -> None:
    clock = WarpClock()
    slow = gateway(tmp_path / "ib", clock, history_latency=40.0)
    with slow as ib, world(tmp_path, ib, clock) as here:
        ticket = here.want(BHP, "1 min", *here.ten_minutes(5))
        until(lambda: len(here.asked()) == 2, "it is asked for, after what the readers get")
        clock.leap(20)
        # Another want makes it look again, after the pause between identical requests.
        other = here.want(BHP, "1 min", *here.ten_minutes(4))
        until(lambda: len(here.state()["wanted"]) == 3, "the other is looked at")
        clock.leap(20)
        here.ready(ticket)
        until(lambda: len([r for r in here.asked() if r[2] == "1 min"]) == 2, "so is the other")
        clock.leap(40)
        here.ready(other)
        assert len([row for row in here.asked() if row[2] == "1 min"]) == 2


def test_the_window_of_the_rules_outlives_the_process(tmp_path: Path) -> None:
    """The venue's counters do: 59 requests before the restart leave one for after it."""
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib:
        for round_number in range(2):
            with world(tmp_path, ib, clock, BHP, VAS) as here:
                tickets = [
                    here.want(
                        (BHP, VAS)[number % 2],
                        "30s",
                        *here.ten_minutes(hours),
                    )
                    for number, hours in enumerate(
                        range(10 + 80 * round_number, 67 + 80 * round_number)
                    )
                ]
                here.run_until_ready(*tickets)
        assert len(here.paced()) > 110
        here.check_pacing()


def test_what_is_decided_by_goes_before_a_back_fill(tmp_path: Path) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock, BHP, VAS) as here:
        behind = [
            here.want(BHP, "30s", *here.ten_minutes(n), priority=BACKFILL) for n in range(10, 90)
        ]
        until(lambda: here.leap_unless(lambda: len(here.asked()) >= 60), "the window is full")
        until(here.is_answered, "all are answered")
        before = len(here.asked())
        assert before == 60
        urgent = here.want(VAS, "30s", *here.ten_minutes(5))
        until(lambda: any("VAS" in w["series"] for w in here.state()["wanted"]), "it is looked at")
        here.run_until_ready(urgent, *behind)
        assert here.asked()[before][0] == "VAS"
        here.check_pacing()


def test_bid_and_ask_count_twice(tmp_path: Path) -> None:
    clock, began = WarpClock(), time.monotonic()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        tickets = [
            here.want(BHP, "30s", *here.ten_minutes(n), what=What.BID_ASK) for n in range(10, 50)
        ]
        assert all(answer.bars for answer in here.run_until_ready(*tickets))
        times = [request.at for request in here.paced()]
        assert times[-1] - times[0] < 615.0 + time.monotonic() - began
        here.check_pacing()


def test_what_the_venue_has_not_is_known_and_not_asked_for_again(tmp_path: Path) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        # Bars of 30 seconds reach back for six months.
        span = here.ten_minutes(300 * 24)
        [none] = here.run_until_ready(here.want(BHP, "30s", *span))
        assert (none.code, none.bars) == ("", ())
        asked = sum(row[2] == "30 secs" for row in here.asked())
        assert asked
        here.run_until_ready(here.want(BHP, "30s", *span))
        # What the readers get of each instrument may be asked for at any time.
        assert sum(row[2] == "30 secs" for row in here.asked()) == asked


def test_without_permission_it_is_given_up_with_the_venues_words(tmp_path: Path) -> None:
    clock = WarpClock()
    denying = gateway(tmp_path / "ib", clock, history_denied=("VAS/AUD",))
    with denying as ib, world(tmp_path, ib, clock, BHP, VAS) as here:
        [denied, allowed] = here.run_until_ready(
            here.want(VAS, "1m", here.ago(hours=3), here.ago(hours=2)),
            here.want(BHP, "1m", here.ago(hours=3), here.ago(hours=2)),
        )
        assert denied.code == "NO_PERMISSION"
        assert "No market data permissions" in denied.sentence
        assert len([row for row in here.asked() if row[0] == "VAS" and row[2] == "1 min"]) == 1
        assert allowed.code == "" and len(allowed.bars) == 60
        assert "VAS/AUD TRADES 1 min" in here.state()["failures"]


def test_a_venue_that_says_too_much_is_left_alone_for_a_while(tmp_path: Path) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock, history_open=0) as ib, world(tmp_path, ib, clock) as here:
        ticket = here.want(BHP, "1m", here.ago(hours=3), here.ago(hours=2))

        def refused() -> int:
            requests = here.at_rest()
            return int(requests["refused_for_pacing"]) if not requests["open"] else 0

        # Two are wanted: the second may have been asked for before the first was refused.
        before = until(refused, "it is refused")
        waits = here.state()["requests"]["next_in_seconds"]
        assert 20 < waits <= 30
        clock.leap(waits)
        until(lambda: refused() == before + 2, "both are refused, once more")
        assert 50 < here.state()["requests"]["next_in_seconds"] <= 60
        ib.behave(DataHabits(strict_pacing=True))
        [answer] = here.run_until_ready(ticket)
        assert (answer.code, len(answer.bars)) == ("", 60)
        assert violations(here.paced()) == []


def test_a_mute_venue_is_asked_three_times_and_each_is_cancelled(tmp_path: Path) -> None:
    clock = WarpClock()
    mute = gateway(tmp_path / "ib", clock, history_mute=("VAS/AUD",))
    with mute as ib, world(tmp_path, ib, clock, BHP, VAS, bars_seconds=0.3) as here:
        [answer] = here.run_until_ready(here.want(VAS, "1m", here.ago(hours=3), here.ago(hours=2)))
        assert (answer.code, answer.bars) == ("TIMEOUT", ())
        asked = [m.fields[1] for m in ib.wire().from_client(20) if m.fields[16] == "1 min"]
        assert len(asked) == 3

        def cancelled() -> set[str]:
            return {m.fields[2] for m in ib.wire().from_client(25)}

        # The gateway may still have the last one to read.
        until(lambda: set(asked) <= cancelled(), "each is cancelled")
        here.check_pacing()


def test_a_want_is_answered_by_its_deadline_though_the_venue_says_nothing(
    tmp_path: Path,
) -> None:
    clock = WarpClock()
    mute = gateway(tmp_path / "ib", clock, history_mute=("*",))
    with mute as ib, world(tmp_path, ib, clock) as here:
        ticket = here.want(BHP, "1m", here.ago(hours=3), here.ago(hours=2), within=60.0)
        until(lambda: len(here.asked()) == 2, "it is asked for")
        clock.leap(80)
        [answer] = here.ready(ticket)
        assert (answer.code, answer.bars) == ("EXPIRED", ())


def test_what_was_wanted_outlives_the_link(tmp_path: Path) -> None:
    clock = WarpClock()
    mute = gateway(tmp_path / "ib", clock, history_mute=("*",))
    with mute as ib, world(tmp_path, ib, clock) as here:
        ticket = here.want(BHP, "1m", here.ago(hours=3), here.ago(hours=2))
        until(lambda: any(row[2] == "1 min" for row in here.asked()), "it is asked for")
        ib.behave(DataHabits(strict_pacing=True))
        ib.cut()
        [answer] = here.run_until_ready(ticket)
        assert (answer.code, len(answer.bars)) == ("", 60)
        assert ib.wire().connects(7) == 2
        here.check_pacing()


def test_the_answer_says_what_was_given_in_place_of_what_was_wanted(tmp_path: Path) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock, AUDUSD) as here:
        span = here.ago(hours=6), here.ago(hours=5)
        clamped, bad, foreign = here.run_until_ready(
            here.want(AUDUSD, "7m", *span, what=What.TRADES),
            here.want(AUDUSD, "7 parsecs", *span),
            here.want(BHP, "5m", *span),
        )
        assert clamped.key == SeriesKey(AUDUSD, What.MIDPOINT, 300)
        assert len(clamped.notes) == 2
        assert len(clamped.bars) == 12
        assert all(bar[5] is None for bar in clamped.bars)
        assert bad.code == "TIMEFRAME_NOT_KNOWN"
        assert foreign.code == "SYMBOL_NOT_ALLOWED"


def test_the_newest_bars_are_closed_ones(tmp_path: Path) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        asked = clock.now().timestamp()
        [answer] = here.run_until_ready(here.want(BHP, "1m", here.ago(hours=1)))
        # A minute may end between the question and its answer.
        assert asked - 180 < answer.bars[-1][0] <= clock.now().timestamp() - 120


def test_days_are_those_of_the_exchange(tmp_path: Path) -> None:
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        [answer] = here.run_until_ready(here.want(BHP, "1d", here.ago(days=30)))
        zone = ZoneInfo("Australia/Sydney")
        days = [datetime.fromtimestamp(bar[0], zone) for bar in answer.bars]
        assert {day.hour for day in days} == {0}
        today = clock.now().astimezone(zone).date()
        assert today - timedelta(days=2) <= days[-1].date() < today
        asked = len(here.asked())
        here.run_until_ready(here.want(BHP, "1d", here.ago(days=20)))
        assert len(here.asked()) == asked


def test_without_a_disk_bars_are_kept_in_memory(tmp_path: Path) -> None:
    clock = WarpClock()
    (tmp_path / "bars.db").mkdir()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        span = here.ago(hours=3), here.ago(hours=2)
        [answer] = here.run_until_ready(here.want(BHP, "1m", *span))
        asked = here.asked()
        [again] = here.run_until_ready(here.want(BHP, "1m", *span))
        assert again.bars == answer.bars and len(answer.bars) == 60
        assert here.asked() == asked

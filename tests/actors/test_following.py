"""Bars that are followed: each told once and in order, whatever becomes of the link."""

from __future__ import annotations

from pathlib import Path

from actors.following import Following
from actors.messages import BarClosed, FollowBars
from domain.bars import Bar, SeriesKey, Span, What
from runtime.clocks import WarpClock
from simulators.tws.data_habits import DataHabits
from tests.actors.bars_world import ASKER, BHP, HISTORY, READER, World, gateway, world
from tests.tree.waiting import until

MINUTES = SeriesKey(BHP, What.TRADES, 60)


def _told(here: World, seat: str = ASKER) -> list[float]:
    return [message.bar[0] for message in here.heard.of(BarClosed, seat)]


def _minutes(here: World, number: int) -> None:
    """Let so many bars close, one after the other."""
    for _ in range(number):
        before = len(_told(here))
        here.clock.leap(60)
        until(lambda before=before: len(_told(here)) > before, "one more bar has closed")  # type: ignore[misc]


def _followed(here: World) -> int:
    return len([row for row in here.asked() if row[5] == "1"])


def test_a_new_subscription_on_every_link_and_the_gap_filled_without_duplicates(
    tmp_path: Path,
) -> None:
    """Pain 2."""
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        here.system.tell(HISTORY, FollowBars(ASKER, BHP, "1m"))
        until(lambda: _followed(here) == 1, "it is subscribed to")
        _minutes(here, 3)
        for links, outage in ((2, 5 * 60), (3, 26 * 3600)):
            ib.cut()
            clock.leap(outage)

            def again(links: int = links) -> bool:
                here.leap_if_idle()
                return _followed(here) == links

            until(again, "it is subscribed to again")
            _minutes(here, 3)
        told = _told(here)
        assert told == [told[0] + 60 * number for number in range(len(told))]
        assert len(told) > 26 * 60
        here.check_pacing()
        # What was told is what anybody gets who asks for it, and nothing is asked for it.
        asked = len(here.asked())
        start, end = (
            clock.now().fromtimestamp(at, clock.now().tzinfo) for at in (told[0], told[-1])
        )
        [answer] = here.run_until_ready(here.want(BHP, "1m", start, end))
        bars = {message.bar[0]: message.bar for message in here.heard.of(BarClosed, ASKER)}
        assert answer.bars == tuple(bars[at] for at in told[: len(answer.bars)])
        assert len(answer.bars) >= len(told) - 3
        assert len(here.asked()) == asked


def test_readers_hear_of_each_bar_and_two_who_follow_share_one_subscription(
    tmp_path: Path,
) -> None:
    clock = WarpClock()
    running = gateway(tmp_path / "ib", clock)
    with running as ib, world(tmp_path, ib, clock, readers=(READER,)) as here:
        here.system.tell(HISTORY, FollowBars(ASKER, BHP, "5m"))
        until(lambda: _followed(here) == 1, "it is subscribed to")
        here.clock.leap(300)
        first = here.heard.wait_for(BarClosed, seat=READER)
        assert here.heard.wait_for(BarClosed, seat=ASKER) == first
        assert _followed(here) == 1


def test_what_the_venue_refuses_to_keep_up_to_date_is_tried_again_and_given_up(
    tmp_path: Path,
) -> None:
    clock = WarpClock()
    denied = gateway(tmp_path / "ib", clock, history_denied=("BHP/AUD",))
    with denied as ib, world(tmp_path, ib, clock) as here:
        here.system.tell(HISTORY, FollowBars(ASKER, BHP, "1m"))
        until(lambda: "BHP/AUD TRADES 1 min" in here.state()["failures"], "it is given up")
        assert _followed(here) == 1
        ib.behave(DataHabits(strict_pacing=True))
        ib.cut()

        def again() -> bool:
            here.leap_if_idle()
            return _followed(here) == 2

        until(again, "over the next link it is tried again")
        _minutes(here, 1)


def _bar(start: float, close: float = 1.0) -> Bar:
    return (start, 1.0, 2.0, 0.5, close, None)


def test_a_bar_is_final_when_the_next_one_begins() -> None:
    following = Following(MINUTES, "1m", None)
    assert following.began((_bar(0), _bar(60))) == ((_bar(0),), Span(0, 60))
    assert following.update(_bar(60, 2.0)) is None
    assert following.take() == []
    assert following.update(_bar(120)) == ((_bar(60, 2.0),), Span(60, 120))
    assert following.take() == [_bar(60, 2.0)]
    assert following.take() == []
    assert following.update(_bar(60, 3.0)) == ((_bar(60, 3.0),), Span(60, 120))
    assert following.take() == []


def test_a_bar_that_did_not_come_between_two_others_is_asked_for_before_they_are_told() -> None:
    following = Following(MINUTES, "1m", 0.0)
    following.began((_bar(60),))
    # What lies between is not known to be empty: it is not kept as such.
    assert following.update(_bar(180)) == ((_bar(60),), Span(60, 120))
    assert following.gap == Span(120, 180)
    following.update(_bar(300))
    assert following.gap == Span(120, 300), "one question for all that is missing"
    assert following.take() == []
    following.fill([_bar(120)])  # and nothing was traded at 240
    assert [bar[0] for bar in following.take()] == [60, 120, 180]


def test_nothing_is_told_before_what_was_missed() -> None:
    following = Following(MINUTES, "1m", 0.0)
    following.began((_bar(240),))
    assert following.gap == Span(60, 240)
    following.update(_bar(300))
    assert following.take() == []
    following.fill([_bar(0), _bar(60), _bar(120), _bar(180)])
    assert [bar[0] for bar in following.take()] == [60, 120, 180, 240]


def test_a_subscription_that_begins_with_nothing_still_finds_its_gap() -> None:
    following = Following(MINUTES, "1m", 0.0)
    assert following.began(()) is None
    assert following.update(_bar(240)) is None
    assert following.gap == Span(60, 240)


def test_the_subscription_reaches_back_to_what_was_told_last_where_it_may() -> None:
    assert Following(MINUTES, "1m", None).duration(10_000) == "120 S"
    assert Following(MINUTES, "1m", 9_000).duration(10_000) == "1020 S"
    assert Following(MINUTES, "1m", 0).duration(10 * 86400) == "82800 S"

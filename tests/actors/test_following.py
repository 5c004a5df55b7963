"""Bars that are followed: each told once and in order, whatever becomes of the link."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from actors import names
from actors.following import Following
from actors.messages import Alert, BarClosed, FollowBars
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


def _sessions_followed(here: World) -> int:
    """On how many links it was subscribed to; for silence also more than once on one."""
    rows = here.gateway.wire().from_client(20)
    return len({m.session for m in rows if m.fields[21] == "1"})


def _followed(here: World) -> int:
    return len([row for row in here.asked() if row[5] == "1"])


def _stands(here: World, times: int) -> bool:
    """The last of so many subscriptions is answered: what closes from now on is told."""
    return _followed(here) == times and here.is_answered()


def test_a_new_subscription_on_every_link_and_the_gap_filled_without_duplicates(
    tmp_path: Path,
) -> None:
    """Pain 2."""
    clock = WarpClock()
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock) as here:
        here.system.tell(HISTORY, FollowBars(ASKER, BHP, "1m"))
        until(lambda: _stands(here, 1), "it is subscribed to")
        _minutes(here, 3)
        for links, outage in ((2, 5 * 60), (3, 26 * 3600)):
            ib.cut()
            clock.leap(outage)

            def again(links: int = links) -> bool:
                return _sessions_followed(here) == links and here.is_answered()

            until(lambda again=again: here.leap_unless(again), "it is subscribed to again")  # type: ignore[misc]
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
        until(lambda: _stands(here, 1), "it is subscribed to")
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

        again = partial(_stands, here, 2)
        until(lambda: here.leap_unless(again), "over the next link it is tried again")
        _minutes(here, 1)


def test_what_does_not_come_for_a_while_is_followed_again_on_the_same_link(tmp_path: Path) -> None:
    """A history farm that is gone for minutes must not cost the day's bars."""
    clock = WarpClock()
    mute = gateway(tmp_path / "ib", clock, history_mute=("*",))
    with mute as ib, world(tmp_path, ib, clock, bars_seconds=0.3) as here:
        here.system.tell(HISTORY, FollowBars(ASKER, BHP, "1m"))

        def given_up() -> bool:
            return "BHP/AUD TRADES 1 min" in here.state()["failures"]

        until(lambda: here.leap_unless(given_up), "it is asked for three times")
        until(lambda: _followed(here) == 3, "the gateway has read them")
        ib.behave(DataHabits(strict_pacing=True))
        clock.leap(601.0)
        # On a slow machine the answer may be too late once more: it is asked for until it comes.
        until(lambda: here.leap_unless(lambda: _followed(here) > 3), "it is asked for again")
        until(lambda: here.leap_unless(lambda: not given_up()), "it came")
        _minutes(here, 2)
        assert ib.wire().connects(7) == 1


def test_pain_2_bars_that_are_followed_in_name_alone_are_asked_for_and_reported(
    tmp_path: Path,
) -> None:
    clock = WarpClock()
    mute = gateway(tmp_path / "ib", clock, updates_mute=("BHP/AUD",))
    with mute as ib, world(tmp_path, ib, clock) as here:
        here.system.tell(HISTORY, FollowBars(ASKER, BHP, "1m"))

        def followed(times: int) -> bool:
            """So often on the newest link."""
            rows = [m for m in ib.wire().from_client(20) if m.fields[21] == "1"]
            newest = [m for m in rows if m.session == rows[-1].session]
            return len(newest) == times and here.is_answered()

        def until_followed(times: int, what: str) -> None:
            until(lambda: here.leap_unless(lambda: followed(times)), what)

        until_followed(1, "it is subscribed to")
        clock.leap(316.0)
        until_followed(2, "silent: it is asked for again")
        until(lambda: len(_told(here)) >= 4, "what was missed is told")
        clock.leap(316.0)
        until(lambda: ib.wire().connects(7) == 2, "still silent: the link is made anew")
        for times in (1, 2, 3):
            until_followed(times, "silent there too")
            clock.leap(316.0)
        alert = here.heard.wait_for(Alert, lambda m: m.code == "BARS_SILENT", seat=names.DESK)
        assert alert.stands
        ib.behave(DataHabits(strict_pacing=True))
        clock.leap(601.0)
        until_followed(4, "asked for once more")
        _minutes(here, 2)
        here.heard.wait_for(Alert, lambda m: m.code == "BARS_SILENT" and not m.stands)
        told = _told(here)
        assert told == [told[0] + 60 * number for number in range(len(told))]
        here.check_pacing()


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


def test_an_update_that_overtakes_the_first_answer_is_not_lost() -> None:
    """It goes straight to the seat; the answer has a wait between. It may be that bar's only."""
    following = Following(MINUTES, "1m", 0.0)
    following.update(_bar(120))
    assert following.began((_bar(0), _bar(60))) == ((_bar(0),), Span(0, 60))
    assert following.gap == Span(60, 120)
    assert following.update(_bar(180)) == ((_bar(120),), Span(120, 180))
    following.fill([_bar(60)])
    assert [bar[0] for bar in following.take()] == [60, 120]


def test_the_subscription_reaches_back_to_what_was_told_last_where_it_may() -> None:
    assert Following(MINUTES, "1m", None).duration(10_000) == "120 S"
    assert Following(MINUTES, "1m", 9_000).duration(10_000) == "1020 S"
    assert Following(MINUTES, "1m", 0).duration(10 * 86400) == "82800 S"

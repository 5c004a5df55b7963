import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulators.model import Bar
from tests.simulators.broker_world import AUDUSD, BHP, BrokerWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    """Real hours, 11:30 on a Monday in Sydney."""
    world = BrokerWorld(tmp_path, market="lively", asx_hours=True)
    yield world
    world.broker.close()


def bars(world: BrokerWorld, what: str, seconds: int, size: int, con_id: int = BHP) -> list[Bar]:
    return list(world.broker.bars(con_id, what, world.clock.now(), seconds, size))


def test_the_same_request_gives_the_same_bars(world: BrokerWorld) -> None:
    end = world.clock.now()
    before = world.broker.bars(BHP, "TRADES", end, 3600, 300)
    world.after(100)
    assert world.broker.bars(BHP, "TRADES", end, 3600, 300) == before
    assert len(before) == 12


def test_the_last_bar_ends_where_the_market_stands(world: BrokerWorld) -> None:
    last = bars(world, "MIDPOINT", 600, 60)[-1]
    assert abs(last.close - (world.bid() + world.ask()) / 2) <= (world.ask() - world.bid()) * 2


def test_bars_hold_together(world: BrokerWorld) -> None:
    for what in ("TRADES", "MIDPOINT", "BID", "ASK"):
        found = bars(world, what, 86400 * 2, 900)
        assert len(found) > 24
        for bar in found:
            assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
            assert (bar.volume is not None) == (what == "TRADES")
        assert [bar.start for bar in found] == sorted({bar.start for bar in found})


def test_a_duration_in_seconds_walks_back_over_the_weekend(world: BrokerWorld) -> None:
    found = bars(world, "TRADES", 14400, 1800)
    assert len(found) == 8
    gaps = [b.start - a.start for a, b in itertools.pairwise(found)]
    assert sorted(gaps)[-1] == timedelta(days=2, hours=18, minutes=30)
    assert gaps.count(timedelta(minutes=30)) == 6
    assert found[-3].start == datetime(2026, 11, 22, 23, tzinfo=UTC)  # ten o'clock in Sydney


def test_days_are_days_with_trading(world: BrokerWorld) -> None:
    found = bars(world, "TRADES", 86400 * 5, 86400)
    sydney = [(bar.start + timedelta(hours=11)).strftime("%a %d") for bar in found]
    assert sydney == ["Tue 17", "Wed 18", "Thu 19", "Fri 20", "Mon 23"]
    assert 50 < len(bars(world, "TRADES", 86400 * 7, 1800)) < 70


def test_bid_ask_bars_span_the_spread(world: BrokerWorld) -> None:
    for bar in bars(world, "BID_ASK", 600, 60):
        assert bar.low <= bar.open < bar.close <= bar.high


def test_currencies_have_no_trades(world: BrokerWorld) -> None:
    assert bars(world, "TRADES", 3600, 60, AUDUSD) == []
    found = bars(world, "MIDPOINT", 3600, 60, AUDUSD)
    assert len(found) == 60 and all(bar.volume is None for bar in found)


def test_a_price_moved_by_hand_does_not_rewrite_the_past(world: BrokerWorld) -> None:
    end = world.clock.now()
    before = world.broker.bars(BHP, "TRADES", end, 3600, 300)[:-1]
    world.fair("99")
    world.after(60)
    assert world.broker.bars(BHP, "TRADES", end, 3600, 300)[:-1] == before
    assert bars(world, "TRADES", 60, 60)[-1].close > 95


def test_regular_hours_leave_the_closing_auction_out(world: BrokerWorld) -> None:
    end = world.clock.now()
    regular = world.broker.bars(BHP, "TRADES", end, 86400 * 2, 300)
    whole = world.broker.bars(BHP, "TRADES", end, 86400 * 2, 300, regular_hours=False)
    (auction,) = set(whole) - set(regular)
    assert auction.start == datetime(2026, 11, 20, 5, 10, tzinfo=UTC)  # 16:10 in Sydney


def test_a_day_of_currencies_begins_in_the_evening_before(world: BrokerWorld) -> None:
    found = bars(world, "MIDPOINT", 86400 * 3, 86400, AUDUSD)
    assert [bar.start.hour for bar in found] == [22, 22, 22]  # 17:15 in New York
    # It is Sunday evening there: Monday's bar has begun.
    assert [str(bar.day) for bar in found] == ["2026-11-19", "2026-11-20", "2026-11-23"]


def test_history_begins_on_its_first_day(world: BrokerWorld) -> None:
    first = world.broker.first_bar(BHP)
    assert first.year == 2016
    assert world.broker.bars(BHP, "TRADES", first + timedelta(days=1), 86400 * 5, 86400)
    assert world.broker.bars(BHP, "TRADES", first, 86400 * 5, 86400) == []


def test_days_of_a_market_round_the_clock_follow_each_other(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path, market="lively")
    for what, size, month in (("TRADES", 86400 * 20, 9), ("TRADES", 86400 * 20, 11)):
        end = datetime(2026, month, 20, 1, 30, tzinfo=UTC)
        days = [bar.day for bar in world.broker.bars(BHP, what, end, size, 86400)]
        assert None not in days
        assert days == sorted(set(days), key=str) and len(days) in (20, 21)
    world.broker.close()

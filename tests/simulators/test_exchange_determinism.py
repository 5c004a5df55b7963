import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from domain.orders import Side
from simulators.exchange import Exchange
from simulators.model import Phase
from tests.simulators.broker_world import AUDUSD, BHP, BrokerWorld

START = datetime(2026, 11, 23, 1, 59, tzinfo=UTC)


def story(directory: Path, seed: int) -> str:
    """All events of two minutes over a change of session, with orders in them, hashed."""
    world = BrokerWorld(directory, now=START, market="lively", seed=seed)
    digest = hashlib.sha256()
    try:
        for step in range(480):
            events = world.after(0.25)
            if step % 100 == 0:
                events += world.place(Side.BUY, 100, world.broker.top(BHP).ask)
                events += world.place(Side.BUY, 5000, con_id=AUDUSD)
            for event in events:
                digest.update(repr(event).encode())
        digest.update(repr([world.broker.top(id_) for id_ in (BHP, AUDUSD)]).encode())
    finally:
        world.broker.close()
    return digest.hexdigest()


def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    assert story(tmp_path / "a", 1) == story(tmp_path / "b", 1)
    assert story(tmp_path / "a2", 1) != story(tmp_path / "c", 2)


def test_it_does_not_matter_how_often_the_market_is_looked_at() -> None:
    tops = []
    for step in (0.1, 0.7, 6.0):
        exchange = Exchange(START)
        exchange.open_markets()
        for number in range(1, round(42 / step) + 1):
            exchange.advance(START + timedelta(seconds=step * number))
        tops.append([market.top(START) for market in exchange.markets.values()])
    assert tops[0] == tops[1] == tops[2]


def test_one_market_does_not_disturb_another() -> None:
    tops = []
    for meddle in (False, True):
        exchange = Exchange(START)
        exchange.open_markets()
        if meddle:
            exchange.set_fair_price(BHP, Decimal("50"))
        exchange.advance(START + timedelta(seconds=30))
        tops.append([m.top(START) for id_, m in exchange.markets.items() if id_ != BHP])
    assert tops[0] == tops[1]


def test_quotes_live_and_are_never_crossed_while_open() -> None:
    exchange = Exchange(START + timedelta(minutes=5))
    exchange.open_markets()
    at, seen = exchange.now, set()
    volume = exchange.markets[BHP].top(at).volume
    for _ in range(600):
        at += timedelta(seconds=0.25)
        exchange.advance(at)
        for market in exchange.markets.values():
            top = market.top(at)
            assert top.phase is Phase.OPEN
            assert top.bid is not None and top.ask is not None and top.bid < top.ask
            assert top.bid_size > 0 and top.ask_size > 0
            assert market.steps.conforms(top.bid) and market.steps.conforms(top.ask)
        seen.add(exchange.markets[BHP].top(at).bid)
    assert len(seen) > 3
    assert exchange.markets[BHP].top(at).volume > volume


def test_a_still_market_stands_still() -> None:
    exchange = Exchange(START + timedelta(minutes=5), still=True)
    exchange.open_markets()
    before = exchange.markets[BHP].top(START)
    exchange.advance(exchange.now + timedelta(minutes=3))
    assert exchange.markets[BHP].top(START) == before


def test_a_month_away_is_caught_up_quickly_and_the_price_is_where_it_belongs() -> None:
    exchange = Exchange(START)
    exchange.open_markets()
    back = START + timedelta(days=30, minutes=10)
    exchange.advance(back)
    top = exchange.markets[BHP].top(back)
    fair = exchange.fair_price(BHP)
    assert top.bid is not None and abs(float(top.bid) - fair) < 0.05
    assert top.last is not None and abs(float(top.last) - fair) < 5
    exchange.advance(back + timedelta(seconds=30))
    later = exchange.markets[BHP].top(back)
    assert later.volume > top.volume  # and it goes on at its own pace

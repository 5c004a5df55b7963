"""Scenarios as ib_insync sees them: a client that we did not write, on the real wire."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import ib_insync
import pytest

from simulators.scenarios.rules import Scenario
from tests.simulators.raw_client import ANSWER_SECONDS, House, house
from tests.simulators.scenes import RESTS, TRADES, only_order, until

#: The library's types are partial; its objects are taken as they come.
_library: Any = ib_insync


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The library logs every notice as an error."""
    caplog.set_level(logging.CRITICAL, "ib_insync")


@asynccontextmanager
async def client(place: House) -> AsyncIterator[Any]:
    """The library, connected."""
    ib = _library.IB()
    ib.codes = []
    ib.errorEvent += lambda req_id, code, text, contract: ib.codes.append(code)
    await ib.connectAsync("127.0.0.1", place.port, clientId=5, timeout=ANSWER_SECONDS)
    try:
        yield ib
    finally:
        ib.disconnect()


def buy(ib: Any, price: str) -> Any:
    contract = _library.Stock("BHP", "SMART", "AUD")
    order = _library.LimitOrder("BUY", 10, float(price), tif="DAY", orderRef="R")
    return ib.placeOrder(contract, order)


Scene = Callable[[House, Any], Any]


def play(name: str, directory: Path, scene: Scene) -> None:
    """Connect to a gateway that plays a scenario of the house."""

    async def whole() -> None:
        async with house(directory, scenario=Scenario.load(name)) as place, client(place) as ib:
            await scene(place, ib)

    asyncio.run(whole())


def test_one_byte_at_a_time_it_connects_and_trades(tmp_path: Path) -> None:
    async def scene(place: House, ib: Any) -> None:
        trade = buy(ib, TRADES)
        await until(trade.isDone, "it fills")
        assert ib.accountValues() and only_order(place).status == "Filled"

    play("pain_21_bytes_one_by_one", tmp_path, scene)


def test_a_fill_inside_1100_reaches_it(tmp_path: Path) -> None:
    async def scene(place: House, ib: Any) -> None:
        trade = buy(ib, RESTS)
        await until(lambda: trade.orderStatus.status == "Submitted", "it works")
        place.clock.leap(1)
        await until(lambda: 1100 in ib.codes, "it is lost")
        place.clock.leap(4)
        await until(lambda: trade.fills and trade.isDone(), "it fills")
        assert 1102 not in ib.codes
        place.clock.leap(8)
        await until(lambda: 1102 in ib.codes, "it is restored")

    play("pain_01_fills_inside_1100", tmp_path, scene)


def test_an_informational_code_makes_it_think_that_the_order_is_gone(tmp_path: Path) -> None:
    async def scene(place: House, ib: Any) -> None:
        trade = buy(ib, RESTS)
        await until(lambda: trade.orderStatus.status == "Submitted", "it works")
        place.clock.leap(1)
        await until(lambda: 10349 in ib.codes, "the code came")
        assert trade.orderStatus.status == "Cancelled"  # the trap that the pain is about
        assert only_order(place).status == "Submitted"

    play("pain_07_informational_codes", tmp_path, scene)


def test_a_correction_is_a_second_fill_to_it(tmp_path: Path) -> None:
    async def scene(place: House, ib: Any) -> None:
        trade = buy(ib, TRADES)
        await until(trade.isDone, "it fills")
        place.clock.leap(5)
        await until(lambda: len(trade.fills) == 2, "the correction came")
        assert [fill.execution.shares for fill in trade.fills] == [10, 9]
        assert place.broker.positions()[0].quantity == 9

    play("pain_13_execution_corrected", tmp_path, scene)


def test_an_answer_without_an_end_keeps_it_waiting(tmp_path: Path) -> None:
    async def scene(place: House, ib: Any) -> None:
        asked = asyncio.ensure_future(ib.reqPositionsAsync())
        await until(lambda: place.history().scenario("no end"), "the end is lost")
        assert not asked.done()
        asked.cancel()

    async def whole() -> None:
        scenario = Scenario.load("pain_11_positions_never_end")
        async with house(tmp_path, scenario=scenario) as place:
            ib = _library.IB()
            connecting = asyncio.ensure_future(
                ib.connectAsync("127.0.0.1", place.port, clientId=5, timeout=3)
            )
            await asyncio.wait({connecting})
            assert place.history().scenario("no end")
            await scene(place, ib)
            ib.disconnect()

    asyncio.run(whole())


def test_it_is_told_326_and_gives_up(tmp_path: Path) -> None:
    async def whole() -> None:
        rule = '[[rule]]\non = "start"\ndo = "busy_client_id"\n'
        scenario = Scenario.parse(f'title = "T"\nsource = "S"\nstory = "X"\n{rule}')
        async with house(tmp_path, scenario=scenario) as place:
            ib, codes = _library.IB(), []
            ib.errorEvent += lambda req_id, code, text, contract: codes.append(code)
            with pytest.raises((ConnectionError, TimeoutError, asyncio.TimeoutError)):
                await ib.connectAsync("127.0.0.1", place.port, clientId=5, timeout=5)
            assert 326 in codes and place.history().connects() == 0

    asyncio.run(whole())

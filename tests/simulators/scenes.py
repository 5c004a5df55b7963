"""A gateway that plays a few rules, and short words for what tests do with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from simulators.model import BrokerOrder
from simulators.scenarios.rules import Scenario
from tests.simulators.raw_client import ANSWER_SECONDS, BHP, House, RawClient, house, place_order

T = TypeVar("T")

#: Far below the market of the demo, so that it rests; and above it, so that it trades.
RESTS, TRADES = "30", "60"


def scenario(*rules: str, head: str = "") -> Scenario:
    """Rules, each the text of one `[[rule]]`; those without a name are called `rule 1` and on."""
    text = f'title = "T"\nsource = "S"\nstory = "X"\n{head}\n'
    return Scenario.parse(text + "\n".join(f"[[rule]]\n{rule}" for rule in rules))


@asynccontextmanager
async def playing(directory: Path, *rules: str, **options: Any) -> AsyncIterator[House]:
    """A gateway with these rules."""
    async with house(directory, scenario=scenario(*rules), **options) as place:
        yield place


async def until(condition: Callable[[], T], what: str) -> T:
    """The first answer that is true, looked for on every turn of the loop."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            answer = condition()
            if answer:
                return answer
            turn: asyncio.Future[None] = loop.create_future()
            loop.call_later(0.005, turn.set_result, None)
            await turn
    raise AssertionError(what)


async def mark(client: RawClient) -> list[list[str]]:
    """Ask for the next order id, and read up to it: what came before it, ticks left out."""
    client.send(8, 1, 1)
    came = []
    while (fields := await client.receive())[0] != "9":
        if fields[0] not in ("1", "2", "45", "46"):
            came.append(fields)
    return came


def numbers(messages: list[list[str]]) -> list[str]:
    """Their message numbers."""
    return [fields[0] for fields in messages]


async def rest(client: RawClient, order_id: int = 1, **terms: Any) -> None:
    """Place an order that rests, and wait until it works."""
    client.send(*place_order(order_id, BHP, limit=RESTS, **terms))
    while (await client.until("3"))[2] != "Submitted":
        pass


def only_order(place: House) -> BrokerOrder:
    """The one order in the broker's books."""
    (order,) = place.broker.orders()
    return order


def filled(place: House) -> Decimal:
    """What the one order in the books has traded."""
    return only_order(place).filled

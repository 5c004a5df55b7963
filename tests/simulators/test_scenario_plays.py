"""Every rule of every scenario of the house acts, in a day with all that a client does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from simulators.scenarios.rules import Scenario, catalogue
from tests.simulators.raw_client import BHP, House, RawClient, house, place_order
from tests.simulators.scenes import RESTS, TRADES

#: Seconds of the gateway's clock, one after the other, in each of a client's sessions.
LEAPS = (0.05, *[1.0] * 12, *[10.0] * 3)

#: For the client to read what came, in seconds of this machine.
PAUSE = 0.01

HISTORY = ("20", 70, *BHP, "0", "", "1 min", "1800 S", "0", "TRADES", "2", "1", "")


async def pause() -> None:
    """Let the gateway and the client do what they have to."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(PAUSE, done.set_result, None)
    await done


async def read_on(client: RawClient) -> None:
    """Take whatever comes, until the end."""
    with suppress(ConnectionError):
        while await client.reader.read(65536):
            pass


def idle(place: House) -> set[str]:
    """The rules that have not acted yet."""
    rules = {rule.name for rule in place.gateway.played.scenario.rules}
    return rules - {note.facts["rule"] for note in place.history().scenario()}


async def session(place: House, number: int) -> None:
    """Log in, look around, trade, wait, cancel and leave, whatever the gateway does meanwhile."""
    try:
        client = await RawClient.open(place.port)
    except ConnectionRefusedError:
        return
    reading = asyncio.create_task(read_on(client))
    client.greet("v100..176")
    await pause()
    client.send(71, 2, 5, "")
    await pause()
    client.send(6, 2, 1, "")
    client.send(16, 1)
    client.send(61, 1)
    client.send(7, 3, 60, 0, "", "", "", "", "", "")
    client.send("1", "11", 80, *BHP, "0", "", "0", "0", "")
    client.send(*HISTORY)
    base = 10 * number
    client.send(*place_order(base + 1, BHP, limit=RESTS, order_ref=f"RESTS-{number}"))
    client.send(*place_order(base + 2, BHP, limit=TRADES, order_ref=f"TRADES-{number}"))
    await pause()
    for seconds in LEAPS[: len(LEAPS) // 2]:
        await leap(place, seconds)
    if idle(place):
        client.send(4, 1, base + 1, "")
        client.send(2, 2, 80)
        for _ in range(60):
            client.send(49, 1)
        for seconds in LEAPS:
            await leap(place, seconds)
    await client.close()
    await reading


async def leap(place: House, seconds: float) -> None:
    place.clock.leap(seconds)
    place.gateway.played.alarms.look()
    await pause()


@pytest.mark.parametrize(
    "scenario", [known for known in catalogue() if known.rules], ids=lambda known: known.name
)
def test_every_rule_acts(scenario: Scenario, tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=scenario) as place:
            failed = asyncio.create_task(place.gateway.failed())
            for number in range(2):
                if idle(place):
                    await session(place, number)
                    await pause()
            assert not failed.done(), failed.exception()
            failed.cancel()
            assert not idle(place)
            notes = place.history().scenario()
            assert [note.facts for note in notes if "failed" in note.facts] == []

    asyncio.run(scene())

"""Market depth over the raw wire: a book rebuilt from rows is the exchange's book."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Side
from simulators.model import Phase
from simulators.tws.data_habits import DataHabits
from simulators.tws.depth import Operation, changes
from tests.simulators.raw_client import AUD_USD, BHP, RawClient, house

CON_ID = int(BHP[0])
ON_ASX = (*BHP[:7], "ASX", *BHP[8:])

Book = dict[str, list[tuple[str, str]]]


def depth(
    req_id: int, contract: tuple[str, ...] = ON_ASX, rows: str = "5", smart: str = "0"
) -> list[str]:
    return ["10", "5", str(req_id), *contract, rows, smart, ""]


def take(book: Book, row: list[str]) -> None:
    """Do to a book of rows what a message says (12, or 13 with its market maker)."""
    place, operation, side, price, size = row[3:8] if row[0] == "12" else [row[3], *row[5:9]]
    rows, at = book[side], int(place)
    if operation == "0":
        rows.insert(at, (price, size))
    elif operation == "1":
        rows[at] = (price, size)
    else:
        del rows[at]


async def read_book(client: RawClient, book: Book) -> list[list[str]]:
    """Take in everything up to the answer to a question about the time."""
    others = []
    client.send(49, 1)
    while (fields := await client.receive())[0] != "49":
        if fields[0] in ("12", "13"):
            take(book, fields)
        else:
            others.append(fields)
    return others


def test_a_book_follows_the_exchange_row_by_row(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*depth(1))
            book: Book = {"0": [], "1": []}
            await read_book(client, book)
            for price in ("50.00", "49.97", "50.01", "43.20"):
                place.broker.exchange.set_fair_price(CON_ID, Decimal(price))
                there = place.broker.depth(CON_ID, 5)
                wanted = {
                    side: [(str(p.normalize()), str(q)) for p, q in there[name]]
                    for side, name in (("0", Side.SELL), ("1", Side.BUY))
                }
                async with asyncio.timeout(10):
                    while {
                        s: [(str(Decimal(p).normalize()), q) for p, q in r] for s, r in book.items()
                    } != wanted:
                        await read_book(client, book)
                assert len(book["0"]) == len(book["1"]) == 5
            client.send(11, 1, 1, 0)
            client.send(11, 1, 1, 0)
            text = "Can't find the subscribed market depth with tickerId:1"
            assert await client.error() == (1, 310, text)
            await client.close()

    asyncio.run(scene())


LEVELS = st.dictionaries(st.integers(1, 12), st.integers(1, 5), max_size=8)


@given(LEVELS, LEVELS, st.sampled_from(Side))
def test_steps_make_any_book_of_any_other(
    old: dict[int, int], new: dict[int, int], side: Side
) -> None:
    def levels(book: dict[int, int]) -> list[tuple[Decimal, Decimal]]:
        prices = sorted(book, reverse=side is Side.BUY)
        return [(Decimal(price), Decimal(book[price])) for price in prices]

    rows = levels(old)
    for place, operation, level in changes(levels(old), levels(new), side):
        if operation is Operation.INSERT:
            assert place <= len(rows)
            rows.insert(place, level)
        elif operation is Operation.UPDATE:
            rows[place] = level
        else:
            del rows[place]
    assert rows == levels(new)


@pytest.mark.parametrize(
    ("asked", "habits", "code"),
    [
        (depth(9, BHP), {}, 10092),
        (depth(9, ON_ASX, smart="1"), {}, 10092),
        (depth(9, ON_ASX, rows="0"), {}, 321),
        (depth(9, ("0", "NOPE", *ON_ASX[2:])), {}, 200),
        (depth(9), {"entitlements": {"*": "10089"}}, 354),
        (depth(9), {"depth_lines": 0}, 309),
    ],
)
def test_depth_that_cannot_be_served(
    asked: list[str], habits: dict[str, object], code: int, tmp_path: Path
) -> None:
    async def scene() -> None:
        made = replace(DataHabits(), **habits)  # type: ignore[arg-type]
        async with house(tmp_path, data_habits=made) as place:
            client = await RawClient.ready(place.port)
            client.send(*asked)
            assert (await client.error())[:2] == (9, code)
            await client.close()

    asyncio.run(scene())


def test_the_fourth_subscription_is_one_too_many(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            for req_id, contract in ((1, ON_ASX), (2, AUD_USD), (3, ON_ASX), (4, ON_ASX)):
                client.send(*depth(req_id, contract))
            text = "Max number (3) of market depth requests has been reached"
            assert await client.error() == (4, 309, text)
            await client.close()

    asyncio.run(scene())


def test_smart_depth_names_the_exchange_of_each_row(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(smart_depth=True)) as place:
            client = await RawClient.ready(place.port)
            client.send(*depth(1, BHP, smart="1"))
            row = await client.until("13")
            assert len(row) == 10 and row[4] == "ASX" and row[9] == "1"
            await client.close()

    asyncio.run(scene())


def test_the_book_is_reset_at_the_close_and_ended_by_a_halt(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, phase=Phase.OPEN) as place:
            client = await RawClient.ready(place.port)
            client.send(*depth(1))
            await client.until("12")
            place.leap_to(Phase.CLOSED)
            assert (await client.error())[:2] == (1, 317)
            place.leap_to(Phase.OPEN)
            assert (await client.until("12"))[4] == "0"
            place.gateway.data_habits = DataHabits(halted=("BHP/AUD",))
            assert (await client.error())[:2] == (1, 316)
            client.send(11, 1, 1, 0)
            assert (await client.error())[:2] == (1, 310)
            await client.close()

    asyncio.run(scene())


def test_the_exchanges_that_have_depth(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(82)
            reply = await client.until("80")
            assert reply[1] == "2" and reply[2:7] == ["ASX", "STK", "", "Deep", "2147483647"]
            await client.close()

    asyncio.run(scene())

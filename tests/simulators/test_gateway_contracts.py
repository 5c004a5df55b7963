"""Contracts over the raw wire: what is found, what is ambiguous, and when it trades."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from simulators.sessions import asx_shares, currency_week, us_shares
from simulators.tws.contracts import hours_text
from simulators.tws.data_habits import DataHabits
from tests.simulators.raw_client import RawClient, house


def details(req_id: int, **named: str) -> list[str]:
    names: tuple[str, ...] = ("con_id", "symbol", "sec_type", "expiry", "strike", "right")
    names += ("multiplier", "exchange", "primary", "currency", "local_symbol", "trading_class")
    contract = [named.get(name, "0" if name in ("con_id", "strike") else "") for name in names]
    return ["9", "8", str(req_id), *contract, "0", "", "", ""]


async def answer(client: RawClient) -> list[list[str]]:
    """The rows up to their end, or the one error."""
    rows = []
    while (fields := await client.receive())[0] != "52":
        rows.append(fields)
        if fields[0] == "4":
            break
    return rows


def test_bhp_without_a_currency_is_two_shares(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*details(1, symbol="BHP", sec_type="STK", exchange="SMART"))
            rows = await answer(client)
            assert {(row[12], row[8]) for row in rows} == {("4036812", "AUD"), ("4986", "USD")}
            loose = ["0", "BHP", "STK", "", "0", "", "", "SMART", "", "", "", ""]
            client.send("1", "11", "2", *loose, "0", "", "0", "0", "")
            req_id, code, text = await client.error()
            assert (req_id, code) == (2, 200) and "ambiguous" in text
            for narrower, con_id in (
                ({"currency": "AUD"}, "4036812"),
                ({"primary": "ASX"}, "4036812"),
                ({"currency": "USD"}, "4986"),
                ({"primary": "NYSE"}, "4986"),
            ):
                asked = {"symbol": "BHP", "sec_type": "STK", "exchange": "SMART", **narrower}
                client.send(*details(3, **asked))
                (row,) = await answer(client)
                assert row[12] == con_id
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "named",
    [
        {"symbol": "BHP.AX", "sec_type": "STK", "exchange": "SMART", "currency": "AUD"},
        {"symbol": "USD", "sec_type": "CASH", "exchange": "IDEALPRO", "currency": "AUD"},
        {"symbol": "AUD", "sec_type": "CASH", "exchange": "SMART", "currency": "USD"},
        {"symbol": "BHP", "sec_type": "STK", "exchange": "IDEALPRO", "currency": "AUD"},
        {"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "currency": "AUD"},
        {"symbol": "NOPE", "sec_type": "STK", "exchange": "SMART", "currency": "AUD"},
        {"con_id": "4986", "exchange": "ASX"},
        {},
    ],
)
def test_what_is_no_contract_is_error_200(named: dict[str, str], tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*details(9, **named))
            (refusal,) = await answer(client)
            assert refusal[2:5] == [
                "9",
                "200",
                "No security definition has been found for the request",
            ]
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("named", "rule", "steps", "zone"),
    [
        (
            {"con_id": "4036812"},
            "9001",
            ["0", "0.001", "0.1", "0.005", "2", "0.01"],
            "Australia/NSW",
        ),
        ({"con_id": "265598"}, "26", ["0", "0.01"], "US/Eastern"),
        ({"con_id": "12087792"}, "239", ["0", "0.00005"], "US/Eastern"),
    ],
)
def test_rules_stand_beside_the_exchanges(
    named: dict[str, str], rule: str, steps: list[str], zone: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*details(1, **named))
            (row,) = await answer(client)
            assert row[25] == zone
            rules = row[34 + 2 * int(row[30])]
            assert rules == ",".join([rule] * len(row[16].split(",")))
            client.send(91, rule)
            assert (await client.until("93"))[3:] == steps
            await client.close()

    asyncio.run(scene())


def test_a_time_zone_may_be_missing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(no_time_zone=True)) as place:
            client = await RawClient.ready(place.port)
            client.send(*details(1, con_id="4036812"))
            (row,) = await answer(client)
            assert row[25] == "" and row[26]
            await client.close()

    asyncio.run(scene())


def hours(timetable: str, first: date, days: int, *, liquid: bool) -> str:
    table, zone = {
        "asx": (asx_shares(1), "Australia/NSW"),
        "fx": (currency_week(), "US/Eastern"),
        "us": (us_shares(), "US/Eastern"),
    }[timetable]
    start = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    reach = table.sessions(start - (start - start.replace(hour=0)) * 2, start.replace(day=31))
    return hours_text(reach, first, days, zone, liquid=liquid)


def test_the_hours_of_the_asx_as_measured_and_on_half_days() -> None:
    week = date(2026, 12, 23)
    assert hours("asx", week, 7, liquid=False) == (
        "20261223:0959-20261223:1611;20261224:0959-20261224:1421;20261225:CLOSED;"
        "20261226:CLOSED;20261227:CLOSED;20261228:CLOSED;20261229:0959-20261229:1611"
    )
    assert hours("asx", week, 2, liquid=True) == (
        "20261223:0959-20261223:1600;20261224:0959-20261224:1410"
    )


def test_the_week_of_currencies_crosses_midnight_and_names_what_is_under_way() -> None:
    assert hours("fx", date(2026, 12, 4), 4, liquid=False) == (  # a Friday
        "20261203:1715-20261204:1700;20261205:CLOSED;20261206:1715-20261207:1700;"
        "20261207:1715-20261208:1700"
    )


def test_the_hours_of_new_york_are_longer_than_liquid_ones() -> None:
    assert hours("us", date(2026, 12, 4), 3, liquid=False) == (
        "20261204:0400-20261204:2000;20261205:CLOSED;20261206:CLOSED"
    )
    assert hours("us", date(2026, 12, 24), 2, liquid=True) == (
        "20261224:0930-20261224:1300;20261225:CLOSED"
    )


def test_summer_time_begins_on_other_days_in_either_half_of_the_world() -> None:
    def opens(timetable: str, day: date) -> datetime:
        table = {"asx": asx_shares(1), "us": us_shares()}[timetable]
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return table.next_open(start)

    # Sydney leaves summer time on 4 April 2027, New York enters it on 14 March.
    assert opens("us", date(2027, 3, 12)).hour == 14
    assert opens("us", date(2027, 3, 15)).hour == 13
    assert opens("asx", date(2027, 4, 1)).hour == 22
    assert opens("asx", date(2027, 4, 5)).hour == 23

"""The end of the day by the instrument's own close: full days, half days, and both clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.day_end import DayPart, day_end
from domain.venue import InstrumentDetails
from domain.xasx import XASX
from tests.domain.test_phases import NEW_YORK, announced, at, instrument

FULL_DAY = [
    ("09:00:00", DayPart.DAY),
    ("09:59:30", DayPart.DAY),
    ("10:00:00", DayPart.DAY),
    ("15:44:59", DayPart.DAY),
    ("15:45:00", DayPart.LEAVING),
    ("15:57:59", DayPart.LEAVING),
    ("15:58:00", DayPart.LAST_CALL),
    ("15:59:59", DayPart.LAST_CALL),
    ("16:00:00", DayPart.AUCTION),
    ("16:09:59", DayPart.AUCTION),
    ("16:10:00", DayPart.OVER),
    ("16:15:00", DayPart.OVER),
    ("18:00:00", DayPart.OVER),
]
HALF_DAY = [
    ("13:54:59", DayPart.DAY),
    ("13:55:00", DayPart.LEAVING),
    ("14:08:00", DayPart.LAST_CALL),
    ("14:10:00", DayPart.AUCTION),
    ("14:20:00", DayPart.OVER),
    ("15:45:00", DayPart.OVER),
]


@pytest.mark.parametrize(("clock", "part"), FULL_DAY)
@pytest.mark.parametrize(
    ("source", "day"),
    [
        (announced("20260909", "20260910"), "2026-09-09"),
        (announced("20261123", "20261124"), "2026-11-23"),
        (instrument(), "2026-09-09"),
        (instrument(), "2026-11-23"),
    ],
    ids=["announced, winter", "announced, summer", "calendar, winter", "calendar, summer"],
)
def test_the_parts_of_a_day(source: InstrumentDetails, day: str, clock: str, part: DayPart) -> None:
    assert day_end(source, XASX, at(day, clock)).part is part


@pytest.mark.parametrize(("clock", "part"), HALF_DAY)
@pytest.mark.parametrize(
    "source",
    [announced("20261224", closes="1410", auction="1421"), instrument()],
    ids=["announced", "calendar"],
)
def test_the_parts_of_a_half_day(source: InstrumentDetails, clock: str, part: DayPart) -> None:
    assert day_end(source, XASX, at("2026-12-24", clock)).part is part


def test_a_market_without_an_auction_is_over_at_its_close() -> None:
    pair = instrument(exchange="IDEALPRO", kind="CASH")

    def part(clock: str) -> DayPart:
        return day_end(pair, None, at("2026-11-24", clock, NEW_YORK)).part

    assert part("16:44:59") is DayPart.DAY
    assert part("16:45:00") is DayPart.LEAVING
    assert part("16:58:00") is DayPart.LAST_CALL
    assert part("17:00:00") is DayPart.OVER
    assert part("17:15:00") is DayPart.DAY


def last_close(source: InstrumentDetails, day: str, clock: str) -> datetime | None:
    return day_end(source, XASX, at(day, clock)).last_close


def test_the_last_close_is_that_of_the_day_before_until_there_is_a_newer_one() -> None:
    two_days = announced("20260908", "20260909")
    monday = announced("20260904", "20260907")
    assert last_close(two_days, "2026-09-09", "11:00:00") == at("2026-09-08", "16:00:00")
    assert last_close(two_days, "2026-09-09", "16:00:00") == at("2026-09-09", "16:00:00")
    assert last_close(monday, "2026-09-07", "11:00:00") == at("2026-09-04", "16:00:00")
    assert last_close(announced("20260909"), "2026-09-09", "11:00:00") is None
    unknown = day_end(instrument(), None, datetime(2026, 9, 9, tzinfo=UTC))
    assert unknown.part is DayPart.OVER and unknown.last_close is None

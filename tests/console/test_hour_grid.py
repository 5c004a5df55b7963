"""A month of hours as a drawing: every hour in its place, and small whatever happened."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

from console.pages.hour_grid import CELL, CLASSES, LEFT, SIGNS, WIDTH, grid_of
from domain.uptime import READY, HourPart, Stood, UpState, UptimeView, hours_of

LOST = Stood(UpState.UNEXPECTED, "REFUSED", "Nobody listens at 127.0.0.1:4002.")
HELD = Stood(UpState.EXPECTED, "RESTART", "The gateway restarts.")
_CELL = re.compile(r"M([\d.]+) (\d+)h([\d.]+)v(\d+)h-[\d.]+z")


def month(began: datetime, days: float, *stoods: Stood | None) -> UptimeView:
    """Hours that stood so, one after the other and over again; None: it did not run."""
    at = began + timedelta(days=days)
    hours = [began + timedelta(hours=n) for n in range(int(days * 24))]
    parts = tuple(
        HourPart("ib", hour, stood, 3600.0)
        for hour, stood in zip(hours, cycle(stoods), strict=False)
        if stood is not None
    )
    return UptimeView(at, began, began, parts, (), "")


def cells(outline: str) -> list[tuple[float, int, float]]:
    found = [(float(x), int(y), float(w)) for x, y, w, _ in _CELL.findall(outline)]
    assert len(found) == outline.count("M"), outline
    return found


def test_the_worst_month_is_small_and_lies_within_the_drawing() -> None:
    view = month(datetime(2026, 10, 20, tzinfo=UTC), 31, LOST, READY, HELD, None)
    grid = grid_of(hours_of(view, "ib"), 30)
    assert len(grid.days) == 30
    drawn = [cell for _, outline in grid.paths for cell in cells(outline)]
    assert len(drawn) == len(set(drawn)) == 30 * 24 - 13, "Sydney's newest day has begun at 13:00"
    assert all(x >= LEFT and x + w <= WIDTH for x, _, w in drawn)
    assert max(y for _, y, _ in drawn) < grid.height
    size = sum(len(outline) for _, outline in grid.paths)
    size += sum(len(day.signs) + len(day.sign_places) for day in grid.days)
    assert size < 22_000


def test_each_state_has_its_class_and_its_sign() -> None:
    view = month(datetime(2026, 11, 21, 13, tzinfo=UTC), 1, LOST, READY, HELD, None)
    [day] = grid_of(hours_of(view, "ib"), 30).days
    assert day.name == "Sun 22 Nov"
    assert day.signs == "!ho" * 6
    assert len(day.sign_places.split()) == 18
    assert len(set(CLASSES.values())) == len(set(SIGNS.values())) == 4
    assert day.troubled
    assert day.words == (
        "could be traded 6 h; on hold, as announced or wished 6 h; on hold, not expected 6 h; "
        "Kelpie was not running 6 h"
    )
    assert [(r.hour, r.lasted, r.sentence) for r in day.reasons] == [
        ("00:00", "6 h", LOST.sentence),
        ("02:00", "6 h", HELD.sentence),
    ]


def test_the_days_on_which_sydney_turns_its_clocks() -> None:
    """4 October 2026 has no 02:00; 4 April 2027 has two, drawn as halves of one column."""
    for day, began in (
        (date(2026, 10, 4), datetime(2026, 10, 3, 14, tzinfo=UTC)),
        (date(2027, 4, 4), datetime(2027, 4, 3, 13, tzinfo=UTC)),
    ):
        view = month(began, 1.5, READY)
        rows = grid_of(hours_of(view, "ib"), 30).days
        [row] = [each for each in rows if each.name == f"Sun {day.day} {day:%b}"]
        [outline] = [o for c, o in grid_of(hours_of(view, "ib"), 30).paths if c == "h-ready"]
        drawn = [cell for cell in cells(outline) if cell[1] == row.y]
        columns = [int((x - LEFT) // CELL) for x, _, _ in drawn]
        if day.month == 10:
            assert columns == [n for n in range(24) if n != 2]
        else:
            assert columns == [0, 1, 2, 2, *range(3, 24)]
            assert [w for _, _, w in drawn][2:4] == [CELL / 2 - 1] * 2
        assert not row.troubled


def test_what_has_just_begun_is_neither_well_nor_ill() -> None:
    began = datetime(2026, 11, 23, 1, tzinfo=UTC)
    part = HourPart("ib", began, LOST, 8.0)
    view = UptimeView(began + timedelta(seconds=8), began, began, (part,), (), "")
    grid = grid_of(hours_of(view, "ib"), 30)
    assert [outline for _, outline in grid.paths if outline] == []
    assert grid.days[0].words == "just begun"

"""`GET /see/health`: a month of hours by venue; starts, back-up, alerts, disk; the tree, folded."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from actors import names
from actors.watch import pulse_of
from console.hook.alerts import alerts_view
from console.hook.asking import Asking
from console.hook.uptime import DAYS, uptime
from console.hook.visitors import visitor_of
from console.owner.words import venue_name
from console.pages import hour_grid
from console.pages.remembered import ALERTS, MEMORY, oldest, warning_of
from console.pages.rendering import page
from domain.uptime import UptimeEvent, UptimeView, hours_of

_HERE = "/see/health"
_DAY = timedelta(days=1)
_MOST_EVENTS = 12
_LITTLE_DISK = 0.05
"""Of the whole: less is told as a warning."""


@dataclass(frozen=True, slots=True)
class VenueHours:
    """One venue, drawn and in words."""

    name: str
    last_day: str
    grid: hour_grid.Grid


@dataclass(frozen=True, slots=True)
class Leaf:
    """A seat of the tree in a line."""

    name: str
    depth: int
    sentence: str
    well: bool


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk on which the book lies, in bytes."""

    free: int
    total: int

    @property
    def little(self) -> bool:
        """It will be full soon."""
        return self.free < self.total * _LITTLE_DISK

    @property
    def sentence(self) -> str:
        """`12.3 GB of 50.0 GB are free`."""
        return f"{self.free / 1e9:,.1f} GB of {self.total / 1e9:,.1f} GB are free"


def routes(asking: Asking) -> APIRouter:
    """The page *Health*."""
    router = APIRouter(include_in_schema=False)
    ask = asking.remembered.ask
    asking.remembered.keep("uptime", lambda: uptime(asking))
    asking.remembered.keep("delivery", lambda: alerts_view(asking))

    @router.get(_HERE)
    async def health(request: Request) -> Response:
        hours, alerts, backups = await asyncio.gather(
            ask("uptime", MEMORY, lambda: uptime(asking)),
            ask("delivery", ALERTS, lambda: alerts_view(asking)),
            _says(asking, names.BACKUPS),
        )
        view = hours.value
        return page(
            "health.html",
            visitor_of(request),
            {
                "venues": () if view is None else _venues(view, asking.options.venues),
                "remembered": view,
                "words": hour_grid.WORDS,
                "signs": hour_grid.SIGNS,
                "classes": hour_grid.CLASSES,
                "grid_left": hour_grid.LEFT,
                "grid_cell": hour_grid.CELL,
                "grid_width": hour_grid.WIDTH,
                "starts": _starts(view),
                "crashes": _crashes(view),
                "backups": backups,
                "newest": _time_of(backups, "newest"),
                "drilled": _time_of(backups, "drilled"),
                "alerts": alerts.value,
                "disk": _disk(asking),
                "leaves": leaves_of(asking),
            },
            asking=asking,
            title="Health",
            here=_HERE,
            as_of=oldest([hours, alerts]),
            warning=warning_of([hours, alerts]),
        )

    return router


def _venues(view: UptimeView, venues: Sequence[str]) -> tuple[VenueHours, ...]:
    found = []
    for venue in venues:
        hours = hours_of(view, venue)
        last = [hour for hour in hours if hour.start > view.at - _DAY]
        grid = hour_grid.grid_of(hours, DAYS)
        found.append(VenueHours(venue_name(venue), hour_grid.summed(last), grid))
    return tuple(found)


def _starts(view: UptimeView | None) -> tuple[UptimeEvent, ...]:
    events = () if view is None else view.events
    return tuple(each for each in events if not each.seat)[:_MOST_EVENTS]


def _crashes(view: UptimeView | None) -> tuple[UptimeEvent, ...]:
    events = () if view is None else view.events
    return tuple(each for each in events if each.seat)[:_MOST_EVENTS]


async def _says(asking: Asking, seat: str) -> Mapping[str, Any] | None:
    """What a seat says of itself, or said last; None where there is none, or nothing is known."""
    if asking.system.find(seat) is None:
        return None
    state, _, _ = await asking.inspect(seat)
    found: Mapping[str, Any] | None = state
    return found


def _time_of(state: Mapping[str, Any] | None, name: str) -> datetime | None:
    told = (state or {}).get(name)
    return datetime.fromisoformat(told) if told else None


def _disk(asking: Asking) -> Disk | None:
    try:
        found = shutil.disk_usage(asking.options.state_dir or ".")
    except OSError:
        return None
    return Disk(found.free, found.total)


def leaves_of(asking: Asking) -> tuple[Leaf, ...]:
    """The tree from its top, by what the seats publish: asks nobody, so nothing holds it up."""
    now = asking.clock.monotonic()
    seats = asking.system.seats()
    below: dict[str, list[Leaf]] = {}
    for seat in seats:
        pulse = pulse_of(seat, now)
        if seat.parked:
            sentence, well = f"parked: {seat.parked}", False
        elif not pulse.answers:
            sentence, well = f"hangs in {pulse.handling} for {pulse.seconds:.0f} s", False
        elif seat.occupant is None or seat.started_at is None:
            sentence, well = "not started", False
        else:
            restarts = f", started again {seat.restarts} times" if seat.restarts else ""
            sentence, well = f"answers{restarts}", True
        depth = 0 if not seat.parent else seat.name.count(".") + 1
        below.setdefault(seat.parent, []).append(Leaf(seat.name, depth, sentence, well))
    return tuple(_in_order(below, ""))


def _in_order(below: Mapping[str, Sequence[Leaf]], parent: str) -> list[Leaf]:
    return [each for leaf in below.get(parent, ()) for each in (leaf, *_in_order(below, leaf.name))]

"""A month of hours as a drawing that a phone can read, and the same in words. Pure.

A row is a day in Sydney, a column an hour of its clock. Each state has a sign beside its colour.
One path for each state, and one text for each row, keep the worst month small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from console.owner.words import SYDNEY, length
from domain.uptime import BLIP, Hour, UpState, days_of

WORDS = {
    UpState.READY: "could be traded",
    UpState.EXPECTED: "on hold, as announced or wished",
    UpState.UNEXPECTED: "on hold, not expected",
    UpState.NOT_RUNNING: "Kelpie was not running",
}
SIGNS = {
    UpState.READY: "",
    UpState.EXPECTED: "h",
    UpState.UNEXPECTED: "!",
    UpState.NOT_RUNNING: "o",
}
CLASSES = {
    UpState.READY: "h-ready",
    UpState.EXPECTED: "h-hold",
    UpState.UNEXPECTED: "h-bad",
    UpState.NOT_RUNNING: "h-off",
}
LEFT, TOP, CELL, ROW = 64, 18, 11, 16
"""In the units of the drawing, which are pixels on a phone of 360."""
WIDTH = LEFT + 24 * CELL
_MOST_REASONS = 6
_IN_WORDS = (UpState.READY, UpState.EXPECTED, UpState.UNEXPECTED, UpState.NOT_RUNNING)
_TROUBLE = (UpState.UNEXPECTED, UpState.NOT_RUNNING)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a venue was not ready on a day: from the first hour with it, all its time added up."""

    hour: str
    state: str
    sentence: str
    lasted: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day in words; `troubled` where something happened that nobody announced or wished."""

    name: str
    label: str
    y: int
    signs: str
    sign_places: str
    words: str
    troubled: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The drawing of one venue."""

    height: int
    paths: tuple[tuple[str, str], ...]
    """Class and outline of each state."""
    days: tuple[Day, ...]
    """Newest first."""


def grid_of(hours: Sequence[Hour], days: int) -> Grid:
    """Draw the newest so many days."""
    found = days_of(hours, SYDNEY)[:days]
    outlines: dict[UpState, list[str]] = {state: [] for state in UpState}
    rows = []
    for row, (day, cells) in enumerate(found):
        y = TOP + row * ROW
        signs, places = [], []
        for x, width, hour in _placed(cells):
            if sum(hour.seconds.values()) < BLIP:
                continue  # just begun: it is too early to say how it is
            state = hour.shown
            outlines[state].append(f"M{x:g} {y}h{width - 1:g}v{ROW - 2}h-{width - 1:g}z")
            if SIGNS[state]:
                signs.append(SIGNS[state])
                places.append(f"{x + (width - 1) / 2:g}")
        rows.append(_day(day, [hour for _, hour in cells], y, "".join(signs), " ".join(places)))
    paths = tuple((CLASSES[state], "".join(outlines[state])) for state in UpState)
    return Grid(TOP + len(found) * ROW, paths, tuple(rows))


def _placed(cells: Sequence[tuple[int, Hour]]) -> Iterable[tuple[float, float, Hour]]:
    """Left edge and width; an hour that the clock shows twice is drawn as two halves."""
    numbers = [number for number, _ in cells]
    for index, (number, hour) in enumerate(cells):
        width = CELL / numbers.count(number)
        second = index > 0 and numbers[index - 1] == number
        yield LEFT + number * CELL + (width if second else 0), width, hour


def _day(day: date, hours: Sequence[Hour], y: int, signs: str, places: str) -> Day:
    total = _total(hours)
    return Day(
        name=f"{day:%a} {day.day} {day:%b}",
        label=f"{day:%a} {day.day}",
        y=y,
        signs=signs,
        sign_places=places,
        words=_words(total),
        troubled=any(total.get(state, 0.0) > BLIP for state in _TROUBLE),
        reasons=_reasons(hours),
    )


def _reasons(hours: Sequence[Hour]) -> tuple[Reason, ...]:
    lasted: dict[tuple[UpState, str], float] = {}
    first: dict[tuple[UpState, str], str] = {}
    sentence: dict[tuple[UpState, str], str] = {}
    for hour in hours:
        for stood, seconds in hour.reasons:
            key = (stood.state, stood.cause)
            lasted[key] = lasted.get(key, 0.0) + seconds
            first.setdefault(key, f"{hour.start.astimezone(SYDNEY):%H:%M}")
            sentence[key] = stood.sentence
    longest = sorted(lasted, key=lambda key: -lasted[key])[:_MOST_REASONS]
    return tuple(
        Reason(first[key], WORDS[key[0]], sentence[key], _length(lasted[key])) for key in longest
    )


def summed(hours: Sequence[Hour]) -> str:
    """All of them in words."""
    return _words(_total(hours))


def _total(hours: Sequence[Hour]) -> dict[UpState, float]:
    total: dict[UpState, float] = {}
    for hour in hours:
        for state, seconds in hour.seconds.items():
            total[state] = total.get(state, 0.0) + seconds
    return total


def _words(total: Mapping[UpState, float]) -> str:
    """What lasted for more than a blip."""
    told = [state for state in _IN_WORDS if total.get(state, 0.0) > BLIP]
    return "; ".join(f"{WORDS[state]} {_length(total[state])}" for state in told) or "just begun"


def _length(seconds: float) -> str:
    return length(timedelta(seconds=round(seconds)))

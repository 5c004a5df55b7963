"""Charts as SVG, made on the server: a curve with its drawdown, and bars by day.

Pure. They scale with the page and take their colours from its stylesheet; each has a title and a
description for whoever cannot see it. A value that is not known leaves a gap, and is never drawn
as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil, floor, log10

from markupsafe import Markup, escape

from console.owner.words import SYDNEY, gain, money

X = Callable[[datetime], float]
"""From a moment to its place from left to right."""
_WIDTH = 340.0
_CURVE, _BELOW, _GAP, _DATES = 130.0, 46.0, 22.0, 18.0
"""Heights: of the curve, of the drawdown below it, between the two, and of the dates."""
_BARS = 120.0
_TOP = 16.0
"""Room for the label of the highest line."""
_MOST = 170
"""Points of one line; more are not seen on a phone."""
_APART = timedelta(hours=30)
"""Points farther apart than this are not joined: nobody looked in between."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a curve; None where it was not known."""

    at: datetime
    value: Decimal | None
    below: Decimal | None
    """How far below its highest, as a drawdown: zero or above."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, in Sydney, and what it made."""

    day: date
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to heights: `lowest` lies at the bottom, `highest` at the top."""

    lowest: float
    highest: float
    top: float
    height: float

    def y(self, value: float) -> float:
        share = (value - self.lowest) / (self.highest - self.lowest)
        return self.top + self.height * (1 - share)


def curve(points: Sequence[Point], currency: str, title: str) -> Markup:
    """A curve over time, and below it how far it lay under its highest.

    `points` in the order of time. Empty where no point is known.
    """
    known = [each for each in points if each.value is not None]
    if not known:
        return Markup()
    first, last = points[0].at, points[-1].at
    seconds = (last - first).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return _WIDTH * (at - first).total_seconds() / seconds

    values = [float(each.value) for each in known if each.value is not None]
    lines = ticks(min(values), max(values))
    scale = _Scale(lines[0], lines[-1], _TOP, _CURVE)
    drawn = [
        _grid(lines, scale, currency),
        *(
            f'<path class="curve" d="{_path(stretch, x, scale)}"/>'
            for stretch in _stretches([(each.at, each.value) for each in points])
        ),
        *_drawdown(points, x, currency),
    ]
    height = _TOP + _CURVE + _GAP + _BELOW + _DATES
    drawn.append(_dates(first, last, height))
    return _svg(drawn, height, title, _told(known, currency))


def bars(days: Sequence[Bar], currency: str, title: str) -> Markup:
    """A bar for each day, up for a gain and down for a loss; empty where no day is known."""
    known = [(each.day, each.value) for each in days if each.value is not None]
    if not known:
        return Markup()
    lines = ticks(min(0.0, *(float(v) for _, v in known)), max(0.0, *(float(v) for _, v in known)))
    scale = _Scale(lines[0], lines[-1], _TOP, _BARS)
    step = _WIDTH / max(len(days), 7)
    zero = scale.y(0.0)
    drawn = [_grid(lines, scale, currency)]
    for place, each in enumerate(days):
        if each.value is None:
            continue
        end = scale.y(float(each.value))
        drawn.append(
            f'<rect class="bar-{"down" if each.value < 0 else "up"}" x="{place * step + 1:.1f}" '
            f'y="{min(zero, end):.1f}" width="{max(step - 2, 1):.1f}" '
            f'height="{max(abs(zero - end), 1):.1f}"><title>{each.day:%a} {each.day.day} '
            f"{each.day:%b}: {escape(gain(each.value, currency))}</title></rect>"
        )
    drawn.append(f'<path class="zero" d="M0 {zero:.1f}H{_WIDTH:.0f}"/>')
    height = _TOP + _BARS + _DATES
    for place, anchor in ((0, "start"), (len(days) - 1, "end")):
        if place or anchor == "start":
            day = days[place].day
            at = 1 if anchor == "start" else min((place + 1) * step, _WIDTH) - 1
            drawn.append(_text(at, height - 4, f"{day.day} {day:%b}", anchor))
    best = max(known, key=lambda each: each[1])
    worst = min(known, key=lambda each: each[1])
    told = (
        f"{len(known)} days. The best, {_day(best[0])}, made {gain(best[1], currency)}; "
        f"the worst, {_day(worst[0])}, {gain(worst[1], currency)}."
    )
    return _svg(drawn, height, title, told)


def ticks(lowest: float, highest: float) -> list[float]:
    """Round values that hold both ends between them: three to six, evenly spaced."""
    if highest - lowest < max(abs(highest), 1.0) * 1e-9:
        room = max(abs(highest) * 0.001, 1.0)
        lowest, highest = lowest - room, highest + room
    rough = (highest - lowest) / 3
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * size for size in (1, 2, 2.5, 5, 10) if unit * size >= rough * 0.999)
    first, last = floor(lowest / step + 1e-9), ceil(highest / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def thinned(points: Sequence[tuple[datetime, Decimal]]) -> list[tuple[datetime, Decimal]]:
    """At most as many points as can be seen, and among them every extreme of its stretch."""
    if len(points) <= _MOST:
        return list(points)
    size = ceil(len(points) / (_MOST / 2))
    kept: list[tuple[datetime, Decimal]] = [points[0]]
    for begin in range(1, len(points) - 1, size):
        some = points[begin : min(begin + size, len(points) - 1)]
        ends = {min(some, key=lambda each: each[1]), max(some, key=lambda each: each[1])}
        kept += sorted(ends)
    return [*kept, points[-1]]


# -- the parts of a chart ----------------------------------------------------------------


def _stretches(
    points: Iterable[tuple[datetime, Decimal | None]],
) -> list[list[tuple[datetime, Decimal]]]:
    """What may be joined by a line: known, and not too far apart."""
    found: list[list[tuple[datetime, Decimal]]] = [[]]
    for at, value in points:
        if value is None:
            found.append([])
            continue
        if found[-1] and at - found[-1][-1][0] > _APART:
            found.append([])
        found[-1].append((at, value))
    return [thinned(each) for each in found if each]


def _path(stretch: Sequence[tuple[datetime, Decimal]], x: X, scale: _Scale) -> str:
    places = [f"{x(at):.1f} {scale.y(float(value)):.1f}" for at, value in stretch]
    # A point by itself is drawn as a short dash.
    return f"M{places[0]}h1" if len(places) == 1 else f"M{'L'.join(places)}"


def _drawdown(points: Sequence[Point], x: X, currency: str) -> list[str]:
    """The drawdown hangs from its own line of zero."""
    top = _TOP + _CURVE + _GAP
    deepest = max((float(p.below) for p in points if p.below is not None), default=0.0)
    scale = _Scale(-(deepest or 1.0), 0.0, top, _BELOW)
    drawn = []
    for stretch in _stretches(
        [(each.at, None if each.below is None else -each.below) for each in points]
    ):
        line = _path(stretch, x, scale)
        begin, end = x(stretch[0][0]), x(stretch[-1][0])
        drawn.append(f'<path class="below" d="{line}L{end:.1f} {top:.1f}L{begin:.1f} {top:.1f}Z"/>')
    drawn.append(f'<path class="zero" d="M0 {top:.1f}H{_WIDTH:.0f}"/>')
    word = f"Drawdown, at most {_short(deepest, currency, deepest)}" if deepest else "No drawdown"
    drawn.append(_text(0, top - 5, word, "start"))
    return drawn


def _grid(lines: Sequence[float], scale: _Scale, currency: str) -> str:
    step = lines[1] - lines[0]
    drawn = []
    for value in lines:
        y = scale.y(value)
        drawn.append(f'<path class="grid" d="M0 {y:.1f}H{_WIDTH:.0f}"/>')
        drawn.append(_text(0, y - 4, _short(value, currency, step), "start"))
    return "".join(drawn)


def _dates(first: datetime, last: datetime, height: float) -> str:
    begin, end = first.astimezone(SYDNEY), last.astimezone(SYDNEY)
    form = _moment if end - begin < timedelta(days=2) else lambda at: _day(at.date())
    words = [_text(0, height - 4, form(begin), "start")]
    if last > first:
        words.append(_text(_WIDTH, height - 4, form(end), "end"))
        if end - begin >= timedelta(days=6):
            words.append(_text(_WIDTH / 2, height - 4, form(begin + (end - begin) / 2), "middle"))
    return "".join(words)


def _svg(drawn: Iterable[str], height: float, title: str, told: str) -> Markup:
    return Markup(
        f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH:.0f} {height:.0f}">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>{''.join(drawn)}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _told(known: Sequence[Point], currency: str) -> str:
    values = [each.value for each in known if each.value is not None]
    return (
        f"From {money(values[0], currency)} on {_moment(known[0].at.astimezone(SYDNEY))} to "
        f"{money(values[-1], currency)} on {_moment(known[-1].at.astimezone(SYDNEY))}; lowest "
        f"{money(min(values), currency)}, highest {money(max(values), currency)}."
    )


def _short(value: float, currency: str, step: float) -> str:
    """An amount beside an axis: with cents where the steps need them, in millions if large."""
    for size, word in ((1e12, " tn"), (1e9, " bn"), (1e6, " m")):
        if abs(value) >= size and step >= size / 100:
            value, step, tail = value / size, step / size, word
            break
    else:
        tail = ""
    text = money(Decimal(f"{value:.2f}"), currency)
    return (text.removesuffix(".00") if step == int(step) else text) + tail


def _moment(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"

"""Synthetic history: bars cut from the same path on which the live quotes move.

The same request gives the same bars, and the last one ends where the market stands. Trading time
only. A duration below a day counts trading seconds back from the end; up to six days count days
with trading; longer ones count days of the calendar (a week, a month, a year). Outside the
regular hours there is one stretch of trading more: the minute of the closing auction.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulators.exchange import Exchange
from simulators.market import Market
from simulators.model import Bar, Session

_DAY = 86_400
#: How finely a bar is sampled: for bars of up to so many seconds, one look in so many.
_LOOKS = ((10, 1), (60, 5), (300, 30), (3600, 120), (4 * 3600, 300))
_COARSEST_LOOK = 3600

#: Invented: the day from which on there are bars of anything.
_FIRST_DAY = date(2016, 1, 4)

#: A stretch of time in which there is trading.
Stretch = tuple[datetime, datetime]
#: What a bar is made of, with its day where it is as long as one.
Slice = tuple[date | None, list[Stretch]]


def history(
    exchange: Exchange,
    con_id: int,
    what: str,
    end: datetime,
    duration_seconds: int,
    bar_seconds: int,
    seed: int,
    *,
    regular_hours: bool = True,
) -> list[Bar]:
    """Bars that start before `end`, oldest first; the last one may be partial.

    `what` is TRADES (shares only: currencies have none, and get no bars), MIDPOINT, BID, ASK, or
    BID_ASK, whose bars have the average bid as open, the highest ask as high, the lowest bid as
    low and the average ask as close. Only TRADES have a volume.
    """
    market = exchange.markets[con_id]
    if what == "TRADES" and market.listing.is_currency:
        return []
    zone = ZoneInfo(market.listing.instrument.time_zone_id)
    days = _trading_days(exchange, con_id, zone, end, duration_seconds)
    painter = _Painter(exchange, market, what, bar_seconds, seed)
    if bar_seconds >= _DAY:
        slices = _long_slices(days, bar_seconds)
    else:
        wanted = max(1, duration_seconds // bar_seconds) if duration_seconds < _DAY else None
        sessions = [session for _, day in days for session in day]
        short = _short_slices(sessions, bar_seconds, end, wanted, regular_hours)
        slices = [(None, [stretch]) for stretch in short]
    return [
        painter.bar([(start, min(stop, end)) for start, stop in parts if start < end], day)
        for day, parts in slices
        if parts[0][0] < end
    ]


def first_bar(exchange: Exchange, con_id: int) -> datetime:
    """When the history of an instrument begins."""
    zone = ZoneInfo(exchange.markets[con_id].listing.instrument.time_zone_id)
    first = datetime.combine(_FIRST_DAY, time(), zone)
    return exchange.timetable(con_id).sessions(first, first + timedelta(days=7))[0].opens


def _trading_days(
    exchange: Exchange, con_id: int, zone: ZoneInfo, end: datetime, duration_seconds: int
) -> list[tuple[date, list[Session]]]:
    """Sessions by the date in the exchange's zone on which they close, enough for the duration."""
    wanted = max(1, -(-duration_seconds // _DAY))
    reach = wanted + 12 if duration_seconds < 7 * _DAY else wanted
    day = max(_FIRST_DAY, end.astimezone(zone).date() - timedelta(days=reach))
    first = datetime.combine(day, time(), zone)
    by_day: dict[date, list[Session]] = {}
    for session in exchange.timetable(con_id).sessions(first, end):
        # What ends at midnight belongs to the day before.
        ends = (session.closes - timedelta(seconds=1)).astimezone(zone)
        by_day.setdefault(ends.date(), []).append(session)
    days = sorted(by_day.items())
    if duration_seconds < _DAY:
        return days
    return days[-wanted:] if duration_seconds < 7 * _DAY else days


def _short_slices(
    sessions: list[Session],
    bar_seconds: int,
    end: datetime,
    wanted: int | None,
    regular_hours: bool,
) -> list[Stretch]:
    """One a bar, the last `wanted` of those that begin before `end` (None: all)."""
    found: list[Stretch] = []
    for session in reversed(sessions):
        of_day = [
            (start, min(start + timedelta(seconds=bar_seconds), session.closes))
            for start in _starts(session, bar_seconds)
        ]
        if not regular_hours and session.auction_ends > session.closes:
            of_day.append((session.auction_ends - timedelta(minutes=1), session.auction_ends))
        found += [stretch for stretch in reversed(of_day) if stretch[0] < end]
        if wanted is not None and len(found) >= wanted:
            break
    return found[:wanted][::-1]


def _starts(session: Session, bar_seconds: int) -> list[datetime]:
    """Bars begin on round times of the clock; the first one when continuous trading does.

    That is on five minutes: the minute of the ASX's opening auction belongs to no bar.
    """
    stamp = session.opens.timestamp()
    first = -(-stamp // 300) * 300
    at = first - first % min(bar_seconds, 3600) + bar_seconds
    seconds = [first]
    while at < session.closes.timestamp():
        seconds.append(at)
        at += bar_seconds
    return [datetime.fromtimestamp(second, UTC) for second in seconds]


def _long_slices(
    days: list[tuple[date, list[Session]]], bar_seconds: int
) -> list[tuple[date | None, list[Stretch]]]:
    """A day, a week or a month each: its first day, and the sessions in it."""
    groups: dict[tuple[int, int], Slice] = {}
    for day, sessions in days:
        if bar_seconds < 7 * _DAY:
            key = (day.toordinal(), 0)
        elif bar_seconds < 28 * _DAY:
            key = day.isocalendar()[:2]
        else:
            key = (day.year, day.month)
        _, stretches = groups.setdefault(key, (day, []))
        stretches.extend((s.opens, s.closes) for s in sessions)
    return list(groups.values())


class _Painter:
    """Makes one bar after another of one request."""

    def __init__(
        self, exchange: Exchange, market: Market, what: str, bar_seconds: int, seed: int
    ) -> None:
        self._path = exchange.new_path(market.listing)
        self._path.jumps = market.path.jumps
        self._market = market
        self._what = what
        self._bar_seconds = bar_seconds
        self._seed = seed
        self._look = next((look for top, look in _LOOKS if bar_seconds <= top), _COARSEST_LOOK)

    def bar(self, parts: list[Stretch], day: date | None) -> Bar:
        """One bar over the given stretches of trading, of this day where it is as long."""
        fair = [price for start, stop in parts for price in self._looks(start, stop)]
        start = parts[0][0]
        if self._what == "BID_ASK":
            quotes = [self._market.maker.quotes(price) for price in fair]
            bids, asks = [bid for bid, _ in quotes], [ask for _, ask in quotes]
            steps = self._market.steps
            return Bar(
                start=start,
                open=steps.to_price(steps.nearest(float(steps.unit) * sum(bids) / len(bids))),
                high=steps.to_price(max(asks)),
                low=steps.to_price(min(bids)),
                close=steps.to_price(steps.nearest(float(steps.unit) * sum(asks) / len(asks))),
                volume=None,
                average=None,
                count=None,
                day=day,
            )
        prices = [self._half_units(price) for price in fair]
        half = self._market.steps.unit / 2
        volume, count = self._volume(parts)
        average = (half * sum(prices) / len(prices)).quantize(Decimal("0.00001"))
        return Bar(
            start=start,
            open=half * prices[0],
            high=half * max(prices),
            low=half * min(prices),
            close=half * prices[-1],
            volume=volume,
            average=average if volume is not None else None,
            count=count,
            day=day,
        )

    def _looks(self, start: datetime, stop: datetime) -> list[float]:
        """The fair price at the start, on round moments between, and at the stop."""
        first, last = start.timestamp(), stop.timestamp()
        at = first - first % self._look + self._look
        moments = [first]
        while at < last:
            moments.append(at)
            at += self._look
        return [self._path.at(moment) for moment in [*moments, last]]

    def _half_units(self, fair: float) -> int:
        """The price asked for, in halves of the grid's unit, so that a middle is exact."""
        if self._what == "TRADES":
            return 2 * self._market.steps.nearest(fair)
        bid, ask = self._market.maker.quotes(fair)
        return {"BID": 2 * bid, "ASK": 2 * ask}.get(self._what, bid + ask)

    def _volume(self, parts: list[Stretch]) -> tuple[Decimal | None, int | None]:
        if self._what != "TRADES":
            return None, None
        listing = self._market.listing
        seconds = sum((stop - start).total_seconds() for start, stop in parts)
        name = f"{self._seed}:{listing.instrument.con_id}:{parts[0][0]}:{self._bar_seconds}"
        chance = random.Random(name)
        share = seconds / (6 * 3600) * chance.lognormvariate(0, 0.4)
        count = max(1, int(listing.trades_per_minute * 360 * share))
        return Decimal(max(1, int(listing.day_volume * share))), count

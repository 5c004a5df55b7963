"""All simulated markets on one time: pure, seeded, without a clock of its own.

`advance(to)` lets everything happen that is due by then, in the order of time. The same seed and
the same orders at the same times give the same story, however often it is advanced.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from domain.orders import Side
from simulators import sessions
from simulators.exchange_orders import Happening, MarketOrder
from simulators.listings import LISTINGS, Listing
from simulators.market import Market
from simulators.model import Phase
from simulators.price_path import PricePath
from simulators.sessions import Span, Timetable

#: After a longer absence the markets are caught up with coarser steps than these.
_UNHURRIED = timedelta(seconds=60)
#: Of an absence longer than this only the end is played through.
_REMEMBERED = timedelta(days=3)
#: A market that stands still offers again what was taken, this often.
_STILL_INTERVAL = timedelta(seconds=1)


class Exchange:
    """The markets by contract id. `still` markets move only when they are told to.

    Round the clock they rest every two hours, `shift` past the even hours of UTC.
    """

    def __init__(
        self,
        start: datetime,
        *,
        seed: int = 1,
        asx_hours: bool = False,
        still: bool = False,
        shift: timedelta = timedelta(),
        listings: Sequence[Listing] = LISTINGS,
    ) -> None:
        self.now = start
        self.still = still
        self._seed = seed
        self._asx_hours = asx_hours
        self._post_close = False
        self._shares = sessions.asx_shares(seed) if asx_hours else sessions.demo_shares(shift)
        self._pairs = sessions.currency_week() if asx_hours else sessions.demo_currencies(shift)
        self._american = sessions.us_shares() if asx_hours else self._shares
        self.markets: dict[int, Market] = {}
        self._chance: dict[int, random.Random] = {}
        self._spans: dict[int, Span] = {}
        for listing in listings:
            con_id = listing.instrument.con_id
            path = self.new_path(listing)
            # One source of chance for each market, so that none disturbs another.
            chance = random.Random(f"{seed}:{con_id}:{start.isoformat()}")
            self._chance[con_id] = chance
            self.markets[con_id] = Market(listing, path, chance)
        self._quiet = 1.0
        self._stretch = 1.0
        self._due: list[tuple[datetime, int, int]] = []
        self._moved: set[int] = set()
        self._pending: list[Happening] = []

    def open_markets(self) -> list[Happening]:
        """Begin, where these markets stopped; orders and figures are already there."""
        happenings: list[Happening] = []
        for con_id, market in self.markets.items():
            span = self._look_up_span(con_id)
            if market.tape.previous_close is None:
                fair = market.path.at(span.starts.timestamp())
                market.tape.previous_close = market.steps.nearest(fair)
                market.tape.last = market.steps.nearest(market.path.at(self.now.timestamp()))
            happenings += market.resume(span.phase, span.session.opens, self.now, still=self.still)
        self._schedule_flow()
        return happenings

    def slow_down(self, factor: float) -> None:
        """From now on so many times less happens than usual; 1 is the usual. Prices move on."""
        if factor != self._quiet:
            self._quiet = self._stretch = factor
            self._schedule_flow()

    def new_path(self, listing: Listing) -> PricePath:
        """The path of an instrument's fair price, without the jumps made by hand."""
        volatility = 0.0 if self.still else listing.volatility
        reference = float(listing.reference_price)
        return PricePath(self._seed, listing.instrument.con_id, reference, volatility)

    def timetable(self, con_id: int) -> Timetable:
        """The hours of an instrument."""
        instrument = self.markets[con_id].listing.instrument
        if instrument.sec_type == "CASH":
            return self._pairs
        return self._shares if instrument.symbol.currency == "AUD" else self._american

    def has_post_close(self, wanted: bool) -> None:
        """Whether shares have a phase after their closing auction, by the real hours."""
        if self._asx_hours and wanted != self._post_close:
            self._post_close = wanted
            self._shares = sessions.asx_shares(self._seed, post_close=wanted)

    def session_of_new_order(self, con_id: int) -> datetime:
        """When the session opens to which an order belongs that comes now."""
        span = self.span(con_id)
        if span.phase is Phase.POST_CLOSE:
            span = self.timetable(con_id).span_at(span.ends)
        return span.session.opens

    def span(self, con_id: int) -> Span:
        """The phase in which an instrument is now."""
        return self._spans[con_id]

    def opens(self, con_id: int) -> datetime:
        """When an order that is held now would reach the market."""
        span = self.span(con_id)
        timetable = self.timetable(con_id)
        return span.session.opens if span.phase is Phase.CLOSED else timetable.next_open(self.now)

    def advance(self, to: datetime) -> list[Happening]:
        """Let the markets live up to a moment; a step back in time does nothing."""
        return [happening for step in self.steps(to) for happening in step]

    def steps(self, to: datetime) -> Iterator[list[Happening]]:
        """The same step by step, so that who listens can act before the next thing happens."""
        gap = to - self.now
        self._stretch = max(self._quiet, min(gap, _REMEMBERED) / _UNHURRIED)
        pending, self._pending = self._pending, []
        yield pending
        if gap > _REMEMBERED:
            self.now = to - _REMEMBERED
            self._due.clear()
            for con_id in self.markets:
                yield self._change_phase(con_id)
            self._schedule_flow()
        while self._due and self._due[0][0] <= to:
            due, kind, con_id = heapq.heappop(self._due)
            self.now = max(self.now, due)
            yield self._change_phase(con_id) if kind == 0 else self._flow(con_id)
        self.now = max(self.now, to)
        if self._stretch > self._quiet:
            self._stretch = self._quiet
            self._schedule_flow()
            for con_id, market in self.markets.items():
                self._moved.add(con_id)
                if not self.still:
                    yield market.requote(self.now)

    def submit(self, con_id: int, order: MarketOrder) -> list[Happening]:
        """Send an order to its market; it may trade before this returns."""
        self._moved.add(con_id)
        return self.markets[con_id].submit(order, self.now)

    def withdraw(self, con_id: int, perm_id: int) -> MarketOrder | None:
        """Cancel an order; None when the market does not have it any more."""
        self._moved.add(con_id)
        return self.markets[con_id].withdraw(perm_id)

    def reduce(self, con_id: int, perm_id: int, remaining: int) -> None:
        """Make an order smaller where it stands."""
        self._moved.add(con_id)
        self.markets[con_id].reduce(perm_id, remaining)

    def take_moved(self) -> Iterable[int]:
        """The instruments whose market moved since the last call."""
        moved, self._moved = self._moved, set()
        return sorted(moved)

    def fair_price(self, con_id: int) -> float:
        """What the crowd thinks an instrument is worth."""
        return self.markets[con_id].path.at(self.now.timestamp())

    # What a test may do to a market; the next `advance` tells what came of it

    def set_fair_price(self, con_id: int, price: Decimal) -> None:
        """Move the crowd to a price; it trades with whatever order is in its way."""
        market = self.markets[con_id]
        market.path.move_to(float(price), self.now)
        self._moved.add(con_id)
        self._pending += market.requote(self.now)

    def split(self, con_id: int, new: int, old: int) -> None:
        """Prices are of other units from now on, that of the last close too; no order is left."""
        market = self.markets[con_id]
        market.tape.scale(Fraction(old, new))
        self._moved.add(con_id)
        market.path.move_to(market.path.at(self.now.timestamp()) * old / new, self.now)
        self._pending += market.requote(self.now)

    def set_previous_close(self, con_id: int, price: Decimal) -> None:
        """Tell another price as that of the last close."""
        market = self.markets[con_id]
        market.tape.previous_close = market.steps.nearest(float(price))
        self._moved.add(con_id)

    def halt(self, con_id: int) -> None:
        """Nobody trades in an instrument until `lift`."""
        self._moved.add(con_id)
        self.markets[con_id].halt()

    def lift(self, con_id: int) -> None:
        """A halt is over; what was held meanwhile goes to the market."""
        self._moved.add(con_id)
        self._pending += self.markets[con_id].lift(self.now)

    def trade_through(self, con_id: int, price: Decimal, quantity: Decimal) -> None:
        """Somebody trades up or down to a price, so much in all.

        What the book does not have up to there, others trade between them at that price; inside
        the spread that is everything.
        """
        market = self.markets[con_id]
        units, left = market.steps.to_units(price), int(quantity)
        bid, ask = market.book.best(Side.BUY), market.book.best(Side.SELL)
        self._moved.add(con_id)
        for side, reached in (
            (Side.BUY, ask is not None and units >= ask),
            (Side.SELL, bid is not None and units <= bid),
        ):
            if reached:
                matches = market.book.take(side, units, left)
                left -= sum(match.quantity for match in matches)
                self._pending += market.settle(matches, self.now)
        if left:
            self._pending += market.print_trade(units, left, self.now)

    def set_phase(self, con_id: int, phase: Phase) -> None:
        """Put a market into a phase, until its timetable has the next one."""
        opens = self.span(con_id).session.opens
        self._moved.add(con_id)
        self._pending += self.markets[con_id].enter_phase(phase, opens, self.now)

    def _schedule_flow(self) -> None:
        """Set anew when something happens next in each market."""
        self._due = [due for due in self._due if due[1] == 0]
        for con_id in self.markets:
            self._due.append((self.now + self._interval(con_id), 1, con_id))
        heapq.heapify(self._due)

    def _change_phase(self, con_id: int) -> list[Happening]:
        span = self._look_up_span(con_id)
        self._moved.add(con_id)
        return self.markets[con_id].enter_phase(span.phase, span.session.opens, self.now)

    def _look_up_span(self, con_id: int) -> Span:
        span = self.timetable(con_id).span_at(self.now)
        self._spans[con_id] = span
        heapq.heappush(self._due, (span.ends, 0, con_id))
        return span

    def _flow(self, con_id: int) -> list[Happening]:
        market = self.markets[con_id]
        heapq.heappush(self._due, (self.now + self._interval(con_id), 1, con_id))
        if market.phase in (Phase.CLOSED, Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION):
            return []
        self._moved.add(con_id)
        if self.still:
            return market.replenish(self.now)
        return market.flow(self.now, self._chance[con_id])

    def _interval(self, con_id: int) -> timedelta:
        """Until the next thing happens in a market: busier at the open and at the close."""
        if self.still:
            return _STILL_INTERVAL * self._stretch
        span = self._spans[con_id]
        through = (self.now - span.starts) / (span.ends - span.starts)
        busy = 0.7 + 1.4 * (2 * through - 1) ** 2 if span.phase is Phase.OPEN else 1.0
        per_second = self.markets[con_id].listing.trades_per_minute / 60 / 0.4 * busy
        return timedelta(seconds=self._chance[con_id].expovariate(per_second) * self._stretch)

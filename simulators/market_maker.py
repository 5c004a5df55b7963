"""The rest of the market: everybody whose orders are not ours, drawn from a seed.

It quotes several levels around a fair price, lets them wax and wane, and sends orders that
trade. It holds its own chance, one per instrument, so that what happens in one market never
changes another.
"""

from __future__ import annotations

import random

from domain.orders import Side
from simulators.listings import Listing
from simulators.order_book import Match, OrderBook
from simulators.price_steps import PriceSteps

_LEVELS = 6
#: Quotes farther from the touch than this many levels are withdrawn.
_FARTHEST = 10


class MarketMaker:
    """Synthetic orders in one book. All prices in units of the price grid."""

    def __init__(
        self, listing: Listing, steps: PriceSteps, book: OrderBook, chance: random.Random
    ) -> None:
        self._listing = listing
        self._steps = steps
        self._book = book
        self._chance = chance

    def quotes(self, fair: float) -> tuple[int, int]:
        """The bid and the ask that it would show around a fair price."""
        at = self._steps.floor(fair)
        step = float(self._steps.to_price(self._steps.up(at) - at))
        half = step * self._listing.spread_steps / 2
        bid = self._steps.floor(fair - half)
        return bid, max(self._steps.ceil(fair + half), self._steps.up(bid))

    def requote(self, fair: float) -> list[Match]:
        """Move to a new fair price; where that meets somebody's order, trade with it."""
        bid, ask = self.quotes(fair)
        matches = []
        for side, touch in ((Side.BUY, bid), (Side.SELL, ask)):
            self._withdraw(side, touch)
        for side, touch in ((Side.BUY, bid), (Side.SELL, ask)):
            matches += self._book.take(side, touch, self._size(2.0))
            self._fill_levels(side, touch)
        return matches

    def replenish(self, fair: float) -> None:
        """Fill the levels up again without trading: what would cross somebody stays away."""
        for side, touch in zip((Side.BUY, Side.SELL), self.quotes(fair), strict=True):
            self._fill_levels(side, touch)

    def trade(self) -> list[Match]:
        """One order of the crowd that takes what it finds at the touch, rarely more."""
        side = Side.BUY if self._chance.random() < 0.5 else Side.SELL
        touch = self._book.best(Side.SELL if side is Side.BUY else Side.BUY)
        if touch is None:
            return []
        if self._chance.random() < 0.05:
            touch = self._steps.up(touch) if side is Side.BUY else self._steps.down(touch)
        return self._book.take(side, touch, self._size(0.15))

    def breathe(self) -> None:
        """Somebody at some level cancels or adds."""
        side = Side.BUY if self._chance.random() < 0.5 else Side.SELL
        prices = self._book.prices(side)[:_LEVELS]
        if not prices:
            return
        price = prices[int(self._chance.random() * len(prices))]
        if self._chance.random() < 0.5:
            self._book.trim(side, price, self._size(0.3))
        else:
            self._book.add(side, price, self._size(0.3))

    def quote_auction(self, fair: float) -> None:
        """Quotes as before an auction: buyers above sellers, nobody trading yet."""
        self._book.clear_synthetic()
        bid, ask = self.quotes(fair)
        overlap = 1 + int(self._chance.random() * 3)
        for _ in range(overlap + 1):
            bid, ask = self._steps.up(bid), self._steps.down(ask)
        for side, touch in ((Side.BUY, bid), (Side.SELL, ask)):
            for price in self._ladder(side, touch):
                self._book.add(side, price, self._size(1.0))

    def _withdraw(self, side: Side, touch: int) -> None:
        """Cancel what is better than the new touch, and what is far behind it."""
        ladder = self._ladder(side, touch, _FARTHEST)
        far = ladder[-1]
        for price in self._book.prices(side):
            if side is Side.BUY and not far <= price <= touch:
                self._book.trim(side, price, 1 << 60)
            if side is Side.SELL and not touch <= price <= far:
                self._book.trim(side, price, 1 << 60)

    def _fill_levels(self, side: Side, touch: int) -> None:
        other = self._book.best(Side.SELL if side is Side.BUY else Side.BUY)
        for depth, price in enumerate(self._ladder(side, touch)):
            crosses = other is not None and (price >= other if side is Side.BUY else price <= other)
            if not crosses and self._book.size(side, price) == 0:
                self._book.add(side, price, self._size(1.0 + 0.4 * depth))
            elif not crosses and self._book.has_owner(side, price):
                self._join(side, price)

    def _join(self, side: Side, price: int) -> None:
        """Stand behind the orders of others where little stands."""
        missing = self._listing.level_size - self._book.size(side, price)
        if missing > 0:
            self._book.add(side, price, missing)

    def _ladder(self, side: Side, touch: int, levels: int = _LEVELS) -> list[int]:
        prices = [touch]
        while len(prices) < levels:
            prices.append(
                self._steps.down(prices[-1]) if side is Side.BUY else self._steps.up(prices[-1])
            )
        return prices

    def _size(self, share: float) -> int:
        """A quantity around `share` of the usual one: many small, few large."""
        draw = self._chance.random()
        spread = 0.35 + 2.2 * draw * draw
        size = self._listing.level_size * share * spread
        if self._listing.is_currency:
            return max(1000, int(size / 1000) * 1000)
        return max(1, int(size))

"""One instrument's order book: price first, then time.

Prices are whole units of the price grid (`price_steps`), quantities whole shares or units of
currency. An owner of 0 is the synthetic rest of the market.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from domain.orders import Side

MARKET_BUY = 1 << 60
"""The limit of a purchase without a limit."""
MARKET_SELL = 0
"""The limit of a sale without a limit."""

SYNTHETIC = 0


class Resting:
    """Quantity of one owner at a price, in its place in the queue."""

    __slots__ = ("owner", "quantity")

    def __init__(self, owner: int, quantity: int) -> None:
        self.owner = owner
        self.quantity = quantity


@dataclass(frozen=True, slots=True)
class Match:
    """Two orders met. `maker` rested (0: synthetic), `taker` came to it."""

    maker: int
    taker: int
    taker_side: Side
    price: int
    quantity: int


class OrderBook:
    """Bids and asks by price, each a queue. It never crosses by itself; callers match first."""

    def __init__(self) -> None:
        self._sides: dict[Side, dict[int, deque[Resting]]] = {Side.BUY: {}, Side.SELL: {}}

    def best(self, side: Side) -> int | None:
        """The highest bid or the lowest ask."""
        levels = self._sides[side]
        if not levels:
            return None
        return max(levels) if side is Side.BUY else min(levels)

    def prices(self, side: Side) -> list[int]:
        """All prices of a side, best first."""
        return sorted(self._sides[side], reverse=side is Side.BUY)

    def size(self, side: Side, price: int | None) -> int:
        """The quantity at a price."""
        queue = self._sides[side].get(price) if price is not None else None
        return sum(resting.quantity for resting in queue) if queue else 0

    def has_owner(self, side: Side, price: int) -> bool:
        """Whether anything but synthetic quantity rests at a price."""
        return any(r.owner != SYNTHETIC for r in self._sides[side].get(price, ()))

    def add(self, side: Side, price: int, quantity: int, owner: int = SYNTHETIC) -> None:
        """Rest at the back of the queue of a price."""
        queue = self._sides[side].setdefault(price, deque())
        if owner == SYNTHETIC and queue and queue[-1].owner == SYNTHETIC:
            queue[-1].quantity += quantity
        else:
            queue.append(Resting(owner, quantity))

    def take(self, side: Side, limit: int, quantity: int, owner: int = SYNTHETIC) -> list[Match]:
        """Trade against the other side, best price first, no worse than `limit`."""
        opposite = Side.SELL if side is Side.BUY else Side.BUY
        levels = self._sides[opposite]
        matches: list[Match] = []
        while quantity and levels:
            price = min(levels) if side is Side.BUY else max(levels)
            if price > limit if side is Side.BUY else price < limit:
                break
            queue = levels[price]
            while quantity and queue:
                maker = queue[0]
                traded = min(quantity, maker.quantity)
                matches.append(Match(maker.owner, owner, side, price, traded))
                quantity -= traded
                maker.quantity -= traded
                if not maker.quantity:
                    queue.popleft()
            if not queue:
                del levels[price]
        return matches

    def remove(self, side: Side, price: int, owner: int) -> int:
        """Take an owner's order out of a price; returns the quantity that it still had."""
        queue = self._sides[side].get(price, deque())
        for resting in queue:
            if resting.owner == owner:
                queue.remove(resting)
                if not queue:
                    del self._sides[side][price]
                return resting.quantity
        return 0

    def reduce(self, side: Side, price: int, owner: int, quantity: int) -> None:
        """Make an order smaller where it stands; it keeps its place."""
        for resting in self._sides[side].get(price, ()):
            if resting.owner == owner:
                resting.quantity = quantity

    def trim(self, side: Side, price: int, quantity: int) -> None:
        """Cancel up to so much synthetic quantity at a price, from the back of the queue."""
        queue = self._sides[side].get(price)
        if not queue:
            return
        for resting in reversed(list(queue)):
            if resting.owner == SYNTHETIC and quantity > 0:
                gone = min(quantity, resting.quantity)
                resting.quantity -= gone
                quantity -= gone
                if not resting.quantity:
                    queue.remove(resting)
        if not queue:
            del self._sides[side][price]

    def clear_synthetic(self) -> None:
        """Leave only what has an owner."""
        for levels in self._sides.values():
            for price in list(levels):
                kept = deque(r for r in levels[price] if r.owner != SYNTHETIC)
                if kept:
                    levels[price] = kept
                else:
                    del levels[price]

    def uncross(
        self, reference: int, market_orders: list[tuple[Side, int, int]] | None = None
    ) -> list[Match]:
        """A single-price auction: trade all that can trade, at one price.

        The price is the one with the largest volume, then the smallest surplus, then the closest
        to `reference` (ASX Operating Rules Procedure 4120 in short). `market_orders` are
        (side, owner, quantity) without a limit; they come before all limits.
        """
        markets = market_orders or []
        price = self._auction_price(reference, markets)
        if price is None:
            return []
        buys = self._queue(Side.BUY, price, markets)
        sells = self._queue(Side.SELL, price, markets)
        matches: list[Match] = []
        while buys and sells:
            buy, sell = buys[0], sells[0]
            traded = min(buy.quantity, sell.quantity)
            matches.append(Match(sell.owner, buy.owner, Side.BUY, price, traded))
            for order, orders in ((buy, buys), (sell, sells)):
                order.quantity -= traded
                if not order.quantity:
                    orders.popleft()
        self._sweep()
        return matches

    def _auction_price(self, reference: int, markets: list[tuple[Side, int, int]]) -> int | None:
        bids, asks = self._sides[Side.BUY], self._sides[Side.SELL]
        market_bid = sum(quantity for side, _, quantity in markets if side is Side.BUY)
        market_ask = sum(quantity for side, _, quantity in markets if side is Side.SELL)
        bid_sizes = {price: self.size(Side.BUY, price) for price in bids}
        ask_sizes = {price: self.size(Side.SELL, price) for price in asks}
        best: tuple[int, int, int] | None = None
        chosen: int | None = None
        for price in sorted(bids.keys() | asks.keys()):
            demand = market_bid + sum(size for at, size in bid_sizes.items() if at >= price)
            supply = market_ask + sum(size for at, size in ask_sizes.items() if at <= price)
            volume = min(demand, supply)
            rank = (-volume, abs(demand - supply), abs(price - reference))
            if volume > 0 and (best is None or rank < best):
                best, chosen = rank, price
        return chosen

    def _queue(
        self, side: Side, price: int, markets: list[tuple[Side, int, int]]
    ) -> deque[Resting]:
        queue = deque(Resting(owner, quantity) for at, owner, quantity in markets if at is side)
        for level in self.prices(side):
            if level >= price if side is Side.BUY else level <= price:
                queue.extend(self._sides[side][level])
        return queue

    def _sweep(self) -> None:
        for levels in self._sides.values():
            for price in list(levels):
                left = deque(resting for resting in levels[price] if resting.quantity)
                if left:
                    levels[price] = left
                else:
                    del levels[price]

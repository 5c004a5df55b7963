"""One instrument's market: its book, its day's figures, and our orders in it.

A market does what the phase of the day allows: it collects orders before an auction, trades them
at one price, trades continuously, or holds what comes until it opens. It knows nothing of
accounts; its orders have a permanent id, and what happens to them it tells in `Happening`s.
"""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

from domain.orders import Side, Tif
from simulators import stops
from simulators.exchange_orders import Happening, MarketOrder, What
from simulators.listings import Listing
from simulators.market_maker import MarketMaker
from simulators.model import Phase, TopOfBook
from simulators.order_book import Match, OrderBook
from simulators.price_path import PricePath
from simulators.price_steps import PriceSteps
from simulators.tape import Tape


class Market:
    """See the module. `phase` and `session_opens` are set by whoever keeps the timetable."""

    def __init__(self, listing: Listing, path: PricePath, chance: random.Random) -> None:
        self.listing = listing
        self.path = path
        self.steps = PriceSteps(listing.instrument.price_steps)
        self.book = OrderBook()
        self.maker = MarketMaker(listing, self.steps, self.book, chance)
        self.phase = Phase.CLOSED
        self.session_opens = datetime.min
        self.orders: dict[int, MarketOrder] = {}
        self.tape = Tape()
        self.halted = False

    @property
    def trades(self) -> bool:
        """Continuous trading goes on."""
        return self.phase is Phase.OPEN and not self.halted

    # Orders

    def submit(self, order: MarketOrder, now: datetime) -> list[Happening]:
        """Take an order: trade it, rest it or hold it, as the phase allows."""
        self.orders[order.perm_id] = order
        if order.waits_for_stop:
            return [Happening(What.HELD, order.perm_id, now), *self._trigger_stops(now)]
        return self._enter(order, now)

    def restore(self, order: MarketOrder) -> None:
        """Put back an order that has been here before; the market has not opened yet."""
        self.orders[order.perm_id] = order
        if order.limit is not None and not order.waits_for_stop and not order.odd_lot:
            self._rest(order)

    def withdraw(self, perm_id: int) -> MarketOrder | None:
        """Take an order out; None when it is not here any more."""
        order = self.orders.pop(perm_id, None)
        if order is not None and order.resting and order.limit is not None:
            self.book.remove(order.side, order.limit, perm_id)
        return order

    def reduce(self, perm_id: int, remaining: int) -> None:
        """Make an order smaller; it keeps its place in the queue."""
        order = self.orders[perm_id]
        order.remaining = remaining
        if order.resting and order.limit is not None:
            self.book.reduce(order.side, order.limit, perm_id, remaining)

    # The market's own life

    def flow(self, now: datetime, chance: random.Random) -> list[Happening]:
        """Something happens in the crowd: quotes move, or somebody trades."""
        fair = self.path.at(now.timestamp())
        if self.halted:
            return []
        if self.phase is Phase.OPEN:
            happenings = self.settle(self.maker.requote(fair), now)
            draw = chance.random()
            if draw < 0.4:
                happenings += self.settle(self.maker.trade(), now)
            elif draw < 0.7:
                self.maker.breathe()
            return happenings + self._retry(now)
        if self.phase in (Phase.PRE_OPEN, Phase.PRE_CLOSE):
            self.maker.quote_auction(fair)
        return []

    def requote(self, now: datetime) -> list[Happening]:
        """Bring the crowd's quotes to the fair price at once."""
        if not self.trades:
            return []
        matches = self.maker.requote(self.path.at(now.timestamp()))
        return self.settle(matches, now) + self._retry(now)

    def replenish(self, now: datetime) -> list[Happening]:
        """A market that stands still: what was taken is offered again, nothing else."""
        if self.trades:
            self.maker.replenish(self.path.at(now.timestamp()))
            return self._retry(now)
        return []

    def resume(
        self, phase: Phase, session_opens: datetime, now: datetime, *, still: bool
    ) -> list[Happening]:
        """Go on in the middle of a phase, where a market of the same figures stopped."""
        self.phase, self.session_opens = phase, session_opens
        if phase is Phase.OPEN:
            happenings = self.replenish(now) if still else self.requote(now)
            return happenings + self._release(now)
        if phase is not Phase.CLOSED:
            self.maker.quote_auction(self.path.at(now.timestamp()))
        return []

    def enter_phase(self, phase: Phase, session_opens: datetime, now: datetime) -> list[Happening]:
        """Go into the next phase; an auction trades when it ends."""
        was, self.phase, self.session_opens = self.phase, phase, session_opens
        happenings: list[Happening] = []
        if was in (Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION):
            happenings += self._uncross(now)
        happenings += self._expire(now)
        if phase is Phase.CLOSED:
            self.tape.previous_close = self._mark() or self.tape.previous_close
            self.book.clear_synthetic()
        elif phase in (Phase.PRE_OPEN, Phase.PRE_CLOSE):
            if phase is Phase.PRE_OPEN:
                self.tape.new_day()
                happenings += self._release(now)
            self.maker.quote_auction(self.path.at(now.timestamp()))
        elif phase is Phase.POST_CLOSE:
            self.book.clear_synthetic()
        elif phase is Phase.OPEN:
            if was is Phase.CLOSED:
                self.tape.new_day()
            happenings += self.requote(now)
            happenings += self._release(now)
        return happenings

    def settle(self, matches: list[Match], now: datetime) -> list[Happening]:
        """Book what traded: the tape, our fills, and the stops that it sets off."""
        happenings: list[Happening] = []
        for match in matches:
            self.tape.print(match.price, match.quantity)
            for perm_id, liquidity in ((match.maker, 1), (match.taker, 2)):
                if perm_id:
                    happenings.append(self._fill(perm_id, match, liquidity, now))
        return happenings + self._trigger_stops(now)

    def print_trade(self, price: int, quantity: int, now: datetime) -> list[Happening]:
        """Others trade with each other, away from the book."""
        self.tape.print(price, quantity)
        return self._trigger_stops(now)

    def top(self, now: datetime) -> TopOfBook:
        """Level 1. Outside the sessions nobody quotes."""
        quoted = self.phase is not Phase.CLOSED
        bid = self.book.best(Side.BUY) if quoted else None
        ask = self.book.best(Side.SELL) if quoted else None
        shares = not self.listing.is_currency
        return TopOfBook(
            time=now,
            phase=self.phase,
            bid=self._price(bid),
            ask=self._price(ask),
            bid_size=Decimal(self.book.size(Side.BUY, bid)),
            ask_size=Decimal(self.book.size(Side.SELL, ask)),
            last=self._price(self.tape.last) if shares else None,
            last_size=Decimal(self.tape.last_size if shares else 0),
            volume=Decimal(self.tape.volume if shares else 0),
            open=self._price(self.tape.open),
            high=self._price(self.tape.high),
            low=self._price(self.tape.low),
            previous_close=self._price(self.tape.previous_close),
            halted=self.halted,
        )

    def depth(self, rows: int) -> dict[Side, list[tuple[Decimal, Decimal]]]:
        """The best levels of each side: price and quantity. Outside the sessions nobody quotes."""
        quoted = self.phase is not Phase.CLOSED
        return {
            side: [
                (self.steps.to_price(price), Decimal(self.book.size(side, price)))
                for price in (self.book.prices(side)[:rows] if quoted else [])
            ]
            for side in (Side.BUY, Side.SELL)
        }

    # Inside

    def _enter(self, order: MarketOrder, now: datetime) -> list[Happening]:
        if order.tif is Tif.IOC and not self.trades:
            return [self._end(order, What.KILLED, now)]
        if self.trades:
            return self._trade(order, now)
        if self.phase is Phase.POST_CLOSE:
            return self._trade_at_close(order, now)
        if self.halted or self.phase is Phase.CLOSED or order.limit is None:
            return [Happening(What.HELD, order.perm_id, now)]
        self._rest(order)
        return [Happening(What.WORKING, order.perm_id, now)]

    def _trade(self, order: MarketOrder, now: datetime) -> list[Happening]:
        happenings = [Happening(What.WORKING, order.perm_id, now)]
        if order.odd_lot:
            return happenings + self._trade_odd_lot(order, now)
        if order.market_to_limit and order.limit is None:
            order.limit = self._touch(order)
            if order.limit is None:
                return [Happening(What.HELD, order.perm_id, now)]
            price = self.steps.to_price(order.limit)
            happenings.append(Happening(What.LIMITED, order.perm_id, now, price))
        matches = self.book.take(order.side, order.worst_price, order.remaining, order.perm_id)
        left = order.remaining - sum(match.quantity for match in matches)
        if left and order.limit is not None and order.tif is not Tif.IOC:
            self.book.add(order.side, order.limit, left, order.perm_id)
            order.resting = True
        happenings += self.settle(matches, now)
        if order.remaining and order.tif is Tif.IOC and order.perm_id in self.orders:
            happenings.append(self._end(order, What.KILLED, now))
        return happenings

    def _touch(self, order: MarketOrder) -> int | None:
        """The best price on the other side."""
        return self.book.best(Side.SELL if order.side is Side.BUY else Side.BUY)

    def _trade_odd_lot(self, order: MarketOrder, now: datetime) -> list[Happening]:
        """All of it with somebody beside the book, one step worse than the book shows."""
        touch = self._touch(order)
        if touch is None:
            return []
        buys = order.side is Side.BUY
        price = self.steps.up(touch) if buys else self.steps.down(touch)
        if price > order.worst_price if buys else price < order.worst_price:
            return []
        match = Match(0, order.perm_id, order.side, price, order.remaining)
        return [self._fill(order.perm_id, match, 2, now)]

    def _trade_at_close(self, order: MarketOrder, now: datetime) -> list[Happening]:
        """After the closing auction: at its price, against what others still want to trade."""
        held = Happening(What.HELD, order.perm_id, now)
        price = self.tape.last
        buys = order.side is Side.BUY
        if price is None or order.limit is None:
            return [held]
        if order.limit < price if buys else order.limit > price:
            return [held]
        quantity = min(order.remaining, self.listing.level_size)
        left = order.remaining > quantity
        happenings = self.settle([Match(0, order.perm_id, order.side, price, quantity)], now)
        return [Happening(What.WORKING, order.perm_id, now), *happenings, *([held] if left else [])]

    def _rest(self, order: MarketOrder) -> None:
        self.book.add(order.side, order.worst_price, order.remaining, order.perm_id)
        order.resting = True

    def _retry(self, now: datetime) -> list[Happening]:
        """Market orders that found too little go on with what is offered now."""
        happenings: list[Happening] = []
        for order in list(self.orders.values()):
            if order.waits_for_stop or order.perm_id not in self.orders:
                continue
            if order.odd_lot:
                happenings += self._trade_odd_lot(order, now)
            elif order.limit is None and order.market_to_limit:
                entered = self._trade(order, now)
                happenings += [h for h in entered if h.what is not What.HELD]
            elif order.limit is None:
                matches = self.book.take(
                    order.side, order.worst_price, order.remaining, order.perm_id
                )
                happenings += self.settle(matches, now)
        return happenings

    def _release(self, now: datetime) -> list[Happening]:
        """What was held outside hours goes to the market, in the order in which it came."""
        happenings: list[Happening] = []
        for order in list(self.orders.values()):
            if order.perm_id in self.orders and not order.resting and not order.waits_for_stop:
                entered = self._enter(order, now)
                happenings += [h for h in entered if h.what is not What.HELD]
        return happenings

    def halt(self) -> None:
        """Nobody trades; what rests stays, what comes is held."""
        self.halted = True

    def lift(self, now: datetime) -> list[Happening]:
        """Trading goes on."""
        self.halted = False
        return self.replenish(now) + self._release(now)

    def _uncross(self, now: datetime) -> list[Happening]:
        waiting = [
            (order.side, order.perm_id, order.remaining)
            for order in self.orders.values()
            if order.limit is None and not order.waits_for_stop
        ]
        fair = self.steps.nearest(self.path.at(now.timestamp()))
        happenings: list[Happening] = []
        for match in self.book.uncross(fair, waiting):
            self.tape.print(match.price, match.quantity)
            for perm_id in (match.maker, match.taker):
                if perm_id:
                    happenings.append(self._fill(perm_id, match, 1, now))
        return happenings

    def _trigger_stops(self, now: datetime) -> list[Happening]:
        """Let trailing stops follow, and set off the stops that the market has touched."""
        if not self.trades:
            return []
        happenings: list[Happening] = []
        for order in list(self.orders.values()):
            if not order.waits_for_stop or order.perm_id not in self.orders:
                continue
            seen = self.book.best(order.side) if self.listing.is_currency else self.tape.last
            if stops.follow(order, seen, self.steps):
                happenings.append(self._trailed(order, now))
            if stops.is_touched(order, seen):
                order.triggered = True
                happenings.append(Happening(What.TRIGGERED, order.perm_id, now))
                happenings += self._enter(order, now)
        return happenings

    def _trailed(self, order: MarketOrder, now: datetime) -> Happening:
        stop, limit = self._price(order.stop), self._price(order.limit)
        assert stop is not None
        return Happening(What.TRAILED, order.perm_id, now, stop, limit=limit)

    def _expire(self, now: datetime) -> list[Happening]:
        return [
            self._end(order, What.EXPIRED, now)
            for order in list(self.orders.values())
            if order.tif is not Tif.GTC and order.session_opens < self.session_opens
        ]

    def _end(self, order: MarketOrder, what: What, now: datetime) -> Happening:
        self.withdraw(order.perm_id)
        return Happening(what, order.perm_id, now)

    def _fill(self, perm_id: int, match: Match, liquidity: int, now: datetime) -> Happening:
        order = self.orders[perm_id]
        order.remaining -= match.quantity
        if not order.remaining:
            del self.orders[perm_id]
        return Happening(
            What.FILLED,
            perm_id,
            now,
            self.steps.to_price(match.price),
            Decimal(match.quantity),
            liquidity,
        )

    def _mark(self) -> int | None:
        """What the day's close is taken to be: the last trade, for a currency the middle."""
        if not self.listing.is_currency:
            return self.tape.last
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        return bid if bid is not None and ask is not None else None

    def _price(self, units: int | None) -> Decimal | None:
        return None if units is None else self.steps.to_price(units)

"""What of an order the exchange is told: its terms in units of the price grid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulators.exchange import Exchange
from simulators.exchange_orders import MarketOrder
from simulators.funds import Funds
from simulators.model import BrokerOrder, NewOrder
from simulators.order_register import OrderRegister
from simulators.stops import trailing_stop


class MarketTerms:
    """Reads the register and the markets; changes nothing."""

    def __init__(self, register: OrderRegister, exchange: Exchange, funds: Funds) -> None:
        self._register = register
        self._exchange = exchange
        self._funds = funds

    def at_market(self, order: BrokerOrder) -> MarketOrder:
        """The order as the exchange keeps it."""
        asked = order.request
        steps = self._exchange.markets[asked.con_id].steps
        limit, stop = asked.limit_price, asked.stop_price
        terms = MarketOrder(
            perm_id=order.perm_id,
            side=asked.side,
            type=asked.type,
            remaining=int(order.remaining),
            limit=steps.to_units(limit) if asked.type.needs_limit and limit is not None else None,
            stop=steps.to_units(stop) if asked.type.needs_stop and stop is not None else None,
            tif=asked.tif,
            session_opens=self._register.session_opens[order.perm_id],
            triggered=order.perm_id in self._register.triggered,
            market_to_limit=asked.market_to_limit,
            odd_lot=self._funds.is_odd_lot(asked),
        )
        if asked.trail is not None:
            terms.trails = True
            terms.trail_percent = asked.trail.percent or Decimal(0)
            amount, offset = asked.trail.amount, asked.trail.limit_offset
            terms.trail_amount = None if amount is None else steps.to_units(amount)
            terms.limit_offset = None if offset is None else steps.to_units(offset)
        return terms

    def anchored(self, asked: NewOrder) -> NewOrder:
        """A trailing stop whose first price the client left open, set behind the market."""
        trail, stop, limit = asked.trail, asked.stop_price, asked.limit_price
        if trail is None:
            return asked
        market = self._exchange.markets[asked.con_id]
        if stop is None or not trail.anchored:
            seen = market.steps.to_units(self._funds.market_price(asked.con_id))
            amount = None if trail.amount is None else market.steps.to_units(trail.amount)
            percent = trail.percent or Decimal(0)
            units = trailing_stop(asked.side, seen, amount, percent, market.steps)
            stop = market.steps.to_price(units)
        if trail.limit_offset is not None:
            limit = stop + asked.side.sign * trail.limit_offset
        return replace(asked, stop_price=stop, limit_price=limit)

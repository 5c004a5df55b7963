"""No limit is broken at the moment at which an entry leaves, by the broker's own books.

Only what is Kelpie's own is added up: what its orders came to, what its entries may still buy, and
the one that leaves. What others hold can be news to Kelpie; what it did itself cannot.
"""

from __future__ import annotations

from decimal import Decimal

from domain.orders import OrderType, Side
from domain.symbols import Symbol
from rehearsal.invariants.violation import Scene
from rehearsal.invariants.wire import Placed
from simulators.model import BrokerOrder

LIMIT = "a limit is kept"

#: The market may move between the decision and the bytes, and a mark is not the last trade.
_SLACK = Decimal("1.01")


class Limited:
    """Adds up at each entry that leaves; the limits are those of the rehearsed Kelpie."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.entries = 0
        """How many left."""

    def leaves(self, said: object) -> None:
        """A message leaves."""
        if not isinstance(said, Placed) or said.preview or said.parent_id:
            return
        symbol = self._scene.truth.symbol(said.con_id)
        if symbol.is_currency_pair or said.side != "BUY":
            return
        if len(self._scene.wire.placed.get(said.name, ())) > 1:
            return
        self.entries += 1
        self._judge(said, symbol)

    def _judge(self, said: Placed, symbol: Symbol) -> None:
        scene, limits = self._scene, self._scene.world.kelpie.limits
        value = said.quantity * self._price(symbol, said.limit_price)
        at_stake = self._at_stake(said.name)
        at_stake[symbol] = at_stake.get(symbol, Decimal(0)) + value
        figures = (
            ("max_order_value", value),
            ("max_position_value", at_stake[symbol]),
            ("max_total_exposure", sum(at_stake.values(), Decimal(0))),
            ("purse", sum(at_stake.values(), Decimal(0))),
        )
        for name, figure in figures:
            most: Decimal | None = getattr(limits, name)
            if most is not None and figure > most * _SLACK:
                scene.blame(LIMIT, f"{said.name} leaves: {name} is {most}, it makes {figure:.2f}")
        least = limits.min_trade_size
        if least is not None and value * _SLACK < least:
            scene.blame(LIMIT, f"{said.name} leaves for {value:.2f}, the least is {least}")
        many = limits.max_positions
        if many is not None and len(at_stake) > many:
            scene.blame(LIMIT, f"{said.name} leaves: in {sorted(map(str, at_stake))}, not {many}")

    def _at_stake(self, but: str) -> dict[Symbol, Decimal]:
        """What is ours, held or to be bought, by symbol, in the base currency."""
        truth = self._scene.truth
        found: dict[Symbol, Decimal] = {}
        for symbol, quantity in truth.managed().items():
            if quantity:
                found[symbol] = abs(quantity) * self._price(symbol, None)
        for order in truth.live():
            symbol = truth.symbol(order.request.con_id)
            if order.request.order_ref != but and self._opens(order, symbol):
                worth = order.remaining * self._price(symbol, order.request.limit_price)
                found[symbol] = found.get(symbol, Decimal(0)) + worth
        return found

    def _opens(self, order: BrokerOrder, symbol: Symbol) -> bool:
        """An entry of shares: Kelpie sells none short here. Pairs are closed by purchases, too."""
        request = order.request
        entry = request.type is not OrderType.STOP and not request.parent_id
        return request.side is Side.BUY and entry and not symbol.is_currency_pair

    def _price(self, symbol: Symbol, limit: Decimal | None) -> Decimal:
        """For one unit, in A$: a limit, else what the market gives; of AUD/USD one is A$1."""
        if symbol.is_currency_pair:
            return Decimal(1)
        if limit is not None:
            return limit
        top = self._scene.truth.top(symbol)
        return top.bid or top.last or top.previous_close or Decimal(0)

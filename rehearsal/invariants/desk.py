"""I4 and I5: what the desk reckons with, held against the worst that the broker's books allow."""

from __future__ import annotations

from decimal import Decimal

from actors import names
from actors.desk import Desk
from actors.lanes import Lane
from domain.orders import OrderRequest, OrderType, Side
from domain.symbols import Symbol
from rehearsal.invariants.violation import Scene

I4, I5 = "I4 position", "I5 worst case"

#: So long the desk may hold another position for true than the broker, virtual seconds: a
#: comparison every five minutes, and what it takes.
_AGREES_WITHIN = 400.0


class DeskFigures:
    """Looks into the desk between its steps; only what waits as a fact may make a difference."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._apart: dict[Symbol, tuple[str, float]] = {}

    def desk(self) -> Desk | None:
        """Who sits at the desk, once the book has come; None while facts wait for it."""
        kelpie = self._scene.world.kelpie
        seat = kelpie.system.find(names.DESK) if kelpie.alive else None
        if seat is None or seat.mailbox.depth(Lane.FACT):
            return None
        desk = seat.occupant
        return desk if isinstance(desk, Desk) and desk._loaded else None

    def look(self) -> bool:
        """Compare, if the desk has read all its facts; whether it had."""
        desk = self.desk()
        if desk is None:
            return not self._scene.world.kelpie.alive
        truth = self._scene.truth
        within = truth.managed_within()
        symbols = {*within, *(truth.symbol(o.request.con_id) for o in truth.live())}
        for symbol in sorted(symbols):
            asked = OrderRequest("", symbol, Side.BUY, Decimal(1), OrderType.MARKET)
            figures = desk._figures(asked)
            least, most = within.get(symbol, (Decimal(0), Decimal(0)))
            long = figures.managed + figures.working_buys
            worst = least + truth.working(symbol, Side.BUY) + self._in_flight(symbol, Side.BUY)
            if long < worst:
                self._scene.blame(I5, f"{symbol}: {long} at the desk, {worst} at the worst")
            room = figures.managed - figures.working_sells
            left = most - truth.working(symbol, Side.SELL) - self._in_flight(symbol, Side.SELL)
            # Not reconciled it sells nothing: an order's new terms may come before its fills.
            if room > left and room > 0 and not desk._venues[names.IB].reason():
                self._scene.blame(I5, f"{symbol}: the desk would sell {room} more, {left} are left")
            if left < 0 and not symbol.is_currency_pair:
                self._scene.blame(I4, f"{symbol}: {-left} more sold or offered than bought")
        return True

    def _in_flight(self, symbol: Symbol, side: Side) -> Decimal:
        """What is on its way there; of those that cancel each other one, on its way or there."""
        truth = self._scene.truth
        there = {order.request.order_ref for order in truth.orders()}
        largest: dict[str, Decimal] = {}  # a change of an order on its way is no other order
        for placed in self._scene.wire.in_flight(side.value):
            if placed.name not in there and truth.symbol(placed.con_id) == symbol:
                one = placed.oca_group or placed.name
                largest[one] = max(placed.quantity, largest.get(one, Decimal(0)))
        if not largest:
            return Decimal(0)
        spent = truth.spent_groups()
        stands: dict[str, Decimal] = {}
        for order in truth.live():
            group = order.request.oca_group
            stands[group] = max(order.remaining, stands.get(group, Decimal(0)))
        beyond = (
            most - stands.get(one, Decimal(0)) for one, most in largest.items() if one not in spent
        )
        return sum((each for each in beyond if each > 0), Decimal(0))

    def look_at_holdings(self) -> None:
        """Managed and external make what the broker holds, or nothing is opened there."""
        desk = self.desk()
        if desk is None:
            return
        state = desk._venues[names.IB]
        if state.reason():
            self._apart.clear()
            return
        truth, now = self._scene.truth, self._scene.now
        held, managed = truth.held(), truth.managed()
        for symbol in sorted({*held, *managed}):
            known = desk._positions.get(symbol)
            ours = known.quantity if known is not None else Decimal(0)
            true, have = managed.get(symbol, Decimal(0)), held.get(symbol, Decimal(0))
            wrong = ""
            if not desk._blocked(symbol, state):
                if ours != true:
                    wrong = f"managed {ours} at the desk, {true} by the broker's executions"
                elif not symbol.is_currency_pair and state.held(symbol) != have:
                    wrong = f"held {state.held(symbol)} at the desk, {have} at the broker"
                elif not symbol.is_currency_pair and have < true:
                    wrong = f"the broker holds {have}, Kelpie counts on {true}"
            self._stays(symbol, wrong, now)

    def _stays(self, symbol: Symbol, wrong: str, now: float) -> None:
        since = self._apart.get(symbol)
        if not wrong or self._scene.at_work():
            self._apart.pop(symbol, None)
        elif since is None or since[0] != wrong:
            self._apart[symbol] = (wrong, now)
        elif now - since[1] > _AGREES_WITHIN:
            self._scene.blame(I4, f"{symbol}: {wrong}, for {now - since[1]:.0f} s, and tradable")

"""The owner of the rehearsed Kelpie: orders, changes and cancels, put to the desk as the hook does.

What the owner knows is what the desk answered; what is true is the broker's affair.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from actors import names
from actors.messages import (
    GetOrders,
    LeavePlan,
    Propose,
    ProposeAmend,
    ProposeCancel,
    ResolveOrder,
    SetPaused,
    Verdict,
)
from domain.amendments import Wanted
from domain.exits import Urgency
from domain.order_groups import Protection, bracket
from domain.orders import OrderRequest, OrderState, OrderType, Side, Tif
from domain.resolution import Outcome
from domain.symbols import Symbol
from rehearsal.kelpie import Answer

if TYPE_CHECKING:
    from rehearsal.world import World

BHP, VAS, AUDUSD = Symbol("BHP", "AUD"), Symbol("VAS", "AUD"), Symbol("AUD", "USD")
_WITHIN = 5.0
#: How often the owner wants to sell without a look at what is there.
_GREED = 0.2
_STEP = {BHP: Decimal("0.01"), VAS: Decimal("0.01"), AUDUSD: Decimal("0.00005")}
_SIZES = {BHP: (20, 200), VAS: (10, 80), AUDUSD: (1000, 9000)}


class Owner:
    """Acts when the world says so; each act is drawn from a chance of its own."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._number = 0
        self.admitted = 0
        self.refused: dict[str, int] = {}
        self.proposed: list[str] = []

    def act(self) -> None:
        """One of the things that an owner does: mostly an order."""
        self._world.be_lively()
        draw = self._chance.random()
        if draw < 0.60 or not self.proposed:
            self.order()
        elif draw < 0.70:
            self.order(with_bracket=True)
        elif draw < 0.80:
            self._leave()
        elif draw < 0.89:
            self.cancel()
        elif draw < 0.97:
            self._amend()
        elif draw < 0.985:
            self._pause_for_a_while()
        else:
            self._world.reconcile()

    def order(self, *, with_bracket: bool = False) -> None:
        """Propose an order, of a kind and at a price that the chance draws."""
        chance = self._chance
        symbol = chance.choices((BHP, VAS, AUDUSD), (5, 4, 1))[0]
        held = self._world.invariants.scene.truth.managed().get(symbol, Decimal(0))
        side = Side.SELL if held > 0 and chance.random() < 0.45 else Side.BUY
        low, high = _SIZES[symbol]
        quantity = Decimal(chance.randint(low, high))
        if side is Side.SELL and chance.random() > _GREED:
            quantity = min(quantity, held)
        step, touch = _STEP[symbol], self._touch(symbol, side)
        kind = chance.choices(
            (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP), (6, 3, 1 if held > 0 else 0)
        )[0]
        if kind is OrderType.STOP:
            side, quantity = Side.SELL, min(quantity, held)
            touch = self._touch(symbol, side)
        away = Decimal(chance.randint(-6, 12)) * step * side.sign
        self._number += 1
        name = f"KLP-{self._number}"
        request = OrderRequest(
            client_order_id=name,
            symbol=symbol,
            side=side,
            quantity=quantity,
            type=kind,
            limit_price=touch + away if kind is OrderType.LIMIT else None,
            stop_price=touch - 20 * step if kind is OrderType.STOP else None,
            tif=chance.choice((Tif.DAY, Tif.DAY, Tif.GTC))
            if kind is not OrderType.MARKET
            else Tif.DAY,
        )
        attached: tuple[OrderRequest, ...] = ()
        if with_bracket and side is Side.BUY and kind is OrderType.LIMIT:
            stop = Protection(touch + away - 60 * step)
            attached = bracket(request, stop, touch + away + 60 * step).attached
        self._propose(request, attached)

    def _propose(self, request: OrderRequest, attached: tuple[OrderRequest, ...] = ()) -> None:
        kelpie, name = self._world.kelpie, request.client_order_id
        propose = Propose(
            kelpie.clock.monotonic() + _WITHIN, request, "owner", "rehearsed", attached
        )
        self._world.tell(
            f"owner wants {request.side} {request.quantity} {request.symbol} {request.type} "
            f"as {name}"
        )
        kelpie.ask(names.DESK, propose, self._heard)
        self.proposed.append(name)

    def rest(self, tif: Tif = Tif.DAY) -> str:
        """Want a small purchase that waits far below the market; gives its name."""
        symbol = self._chance.choice((BHP, VAS))
        self._number += 1
        request = OrderRequest(
            client_order_id=f"KLP-{self._number}",
            symbol=symbol,
            side=Side.BUY,
            quantity=Decimal(self._chance.randint(20, 60)),
            type=OrderType.LIMIT,
            limit_price=self._touch(symbol, Side.BUY) - 80 * _STEP[symbol],
            tif=tif,
        )
        self._propose(request)
        return request.client_order_id

    def cancel(self, name: str = "") -> None:
        """Want this order cancelled, or one of the last."""
        if not self.proposed:
            return
        name = name or self._chance.choice(self.proposed[-6:])
        kelpie = self._world.kelpie
        self._world.tell(f"owner cancels {name}")
        deadline = kelpie.clock.monotonic() + _WITHIN
        kelpie.ask(names.DESK, ProposeCancel(deadline, name, "owner"))

    def settle(self) -> None:
        """Settle what is UNKNOWN, as the broker's own pages show it."""
        self._world.kelpie.ask(
            names.LEDGER, GetOrders(limit=100, state=OrderState.UNKNOWN), self._settle
        )

    def _settle(self, answer: Answer) -> None:
        kelpie = self._world.kelpie
        pages = {o.request.order_ref: o for o in self._world.gateway.broker.orders()}
        for order in answer.value or ():
            name = order.client_order_id
            shown = pages.get(name)
            if shown is not None and shown.is_open:
                continue
            outcome = Outcome(
                None if shown is None else shown.filled,
                None if shown is None else shown.average_price or None,
            )
            self._world.tell(f"owner settles {name}: {outcome}")
            deadline = kelpie.clock.monotonic() + _WITHIN
            resolve = ResolveOrder(deadline, name, outcome, "owner", False)
            kelpie.ask(names.orders(names.IB), resolve)

    def _leave(self) -> None:
        """Leave what one of the last entries came to: its stop stands over all of it."""
        name = self._chance.choice(self.proposed[-6:])
        kelpie = self._world.kelpie
        self._world.tell(f"owner leaves {name}")
        deadline = kelpie.clock.monotonic() + _WITHIN
        urgency = self._chance.choice((Urgency.PRICED, Urgency.PRICED, Urgency.BLIND))
        leave = LeavePlan(deadline, name, "rehearsed", urgency, "owner")
        kelpie.ask(names.PLAN_MONITOR, leave)

    def _amend(self) -> None:
        name = self._chance.choice(self.proposed[-6:])
        kelpie = self._world.kelpie
        self._number += 1
        wanted = Wanted(quantity=Decimal(self._chance.randint(10, 150)))
        self._world.tell(f"owner changes {name} to {wanted.quantity}")
        deadline = kelpie.clock.monotonic() + _WITHIN
        change = ProposeAmend(deadline, name, f"A-{self._number}", wanted, "owner")
        kelpie.ask(names.DESK, change)

    def _pause_for_a_while(self) -> None:
        kelpie = self._world.kelpie
        self._world.tell("owner pauses for ten minutes")
        kelpie.tell(names.DESK, SetPaused(True, "owner", "rehearsed"))
        self._world.in_(600.0, self._resume)

    def _resume(self) -> None:
        self._world.kelpie.tell(names.DESK, SetPaused(False, "owner", "rehearsed"))

    def _heard(self, answer: Answer) -> None:
        verdict = answer.value
        if isinstance(verdict, Verdict) and verdict.admitted:
            self.admitted += 1
        elif isinstance(verdict, Verdict) and verdict.code:
            self.refused[verdict.code] = self.refused.get(verdict.code, 0) + 1

    def _touch(self, symbol: Symbol, side: Side) -> Decimal:
        broker = self._world.gateway.broker
        con_id = next(i.con_id for i in broker.instruments() if i.symbol == symbol)
        top = broker.top(con_id)
        price = top.ask if side is Side.BUY else top.bid
        return price or top.last or top.previous_close or Decimal(1)

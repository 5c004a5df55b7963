"""How much was asked for lately: orders made, who proposed what, and symbols that cool down.

A part of the desk, changed by its thread alone. It counts by the monotonic clock; what a new
incarnation cannot know of itself, it reads from the orders of the book.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.limits import Limits
from domain.orders import Order, OrderRequest, OrderState, Purpose
from domain.results import SYDNEY, day_of
from domain.risk_figures import PaceFigures
from domain.symbols import Symbol
from runtime.interface import Clock

_MINUTE = 60.0
OF_THE_ORDER = frozenset(
    {
        "DUPLICATE_INTENT",
        "PRICE_COLLAR",
        "PRICE_BETWEEN_STEPS",
        "QUANTITY_NOT_IN_LOTS",
        "TRADE_TOO_SMALL",
        "FIRST_PARCEL",
        "ODD_LOT",
        "ORDER_TOO_LARGE",
        "POSITION_TOO_LARGE",
        "EXPOSURE_TOO_LARGE",
        "PURSE_EXCEEDED",
        "CASH_NOT_ENOUGH",
        "TOO_MANY_POSITIONS",
        "SIGN_FLIP",
        "PREVIEW_MARGIN",
    }
)
"""Refusals for what the order was, not for how things stood: who gets them again and again has
not understood them."""


@dataclass(frozen=True, slots=True)
class _Cooling:
    ends: float
    """Monotonic."""
    told: str


class DeskPace:
    """Counts orders, losses and refusals."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: deque[float] = deque()
        self._day: date | None = None
        self._today = 0
        self._proposers: dict[str, str] = {}
        self._cooling: dict[Symbol, _Cooling] = {}
        self._losses: dict[Symbol, dict[str, float]] = {}
        """When each losing order lost, by its name, monotonic."""
        self._refusals: dict[Symbol, list[float]] = {}

    def figures(self, request: OrderRequest, orders: Iterable[Order], proposer: str) -> PaceFigures:
        """As the gates look at it; `orders` are those that have not ended."""
        now = self._clock.monotonic()
        while self._made and now - self._made[0] >= _MINUTE:
            self._made.popleft()
        self._turn()
        working = tuple(
            order.request
            for order in orders
            if order.request.symbol == request.symbol and order.request.purpose is Purpose.ENTRY
        )
        own = tuple(
            each
            for each in working
            # Whose an order of an earlier incarnation is, nobody knows: it may be the asker's.
            if self._proposers.get(each.client_order_id, proposer) == proposer
        )
        cooling = self._cooling.get(request.symbol)
        told = cooling.told if cooling is not None and now < cooling.ends else ""
        return PaceFigures(len(self._made), self._today, told, working, own)

    def cooling(self) -> tuple[tuple[Symbol, str], ...]:
        """Each symbol that cools down, with until when and why."""
        now = self._clock.monotonic()
        return tuple((s, each.told) for s, each in self._cooling.items() if now < each.ends)

    def take_up(self, orders: Iterable[Order], limits: Limits) -> None:
        """What the book says of the time before this incarnation."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        self._turn()
        made = []
        for order in orders:
            age = max((now - order.created_at).total_seconds(), 0.0)
            if day_of(order.created_at) == self._day:
                self._today += 1
            if age < _MINUTE:
                made.append(monotonic - age)
            ago = max((now - (order.updated_at or order.created_at)).total_seconds(), 0.0)
            self._rejected(order, limits, ago)
            stopped = order.state is OrderState.FILLED
            if stopped and order.request.purpose is Purpose.PROTECTION:
                self.lost(order.request.symbol, order.client_order_id, limits, ago)
        self._made.extend(sorted(made))

    def made(self, client_order_id: str, proposer: str) -> None:
        """An order was admitted."""
        self._turn()
        self._today += 1
        self._made.append(self._clock.monotonic())
        self._proposers[client_order_id] = proposer

    def recorded(self, order: Order, limits: Limits) -> None:
        """The ledger has an order's newest state."""
        if order.state.is_final:
            self._proposers.pop(order.client_order_id, None)
            self._rejected(order, limits, 0.0)

    def lost(self, symbol: Symbol, client_order_id: str, limits: Limits, ago: float = 0.0) -> None:
        """A fill of this order has left a position at a loss."""
        if limits.cool_down_seconds is None or limits.cool_down_after_losses is None:
            return
        since = self._clock.monotonic() - float(limits.cool_down_seconds)
        losses = {n: at for n, at in self._losses.get(symbol, {}).items() if at > since}
        at = self._clock.monotonic() - ago
        if at > since:
            losses.setdefault(client_order_id, at)
        self._losses[symbol] = losses
        if len(losses) >= limits.cool_down_after_losses:
            self._cool(symbol, limits, f"{len(losses)} positions in it were left at a loss", ago)

    def refused(self, symbol: Symbol, limits: Limits) -> None:
        """The strategy's entry was refused for what it was."""
        if limits.cool_down_seconds is None or limits.cool_down_after_refusals is None:
            return
        now = self._clock.monotonic()
        since = now - float(limits.cool_down_seconds)
        times = [at for at in self._refusals.get(symbol, []) if at > since] + [now]
        self._refusals[symbol] = times
        if len(times) >= limits.cool_down_after_refusals:
            self._refusals[symbol] = []
            self._cool(symbol, limits, f"{len(times)} entries in it were refused", 0.0)

    def _rejected(self, order: Order, limits: Limits, ago: float) -> None:
        if order.state is OrderState.REJECTED and order.request.purpose is Purpose.ENTRY:
            why = f"{order.venue} refused {order.client_order_id}"
            self._cool(order.request.symbol, limits, why, ago)

    def _cool(self, symbol: Symbol, limits: Limits, why: str, ago: float) -> None:
        if limits.cool_down_seconds is None:
            return
        left = float(limits.cool_down_seconds) - ago
        ends = self._clock.monotonic() + left
        known = self._cooling.get(symbol)
        if left <= 0 or (known is not None and known.ends >= ends):
            return
        at = (self._clock.now() + timedelta(seconds=left)).astimezone(SYDNEY)
        self._cooling[symbol] = _Cooling(ends, f"until {at:%a %H:%M:%S} (Sydney), because {why}")

    def _turn(self) -> None:
        today = day_of(self._clock.now())
        if today != self._day:
            self._day, self._today = today, 0

"""The whole tree as a process, with a strategist that proposes an order on every tick.

Everything else is what `kelpie run` runs: its threads, its gates, its ledger (FULL), its hook.
Only the limit on outgoing messages is off, as it is at the gateway: 100 orders a second are
twice what IB takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import supervisor
from actors import names
from actors.base import Actor, on
from actors.lanes import Message, State, Stop
from actors.messages import (
    OrderRecorded,
    Propose,
    QuoteUpdate,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from actors.venue import LINK_BACKOFF
from benchmarks.numbering import order_name, tick_of
from domain.backoff import Backoff
from domain.orders import OrderRequest, OrderType, Side

_DEADLINE_SECONDS = 5.0
_FIRST_PARCEL = Decimal(20)
"""More than the A$500 of which a holding is to begin; then single shares are free to follow."""


class EveryTick(Actor):
    """Buys one share at the ask on each tick, and ends the process once all have ended."""

    def __init__(self, system: ActorSystem, seat: Seat, *, orders: int) -> None:
        super().__init__(system, seat)
        self._left = orders
        self._waiting: set[str] = set()
        self._holds = False

    def describe(self) -> State:
        """How many are still to be proposed, and to end."""
        return {"left": self._left, "waiting": len(self._waiting)}

    def on_receive(self, message: Message) -> object:
        """Pass over what a strategist is told and this one does not use."""
        return super().on_receive(message) if type(message) in self._handlers else None

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        quote = message.quote
        tick = tick_of(quote.bid_size)
        if not self._left or quote.ask is None or tick is None:
            return
        name = order_name(tick)
        self.correlation = name
        self._left -= 1
        self._waiting.add(name)
        request = OrderRequest(
            name,
            quote.symbol,
            Side.BUY,
            Decimal(1) if self._holds else _FIRST_PARCEL,
            OrderType.LIMIT,
            limit_price=Decimal(repr(quote.ask)),
        )
        deadline = self.clock.monotonic() + _DEADLINE_SECONDS
        self.tell(names.DESK, Propose(deadline, request, self.seat.name, "a tick"))

    @on(Verdict)
    def _verdict(self, message: Verdict) -> None:
        if not message.admitted and message.client_order_id in self._waiting:
            # Not ready yet: it is proposed again on a later tick.
            self._waiting.discard(message.client_order_id)
            self._left += 1

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        self._holds = self._holds or message.order.filled > 0
        if message.order.state.is_final:
            self._waiting.discard(message.order.client_order_id)
        if not self._left and not self._waiting:
            self.tell(names.ROOT, Stop())


def _steady(seconds: float) -> Backoff:
    return Backoff(first=seconds, ceiling=seconds, reset_after=0.0, floor=seconds)


def main(argv: Sequence[str]) -> int:
    """`kelpie run` with that strategist; the settings come from the environment."""
    parser = argparse.ArgumentParser(prog="tree", description=__doc__)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--try-every", type=float, help="seconds between two tries to connect")
    given = parser.parse_args(argv)
    return supervisor.run(
        [],
        adjust=lambda options: replace(
            options,
            limit_messages=False,
            strategist=lambda system, seat: EveryTick(system, seat, orders=given.orders),
            link_backoff=LINK_BACKOFF if given.try_every is None else _steady(given.try_every),
        ),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

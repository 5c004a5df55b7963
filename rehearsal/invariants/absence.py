"""Section 5 of the design: that an order never came to the venue is proven, or it is not said.

The proof is looked for on the wire: which lists were asked for over this link, when, and ended.
"""

from __future__ import annotations

from actors.messages import OrderJudged
from domain.orders import OrderState
from rehearsal.invariants.violation import Scene
from rehearsal.invariants.wire import LISTS
from simulators.tws.protocol import Request

ABSENT = "section 5"

#: As the design has them, virtual seconds.
_SETTLED_AFTER, _BETWEEN_ROUNDS = 30.0, 10.0
#: What lies between a moment and the bytes that leave at it, virtual seconds.
_ON_THE_WAY = 0.5
_OF_ORDERS = tuple(
    LISTS[str(each.value)]
    for each in (Request.ALL_OPEN_ORDERS, Request.EXECUTIONS, Request.COMPLETED_ORDERS)
)


class Absence:
    """Judges each judgement that an order was never sent."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def judged(self, message: OrderJudged) -> None:
        """The comparison says what became of an order."""
        if message.state is not OrderState.NOT_SENT:
            return
        wire, name = self._scene.wire, message.client_order_id
        left = wire.placed.get(name)
        settled = left[-1].at + _SETTLED_AFTER - _ON_THE_WAY if left else 0.0
        listed = wire.newest.listed if wire.newest is not None else {}
        rounds = [[at for at in listed.get(kind, ()) if at >= settled] for kind in _OF_ORDERS]
        fewest = min(len(asked) for asked in rounds)
        if fewest < 2:
            text = f"{name} is said never to have come, by {fewest} rounds that prove it"
            self._scene.blame(ABSENT, text)
            return
        apart = max(max(asked) for asked in rounds) - min(min(asked) for asked in rounds)
        if apart < _BETWEEN_ROUNDS - _ON_THE_WAY:
            text = f"{name} is said never to have come, by rounds {apart:.1f} s apart"
            self._scene.blame(ABSENT, text)

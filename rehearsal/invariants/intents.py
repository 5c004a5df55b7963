"""I1 and I2: nothing leaves without a durable intent, nothing leaves twice, nothing is swapped."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from domain.orders import OrderType
from rehearsal.invariants.book import Row
from rehearsal.invariants.violation import Scene
from rehearsal.invariants.wire import Cancelled, Placed
from simulators.tws.protocol import Request

I1, I2, WISH = "I1 durable intent", "I2 once", "a cancel is not forgotten"

#: From the time at which all is well to a cancel that was wanted before, virtual seconds.
_KEPT_WITHIN = 300.0

_KINDS = {
    OrderType.LIMIT.value: "LMT",
    OrderType.MARKET.value: "MKT",
    OrderType.STOP.value: "STP",
    OrderType.STOP_LIMIT.value: "STP LMT",
}
_GLOBAL_CANCEL = str(Request.GLOBAL_CANCEL.value)


class Intents:
    """Looks at each message about an order at the moment at which its bytes leave."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._unkept: dict[str, float] = {}
        """Orders that are to be cancelled and of which no cancel has left, and since when."""

    def leaves(self, said: Placed | Cancelled | str) -> None:
        """A message leaves."""
        if isinstance(said, Placed):
            if not said.preview:
                self._placed(said)
        elif isinstance(said, Cancelled):
            self._cancelled(said)
        elif said == _GLOBAL_CANCEL:
            self._scene.blame(I1, "all orders of the account are cancelled, others' too")

    def look(self) -> None:
        """Hold the broker's list of orders against what may be in it."""
        truth = self._scene.truth
        nameless = truth.nameless()
        if nameless:
            self._scene.blame(I1, f"orders of ours without a name at the broker: {nameless}")
        names = Counter(order.request.order_ref for order in truth.orders())
        twice = sorted(name for name, count in names.items() if count > 1)
        if twice:
            self._scene.blame(I2, f"at the broker twice: {twice}")
        self._wishes_are_kept()

    def _wishes_are_kept(self) -> None:
        """A durable cancel of what lives is said on each link, once Kelpie is ready there."""
        scene = self._scene
        link = scene.wire.newest
        live = {order.request.order_ref for order in scene.truth.live()}
        wanted = {name for name in scene.book.to_be_cancelled() if name in live}
        self._unkept = {
            name: self._unkept.get(name, scene.now)
            for name in sorted(wanted)
            if link is not None and name not in link.cancelled and not scene.excused(0.0)
        }
        for name, since in self._unkept.items():
            if scene.now - since > _KEPT_WITHIN:
                scene.blame(WISH, f"{name} is to be cancelled, and nobody has told the venue")

    def _placed(self, said: Placed) -> None:
        name, scene = said.name, self._scene
        if not name:
            scene.blame(I1, f"order {said.order_id} leaves without a name")
            return
        row = scene.book.intent(name)
        if row is None:
            scene.blame(I1, f"{name} leaves, and no intent of it is on disk")
            return
        if scene.book.order(name) is None and said.side == "BUY":
            scene.blame(I1, f"{name} buys, and only the emergency file has it")
        before = scene.wire.placed.setdefault(name, [])
        if before:
            self._again(said, before)
        else:
            self._for_the_first_time(said, row)
        before.append(said)

    def _for_the_first_time(self, said: Placed, row: Row) -> None:
        state, _, _, symbol, side, quantity, kind, limit, stop, parent, group = row
        scene = self._scene
        if state != "INTENDED":
            scene.blame(I2, f"{said.name} leaves though its intent is {state}")
        written = (
            symbol,
            side,
            Decimal(quantity),
            _KINDS[kind],
            _number(limit),
            _number(stop),
            parent,
            group,
        )
        leaving = (
            str(scene.truth.symbol(said.con_id)),
            said.side,
            said.quantity,
            said.kind,
            said.limit_price,
            said.stop_price,
            said.link.names.get(said.parent_id),
            said.oca_group or None,
        )
        if written != leaving:
            scene.blame(I1, f"{said.name} leaves as {leaving}, its intent says {written}")
        for order in scene.truth.orders():
            request = order.request
            if request.order_id == said.order_id and order.is_open:
                scene.blame(
                    I2, f"{said.name} leaves under {said.order_id}, the id of {request.order_ref}"
                )

    def _again(self, said: Placed, before: list[Placed]) -> None:
        name, scene = said.name, self._scene
        if said.order_id != before[0].order_id:
            was = before[0].order_id
            scene.blame(I2, f"{name} leaves again, under {said.order_id} after {was}")
            return
        changes = scene.book.amendments(name)
        if len(before) > len(changes):
            scene.blame(I2, f"{name} leaves {len(before) + 1} times with {len(changes)} changes")
            return
        terms = (said.quantity, said.limit_price, said.stop_price)
        wanted = [
            (Decimal(quantity), _number(limit), _number(stop))
            for quantity, limit, stop, state in changes
            if state in ("INTENDED", "SENT", "UNKNOWN")
        ]
        if terms not in wanted:
            scene.blame(I1, f"{name} leaves with the terms {terms}, on disk are {wanted}")

    def _cancelled(self, said: Cancelled) -> None:
        scene = self._scene
        said.link.cancelled.add(said.name or "")
        if said.name is None:
            scene.blame(I1, f"a cancel leaves for {said.order_id}, an id that nobody has told")
            return
        row = scene.book.order(said.name)
        durable = row is not None and row[2] == "CANCEL"
        if not durable and not scene.disk_is_dead:
            scene.blame(I1, f"a cancel of {said.name} leaves, and no wish for it is on disk")


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

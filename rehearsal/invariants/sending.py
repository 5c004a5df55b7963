"""I8 and the table of section 4 of the design: what left, and how things stood at that moment.

Written from the design's text, and judged by the wire: what had reached Kelpie when it decided
(the desk hands the intent to the ledger), and when the bytes left.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from actors import names
from actors.desk import Desk
from actors.lanes import Message
from actors.messages import Propose, ProposeAmend, RecordAmendment, RecordIntent, SetPaused
from domain.orders import OrderRequest, Purpose, Side
from domain.symbols import Symbol
from rehearsal.invariants.protection import Protected
from rehearsal.invariants.violation import Scene
from rehearsal.invariants.wire import LISTS, Connection, Placed

I8, TABLE = "I8 stale or late", "section 4"

#: As the rehearsed Kelpie is set (QUOTE_STALE_AFTER_SECONDS).
STALE_AFTER = 30.0
#: A list that was asked for and has not ended after this proves nothing (virtual seconds).
_LIST_SECONDS = 60.0
#: The owner's word counts from then on, whatever hangs meanwhile.
_PAUSED_WITHIN = 60.0
_OPENING = (Purpose.ENTRY, Purpose.CONVERT)


@dataclass(frozen=True, slots=True)
class Decision:
    """The desk has admitted it: until when it may leave, and over which link."""

    deadline: float
    link: Connection | None
    opens: bool
    at: float


class Sending:
    """Judges decisions as they are made, and orders as they leave."""

    def __init__(self, scene: Scene, protected: Protected) -> None:
        self._scene = scene
        self._protected = protected
        self._until: dict[str, float] = {}
        """The owner's own deadline, by order or amendment."""
        self._decided: dict[str, Decision] = {}
        self._changes: dict[str, Decision] = {}
        self._paused = False
        """The last word of the owner to a live Kelpie, and when it was said."""
        self._said_at = 0.0

    # -- what is decided -------------------------------------------------------------------

    def said(self, message: Message) -> None:
        """Somebody says this to the desk or to the ledger."""
        if isinstance(message, Propose):
            for request in (message.request, *message.attached):
                self._until[request.client_order_id] = message.deadline
        elif isinstance(message, ProposeAmend):
            self._until[message.amendment_id] = message.deadline
        elif isinstance(message, SetPaused):
            self._paused, self._said_at = message.paused, self._scene.now
        elif isinstance(message, RecordIntent):
            self._admitted(message)
        elif isinstance(message, RecordAmendment):
            self._change_admitted(message)

    def restarted(self) -> None:
        """Kelpie was killed: a word that it had only just been told may be lost."""
        if self._scene.now - self._said_at < _PAUSED_WITHIN and not self._scene.book.is_paused():
            self._paused = False

    def _admitted(self, message: RecordIntent) -> None:
        link = self._scene.wire.newest
        for each in message.admission.members:
            request = each.request
            opens = self._opens(request)
            self._decided[request.client_order_id] = Decision(
                self._deadline(request.client_order_id, message.deadline),
                link,
                opens,
                self._scene.now,
            )
            self._must_be_reconciled(request.client_order_id, link)
            if opens:
                self._may_open(request, link)

    def _change_admitted(self, message: RecordAmendment) -> None:
        amendment = message.admission.amendment
        link, name = self._scene.wire.newest, amendment.client_order_id
        deadline = self._deadline(amendment.amendment_id, message.deadline)
        self._changes[name] = Decision(deadline, link, False, self._scene.now)
        self._must_be_reconciled(f"a change of {name}", link)

    def _deadline(self, name: str, told: float) -> float:
        return min(told, self._until.get(name, told))

    def _opens(self, request: OrderRequest) -> bool:
        """It makes a position larger; a child of an entry does not, nor a sale of shares."""
        if request.parent is not None:
            return False
        if request.symbol.is_currency_pair:
            return request.purpose in _OPENING
        managed = self._scene.truth.managed().get(request.symbol, Decimal(0))
        return request.side is Side.BUY and managed >= 0

    # -- the rows of the table ---------------------------------------------------------------

    def _must_be_reconciled(self, what: str, link: Connection | None) -> None:
        """Connected, not reconciled: no entry, no exit, no stop."""
        scene = self._scene
        if link is None:
            scene.blame(TABLE, f"{what} is admitted without a link")
            return
        missing = sorted(set(LISTS.values()) - link.ended)
        if missing:
            scene.blame(TABLE, f"{what} is admitted; lists that never ended: {missing}")
        late = {k: since for k, since in link.waiting.items() if scene.now - since > _LIST_SECONDS}
        if late:
            scene.blame(TABLE, f"{what} is admitted; asked for and not ended: {late}")
        if link.cut_off:
            scene.blame(TABLE, f"{what} is admitted between 1100 and its end")

    def _may_open(self, request: OrderRequest, link: Connection | None) -> None:
        name, scene = request.client_order_id, self._scene
        if self._is_paused():
            scene.blame(TABLE, f"{name} is admitted while Kelpie is paused")
        self._protected.opens(name, request.symbol)
        desk = scene.world.kelpie.system.seat(names.DESK).occupant
        if isinstance(desk, Desk) and desk._venues[names.IB].circuit != "closed":
            scene.blame(TABLE, f"{name} is admitted while the circuit is not closed")
        for other, symbol, state in scene.book.open_orders():
            if symbol == str(request.symbol) and self._is_in_doubt(other, state):
                scene.blame(TABLE, f"{name} is admitted, the fate of {other} is not known")
        self._must_be_fresh(name, request.symbol, link, STALE_AFTER)

    def _is_paused(self) -> bool:
        """The owner's last word was a pause, and it is on disk, or should long have been."""
        if not self._paused:
            return False
        return self._scene.book.is_paused() or self._scene.now - self._said_at > _PAUSED_WITHIN

    def _is_in_doubt(self, name: str, state: str) -> bool:
        """Its bytes left over a link that is gone, and nobody has told of it since."""
        if state == "UNKNOWN":
            return True
        wire = self._scene.wire
        placed = wire.placed.get(name)
        if not placed or placed[0].link is wire.newest:
            return False
        return name not in wire.told

    def _must_be_fresh(
        self, name: str, symbol: Symbol, link: Connection | None, limit: float
    ) -> None:
        scene = self._scene
        last = scene.wire.quoted.get(symbol)
        if last is None or scene.now - last > limit:
            age = "never came" if last is None else f"is {scene.now - last:.1f} s old"
            scene.blame(I8, f"{name} opens a position, and the last quote of {symbol} {age}")
        asked = {r for r, s in link.symbols.items() if s == symbol} if link is not None else set()
        if link is not None and asked and asked <= link.not_live:
            scene.blame(I8, f"{name} opens a position on delayed or frozen quotes of {symbol}")

    # -- what leaves -------------------------------------------------------------------------

    def leaves(self, said: object) -> None:
        """A message leaves."""
        if not isinstance(said, Placed) or said.preview or not said.name:
            return
        scene = self._scene
        first = len(scene.wire.placed.get(said.name, ())) <= 1
        decision = (self._decided if first else self._changes).get(said.name)
        if decision is None:
            scene.blame(TABLE, f"{said.name} leaves, and the desk never admitted it")
            return
        if decision.link is not said.link:
            was = decision.link.name if decision.link is not None else "none"
            scene.blame(I8, f"{said.name} leaves over {said.link.name}, decided on {was}")
        if said.at > decision.deadline:
            late = said.at - decision.deadline
            scene.blame(I8, f"{said.name} leaves {late:.3f} s after its deadline")
        if decision.opens and first:
            symbol = scene.truth.symbol(said.con_id)
            window = decision.deadline - decision.at
            self._must_be_fresh(said.name, symbol, said.link, STALE_AFTER + window)
        if said.side == "SELL":
            self._must_be_held(said, first)

    def _must_be_held(self, said: Placed, first: bool) -> None:
        """A sale of shares leaves no more than Kelpie bought, and nothing of what others hold."""
        scene = self._scene
        symbol = scene.truth.symbol(said.con_id)
        if symbol.is_currency_pair or said.parent_id or not first:
            return
        bought = scene.truth.managed().get(symbol, Decimal(0))
        working = scene.truth.working(symbol, Side.SELL)
        if scene.truth.working(symbol, Side.SELL, (said.oca_group, said.quantity)) > bought:
            scene.blame(
                TABLE,
                f"{said.name} sells {said.quantity} {symbol}; bought {bought}, offered {working}",
            )

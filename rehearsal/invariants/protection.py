"""What Kelpie holds stands under stops that work at the broker, or a person hears of it.

Judged by the broker's own books, once a second: shares that Kelpie's orders bought and that are
still there, against the stops of Kelpie's that can trigger. What Kelpie cannot know yet (no link,
a link that lies, executions that do not come) it is not blamed for; the desk's own figure being
right, it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from actors import names
from actors.desk import Desk
from actors.messages import Alert, GuardChanged
from domain.guard import Colour
from domain.orders import Side
from domain.symbols import Symbol
from rehearsal.invariants.violation import Scene

BARE, RED = "a position without its stop", "nothing opens in RED"

_EVERY = 1.0
#: As the issue of protection has it: a change may be in flight for ten seconds. What is seen of
#: it from outside lags behind by two looks.
_AMBER_SECONDS = 12.0
#: With nothing wrong in the world, even RED has to be mended by then (virtual seconds).
_MENDED_WITHIN = 120.0
_CODE = "UNPROTECTED"
#: Causes of RED that a person has to end, as protection words them.
_FOR_A_PERSON = (
    "a corporate action is suspected",
    "is not known",
    "does not hold for certain",
    "for certain",
    "have no plan",
)


@dataclass(frozen=True, slots=True)
class _Bare:
    """Since when (virtual seconds) a symbol is short of stops, and what Kelpie can do about it."""

    since: float
    known_since: float | None
    """Since when Kelpie can know."""
    its_own_since: float | None
    """Since when it waits for no person."""


class Protected:
    """Follows what is told of colours, and looks at the broker's books."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._bare: dict[Symbol, _Bare] = {}
        self._told: dict[Symbol, Colour] = {}
        """The last colour that was told to the desk."""
        self._causes: dict[Symbol, str] = {}
        self._alerting: dict[str, bool] = {}
        self._next = 0.0
        self.longest = 0.0
        """How long the longest time without a stop was that Kelpie knew of, virtual seconds."""

    def told(self, name: str, message: object) -> None:
        """A message goes to a seat of Kelpie."""
        if isinstance(message, GuardChanged) and name == names.DESK:
            self._told[message.guard.symbol] = message.guard.colour
            self._causes[message.guard.symbol] = message.guard.cause
        elif isinstance(message, Alert) and name == names.NARRATOR and message.code == _CODE:
            self._alerting[message.venue] = message.stands

    def restarted(self) -> None:
        """What was told to a process that is gone, nobody knows any more."""
        self._told.clear()
        self._causes.clear()
        self._alerting.clear()

    def opens(self, name: str, symbol: Symbol) -> None:
        """An entry is admitted."""
        if self._told.get(symbol) is Colour.RED:
            self._scene.blame(RED, f"{name} is admitted, and {symbol} is RED")

    def look(self) -> None:
        """At most once a second: what is held, what stands over it, what was said of it."""
        scene = self._scene
        if scene.now < self._next:
            return
        self._next = scene.now + _EVERY
        held, managed = scene.truth.held(), scene.truth.managed()
        for symbol, ours in sorted(managed.items()):
            if symbol.is_currency_pair:
                continue
            if ours < 0:
                scene.blame(BARE, f"{symbol}: {-ours} more sold than bought")
            there = min(ours, held.get(symbol, Decimal(0)))
            stops = scene.truth.stops(symbol, Side.SELL)
            if stops >= there:
                self._bare.pop(symbol, None)
            else:
                self._judge(symbol, ours, there - stops)

    def _judge(self, symbol: Symbol, ours: Decimal, lacking: Decimal) -> None:
        scene, now = self._scene, self._scene.now
        before = self._bare.get(symbol, _Bare(now, None, None))
        knows = self._knows(symbol, ours)
        known_since = (before.known_since or now) if knows else None
        cause = self._causes.get(symbol, "")
        waits = not knows or any(words in cause for words in _FOR_A_PERSON)
        its_own_since = None if waits else before.its_own_since or now
        self._bare[symbol] = _Bare(before.since, known_since, its_own_since)
        if known_since is None:
            return
        bare_for = now - known_since
        self.longest = max(self.longest, bare_for)
        if bare_for > _AMBER_SECONDS:
            if self._told.get(symbol) is not Colour.RED:
                said = self._told.get(symbol, "nothing")
                scene.blame(BARE, f"{lacking} {symbol} for {bare_for:.0f} s; told: {said}")
            elif not self._alerting.get(names.IB):
                scene.blame(BARE, f"{lacking} {symbol} for {bare_for:.0f} s, and nobody is alerted")
        left_to_it = 0.0 if its_own_since is None else now - its_own_since
        if left_to_it > _MENDED_WITHIN and not scene.excused(_MENDED_WITHIN):
            scene.blame(BARE, f"{lacking} {symbol} for {left_to_it:.0f} s, and all is well")

    def _knows(self, symbol: Symbol, ours: Decimal) -> bool:
        """It runs, is reconciled, and has been told of all that was bought."""
        kelpie = self._scene.world.kelpie
        seat = kelpie.system.find(names.DESK) if kelpie.alive else None
        desk = seat.occupant if seat is not None else None
        if not isinstance(desk, Desk) or not desk._loaded or desk._venues[names.IB].reason():
            return False
        position = desk._positions.get(symbol)
        return position is not None and position.quantity == ours

"""Asking the desk to take everything out: shown first, confirmed where the table says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from actors import names
from actors.base import on
from actors.desk_flattening import SWITCH, DeskFlattening
from actors.desk_knowledge import DeskOptions
from actors.flattening import Flattening
from actors.messages import EndFlatten, Flatten, GetFlatten, RecordSetting, Verdict
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal
from domain.conditions import holding, holding_everywhere
from domain.flatten import FlattenItem, FlattenView, Progress
from domain.orders import Side
from domain.permits import Act, Asker, Condition, Hold, forbids, needs_confirmation
from domain.symbols import Symbol

_CONFIRM_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class _Shown:
    """A preview that waits to be confirmed."""

    code: str
    until: float
    items: tuple[FlattenItem, ...]
    asks: Condition | None
    """The state in which it was shown, where that asks for a word: what they were told to mind."""


class DeskFlattenAsking(DeskFlattening):
    """Answers whoever asks for a flatten, looks at it or ends it."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._shown: _Shown | None = None

    @on(Flatten)
    def _flatten(self, message: Flatten) -> FlattenView | Verdict:
        if not self._loaded:
            return self._refuse(self._not_open("", "looked for"))
        symbols = message.symbols or self._all_of_ours()
        items = tuple(self._preview_of(symbol) for symbol in symbols)
        wanted = [each.symbol for each in items if each.progress is Progress.PREVIEW]
        holds = [hold for symbol in wanted for hold in self._holds_of(symbol)]
        if not wanted:
            holds = [hold for each in self._everywhere() for hold in holding_everywhere(each)]
        asks = needs_confirmation(Act.FLATTEN, holds) if wanted else None
        running = self._flattening
        # Asked again it is harmless; but what has come to need a word since may be given it.
        told = running is not None and (asks is None or running.confirmed)
        if running is not None and told and all(each in running.takings for each in wanted):
            return self._flatten_view()
        shut = self._all_shut(wanted, holds)
        if shut is not None:
            return self._refuse(Refusal("", shut.code, shut.sentence, shut.cure))
        first = asks is not None or message.in_two_steps
        confirmed = first and self._is_confirmed(message.confirmation, items, asks)
        if wanted and not message.preview_only and (confirmed or not first):
            told = confirmed and asks is not None
            self._start_flattening(message, wanted, confirmed=told)
            return self._flatten_view()
        return self._shown_as(message, items, asks)

    def _all_shut(self, wanted: Sequence[Symbol], holds: Sequence[Hold]) -> Hold | None:
        """Why nothing of it can be taken out now.

        What one venue does not take now waits for it, and holds up nothing elsewhere.
        """
        asker = Asker(person=True, confirmed=True)
        shut = [forbids(Act.FLATTEN, self._holds_of(symbol), asker) for symbol in wanted]
        return None if None in shut else forbids(Act.FLATTEN, holds, asker)

    def _shown_as(
        self, message: Flatten, items: tuple[FlattenItem, ...], asks: Hold | None
    ) -> FlattenView:
        view = FlattenView(False, message.who, message.reason, None, items)
        begins = any(item.progress is Progress.PREVIEW for item in items)
        if asks is None and not (message.in_two_steps and begins):
            return view
        until = self.clock.monotonic() + _CONFIRM_WITHIN
        shown = self._shown
        # To look twice at the same thing takes nobody's code away.
        same = shown is not None and self._is_confirmed(shown.code, items, asks)
        code = shown.code if shown is not None and same else self.runtime.new_id()
        self._shown = _Shown(code, until, items, asks.condition if asks else None)
        return replace(
            view, confirmation=self._shown.code, confirm_because=asks.sentence if asks else ""
        )

    def _is_confirmed(self, code: str, items: tuple[FlattenItem, ...], asks: Hold | None) -> bool:
        """It is what the person was shown, in the state they were told of, and not long ago."""
        shown = self._shown
        if shown is None or shown.code != code or shown.items != items:
            return False
        if asks is not None and shown.asks is not asks.condition:
            return False
        return self.clock.monotonic() <= shown.until

    def _start_flattening(
        self, message: Flatten, symbols: Sequence[Symbol], *, confirmed: bool
    ) -> None:
        self._shown = None
        running = self._flattening
        if running is None:
            running = Flattening(message.who, message.reason, self.clock.now(), False, {})
        running.join(symbols, confirmed=confirmed)
        listed = ", ".join(map(str, symbols))
        self.log.warning("{} has {} taken out: {}", message.who, listed, message.reason)
        written = running.written()
        self.tell(names.LEDGER, RecordSetting(SWITCH, written, message.who, message.reason))
        self._carry_on(running)

    @on(EndFlatten)
    def _end_flatten(self, message: EndFlatten) -> FlattenView:
        running = self._flattening
        if running is not None:
            for taking in running.takings.values():
                if taking.progress is Progress.RUNNING:
                    taking.progress = Progress.LEFT
                    taking.note = f"ended by {message.who}: {message.reason}"
            self._finish(running)
        return self._flattened

    @on(GetFlatten)
    def _get_flatten(self, message: GetFlatten) -> FlattenView:
        return self._flatten_view()

    def _all_of_ours(self) -> tuple[Symbol, ...]:
        """What we hold, and what we have an order in."""
        held = {s for s, position in self._positions.items() if position.quantity}
        working = {order.request.symbol for order in self._all_orders()}
        return tuple(sorted(held | working))

    def _holds_of(self, symbol: Symbol) -> tuple[Hold, ...]:
        return holding(symbol, self._figures_of(symbol, Side.SELL))

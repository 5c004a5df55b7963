"""A person's word on a share in doubt: what it would do, and having it done."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

from actors import names
from actors.base import on
from actors.lanes import Command
from actors.messages import ActionAnswer, PositionRestated, RecordAudit, RecordSplit, ResolveAction
from actors.protection_actions import ProtectionActions
from domain.corporate_actions import Kept, Ratio
from domain.figures import RISK_REDUCING
from domain.outside_facts import FactKind, OutsideFact
from domain.restating import ActionResolution, Split, successors
from domain.symbols import Symbol
from domain.tax_year import contract_date


class ProtectionResolving(ProtectionActions):
    """Answers at once; what it promises is written down behind the answer."""

    @on(ResolveAction)
    def _resolve(self, message: ResolveAction) -> ActionAnswer:
        symbol = message.symbol
        doubt, position = self.held_back(symbol), self._positions.get(symbol)
        if position is None or not position.quantity or not doubt:
            sentence = f"No corporate action is suspected in {symbol}."
            return ActionAnswer(None, "ACTION_NOT_SUSPECTED", sentence)
        held = self._held_at(position.venue, symbol)
        found = ActionResolution(symbol, doubt, position.quantity, held)
        if message.ratio is not None:
            answer = self._split_of(found, position.venue, message.ratio, message.who)
            if answer.code or message.dry_run:
                return answer
            assert answer.resolution is not None and answer.resolution.split is not None
            self._have_split(answer.resolution, answer.resolution.split)
            return answer
        if not message.dry_run:
            words = f"{symbol}: nothing has happened, though {doubt}"
            self.tell(names.LEDGER, RecordAudit(message.who, "corporate action", words))
            self.take_for_true(symbol)
        return ActionAnswer(found)

    def on_expired(self, command: Command) -> object:
        """Whoever asked is told."""
        if isinstance(command, ResolveAction):
            sentence = "Protection came to it after its deadline, and did not do it."
            return ActionAnswer(None, "ORDER_EXPIRED_UNSENT", sentence)
        return None

    def _held_at(self, venue: str, symbol: Symbol) -> Decimal:
        _, listed = self._lists.get(venue, (0.0, None))
        return Decimal(0) if listed is None else listed.held.get(symbol, Decimal(0))

    def _split_of(
        self, found: ActionResolution, venue: str, ratio: Ratio, who: str
    ) -> ActionAnswer:
        symbol, instrument = found.symbol, self._instruments.get(found.symbol)
        split = Split(f"SP-{self.runtime.new_id()}", venue, symbol, ratio, found.managed, who)
        if instrument is None:
            sentence = f"{venue} has not described {symbol} yet."
            return ActionAnswer(found, "INSTRUMENT_NOT_KNOWN", sentence)
        opening = [
            name
            for name, order in self._orders.items()
            if order.request.symbol == symbol and order.request.purpose not in RISK_REDUCING
        ]
        if opening:
            sentence = f"{', '.join(opening)} would open more of {symbol} in old units."
            return ActionAnswer(found, "ACTION_ORDERS_OPEN", sentence)
        sign = 1 if split.was > 0 else -1
        if not split.now or found.held * sign < split.now * sign:
            sentence = (
                f"After {ratio} Kelpie would manage {split.now:f} of {symbol}, and the venue's "
                f"newest list shows {found.held:f}."
            )
            return ActionAnswer(found, "ACTION_NOT_HELD", sentence)
        plans = [plan for plan in self._plans.values() if plan.symbol == symbol and plan.lot > 0]
        ids = [f"{self.options.prefix}-H-{self.runtime.new_id()}" for _ in plans]
        after = successors(plans, ratio, ids, instrument.price_steps)
        return ActionAnswer(replace(found, split=split, plans=after))

    def _have_split(self, found: ActionResolution, split: Split) -> None:
        self.correlation = split.split_id
        day = contract_date(self.clock.now())
        told = {"new": f"{split.ratio.new:f}", "old": f"{split.ratio.old:f}"}
        fact = OutsideFact(
            _fact_id(split.symbol, day.isoformat(), told),
            FactKind.SPLIT,
            day,
            split.symbol,
            told,
            "a person",
        )
        self.tell(names.LEDGER, RecordSplit(split, found.plans, fact))

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        self._hold(message.position)
        self.take_for_true(message.position.symbol)

    def take_for_true(self, symbol: Symbol) -> None:
        """What the venue says now is what it is held to from now on."""
        price = self._closes.get(symbol)
        self._end_doubts(symbol)
        if price is not None:
            self._keep(symbol, Kept(close=Decimal(repr(price))))
        else:
            self._keep(symbol, Kept())
        self._touch(symbol)


def _fact_id(symbol: Symbol, day: str, told: dict[str, str]) -> str:
    """As `kelpie import splits` names the same split of that day: told twice, it counts once."""
    words = "|".join((FactKind.SPLIT, str(symbol), day, *(f"{k}={told[k]}" for k in sorted(told))))
    return f"{FactKind.SPLIT}-{hashlib.sha256(f'{words}|1'.encode()).hexdigest()[:16]}"

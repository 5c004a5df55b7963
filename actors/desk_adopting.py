"""What a person says is Kelpie's to manage, or is not any more."""

from __future__ import annotations

from decimal import Decimal

from actors import names
from actors.base import on
from actors.desk_telling import DeskTelling
from actors.messages import (
    AdoptPosition,
    PositionAdopted,
    PositionRestated,
    ReconcileNow,
    RecordAdoption,
    Verdict,
)
from domain.admission import Refusal
from domain.adoption import AdoptionPlan, Stake, plan_adoption
from domain.holdings import working_of
from domain.orders import OrderError
from domain.state_gates import unwritable
from domain.symbols import Symbol


class DeskAdopting(DeskTelling):
    """Moves the line between what is managed and what is somebody else's, by word alone."""

    @on(AdoptPosition)
    def _adopt(self, message: AdoptPosition) -> AdoptionPlan | Verdict:
        symbol = message.symbol
        stake = self._stake(symbol)
        if isinstance(stake, Refusal):
            return self._refuse(stake)
        # Written hours later it would meet another holding, and its asker was told that it failed.
        shut = None if message.dry_run else unwritable(str(symbol), self._book_health.trouble)
        if shut is not None:
            return self._refuse(shut)
        if message.managed is not None and message.managed != stake.managed:
            return self._refuse(_moved(symbol, message.managed, stake.managed))
        try:
            plan = plan_adoption(
                stake,
                message.quantity,
                message.price,
                adoption_id=f"ADOPT-{self.runtime.new_id()}",
                who=message.who,
                reason=message.reason,
            )
        except OrderError as error:
            return self._refuse(Refusal(str(symbol), error.code, str(error), ""))
        if not message.dry_run:
            self.correlation = plan.adoption.adoption_id
            self.tell(names.LEDGER, RecordAdoption(plan.adoption))
            # Behind the ledger's write: the snapshot that is judged has it.
            self.tell(names.resync(stake.venue), ReconcileNow(message.who))
        return plan

    def _stake(self, symbol: Symbol) -> Stake | Refusal:
        """What is known of the symbol; with a venue that has not been asked, nothing is."""
        position = self._positions.get(symbol)
        venue = position.venue if position is not None else self.options.venue_of.get(symbol, "")
        state = self._venues.get(venue)
        if state is None:
            return Refusal(
                str(symbol),
                "SYMBOL_NOT_ALLOWED",
                f"{symbol} is not among the symbols that may be traded.",
                "Name it in ALLOWED_SYMBOLS and start Kelpie again: nobody would look after it.",
            )
        if not self._loaded or not state.reconciled:
            return Refusal(
                str(symbol),
                "VENUE_NOT_TRADABLE",
                f"What the account holds at {venue} is not known now: {state.reason()}.",
                "Wait until its lists have been compared; `kelpie reconcile` waits for it.",
            )
        managed = position.quantity if position is not None else Decimal(0)
        working = working_of(self._all_orders(), symbol)
        return Stake(
            symbol=symbol,
            venue=venue,
            managed=managed,
            held=managed if symbol.is_currency_pair else state.held(symbol),
            average_price=position.average_price if position is not None else None,
            venue_price=state.average_cost(symbol),
            working=working.sells if managed >= 0 else working.buys,
        )

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        self._take_adopted(message)
        self._tell_exposure(message.position.venue)

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        """At the same cost: the loss that old units seemed to make at new prices is none."""
        self._positions[message.position.symbol] = message.position
        self._tell_exposure(message.position.venue)


def _moved(symbol: Symbol, seen: Decimal, managed: Decimal) -> Refusal:
    return Refusal(
        str(symbol),
        "POSITION_MOVED",
        f"Kelpie manages {managed} of {symbol} now, and not {seen} as when you looked.",
        "Look again, and decide by what it is now.",
    )

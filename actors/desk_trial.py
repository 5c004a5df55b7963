"""What a test order would be, so that a person can prove that orders work; nothing is placed."""

from __future__ import annotations

from actors.base import on
from actors.desk_limits import DeskLimits
from actors.messages import GetTrialOrder
from domain.admission import Refusal
from domain.gates import survey
from domain.market_gates import market_open
from domain.orders import Side
from domain.symbols import Symbol
from domain.trial_order import TrialOrder, resting


class DeskTrial(DeskLimits):
    """Answers with the smallest order that rests, and what the gates say of it."""

    @on(GetTrialOrder)
    def _trial(self, message: GetTrialOrder) -> TrialOrder | Refusal:
        symbol = message.symbol or self._usual_symbol()
        bid = None if symbol is None else self._price(symbol, Side.SELL)
        if symbol is None or not self._venue_of(symbol):
            return Refusal(
                "",
                "SYMBOL_NOT_ALLOWED",
                f"{symbol or 'Nothing'} is not among the symbols that Kelpie may trade.",
                "Name it in ALLOWED_SYMBOLS and start Kelpie again, or choose one that is there.",
            )
        probe = self._probe(symbol, Side.BUY, None)
        figures = self._figures(probe)
        if bid is None:
            # While the market is closed there is never a fresh one: that is the reason then.
            shut = market_open(probe, figures)
            if isinstance(shut, Refusal):
                return shut
            return Refusal(
                "",
                "NO_FRESH_QUOTE",
                f"There is no fresh quote for {symbol}, so its price is not known.",
                "Wait for the market's data; `kelpie why-not` shows what else is shut.",
            )
        name = f"{self.options.order_prefix}-T-{self.runtime.new_id()}"
        request = resting(name, figures, bid)
        if isinstance(request, Refusal):
            return request
        return TrialOrder(request, bid, survey(request, self._figures(request)))

    def _usual_symbol(self) -> Symbol | None:
        """A share whose market is open, else what there is."""
        symbols = sorted(self.options.venue_of, key=lambda each: each.is_currency_pair)
        now = self.clock.now()
        is_open = (each for each in symbols if self._instruments.is_open(each, now))
        return next(is_open, symbols[0] if symbols else None)

"""What the desk tells the ledger of money: rates, the venues' cash, the equity curve.

The desk has the quotes and the accounts, the ledger has the book. Once a minute, apart from any
tick or order, it tells what a unit of each currency is worth, and takes a point of the curve when
one is due; a venue's cash it tells when a round of all its lists has been complete.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from actors import names
from actors.base import on
from actors.desk_away import DeskAway
from actors.desk_knowledge import DeskOptions
from actors.desk_view import desk_view
from actors.messages import CashTold, RatesTold, Reconciled, RecordEquity
from actors.seat import Seat
from actors.system import ActorSystem
from domain.conditions import holding_everywhere
from domain.equity_curve import due
from domain.equity_taking import Earned, curve_row
from domain.permits import Hold
from domain.rates import newest_told, rates_in
from domain.used_rates import UsedRate
from domain.views import DeskView

MINUTE = "money"
_EVERY = 60.0
#: The closing auction of the ASX is over eleven minutes after the close of continuous trading.
_AFTER_CLOSE = timedelta(minutes=12)


class DeskWorth(DeskAway):
    """Tells the ledger what things are worth."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._taken_at: datetime | None = None
        """When a point of the equity curve was last taken."""
        self._closes: tuple[datetime, ...] = ()
        """Ends of sessions that were ahead a minute ago."""
        self._rates_told: tuple[tuple[str, UsedRate], ...] = ()

    def on_start(self) -> None:
        """Look once a minute."""
        self.after(_EVERY, MINUTE)

    def on_timer(self, name: str) -> None:
        """A minute has passed."""
        if name != MINUTE:
            super().on_timer(name)
            return
        self.after(_EVERY, MINUTE)
        self.correlation = ""
        self._tell_rates()
        self._take_point()

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        """The lists of a venue have all ended: its rows of cash are of now."""
        super()._reconciled(message)
        venue, now = message.venue, self.clock.now()
        state = self._venues[venue]
        if not state.reconciled or message.epoch != state.epoch:
            return
        cash = tuple(
            (currency, amount)
            for currency in state.currencies()
            if (amount := state.cash(currency)) is not None
        )
        if cash:
            self.tell(names.LEDGER, CashTold(venue, now, cash))

    def view(self) -> DeskView:
        """Everything that the desk decides by, as of now."""
        return desk_view(
            now=self.clock.now(),
            monotonic=self.clock.monotonic(),
            quote_stale_seconds=self.options.stale_after_seconds,
            paused=self._paused,
            paused_reason=self._paused_reason,
            venues=list(self._venues.values()),
            instruments=self._instruments.views(
                self.options.venue_of, self._quotes, self.clock.now()
            ),
            positions=self._positions,
            guards=self._guards,
            quotes=self._quotes,
            orders=self._all_orders(),
            max_order_value=self._max_order_value,
            base_currency=self.options.base_currency,
            holds=self._holds(),
        )

    def _holds(self) -> tuple[Hold, ...]:
        """What keeps entries back everywhere; each is said once, however many venues it shuts."""
        views = self._everywhere()
        return tuple(dict.fromkeys(hold for each in views for hold in holding_everywhere(each)))

    def _tell_rates(self) -> None:
        """Those that are fresh; when there have never been any, nothing."""
        rates = tuple(
            (currency, rate)
            for currency, (rate, stale) in self._used_rates().items()
            if not stale and currency != self.options.base_currency
        )
        if rates or self._rates_told:
            self._rates_told = rates
            self.tell(names.LEDGER, RatesTold(rates))

    def _take_point(self) -> None:
        """The first as soon as every venue has told what it holds, then when one is due."""
        if not self._loaded:
            return
        now = self.clock.now()
        if self._taken_at is None and any(state.reason() for state in self._venues.values()):
            return
        due_now = due(self._taken_at, now, (close + _AFTER_CLOSE for close in self._closes))
        if due_now is not None:
            self._taken_at = now
            earned = [
                Earned(each.venue, each.symbol, each.realised_pnl, each.commissions)
                for each in self._positions.values()
            ]
            rates = {currency: rate for currency, (rate, _) in self._used_rates().items()}
            self.tell(names.LEDGER, RecordEquity(curve_row(self.view(), earned, rates, *due_now)))
        self._closes = self._closes_ahead(now)

    def _closes_ahead(self, now: datetime) -> tuple[datetime, ...]:
        """Of what is traded; one that has passed is kept until its point is taken."""
        views = self._instruments.views(self.options.venue_of, self._quotes, now)
        ahead = {v.next_close for each in views.values() for v in each if v.next_close is not None}
        kept = {close for close in self._closes if now < close + _AFTER_CLOSE}
        return tuple(sorted(ahead | kept))

    def _used_rates(self) -> dict[str, tuple[UsedRate, bool]]:
        """By currency, with whether it is too old; what nobody told is not in it."""
        symbols = sorted({*self.options.venue_of, *self._positions})
        wanted = {self.options.base_currency, *(symbol.currency for symbol in symbols)}
        wanted.update(symbol.base for symbol in symbols if symbol.is_currency_pair)
        for state in self._venues.values():
            wanted.update(state.currencies())
        now = self.clock.now()
        found = rates_in(
            self.options.base_currency,
            sorted(wanted),
            newest_told(state.told_rates for state in self._venues.values()),
            self._quotes,
            self.clock.monotonic(),
            self.options.stale_after_seconds,
        )
        return {
            currency: (
                UsedRate(rate.value, rate.source, now - timedelta(seconds=rate.age_seconds)),
                rate.stale,
            )
            for currency, rate in found.items()
        }

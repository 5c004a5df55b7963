"""Ex-dividend days: a purge that was foretold is no alarm, and a stop may follow the dividend."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from actors import names
from actors.base import on
from actors.lanes import Command
from actors.messages import (
    BookLoaded,
    DividendTold,
    RecordPlan,
    RecordSetting,
    TellDividend,
)
from actors.protection_knowledge import ProtectionOptions
from actors.protection_resolving import ProtectionResolving
from actors.seat import Seat
from actors.system import ActorSystem
from domain.ex_dividends import (
    ExDividend,
    dividends_of,
    goes_ex_next,
    is_purged_until_open,
    key_of,
    lowered,
    text_of,
)
from domain.symbols import Symbol


class ProtectionDividends(ProtectionResolving):
    """Knows the next ex-date of each share that the owner has told."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ProtectionOptions) -> None:
        super().__init__(system, seat, options=options)
        self._dividends: dict[Symbol, ExDividend] = {}

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        self._dividends = dividends_of(message.settings)
        super()._book(message)

    @on(TellDividend)
    def _tell_dividend(self, message: TellDividend) -> DividendTold:
        """Written down behind the answer; a later word on a share replaces an earlier one."""
        symbol, dividend = message.symbol, message.dividend
        self._dividends[symbol] = dividend
        reason = f"{symbol} goes ex a dividend of {dividend.amount:f} on {dividend.ex_date}"
        setting = RecordSetting(key_of(symbol), text_of(dividend), message.who, reason)
        self.tell(names.LEDGER, setting)
        self._look_at(symbol)
        return DividendTold(symbol, dividend)

    def on_expired(self, command: Command) -> object:
        """Whoever asked is told."""
        if isinstance(command, TellDividend):
            sentence = "Protection came to it after its deadline, and did not do it."
            return DividendTold(command.symbol, command.dividend, "ORDER_EXPIRED_UNSENT", sentence)
        return super().on_expired(command)

    def is_purged(self, symbol: Symbol) -> bool:
        """No order of it stands before its ex-date, and the market takes none yet."""
        found, instrument = self._dividends.get(symbol), self._instruments.get(symbol)
        if found is None or instrument is None:
            return False
        calendar = self.options.calendars.get(instrument.exchange)
        return is_purged_until_open(found, instrument, calendar, self.clock.now())

    def lower_stops(self) -> None:
        """Once for each ex-date: between the close before it and its own end."""
        for symbol, dividend in list(self._dividends.items()):
            if not dividend.done and self._is_due(symbol, dividend):
                self._lower(symbol, dividend)

    def _is_due(self, symbol: Symbol, dividend: ExDividend) -> bool:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            return False
        now, calendar = self.clock.now(), self.options.calendars.get(instrument.exchange)
        today = now.astimezone(ZoneInfo(instrument.time_zone)).date()
        return today == dividend.ex_date or goes_ex_next(dividend, instrument, calendar, now)

    def _lower(self, symbol: Symbol, dividend: ExDividend) -> None:
        done = ExDividend(dividend.ex_date, dividend.amount, done=True)
        self._dividends[symbol] = done
        self.correlation = str(symbol)
        if self.options.lower_ex_dividend:
            steps = self._instruments[symbol].price_steps
            for plan in [each for each in self._plans.values() if each.symbol == symbol]:
                moved = lowered(plan, dividend, steps)
                if moved is not None:
                    self.tell(names.LEDGER, RecordPlan(moved, ""))
        self.expect_fall(symbol, dividend.amount)
        reason = "its ex-date has come"
        setting = RecordSetting(
            key_of(symbol), text_of(done), self.seat.name, reason, audited=False
        )
        self.tell(names.LEDGER, setting)

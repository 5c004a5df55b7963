"""Stores the closing prices of each 30 June in the book: what tax reports value holdings by.

The archive of bars may be deleted at any time; what was worth how much on 30 June 2027 must not be
lost. A process that was down that day makes up for it: the prices are looked for until they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    Alert,
    BarsReady,
    LoadOutside,
    OutsideLoaded,
    Priority,
    RecordOutside,
    WantBars,
)
from actors.seat import Seat
from actors.system import ActorSystem
from config.errors import CodedError
from domain.outside_facts import FactKind, standing
from domain.symbols import Symbol
from domain.year_end import close_of, due_days, lacking, span_of

_SETTLE, _LOOK_EVERY = 120.0, 3600.0
_ANSWER_SECONDS = 600.0
_CODE = "YEAR_END_CLOSE_MISSING"


class YearEnd(Actor):
    """Looks every hour which closing prices the book lacks, and asks for their bars."""

    def __init__(
        self, system: ActorSystem, seat: Seat, *, venue: str, symbols: Sequence[Symbol]
    ) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._symbols = tuple(symbol for symbol in symbols if not symbol.is_currency_pair)
        self._asked: dict[str, tuple[Symbol, date]] = {}
        self._lacking: tuple[str, ...] = ()
        self._alert: Alert | None = None

    def on_start(self) -> None:
        """Not at once: a start has other things to do."""
        self.after(_SETTLE, "look")

    def describe(self) -> State:
        """Which prices are lacking still."""
        return {"lacking": list(self._lacking)}

    def on_timer(self, name: str) -> None:
        """Ask the book what it has; on most days of the year there is nothing to look for."""
        if due_days(self.clock.now()):
            kinds = (FactKind.CLOSE, FactKind.WITHDRAWN)
            self.tell(names.LEDGER, LoadOutside(self.seat.name, kinds))
        self.after(_LOOK_EVERY, "look")

    @on(OutsideLoaded)
    def _loaded(self, message: OutsideLoaded) -> None:
        before, self._asked = self._asked, {}
        told = standing({fact.id: fact for fact in message.facts})
        wanted = [
            (symbol, day)
            for day in due_days(self.clock.now())
            for symbol in lacking(told, self._symbols, day)
        ]
        self._lacking = tuple(f"{symbol} of {day}" for symbol, day in wanted)
        for symbol, day in wanted:
            self._ask(symbol, day)
        if not wanted:
            self._end_alert()
        elif before:
            # Asked for an hour ago, and still lacking.
            self._tell_lacking()

    def _ask(self, symbol: Symbol, day: date) -> None:
        ticket = self.runtime.new_id()
        self._asked[ticket] = symbol, day
        span = span_of(day)
        self.tell(
            names.history(self.venue),
            WantBars(
                self.clock.monotonic() + _ANSWER_SECONDS,
                ticket,
                self.seat.name,
                symbol,
                "1 day",
                datetime.fromtimestamp(span.start, UTC),
                datetime.fromtimestamp(span.end, UTC),
                priority=Priority.BACKFILL,
            ),
        )

    @on(BarsReady)
    def _ready(self, message: BarsReady) -> None:
        asked = self._asked.get(message.ticket)
        if asked is None or message.code:
            return  # with gaps the newest bar may be missing: it is asked for again
        symbol, day = asked
        fact = close_of(symbol, day, message.bars, self.seat.name)
        if fact is not None:
            self.log.info("The close of {} on {} was {}.", symbol, day, fact.detail["price"])
            self.tell(names.LEDGER, RecordOutside((fact,), self.seat.name))

    def _tell_lacking(self) -> None:
        if self._alert is not None:
            return
        error = CodedError(_CODE, what=", ".join(self._lacking))
        self.log.warning("{}", error)
        now = self.clock.now()
        self._alert = Alert(
            *("", "warning", _CODE, error.sentence, error.cure, now),
            told=1,
            stands=True,
            by=self.seat.name,
        )
        for name in names.ALERT_READERS:
            self.tell(name, self._alert)

    def _end_alert(self) -> None:
        if self._alert is None:
            return
        sentence = "The closing prices of 30 June are stored."
        now, by = self.clock.now(), self.seat.name
        over = Alert("", "info", _CODE, sentence, "", now, told=1, stands=False, by=by)
        for name in names.ALERT_READERS:
            self.tell(name, over)
        self._alert = None

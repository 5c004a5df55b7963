"""Bars of a venue: asked for once per instrument and link, one at a time, kept in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    AskBars,
    BarsCame,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.venue import BarSeries
from domain.symbols import Symbol

DURATION, BAR_SIZE = "1 D", "5 mins"
#: IB counts requests for small bars; five-minute bars are beyond its hard limits, and
#: one at a time with this pause stays below every soft one (60 in 10 minutes).
_PAUSE_SECONDS = 11.0
_FIRST_AT_ONCE = 5
_ASK_WITHIN = 90.0


class History(Actor):
    """Fetches a day of bars for each instrument, slowly, and passes them on."""

    def __init__(
        self, system: ActorSystem, seat: Seat, *, venue: str, readers: Sequence[str]
    ) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._readers = tuple(readers)
        self._epoch: int | None = None
        self._known_symbols: set[Symbol] = set()
        self._waiting: deque[Symbol] = deque()
        self._series: dict[Symbol, BarSeries] = {}
        self._failures: dict[Symbol, str] = {}
        self._asked = 0
        self._under_way = False

    def on_start(self) -> None:
        """The link may stand already: ask for it, and for what it knows of instruments."""
        self.tell(names.connection(self.venue), Introduce(self.seat.name))

    def describe(self) -> State:
        """What has come, what waits, what failed."""
        return {
            "series": {str(symbol): len(s.bars) for symbol, s in self._series.items()},
            "waiting": [str(symbol) for symbol in self._waiting],
            "failures": {str(symbol): text for symbol, text in self._failures.items()},
        }

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        self._epoch = message.epoch
        self._next()

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        symbol = message.details.symbol
        if symbol not in self._known_symbols:
            self._known_symbols.add(symbol)
            self._waiting.append(symbol)
            self._next()

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self._failures[message.refused.symbol] = message.refused.sentence

    @on(BarsCame)
    def _came(self, message: BarsCame) -> None:
        self._under_way = False
        if message.series is None:
            self._failures[message.symbol] = message.sentence
            self.log.info("No bars of {}: {}", message.symbol, message.sentence)
        else:
            self._series[message.symbol] = message.series
            for name in self._readers:
                self.tell(name, message)
        self._next()

    def on_timer(self, name: str) -> None:
        """The pause is over."""
        self._next()

    def _next(self) -> None:
        if self._epoch is None or self._under_way or not self._waiting:
            return
        if self._asked >= _FIRST_AT_ONCE:
            self._asked = _FIRST_AT_ONCE - 1
            self.after(_PAUSE_SECONDS, "pause")
            return
        self._asked += 1
        self._under_way = True
        deadline = self.clock.monotonic() + _ASK_WITHIN
        ask = AskBars(deadline, self._waiting.popleft(), DURATION, BAR_SIZE, self._epoch)
        self.tell(names.connection(self.venue), ask)

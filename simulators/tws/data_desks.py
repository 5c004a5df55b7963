"""The desks that stream or look up data, put together: quotes, depth, bars, ticks, profit."""

from __future__ import annotations

from collections.abc import Callable

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.tws.contracts import ContractBook
from simulators.tws.data_habits import DataHabits
from simulators.tws.depth import DepthDesk
from simulators.tws.historical_ticks import HistoricalTickDesk
from simulators.tws.history import HistoryDesk
from simulators.tws.lines import Lines
from simulators.tws.market_data import MarketDataDesk
from simulators.tws.pacing import PacingDesk
from simulators.tws.profit import ProfitDesk
from simulators.tws.real_time_bars import RealTimeBarDesk
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.tick_by_tick import TickByTickDesk
from simulators.tws.wire_log import WireLog


class DataDesks:
    """One beat and one end for all of them. `habits` is asked anew each time."""

    def __init__(
        self,
        broker: Broker,
        book: ContractBook,
        clock: Clock,
        log: WireLog,
        time_zone: str,
        habits: Callable[[], DataHabits],
    ) -> None:
        self._lines = Lines(lambda: habits().lines)
        pacing = PacingDesk(clock, log, habits)
        self.market_data = MarketDataDesk(broker, book, clock, self._lines, habits)
        self._ticks = HistoricalTickDesk(broker, book, clock, pacing, habits)
        self._others = (
            HistoryDesk(broker, book, clock, pacing, habits),
            RealTimeBarDesk(broker, book, clock, pacing, self._lines, habits),
            DepthDesk(broker, book, habits),
            TickByTickDesk(broker, book, habits),
            ProfitDesk(broker, clock, time_zone),
        )

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        found = {**self.market_data.handlers(), **self._ticks.handlers()}
        for desk in self._others:
            found |= desk.handlers()
        return found

    def forget(self, session: Session) -> None:
        """A session is over."""
        for desk in (self.market_data, *self._others):
            desk.forget(session)
        self._lines.forget(session)

    def beat(self, *, quotes: bool, shares: bool) -> None:
        """Send what is due; `quotes` level 1 as well, `shares` those of shares as well."""
        self.market_data.beat()
        if quotes:
            self.market_data.stream_changes(shares=shares)
        for desk in self._others:
            desk.beat()

"""Real-time bars: one of five seconds at a time, each when it is complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    Instrument,
)
from simulators.tws import bar_messages
from simulators.tws.bar_requests import KINDS, Refused
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.data_habits import DataHabits, concerns
from simulators.tws.fields import FieldReader
from simulators.tws.history import require_history
from simulators.tws.lines import Lines
from simulators.tws.pacing import PacingDesk
from simulators.tws.protocol import Request
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

BAR_SECONDS = 5

_KINDS = KINDS - {"BID_ASK"}
_INVALID = "Invalid Real-time Query:"


@dataclass(slots=True)
class _Stream:
    instrument: Instrument
    what: str
    regular_hours: bool
    told: int
    """The end of the last bar that was told, or of the one before the subscription, epoch."""


class RealTimeBarDesk:
    """Streams bars. A request counts as one for history, and takes a market-data line."""

    def __init__(
        self,
        broker: Broker,
        book: ContractBook,
        clock: Clock,
        pacing: PacingDesk,
        lines: Lines,
        habits: Callable[[], DataHabits],
    ) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._pacing = pacing
        self._lines = lines
        self._habits = habits
        self._streams: dict[Session, dict[int, _Stream]] = {}

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.REAL_TIME_BARS: self._subscribe,
            Request.CANCEL_REAL_TIME_BARS: self._cancel,
        }

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._streams.pop(session, None)

    def beat(self) -> None:
        """Send the bar that has ended since the last beat; of longer gaps the last one alone."""
        ended = self._last_end()
        for session, mine in self._streams.items():
            for req_id, stream in mine.items():
                if ended > stream.told:
                    stream.told = ended
                    self._tell(session, req_id, stream)

    def _last_end(self) -> int:
        now = int(self._clock.now().timestamp())
        return now - now % BAR_SECONDS

    def _tell(self, session: Session, req_id: int, stream: _Stream) -> None:
        habits = self._habits()
        if habits.competing_session or concerns(habits.silent, stream.instrument.symbol):
            return
        end = datetime.fromtimestamp(stream.told, UTC)
        for bar in self._broker.bars(
            stream.instrument.con_id,
            stream.what,
            end,
            BAR_SECONDS,
            BAR_SECONDS,
            regular_hours=stream.regular_hours,
        ):
            # Outside the hours the last bar there is belongs to another time.
            if (end - bar.start).total_seconds() == BAR_SECONDS:
                session.send(bar_messages.five_seconds(req_id, bar, session.version))

    def _subscribe(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        fields.skip()  # the bar size: it is always five seconds
        what, regular_hours = fields.text().strip().upper(), fields.flag()
        try:
            instrument = self._book.resolve(query)
            self._admit(session, req_id, instrument, query.exchange, what)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
        except Refused as refusal:
            session.send_error(req_id, refusal.code, refusal.text)
        else:
            self._streams.setdefault(session, {})[req_id] = _Stream(
                instrument, what, regular_hours, self._last_end()
            )

    def _admit(
        self, session: Session, req_id: int, instrument: Instrument, exchange: str, what: str
    ) -> None:
        if req_id in self._streams.get(session, {}):
            raise Refused(322, "Error processing request.-'bW' : cause - Duplicate ticker id")
        if what not in _KINDS:
            raise Refused(321, f"Error validating request.-'bW' : cause - Invalid data type {what}")
        if instrument.sec_type == "CASH" and what == "TRADES":
            raise Refused(420, f"{_INVALID}No market data permissions for IDEALPRO CASH")
        try:
            require_history(self._habits(), instrument)
        except Refused:
            where = f"{instrument.exchange} {instrument.sec_type}"
            raise Refused(420, f"{_INVALID}No market data permissions for {where}") from None
        if self._pacing.refuses(session, instrument, "real time", (exchange, what), BAR_SECONDS):
            raise Refused(420, f"{_INVALID}Historical data request pacing violation")
        if not self._lines.take(session, "bars", req_id):
            raise Refused(101, "Max number of tickers has been reached")

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        if self._streams.get(session, {}).pop(req_id, None) is None:
            session.send_error(req_id, 300, f"Can't find EId with tickerId:{req_id}")
        self._lines.free(session, "bars", req_id)

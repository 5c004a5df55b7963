"""Historical bars: asked for once, or kept up to date until they are cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    Bar,
    Instrument,
)
from simulators.tws import bar_messages
from simulators.tws.bar_requests import (
    HMDS,
    Refused,
    bar_and_duration,
    end_of,
    is_too_old,
)
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.data_habits import DataHabits, concerns
from simulators.tws.fields import FieldReader
from simulators.tws.pacing import PacingDesk
from simulators.tws.protocol import Request
from simulators.tws.requests import HistoryQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.times import ZONE_MISSING

#: Bars that are kept up to date are looked at this often.
UPDATE_SECONDS = 1.0

#: Entitlements with which history may be had; delayed data give no right to it.
_WITH_HISTORY = frozenset({"live", "10090", "10091"})


@dataclass(slots=True)
class _Open:
    """A request that is not over: to be answered, never to be, or kept up to date."""

    query: HistoryQuery
    instrument: Instrument
    bar_seconds: int
    duration: int
    end: datetime
    due: float | None
    """When it is to be answered, monotonic; None where it has been, or never will be."""
    mute: bool = False
    told: Bar | None = None
    """The last bar as it was told, of those kept up to date."""


class HistoryDesk:
    """Answers requests for bars."""

    def __init__(
        self,
        broker: Broker,
        book: ContractBook,
        clock: Clock,
        pacing: PacingDesk,
        habits: Callable[[], DataHabits],
    ) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._pacing = pacing
        self._habits = habits
        self._open: dict[Session, dict[int, _Open]] = {}
        self._updated_at = clock.monotonic()

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.HISTORICAL_DATA: self._ask,
            Request.CANCEL_HISTORICAL_DATA: self._cancel,
        }

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._open.pop(session, None)

    def beat(self) -> None:
        """Answer what is due, and bring bars up to date."""
        now = self._clock.monotonic()
        due = [
            (session, asked)
            for session, mine in self._open.items()
            for asked in mine.values()
            if asked.due is not None and asked.due <= now
        ]
        for session, asked in sorted(due, key=lambda row: row[1].due or 0.0):
            self._answer(session, asked)
        if now - self._updated_at < UPDATE_SECONDS:
            return
        self._updated_at = now
        for session, mine in self._open.items():
            for asked in mine.values():
                if asked.told is not None:
                    self._update(session, asked)

    def _ask(self, session: Session, fields: FieldReader) -> None:
        query = HistoryQuery.read(fields)
        try:
            self._take(session, query)
        except Refused as refusal:
            session.send_error(query.req_id, refusal.code, refusal.text)
        except ContractError as fault:
            session.send_error(query.req_id, 200, str(fault))

    def _take(self, session: Session, query: HistoryQuery) -> None:
        mine = self._open.setdefault(session, {})
        if query.req_id in mine:
            raise Refused(322, "Error processing request.-'bI' : cause - Duplicate ticker id")
        instrument = self._book.resolve(query.contract)
        bar_seconds, duration = bar_and_duration(query, instrument)
        end, has_zone = end_of(query, instrument, self._clock.now())
        if not has_zone:
            session.send_error(query.req_id, *ZONE_MISSING)
        self._pace(session, query, instrument, bar_seconds, end)
        require_history(self._habits(), instrument)
        if self._habits().competing_session:
            text = "Trading TWS session is connected from a different IP address"
            raise Refused(162, f"{HMDS}{text}")
        mute = concerns(self._habits().history_mute, instrument.symbol)
        due = self._clock.monotonic() + self._habits().history_latency
        asked = _Open(query, instrument, bar_seconds, duration, end, None if mute else due, mute)
        mine[query.req_id] = asked
        if not mute and self._habits().history_latency == 0:
            self._answer(session, asked)

    def _pace(
        self,
        session: Session,
        query: HistoryQuery,
        instrument: Instrument,
        bar_seconds: int,
        end: datetime,
    ) -> None:
        """Refuse what breaks a rule of pacing.

        A request without an end is the same again whenever it comes, so the end counts as it
        was written there, else as the moment that is meant.
        """
        limit = self._habits().history_open
        violation = Refused(162, f"{HMDS}Historical data request pacing violation")
        if sum(map(len, self._open.values())) >= limit and self._pacing.breach(
            session, instrument, f"more than {limit} requests open", binds=True
        ):
            raise violation
        request = (end if query.end else "", bar_seconds, query.duration, query.use_rth)
        kind = (query.contract.exchange, query.what)
        if self._pacing.refuses(session, instrument, request, kind, bar_seconds):
            raise violation

    def _answer(self, session: Session, asked: _Open) -> None:
        query, instrument = asked.query, asked.instrument
        asked.due = None
        if not query.end:
            asked.end = self._clock.now()
        bars: list[Bar] = []
        if not is_too_old(asked.bar_seconds, asked.end, self._clock.now()):
            bars = self._bars(asked, asked.end, asked.duration)
        if query.keep_up_to_date and bars:
            asked.told = bars[-1]
        else:
            del self._open[session][query.req_id]
        if not bars:
            session.send_error(
                query.req_id,
                162,
                f"{HMDS}HMDS query returned no data: {instrument.local_symbol}"
                f"@{instrument.exchange} {query.what.capitalize()}",
            )
            return
        session.send(
            bar_messages.block(
                query.req_id,
                instrument,
                bars,
                bars[0].start,
                asked.end,
                query.format_date,
                session.version,
            )
        )

    def _bars(self, asked: _Open, end: datetime, duration: int) -> list[Bar]:
        return list(
            self._broker.bars(
                asked.instrument.con_id,
                asked.query.what,
                end,
                duration,
                asked.bar_seconds,
                regular_hours=asked.query.use_rth,
            )
        )

    def _update(self, session: Session, asked: _Open) -> None:
        """Tell the last bar where it changed; after its end, first how it ended."""
        if concerns(self._habits().updates_mute, asked.instrument.symbol):
            return
        assert asked.told is not None
        for bar in self._bars(asked, self._clock.now(), 2 * asked.bar_seconds):
            if bar.start < asked.told.start or bar == asked.told:
                continue
            asked.told = bar
            session.send(
                bar_messages.update(
                    asked.query.req_id,
                    asked.instrument,
                    bar,
                    asked.query.format_date,
                    session.version,
                )
            )

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        if self._open.get(session, {}).pop(req_id, None) is None:
            text = f"No historical data query found for ticker id:{req_id}"
            session.send_error(req_id, 366, text)
        else:
            session.send_error(req_id, 162, f"{HMDS}API historical data query cancelled: {req_id}")


def require_history(habits: DataHabits, instrument: Instrument) -> None:
    """Refuse history of what the account may not see.

    Raises:
        Refused: with the error of TWS.
    """
    allowed = habits.entitlement(instrument.symbol) in _WITH_HISTORY
    if not allowed or concerns(habits.history_denied, instrument.symbol):
        raise Refused(
            162,
            f"{HMDS}No market data permissions for {instrument.exchange} {instrument.sec_type}. "
            "Requested market data requires additional subscription for API. See link in "
            "'Market Data Connections' dialog for more details.",
        )

"""Where history begins, and single ticks of the past: one for each second of trading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    Bar,
    Instrument,
)
from simulators.tws.bar_requests import Refused, check_kind
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.data_habits import DataHabits
from simulators.tws.fields import FieldReader, number, size
from simulators.tws.history import require_history
from simulators.tws.pacing import PacingDesk
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.times import BAD_TIME, BadTime, parse_time

#: The most ticks that one request gets.
MAX_TICKS = 1000

_FAILED = "Failed to request historical ticks:"
_REPLIES = {
    "TRADES": Reply.HISTORICAL_TICKS_LAST,
    "MIDPOINT": Reply.HISTORICAL_TICKS,
    "BID_ASK": Reply.HISTORICAL_TICKS_BID_ASK,
}
_USUAL_SIZE = Decimal(100)


class HistoricalTickDesk:
    """Answers requests for ticks and for the head time stamp."""

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

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.HEAD_TIMESTAMP: self._head_timestamp,
            Request.HISTORICAL_TICKS: self._ticks,
        }

    def _head_timestamp(self, session: Session, fields: FieldReader) -> None:
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        fields.skip(2)  # includeExpired, useRTH
        what, format_date = fields.text().strip().upper(), fields.integer()
        try:
            instrument = self._book.resolve(query)
            check_kind(what, instrument, "No head time stamp")
            require_history(self._habits(), instrument)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
            return
        except Refused as refusal:
            session.send_error(req_id, refusal.code, refusal.text)
            return
        first = self._broker.first_bar(instrument.con_id)
        text = str(int(first.timestamp())) if format_date == 2 else f"{first:%Y%m%d-%H:%M:%S}"
        session.send([str(Reply.HEAD_TIMESTAMP.value), str(req_id), text])

    def _ticks(self, session: Session, fields: FieldReader) -> None:
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        fields.skip()  # includeExpired
        start, end = fields.text().strip(), fields.text().strip()
        count, what = fields.integer(), fields.text().strip().upper()
        try:
            instrument = self._book.resolve(query)
            self._admit(session, instrument, query.exchange, (start, end, count, what))
            moment = _moment(start or end, instrument)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
            return
        except Refused as refusal:
            session.send_error(req_id, refusal.code, refusal.text)
            return
        since = moment if start else None
        until = moment if since is None else since + timedelta(seconds=count)
        sides = ("BID", "ASK") if what == "BID_ASK" else (what,)
        seconds = [self._seconds(instrument, side, since, until, count) for side in sides]
        session.send(_message(req_id, instrument, what, seconds, session.version))

    def _admit(
        self,
        session: Session,
        instrument: Instrument,
        exchange: str,
        asked: tuple[str, str, int, str],
    ) -> None:
        start, end, count, what = asked
        if bool(start) == bool(end):
            raise Refused(10187, f"{_FAILED}Only one of start time and end time must be given")
        if not 1 <= count <= MAX_TICKS:
            raise Refused(10187, f"{_FAILED}Number of ticks must be from 1 to {MAX_TICKS}")
        if what not in _REPLIES or (what == "TRADES" and instrument.sec_type == "CASH"):
            raise Refused(10187, f"{_FAILED}No data of type {what} is available")
        try:
            require_history(self._habits(), instrument)
        except Refused:
            where = f"{instrument.exchange} {instrument.sec_type}"
            raise Refused(10187, f"{_FAILED}No market data permissions for {where}") from None
        if self._pacing.refuses(session, instrument, asked, (exchange, what), 1):
            raise Refused(10187, f"{_FAILED}Historical data request pacing violation")

    def _seconds(
        self,
        instrument: Instrument,
        what: str,
        since: datetime | None,
        until: datetime,
        count: int,
    ) -> list[Bar]:
        until = min(until, self._clock.now())
        bars = self._broker.bars(instrument.con_id, what, until, count, 1)
        return [bar for bar in bars if since is None or bar.start >= since]


def _moment(text: str, instrument: Instrument) -> datetime:
    try:
        moment, _ = parse_time(text, instrument.time_zone_id)
    except BadTime:
        raise Refused(10314, BAD_TIME.format(what="Start/End Date/Time")) from None
    return moment


def _message(
    req_id: int, instrument: Instrument, what: str, seconds: Sequence[Sequence[Bar]], version: int
) -> list[str]:
    fields = [str(_REPLIES[what].value), str(req_id), str(len(seconds[0]))]
    usual = size(_USUAL_SIZE, version)
    for bars in zip(*seconds, strict=True):
        fields += [str(int(bars[0].start.timestamp())), "0"]
        if what == "BID_ASK":
            fields += [number(bars[0].open), number(bars[1].open), usual, usual]
        elif what == "TRADES":
            traded = size(bars[0].volume or _USUAL_SIZE, version)
            fields += [number(bars[0].open), traded, instrument.exchange, ""]
        else:
            fields += [number(bars[0].open), "0"]
    return [*fields, "1"]

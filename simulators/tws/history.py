"""Historical bars, under IB's pacing rules and in IB's formats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from runtime.interface import Clock
from simulators.model import Bar, Broker, Instrument
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.encode_orders import local_time
from simulators.tws.fields import FieldReader, number, size
from simulators.tws.pacing import BOUND_BAR_SECONDS, Pacing
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import HistoryQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.times import BAD_TIME, ZONE_MISSING, BadTime, parse_time
from simulators.tws.wire_log import WireLog

#: Bar sizes in IB's exact spelling, in seconds.
BAR_SECONDS = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1200,
    "30 mins": 1800,
    "1 hour": 3600,
    "2 hours": 7200,
    "3 hours": 10800,
    "4 hours": 14400,
    "8 hours": 28800,
    "1 day": 86400,
    "1 week": 604800,
    "1 month": 2592000,
}
_DAY = 86400
_UNIT_SECONDS = {"S": 1, "D": _DAY, "W": 7 * _DAY, "M": 30 * _DAY, "Y": 365 * _DAY}
_DURATION = re.compile(r"^(\d{1,6}) ([SDWMY])$")
_KINDS = frozenset({"TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"})

#: Above this many bars a request is refused as too long.
MAX_BARS = 20_000

_HMDS = "Historical Market Data Service error message:"


class _Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class HistoryDesk:
    """Answers requests for bars. Pacing is counted for the whole login, over all clients."""

    def __init__(self, broker: Broker, book: ContractBook, clock: Clock, log: WireLog) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._log = log
        self._bound = Pacing()
        self._lifted = Pacing()

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.HISTORICAL_DATA: self._bars,
            Request.CANCEL_HISTORICAL_DATA: self._cancel,
        }

    def _bars(self, session: Session, fields: FieldReader) -> None:
        query = HistoryQuery.read(fields)
        try:
            self._answer(session, query)
        except _Refused as refusal:
            session.send_error(query.req_id, refusal.code, refusal.text)
        except ContractError as fault:
            session.send_error(query.req_id, 200, str(fault))

    def _answer(self, session: Session, query: HistoryQuery) -> None:
        instrument = self._book.resolve(query.contract)
        bar_seconds, duration = _check(query, instrument)
        end = self._end(session, query, instrument)
        self._pace(session, query, instrument, bar_seconds)
        bars = self._broker.bars(instrument.con_id, query.what, end, duration, bar_seconds)
        if not bars:
            raise _Refused(
                162,
                f"{_HMDS}HMDS query returned no data: {instrument.local_symbol}"
                f"@{instrument.exchange} {query.what.capitalize()}",
            )
        session.send(
            _historical_data(
                query, instrument, bars, end, duration, bar_seconds, version=session.version
            )
        )

    def _end(self, session: Session, query: HistoryQuery, instrument: Instrument) -> datetime:
        if not query.end:
            return self._clock.now()
        try:
            end, has_zone = parse_time(query.end, instrument.time_zone_id)
        except BadTime:
            raise _Refused(10314, BAD_TIME.format(what="End Date/Time")) from None
        if not has_zone:
            session.send_error(query.req_id, *ZONE_MISSING)
        return end

    def _pace(
        self, session: Session, query: HistoryQuery, instrument: Instrument, bar_seconds: int
    ) -> None:
        bound = bar_seconds <= BOUND_BAR_SECONDS
        rule = (self._bound if bound else self._lifted).take(
            self._clock.monotonic(),
            replace(query, req_id=0),
            (instrument.con_id, query.contract.exchange, query.what),
            2 if query.what == "BID_ASK" else 1,
        )
        if rule is None:
            return
        self._log.note(
            session.number,
            session.client_id,
            "pacing",
            rule=rule,
            refused=bound,
            contract=instrument.local_symbol,
        )
        if bound:
            raise _Refused(162, f"{_HMDS}Historical data request pacing violation")

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        """Every request is answered at once, so there is never one to cancel."""
        fields.skip()
        req_id = fields.integer()
        session.send_error(req_id, 366, f"No historical data query found for ticker id:{req_id}")


def _check(query: HistoryQuery, instrument: Instrument) -> tuple[int, int]:
    """The bar size and the duration in seconds, of a request that makes sense."""
    invalid = "Error validating request.-'bI' : cause - "
    bar_seconds = BAR_SECONDS.get(query.bar_size)
    if bar_seconds is None:
        legal = ", ".join(BAR_SECONDS)
        raise _Refused(
            321,
            f"{invalid}Historical data bar size setting is invalid. Legal ones are: {legal}",
        )
    match = _DURATION.match(query.duration)
    if match is None:
        raise _Refused(
            321,
            f"{invalid}Historical data query duration format is invalid. "
            "Format should be 'integer{SPACE}unit (S|D|W|M|Y)'",
        )
    count, unit = int(match.group(1)), match.group(2)
    if unit == "S" and count > _DAY:
        raise _Refused(321, f"{invalid}Historical data requests longer than a day are in days")
    if unit == "D" and count > 365:
        raise _Refused(
            321,
            f"{invalid}Historical data requests for durations longer than 365 days must be "
            "made in years.",
        )
    if query.keep_up_to_date:
        raise _Refused(321, f"{invalid}Historical data cannot be kept up to date here")
    if query.what not in _KINDS:
        raise _Refused(321, f"{invalid}Historical data type {query.what} is not available here")
    if instrument.sec_type == "CASH" and query.what == "TRADES":
        raise _Refused(
            162,
            f"{_HMDS}No historical market data for {instrument.symbol.base}/CASH@FXSUBPIP "
            f"Last {bar_seconds}",
        )
    duration = count * _UNIT_SECONDS[unit]
    if duration < bar_seconds:
        raise _Refused(162, f"{_HMDS}invalid step: {bar_seconds}")
    if duration // bar_seconds > MAX_BARS:
        raise _Refused(162, f"{_HMDS}Time length exceed max.")
    return bar_seconds, duration


def _historical_data(
    query: HistoryQuery,
    instrument: Instrument,
    bars: Sequence[Bar],
    end: datetime,
    duration: int,
    bar_seconds: int,
    *,
    version: int,
) -> list[str]:
    zone = ZoneInfo(instrument.time_zone_id)
    begin = (end - timedelta(seconds=duration)).astimezone(zone)
    fields = [
        str(Reply.HISTORICAL_DATA.value),
        str(query.req_id),
        f"{begin:%Y%m%d  %H:%M:%S}",
        f"{end.astimezone(zone):%Y%m%d  %H:%M:%S}",
        str(len(bars)),
    ]
    for bar in bars:
        if bar_seconds >= _DAY:
            date = f"{bar.start.astimezone(zone):%Y%m%d}"
        elif query.format_date == 2:
            date = str(int(bar.start.timestamp()))
        else:
            date = local_time(bar.start, instrument.time_zone_id)
        fields += [
            date,
            number(bar.open),
            number(bar.high),
            number(bar.low),
            number(bar.close),
            size(_MINUS_ONE if bar.volume is None else bar.volume, version),
            number(_MINUS_ONE if bar.average is None else bar.average),
            str(-1 if bar.count is None else bar.count),
        ]
    return fields


_MINUS_ONE = Decimal(-1)

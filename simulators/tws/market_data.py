"""Level-1 market data: subscriptions, snapshots, and the beat that streams changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    Instrument,
    Phase,
    TopOfBook,
)
from simulators.tws import encode, entitlement
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.data_habits import DataHabits, concerns
from simulators.tws.entitlement import DataType
from simulators.tws.fields import FieldReader, number
from simulators.tws.lines import Lines
from simulators.tws.other_times import top_at
from simulators.tws.protocol import Reply, Request
from simulators.tws.quote_stream import QuoteStream
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: After this a snapshot ends, whatever has come.
SNAPSHOT_SECONDS = 11.0

#: Quotes of another time (delayed, frozen) are worked out this often.
OTHER_TIMES_SECONDS = 1.0

_QUOTES = "quotes"

Streams = dict[int, QuoteStream]


class MarketDataDesk:
    """Answers requests for market data."""

    def __init__(
        self,
        broker: Broker,
        book: ContractBook,
        clock: Clock,
        lines: Lines,
        habits: Callable[[], DataHabits],
    ) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._lines = lines
        self._habits = habits
        self._streams: dict[Session, Streams] = {}
        self._wishes: dict[Session, DataType] = {}
        self._snapshots: list[tuple[float, Session, int]] = []
        self._competed = False
        self._tops: dict[tuple[int, bool, bool], TopOfBook] = {}
        self._tops_at = clock.monotonic()

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.MARKET_DATA: self._subscribe,
            Request.CANCEL_MARKET_DATA: self._cancel,
            Request.MARKET_DATA_TYPE: self._data_type,
        }

    @property
    def streams(self) -> dict[Session, Streams]:
        """The live subscriptions of each session by request id."""
        return self._streams

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._streams.pop(session, None)
        self._wishes.pop(session, None)
        self._snapshots = [row for row in self._snapshots if row[1] is not session]

    def beat(self) -> None:
        """End the snapshots that waited long enough; see whether somebody competes."""
        now = self._clock.monotonic()
        for row in [row for row in self._snapshots if row[0] <= now]:
            self._snapshots.remove(row)
            row[1].send(encode.simple(Reply.SNAPSHOT_END, row[2]))
        if self._habits().competing_session is self._competed:
            return
        self._competed = not self._competed
        for session, streams in self._streams.items():
            for stream in streams.values():
                stream.forget()
                if self._competed:
                    session.send_error(stream.req_id, *entitlement.COMPETING)

    def stream_changes(self, *, shares: bool) -> None:
        """Send what changed: pairs on every beat, shares on those that say so (each 250 ms)."""
        tops: dict[int, TopOfBook] = {}
        for session, streams in self._streams.items():
            for stream in streams.values():
                instrument = stream.instrument
                if (instrument.sec_type == "CASH" or shares) and not self._is_silent(instrument):
                    top = tops.get(instrument.con_id)
                    if top is None:
                        top = tops[instrument.con_id] = self._broker.top(instrument.con_id)
                    self._tell(session, stream, top)

    def _is_silent(self, instrument: Instrument) -> bool:
        habits = self._habits()
        return habits.competing_session or concerns(habits.silent, instrument.symbol)

    def _tell(self, session: Session, stream: QuoteStream, live: TopOfBook) -> None:
        """Send what a subscription has not been told, and first of what kind it is."""
        kind, top = self._seen(stream, live)
        if kind is not stream.data_type:
            stream.forget()
            stream.data_type = kind
            session.send(encode.simple(Reply.MARKET_DATA_TYPE, stream.req_id, kind.value))
        if concerns(self._habits().halted, stream.instrument.symbol):
            top = replace(top, halted=True)
        frames = stream.changes(top)
        if frames:
            session.send_ticks(frames)

    def _seen(self, stream: QuoteStream, live: TopOfBook) -> tuple[DataType, TopOfBook]:
        """The data that a subscription gets now, and their type."""
        frozen = stream.wish.is_frozen
        if stream.is_delayed:
            top = self._at_other_time(stream.instrument, delayed=True, frozen=frozen)
            closed = top.phase is Phase.CLOSED
            return DataType.DELAYED_FROZEN if closed and frozen else DataType.DELAYED, top
        if frozen and live.phase is Phase.CLOSED:
            top = self._at_other_time(stream.instrument, delayed=False, frozen=True)
            return DataType.FROZEN, top
        return DataType.LIVE, live

    def _at_other_time(self, instrument: Instrument, *, delayed: bool, frozen: bool) -> TopOfBook:
        """Of each instrument and kind one answer a second serves all."""
        now = self._clock.monotonic()
        if now - self._tops_at >= OTHER_TIMES_SECONDS:
            self._tops.clear()
            self._tops_at = now
        key = (instrument.con_id, delayed, frozen)
        if key not in self._tops:
            delay = timedelta(minutes=self._habits().delay_minutes if delayed else 0.0)
            moment = self._clock.now() - delay
            self._tops[key] = top_at(self._broker, instrument, moment, frozen=frozen)
        return self._tops[key]

    def _subscribe(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        if query.sec_type == "BAG":
            session.send_error(req_id, 200, "No security definition has been found for the request")
            return
        if fields.flag():
            fields.skip(3)
        generic_ticks, snapshot = fields.text().strip(), fields.flag()
        if snapshot and generic_ticks:
            session.send_error(
                req_id,
                321,
                "Error validating request.-'bS' : cause - Snapshot market data subscription is "
                "not applicable to generic ticks",
            )
            return
        mine = self._streams.setdefault(session, {})
        if req_id in mine:
            session.send_error(
                req_id, 322, "Error processing request.-'bS' : cause - Duplicate ticker id"
            )
            return
        try:
            instrument = self._book.resolve(query)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
            return
        if not self._lines.take(session, _QUOTES, req_id):
            session.send_error(req_id, 101, "Max number of tickers has been reached")
            return
        if not self._begin(session, req_id, instrument, snapshot=snapshot):
            self._lines.free(session, _QUOTES, req_id)

    def _begin(
        self, session: Session, req_id: int, instrument: Instrument, *, snapshot: bool
    ) -> bool:
        """Answer a sound request; True where it streams on and keeps its line."""
        wish = self._wishes.get(session, DataType.LIVE)
        answer = entitlement.answer(self._habits(), instrument, wish)
        if answer.code is not None:
            session.send_error(req_id, answer.code, answer.text)
        if not answer.streams:
            return False
        stream = QuoteStream(
            req_id,
            instrument,
            session.version,
            wish=wish,
            delayed=answer.is_delayed,
            partial=answer.is_partial,
        )
        if self._habits().competing_session:
            session.send_error(req_id, *entitlement.COMPETING)
        if self._is_silent(instrument):
            if snapshot:
                due = self._clock.monotonic() + SNAPSHOT_SECONDS
                self._snapshots.append((due, session, req_id))
        else:
            self._send_first(session, stream, instrument)
            if snapshot:
                session.send(encode.simple(Reply.SNAPSHOT_END, req_id))
        if not snapshot:
            self._streams[session][req_id] = stream
        return not snapshot

    def _send_first(self, session: Session, stream: QuoteStream, instrument: Instrument) -> None:
        live = self._broker.top(instrument.con_id)
        kind, _ = self._seen(stream, live)
        stream.data_type = kind
        smallest = min(step for _, step in instrument.price_steps)
        is_share = instrument.sec_type != "CASH"
        session.send(encode.simple(Reply.MARKET_DATA_TYPE, stream.req_id, kind.value))
        session.send(
            [
                str(Reply.TICK_REQUEST_PARAMETERS.value),
                str(stream.req_id),
                number(smallest),
                "9c0001" if is_share else "",
                "3",
            ]
        )
        self._tell(session, stream, live)

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        self._lines.free(session, _QUOTES, req_id)
        waiting = [row for row in self._snapshots if row[1:] == (session, req_id)]
        self._snapshots = [row for row in self._snapshots if row not in waiting]
        if self._streams.get(session, {}).pop(req_id, None) is None and not waiting:
            session.send_error(req_id, 300, f"Can't find EId with tickerId:{req_id}")

    def _data_type(self, session: Session, fields: FieldReader) -> None:
        """A wish is for the whole session, and for requests that come after it."""
        fields.skip()
        wished = fields.integer()
        if wished not in list(DataType):
            session.send_error(
                -1, 321, "Error validating request.-'cc' : cause - Invalid market data type"
            )
            return
        self._wishes[session] = DataType(wished)

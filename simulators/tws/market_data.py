"""Level-1 market data: subscriptions, snapshots, and the beat that streams changes."""

from __future__ import annotations

from simulators.model import Broker, TopOfBook
from simulators.tws import encode
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.fields import FieldReader, number
from simulators.tws.protocol import Reply, Request
from simulators.tws.quote_stream import QuoteStream
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: Market-data lines of an account without further subscriptions.
MAX_LINES = 100

Streams = dict[int, QuoteStream]


class MarketDataDesk:
    """Answers requests for market data. Everything here is live: live wins if one may have it."""

    def __init__(self, broker: Broker, book: ContractBook) -> None:
        self._broker = broker
        self._book = book
        self._streams: dict[Session, Streams] = {}

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

    def stream_changes(self, *, shares: bool) -> None:
        """Send what changed: pairs on every beat, shares on those that say so (each 250 ms)."""
        tops: dict[int, TopOfBook] = {}
        for session, streams in self._streams.items():
            for stream in streams.values():
                instrument = stream.instrument
                if instrument.sec_type != "CASH" and not shares:
                    continue
                top = tops.get(instrument.con_id)
                if top is None:
                    top = tops[instrument.con_id] = self._broker.top(instrument.con_id)
                frames = stream.changes(top)
                if frames:
                    session.send_ticks(frames)

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
        if len(mine) >= MAX_LINES:
            session.send_error(req_id, 101, "Max number of tickers has been reached")
            return
        try:
            instrument = self._book.resolve(query)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
            return
        stream = QuoteStream(req_id, instrument, session.version)
        smallest = min(step for _, step in instrument.price_steps)
        is_share = instrument.sec_type != "CASH"
        session.send(encode.simple(Reply.MARKET_DATA_TYPE, req_id, 1))
        session.send(
            [
                str(Reply.TICK_REQUEST_PARAMETERS.value),
                str(req_id),
                number(smallest),
                "9c0001" if is_share else "",
                "3",
            ]
        )
        session.send_ticks(stream.changes(self._broker.top(instrument.con_id)))
        if snapshot:
            session.send(encode.simple(Reply.SNAPSHOT_END, req_id))
        else:
            mine[req_id] = stream

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        if self._streams.get(session, {}).pop(req_id, None) is None:
            session.send_error(req_id, 300, f"Can't find EId with tickerId:{req_id}")

    def _data_type(self, session: Session, fields: FieldReader) -> None:
        """Live is what everybody is entitled to here, so the wish for another type is moot."""
        fields.skip()
        wished = fields.integer()
        if wished not in (1, 2, 3, 4):
            session.send_error(
                -1, 321, "Error validating request.-'cc' : cause - Invalid market data type"
            )

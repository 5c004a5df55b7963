"""Tick-by-tick data: each quote, each middle or each trade as it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulators.broker_interface import Broker
from simulators.model import (
    Instrument,
    TopOfBook,
)
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.data_habits import DataHabits, concerns
from simulators.tws.fields import FieldReader, number, price, size
from simulators.tws.frames import pack
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: As written in requests (the case matters), and the number in message 99.
KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}
_TRADES = frozenset({"Last", "AllLast"})

_FAILED = "Failed to request tick-by-tick data."


@dataclass(slots=True)
class _Stream:
    instrument: Instrument
    kind: str
    told: tuple[str, ...] | None = None
    """What was told last, without its time; of trades the day's volume then."""


class TickByTickDesk:
    """Streams ticks: on each beat those that are news. A few lines for the whole login."""

    def __init__(
        self, broker: Broker, book: ContractBook, habits: Callable[[], DataHabits]
    ) -> None:
        self._broker = broker
        self._book = book
        self._habits = habits
        self._streams: dict[Session, dict[int, _Stream]] = {}

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.TICK_BY_TICK: self._subscribe,
            Request.CANCEL_TICK_BY_TICK: self._cancel,
        }

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._streams.pop(session, None)

    def beat(self) -> None:
        """Send what is news."""
        habits = self._habits()
        for session, mine in self._streams.items():
            for req_id, stream in mine.items():
                silent = concerns(habits.silent, stream.instrument.symbol)
                if not silent and not habits.competing_session:
                    self._tell(session, req_id, stream)

    def _tell(self, session: Session, req_id: int, stream: _Stream) -> None:
        top = self._broker.top(stream.instrument.con_id)
        news = _tick(stream, top, session.version)
        if news is None:
            return
        head = [str(Reply.TICK_BY_TICK.value), str(req_id), str(KINDS[stream.kind])]
        session.send_ticks([pack([*head, str(int(top.time.timestamp())), *news])])

    def _subscribe(self, session: Session, fields: FieldReader) -> None:
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        kind = fields.text().strip()
        mine = self._streams.setdefault(session, {})
        try:
            instrument = self._book.resolve(query)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
            return
        refusal = self._refusal(req_id in mine, instrument, kind)
        if refusal is not None:
            session.send_error(req_id, *refusal)
            return
        stream = mine[req_id] = _Stream(instrument, kind)
        if kind in _TRADES:  # those before the request are no news
            stream.told = _volume(self._broker.top(instrument.con_id))

    def _refusal(
        self, duplicate: bool, instrument: Instrument, kind: str
    ) -> tuple[int, str] | None:
        habits = self._habits()
        if duplicate:
            return 322, "Error processing request.-'bY' : cause - Duplicate ticker id"
        if kind not in KINDS:
            cause = "cause - Invalid tick-by-tick type"
            return 321, f"Error validating request.-'bY' : {cause} {kind[:20]}"
        no_trades = instrument.sec_type == "CASH" and kind in _TRADES
        if no_trades or habits.entitlement(instrument.symbol) != "live":
            where = f"{instrument.exchange} {instrument.sec_type}"
            return 10189, f"{_FAILED}No market data permissions for {where}"
        if sum(map(len, self._streams.values())) >= habits.tick_by_tick_lines:
            return 10190, "Max number of tick-by-tick requests has been reached."
        return None

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        req_id = fields.integer()
        if self._streams.get(session, {}).pop(req_id, None) is None:
            session.send_error(req_id, 300, f"Can't find EId with tickerId:{req_id}")


def _tick(stream: _Stream, top: TopOfBook, version: int) -> tuple[str, ...] | None:
    """The fields after the time, None where there is nothing new."""
    if stream.kind in _TRADES:
        now = _volume(top)
        was, stream.told = stream.told, now
        if now == was or top.last is None or not top.volume:
            return None
        return number(top.last), size(top.last_size, version), "0", stream.instrument.exchange, ""
    if stream.kind == "MidPoint":
        if top.bid is None or top.ask is None:
            return None
        tick: tuple[str, ...] = (number((top.bid + top.ask) / 2),)
    else:
        sizes = (size(top.bid_size, version), size(top.ask_size, version))
        tick = (price(top.bid), price(top.ask), *sizes, "0")
    if tick == stream.told:
        return None
    stream.told = tick
    return tick


def _volume(top: TopOfBook) -> tuple[str, ...]:
    return (number(top.volume),)

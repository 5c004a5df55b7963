"""Market depth: the book level by level, as inserts, updates and deletes of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum

from domain.orders import Side
from simulators.broker_interface import Broker
from simulators.model import (
    Instrument,
    Phase,
)
from simulators.tws.contracts import ContractBook, ContractError
from simulators.tws.data_habits import DataHabits, concerns
from simulators.tws.fields import FieldReader, number, size
from simulators.tws.frames import pack
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: Level 1 is quotes; depth is more than that.
MAX_ROWS = 50

_HALTED = (316, "Market depth data has been HALTED. Please re-subscribe.")
_RESET = (
    317,
    "Market depth data has been RESET. Please empty deep book contents before applying any new "
    "entries.",
)

#: Price and quantity, best first.
Levels = Sequence[tuple[Decimal, Decimal]]


class Operation(IntEnum):
    """What happens to a row."""

    INSERT = 0
    UPDATE = 1
    DELETE = 2


@dataclass(slots=True)
class _Stream:
    instrument: Instrument
    rows: int
    smart: bool
    told: dict[Side, list[tuple[Decimal, Decimal]]] = field(
        default_factory=lambda: {Side.BUY: [], Side.SELL: []}
    )


class DepthDesk:
    """Streams books. Depth has lines of its own, a few for the whole login."""

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
            Request.MARKET_DEPTH: self._subscribe,
            Request.CANCEL_MARKET_DEPTH: self._cancel,
            Request.DEPTH_EXCHANGES: _exchanges,
        }

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._streams.pop(session, None)

    def beat(self) -> None:
        """Send what changed in each book."""
        for session, mine in self._streams.items():
            for req_id, stream in list(mine.items()):
                if concerns(self._habits().halted, stream.instrument.symbol):
                    del mine[req_id]
                    session.send_error(req_id, *_HALTED)
                elif not self._is_silent(stream.instrument):
                    self._tell(session, req_id, stream)

    def _is_silent(self, instrument: Instrument) -> bool:
        habits = self._habits()
        return habits.competing_session or concerns(habits.silent, instrument.symbol)

    def _tell(self, session: Session, req_id: int, stream: _Stream) -> None:
        closed = self._broker.top(stream.instrument.con_id).phase is Phase.CLOSED
        if closed and any(stream.told.values()):
            for rows in stream.told.values():
                rows.clear()
            session.send_error(req_id, *_RESET)
            return
        frames = []
        for side, levels in self._broker.depth(stream.instrument.con_id, stream.rows).items():
            for row, operation, level in changes(stream.told[side], levels, side):
                fields = _message(req_id, stream, row, operation, side, level, session.version)
                frames.append(pack(fields))
            stream.told[side] = list(levels)
        session.send_ticks(frames)

    def _subscribe(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        rows, smart = fields.integer(), fields.flag()
        mine = self._streams.setdefault(session, {})
        try:
            instrument = self._book.resolve(query)
        except ContractError as fault:
            session.send_error(req_id, 200, str(fault))
            return
        refusal = self._refusal(req_id in mine, instrument, query.exchange, rows, smart)
        if refusal is not None:
            session.send_error(req_id, *refusal)
            return
        mine[req_id] = _Stream(instrument, rows, smart)
        if not self._is_silent(instrument):
            self._tell(session, req_id, mine[req_id])

    def _refusal(
        self, duplicate: bool, instrument: Instrument, exchange: str, rows: int, smart: bool
    ) -> tuple[int, str] | None:
        habits = self._habits()
        if duplicate:
            return 322, "Error processing request.-'bT' : cause - Duplicate ticker id"
        if not 1 <= rows <= MAX_ROWS:
            return 321, "Error validating request.-'bT' : cause - Invalid number of rows"
        if (smart or exchange not in (instrument.exchange, "")) and not habits.smart_depth:
            text = "Deep market data is not supported for this combination of security "
            return 10092, f"{text}type/exchange"
        if habits.entitlement(instrument.symbol) != "live":
            return 354, "Requested market data is not subscribed."
        if sum(map(len, self._streams.values())) >= habits.depth_lines:
            text = f"Max number ({habits.depth_lines}) of market depth requests has been reached"
            return 309, text
        return None

    def _cancel(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        if self._streams.get(session, {}).pop(req_id, None) is None:
            text = f"Can't find the subscribed market depth with tickerId:{req_id}"
            session.send_error(req_id, 310, text)


def changes(
    told: Levels, levels: Levels, side: Side
) -> Iterator[tuple[int, Operation, tuple[Decimal, Decimal]]]:
    """The steps that make the rows told into the levels there are: row, operation, level.

    An insert moves what is below it down, a delete moves it up.
    """
    rows = list(told)
    for place, level in enumerate(levels):
        price = level[0]
        while (
            place < len(rows) and rows[place][0] != price and _is_better(rows[place], level, side)
        ):
            yield place, Operation.DELETE, rows.pop(place)
        if place < len(rows) and rows[place][0] == price:
            if rows[place] != level:
                yield place, Operation.UPDATE, level
                rows[place] = level
        else:
            yield place, Operation.INSERT, level
            rows.insert(place, level)
    while len(rows) > len(levels):
        yield len(rows) - 1, Operation.DELETE, rows.pop()


def _is_better(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal], side: Side) -> bool:
    return one[0] > other[0] if side is Side.BUY else one[0] < other[0]


def _message(
    req_id: int,
    stream: _Stream,
    row: int,
    operation: Operation,
    side: Side,
    level: tuple[Decimal, Decimal],
    version: int,
) -> list[str]:
    """A row of the book of one exchange (12), or of all of them together (13)."""
    price, quantity = level
    gone = operation is Operation.DELETE
    what = [
        str(operation.value),
        "1" if side is Side.BUY else "0",
        "0" if gone else number(price),
        "0" if gone else size(quantity, version),
    ]
    if not stream.smart:
        return [str(Reply.MARKET_DEPTH.value), "1", str(req_id), str(row), *what]
    head = [str(Reply.MARKET_DEPTH_L2.value), "1", str(req_id), str(row)]
    return [*head, stream.instrument.exchange, *what, "1"]


def _exchanges(session: Session, fields: FieldReader) -> None:
    rows = [("ASX", "STK", "", "Deep", "2147483647"), ("IDEALPRO", "CASH", "", "Deep", "4")]
    flat = [text for row in rows for text in row]
    session.send([str(Reply.DEPTH_EXCHANGES.value), str(len(rows)), *flat])

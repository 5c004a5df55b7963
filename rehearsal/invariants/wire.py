"""What really went over the wire: what left Kelpie, and what has reached it.

Read byte by byte from the network itself, with the simulator's decoder and not with Kelpie's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.symbols import Symbol
from rehearsal.invariants.truth import CLIENT_ID, Truth
from simulators.broker import ACCOUNT
from simulators.tws.fields import FieldReader
from simulators.tws.frames import GREETING, MAX_FRAME_BYTES, unpack
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import OrderTicket

if TYPE_CHECKING:
    from rehearsal.world import World

#: Lists that a comparison needs: by the request that asks for them, and the message that ends them.
LISTS = {
    str(Request.ALL_OPEN_ORDERS.value): b"%d" % Reply.OPEN_ORDER_END,
    str(Request.POSITIONS.value): b"%d" % Reply.POSITION_END,
    str(Request.EXECUTIONS.value): b"%d" % Reply.EXECUTION_END,
    str(Request.COMPLETED_ORDERS.value): b"%d" % Reply.COMPLETED_ORDER_END,
}
_ENDS = frozenset(LISTS.values())
_TICKS = frozenset({b"%d" % Reply.TICK_PRICE, b"%d" % Reply.TICK_SIZE})
_ORDER_NEWS = frozenset(
    b"%d" % each for each in (Reply.OPEN_ORDER, Reply.COMPLETED_ORDER, Reply.EXECUTION)
)
_UNSET = Decimal(10) ** 300
_COMMISSION = b"%d" % Reply.COMMISSION_REPORT
_TYPE, _ERROR = b"%d" % Reply.MARKET_DATA_TYPE, b"%d" % Reply.ERROR
_CUT_OFF, _BACK = b"1100", (b"1101", b"1102")
_LIVE = b"1"
#: Messages that give an order id its name: where the id is, and how far behind the account the
#: name and the client id are.
_NAMING = {b"%d" % Reply.OPEN_ORDER: (1, 3, 4), b"%d" % Reply.EXECUTION: (2, 10, 6)}
_UNSET_FROM = 1e300
#: Longer than the way to the gateway, virtual seconds.
_UNDER_WAY = 0.1


@dataclass(frozen=True, slots=True)
class Placed:
    """A placeOrder that left: a new order, or the change of one."""

    link: Connection
    at: float
    order_id: int
    name: str
    """Our reference; empty for none."""
    con_id: int
    side: str
    quantity: Decimal
    kind: str
    """As TWS spells it: LMT, MKT, STP, STP LMT."""
    limit_price: Decimal | None
    stop_price: Decimal | None
    preview: bool
    parent_id: int
    oca_group: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelOrder that left; `name` is None where nobody has told Kelpie of such an order."""

    link: Connection
    order_id: int
    name: str | None


@dataclass(slots=True)
class Connection:
    """One connection of Kelpie's to the gateway, as an observer at Kelpie's socket sees it."""

    name: str
    opened: float
    names: dict[int, str] = field(default_factory=dict)
    """Our references by the order ids of this link."""
    symbols: dict[bytes, Symbol] = field(default_factory=dict)
    """What each market data request is of."""
    quoted: dict[Symbol, float] = field(default_factory=dict)
    """When the last price or size of it reached Kelpie."""
    not_live: set[bytes] = field(default_factory=set)
    """Requests whose data are said to be delayed or frozen."""
    ended: set[bytes] = field(default_factory=set)
    """Lists that have come to their end here."""
    waiting: dict[bytes, float] = field(default_factory=dict)
    """Since when a list is asked for that has not ended."""
    asked: dict[bytes, float] = field(default_factory=dict)
    """When each list was last asked for."""
    listed: dict[bytes, list[float]] = field(default_factory=dict)
    """When those were asked for that have ended, oldest first."""
    cancelled: set[str] = field(default_factory=set)
    """Orders of which a cancel has left over it."""
    cut_off: bool = False
    """1100 has come, and neither 1101 nor 1102."""
    out: bytearray = field(default_factory=bytearray)
    rest: bytes = b""
    greeted: bool = False


class Wire:
    """All connections that Kelpie made, and all that left over them about orders."""

    def __init__(self, world: World, truth: Truth) -> None:
        self._world = world
        self._truth = truth
        self._links: dict[str, Connection | None] = {}
        self.placed: dict[str, list[Placed]] = {}
        """By our reference, oldest first."""
        self.told: dict[str, float] = {}
        """When the venue last told Kelpie of an order by our reference."""
        self.quoted: dict[Symbol, float] = {}
        """When a price of it last reached Kelpie, over whichever link."""
        self.charged: dict[str, list[tuple[Decimal, str]]] = {}
        """The commissions that Kelpie was told of, by execution id without its last part."""
        self.newest: Connection | None = None

    def left(self, direction: str, data: bytes) -> list[Placed | Cancelled | str]:
        """Bytes leave Kelpie; gives what they say of orders, other requests by their number."""
        link = self._link(direction)
        if link is None:
            return []
        buffer = link.out
        buffer += data
        if not link.greeted and buffer.startswith(GREETING):
            link.greeted = True
            del buffer[: len(GREETING)]
        said: list[Placed | Cancelled | str] = []
        while len(buffer) >= 4:
            end = 4 + int.from_bytes(buffer[:4], "big")
            if len(buffer) < end:
                break
            said.append(self._request(link, unpack(bytes(buffer[4:end]))))
            del buffer[:end]
        return said

    def arrived(self, direction: str, data: bytes) -> None:
        """Bytes reach Kelpie."""
        link = self._link(direction)
        if link is None:
            return
        data = link.rest + data if link.rest else data
        at, end = 0, len(data)
        while at + 4 <= end:
            length = int.from_bytes(data[at : at + 4], "big")
            if length > MAX_FRAME_BYTES:  # garbled: what follows means nothing
                self._links[direction] = None
                return
            if at + 4 + length > end:
                break
            self._reply(link, data[at + 4 : at + 4 + length])
            at += 4 + length
        link.rest = data[at:]

    def _link(self, direction: str) -> Connection | None:
        if direction in self._links:
            return self._links[direction]
        name = direction[:-1]
        other = self._links.get(f"{name}{'<' if direction.endswith('>') else '>'}")
        if other is None and self._is_kelpies(name):
            other = Connection(name, self._world.loop.time())
            self.newest = other
        self._links[direction] = other
        return other

    def _is_kelpies(self, name: str) -> bool:
        for link in reversed(self._world.network.links):
            if link.to_server.name == f"{name}>":
                return link.client.lane.host.name.startswith("kelpie")
        return False

    def _request(self, link: Connection, fields: list[str]) -> Placed | Cancelled | str:
        kind = fields[0]
        if kind == str(Request.PLACE_ORDER.value):
            return self._place(link, fields)
        if kind == str(Request.CANCEL_ORDER.value):
            order_id = int(fields[2])
            return Cancelled(link, order_id, link.names.get(order_id))
        if kind == str(Request.MARKET_DATA.value):
            link.symbols[fields[2].encode()] = self._truth.symbol(int(fields[3]))
        elif kind in LISTS:
            now = self._world.loop.time()
            link.asked[LISTS[kind]] = now
            link.waiting.setdefault(LISTS[kind], now)
        return kind

    def _place(self, link: Connection, fields: list[str]) -> Placed:
        ticket = OrderTicket.read(FieldReader(fields))
        placed = Placed(
            link=link,
            at=self._world.loop.time(),
            order_id=ticket.order_id,
            name=ticket.order_ref,
            con_id=int(ticket.contract.con_id),
            side=ticket.action,
            quantity=ticket.quantity or Decimal(0),
            kind=ticket.order_type,
            limit_price=ticket.limit_price if "LMT" in ticket.order_type else None,
            stop_price=ticket.aux_price if "STP" in ticket.order_type else None,
            preview=ticket.what_if,
            parent_id=ticket.parent_id,
            oca_group=ticket.oca_group,
        )
        if placed.name and not placed.preview:
            link.names[placed.order_id] = placed.name
        return placed

    def _reply(self, link: Connection, body: bytes) -> None:
        kind = body[: body.find(b"\0")]
        if kind in _TICKS:
            symbol = link.symbols.get(body.split(b"\0", 3)[2])
            if symbol is not None:
                link.quoted[symbol] = self.quoted[symbol] = self._world.loop.time()
        elif kind in _ENDS:
            link.ended.add(kind)
            link.waiting.pop(kind, None)
            if kind in link.asked:
                link.listed.setdefault(kind, []).append(link.asked[kind])
        elif kind in _ORDER_NEWS:
            self._order_news(link, kind, unpack(body))
        elif kind == _COMMISSION:
            _, _, execution_id, amount, currency, *_ = unpack(body)
            # Empty, the largest double and exactly -1 say that there is no figure yet.
            if amount and float(amount) < _UNSET_FROM and float(amount) != -1:
                key = execution_id.rpartition(".")[0]
                self.charged.setdefault(key, []).append((Decimal(amount), currency))
        elif kind == _TYPE:
            _, _, request, data_type, *_ = body.split(b"\0")
            (link.not_live.discard if data_type == _LIVE else link.not_live.add)(request)
        elif kind == _ERROR:
            code = body.split(b"\0", 4)[3]
            if code == _CUT_OFF or code in _BACK:
                link.cut_off = code == _CUT_OFF

    def _order_news(self, link: Connection, kind: bytes, fields: list[str]) -> None:
        now = self._world.loop.time()
        for each in fields:
            if each in self.placed:
                self.told[each] = now
        if kind not in _NAMING or ACCOUNT not in fields:
            return
        order_id, to_name, to_client = _NAMING[kind]
        at = fields.index(ACCOUNT)
        name, client = fields[at + to_name], fields[at + to_client]
        if name and client == str(CLIENT_ID):
            link.names[int(fields[order_id])] = name

    def in_flight(self, side: str) -> list[Placed]:
        """Orders that have left and that the broker cannot have yet, but for attached ones."""
        since = self._world.loop.time() - _UNDER_WAY
        return [
            placed[0]
            for placed in reversed(self.placed.values())
            if placed[0].at > since and placed[0].side == side and not placed[0].parent_id
        ]

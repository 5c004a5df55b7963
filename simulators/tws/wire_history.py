"""Reading a wire log back, and the questions that tests ask of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from simulators.tws.protocol import Request
from simulators.tws.wire_log import parse_time, parts


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message. `run` counts the starts of the gateway, `session` connections within one."""

    time: datetime
    monotonic: float
    run: int
    session: int
    client_id: int | None
    incoming: bool
    message_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WireNote:
    """Something that is no message.

    `started`, `accepted`, `connected`, `turned away`, `disconnected`, `pacing`, `rate`, `scenario`.
    """

    time: datetime
    monotonic: float
    run: int
    session: int
    client_id: int | None
    event: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Socket:
    """One connection: from when to when (monotonic seconds), and the client id that it asked for.

    `client_id` is None where it never came to ask; `closed` is None while it is open.
    """

    run: int
    session: int
    client_id: int | None
    accepted: float
    closed: float | None


@dataclass(frozen=True, slots=True)
class Placement:
    """A placeOrder with its client order id (`orderRef`).

    `is_modification`: the same client had sent the same order under the same order id before.
    TWS takes that as a change of the order or refuses it (103, 104); it is never a second order.
    Previews (what-if) are no placements.
    """

    message: WireMessage
    client_id: int
    order_id: int
    order_ref: str
    is_modification: bool


class WireHistory:
    """Everything that a gateway logged, over all its starts, in order."""

    def __init__(
        self,
        messages: list[WireMessage],
        notes: list[WireNote],
        counted: Counter[int],
        torn_lines: int,
    ) -> None:
        self.messages = messages
        self.notes = notes
        self.torn_lines = torn_lines
        """Lines that a kill cut short; only the last line of a start can be one."""
        self._counted = counted
        self._placements = list(_placements(messages))

    def counts(self, *, incoming: bool) -> Counter[int]:
        """Messages by number, ticks that were only counted included."""
        kept = Counter(m.message_id for m in self.messages if m.incoming is incoming)
        return kept if incoming else kept + self._counted

    def from_client(self, message_id: int, client_id: int | None = None) -> list[WireMessage]:
        """The requests of one kind, of one client or of all."""
        return [
            message
            for message in self.messages
            if message.incoming
            and message.message_id == message_id
            and client_id in (None, message.client_id)
        ]

    def to_client(self, message_id: int, client_id: int | None = None) -> list[WireMessage]:
        """The messages of one kind that were sent, to one client or to all."""
        return [
            message
            for message in self.messages
            if not message.incoming
            and message.message_id == message_id
            and client_id in (None, message.client_id)
        ]

    def peak_rate(self, client_id: int | None = None, window_seconds: float = 1.0) -> int:
        """The most messages that one session sent within any window of this length."""
        times: dict[tuple[int, int], list[float]] = {}
        for message in self.messages:
            if message.incoming and client_id in (None, message.client_id):
                times.setdefault((message.run, message.session), []).append(message.monotonic)
        return max((_peak(stamps, window_seconds) for stamps in times.values()), default=0)

    def sockets(self, client_id: int | None = None) -> list[Socket]:
        """Every connection, in the order of acceptance; those that asked for an id, or all."""
        found: dict[tuple[int, int], Socket] = {}
        for note in self.notes:
            key = (note.run, note.session)
            match note.event:
                case "accepted":
                    found[key] = Socket(note.run, note.session, None, note.monotonic, None)
                case "connected":
                    found[key] = replace(found[key], client_id=note.client_id)
                case "disconnected" if key in found:
                    found[key] = replace(found[key], closed=note.monotonic)
                case "turned away" if key in found:
                    asked: int | None = note.facts.get("asked")
                    found[key] = replace(found[key], client_id=asked, closed=note.monotonic)
        return [s for s in found.values() if client_id in (None, s.client_id)]

    def peak_open_sockets(self, client_id: int | None = None) -> int:
        """The most connections at the same time that asked for this client id, or of all.

        Those that were turned away (326) count while they were open.
        """
        wanted = {(one.run, one.session) for one in self.sockets(client_id)}
        peak, run, open_now = 0, -1, 0
        for note in self.notes:
            if note.run != run:
                run, open_now = note.run, 0  # a kill closed what was open
            if (note.run, note.session) in wanted:
                open_now += {"accepted": 1, "disconnected": -1, "turned away": -1}.get(
                    note.event, 0
                )
                peak = max(peak, open_now)
        return peak

    def scenario(self, rule: str | None = None, do: str | None = None) -> list[WireNote]:
        """What a scenario did: by one of its rules, with one verb, or all of it."""
        return [
            note
            for note in self.notes
            if note.event == "scenario"
            and rule in (None, note.facts["rule"])
            and do in (None, note.facts.get("do"))
        ]

    def connects(self, client_id: int | None = None) -> int:
        """How often a client completed its handshake."""
        return sum(
            note.event == "connected" and client_id in (None, note.client_id) for note in self.notes
        )

    def placements(self, order_ref: str) -> list[Placement]:
        """All that was sent under a client order id: the order first, then its changes.

        More than one that is no modification means that the order was placed twice.
        """
        return [placement for placement in self._placements if placement.order_ref == order_ref]

    def orders_per_ref(self) -> Counter[str]:
        """How many orders, changes left out, were placed under each client order id."""
        return Counter(p.order_ref for p in self._placements if not p.is_modification)

    @property
    def pacing_breaches(self) -> Counter[str]:
        """How often each rule of pacing was broken, refused or not."""
        return Counter(n.facts["rule"] for n in self.notes if n.event == "pacing")

    @property
    def pacing_violations(self) -> int:
        """Requests for history that broke a pacing rule and were refused."""
        return sum(n.event == "pacing" and n.facts.get("refused") is True for n in self.notes)

    @property
    def soft_pacing_violations(self) -> int:
        """Requests that broke a rule which did not bind them (bars of a minute or more)."""
        return sum(n.event == "pacing" and n.facts.get("refused") is False for n in self.notes)


def read_wire_log(path: Path) -> WireHistory:
    """Read a log with its older parts; a gateway may still be writing to it."""
    messages: list[WireMessage] = []
    notes: list[WireNote] = []
    counted: Counter[int] = Counter()
    torn = 0
    run = 0
    for part in parts(path):
        for line in part.read_bytes().split(b"\n"):
            if not line:
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                torn += 1
                continue
            time, direction = parse_time(row["t"]), row["d"]
            if direction == "ticks":
                counted[row["id"]] += row["n"]
            elif direction == "note":
                if row["event"] == "started":
                    run += 1
                facts = {key: row[key] for key in row.keys() - {"t", "m", "s", "c", "d", "event"}}
                notes.append(WireNote(time, row["m"], run, row["s"], row["c"], row["event"], facts))
            else:
                messages.append(
                    WireMessage(
                        time,
                        row["m"],
                        run,
                        row["s"],
                        row["c"],
                        direction == "in",
                        row["id"],
                        tuple(row["f"]),
                    )
                )
    return WireHistory(messages, notes, counted, torn)


def _peak(stamps: list[float], window: float) -> int:
    peak = start = 0
    for end, stamp in enumerate(stamps):
        while stamp - stamps[start] >= window:
            start += 1
        peak = max(peak, end - start + 1)
    return peak


#: Where the client order id stands in a placeOrder of a contract that is no combination.
_ORDER_REF = 26
#: And its mark as a what-if, where neither hedge, algo nor delta-neutral fields come before.
_WHAT_IF = 85


def _placements(messages: list[WireMessage]) -> Iterator[Placement]:
    seen: set[tuple[int, int, str]] = set()
    for message in messages:
        if not message.incoming or message.message_id != Request.PLACE_ORDER:
            continue
        fields = message.fields
        if len(fields) <= _ORDER_REF or message.client_id is None or not fields[1].isdecimal():
            continue
        if len(fields) > _WHAT_IF and fields[_WHAT_IF] in ("1", "True"):
            continue
        key = (message.client_id, int(fields[1]), fields[_ORDER_REF])
        yield Placement(message, *key, is_modification=key in seen)
        seen.add(key)

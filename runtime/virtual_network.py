"""The network of a virtual world: connections between lanes, byte for byte, and what ails them.

Each direction keeps its order, as TCP does, and takes a moment that the seed draws. What is held
in a hole is delivered when the hole is gone, as TCP's own resending would; what reaches an end
that is closed is answered with a reset.
"""

from __future__ import annotations

import asyncio
import errno
import random
import socket
from collections.abc import Callable
from typing import Any

from runtime.virtual_loop import Lane, VirtualLoop, current_lane

#: The usual way from one process to another on one machine, at least and at most.
LATENCY = (0.0001, 0.0008)

_SYN_SECONDS = 130.0
_FIRST_FREE_PORT = 40_000


class Pipe:
    """One direction of a connection."""

    def __init__(self, network: Network, name: str) -> None:
        self.name = name
        self.to: VirtualTransport | None = None
        self.back: VirtualTransport | None = None
        self.delay = 0.0
        """Seconds on top of the usual way."""
        self.slices: Callable[[bytes], list[bytes]] | None = None
        """Cuts what is written into pieces that arrive one by one."""
        self.under_way = 0
        """Bytes that were written and have not arrived."""
        self._network = network
        self._free = 0.0
        self._hole = False
        self._held: list[tuple[str, bytes]] = []

    def send(self, data: bytes) -> None:
        """Put bytes on their way."""
        self._network.record(self.name, data)
        pieces = self.slices(data) if self.slices is not None else [data]
        for piece in pieces:
            self.under_way += len(piece)
            self._post("data", piece)

    def finish(self) -> None:
        """Nothing more comes: the end travels behind the data."""
        self._post("eof", b"")

    def reset(self) -> None:
        """The connection is cut off, behind the data."""
        self._post("reset", b"")

    def open_hole(self) -> None:
        """From now on nothing arrives, and nobody is told."""
        self._hole = True

    def mend(self) -> None:
        """What was held arrives."""
        self._hole, self.delay, self.slices = False, 0.0, None
        held, self._held = self._held, []
        for kind, data in held:
            self._post(kind, data)

    def _post(self, kind: str, data: bytes) -> None:
        if self._hole:
            self._held.append((kind, data))
            return
        loop, receiver = self._network.loop, self.to
        if receiver is None:
            return
        self._free = max(loop.time() + self._network.latency() + self.delay, self._free + 1e-7)
        loop.call_at(self._free, self._arrive, kind, data, context=receiver.context)

    def _arrive(self, kind: str, data: bytes) -> None:
        self.under_way -= len(data)
        receiver = self.to
        if receiver is None or receiver.gone:
            if kind == "data" and self.back is not None:
                self.back.cut_off()
        elif kind == "data":
            if self._network.on_arrival is not None:
                self._network.on_arrival(self.name, data)
            receiver.take(data)
        elif kind == "eof":
            receiver.take_end()
        else:
            receiver.cut_off()


class VirtualTransport(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, loop: VirtualLoop, lane: Lane, out: Pipe, port: int) -> None:
        super().__init__()
        self.lane = lane
        self.context = lane.context()
        self.gone = False
        self._loop = loop
        self._out = out
        self._socket = _Socket(port)
        self._protocol: asyncio.Protocol | None = None
        self._closing = False
        self._said_end = False
        self._paused = False
        self._waiting: list[bytes] = []

    # What the network does with it.

    def take(self, data: bytes) -> None:
        """Bytes have come."""
        if self._closing or self._protocol is None:
            return
        if self._paused:
            self._waiting.append(data)
        else:
            self._protocol.data_received(data)

    def take_end(self) -> None:
        """The other end has closed."""
        if self._closing or self._protocol is None:
            return
        if not self._protocol.eof_received():
            self.close()

    def cut_off(self) -> None:
        """The connection is gone: a reset came."""
        self._lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    # asyncio's side.

    def write(self, data: Any) -> None:
        """Put bytes on their way; harmless once it is closing."""
        if not self._closing and not self._said_end and data:
            self._out.send(bytes(data))

    def close(self) -> None:
        """Close in order: what was written arrives."""
        if not self._closing:
            self.write_eof()
            self._lose(None)

    def abort(self) -> None:
        """Close at once."""
        if self.gone:
            return
        if self._socket.lingers_not:
            self._out.reset()
        else:
            self.write_eof()
        self._lose(None)

    def is_closing(self) -> bool:
        """Nothing can be written any more."""
        return self._closing

    def get_write_buffer_size(self) -> int:
        """What has not been taken by the other end."""
        return self._out.under_way

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The socket's own facts."""
        known = {
            "socket": self._socket,
            "sockname": self._socket.getsockname(),
            "peername": ("127.0.0.1", self._socket.port),
        }
        return known.get(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Who is told from now on."""
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told."""
        assert self._protocol is not None
        return self._protocol

    def is_reading(self) -> bool:
        """What comes is handed on."""
        return not self._paused and not self._closing

    def pause_reading(self) -> None:
        """What comes waits."""
        self._paused = True

    def resume_reading(self) -> None:
        """What waited is handed on."""
        self._paused = False
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self.take(data)

    def can_write_eof(self) -> bool:
        """As TCP can."""
        return True

    def write_eof(self) -> None:
        """Nothing more is written; what comes is still taken."""
        if not self._closing and not self._said_end:
            self._said_end = True
            self._out.finish()

    def _lose(self, error: Exception | None) -> None:
        if self.gone:
            return
        self.gone = self._closing = True
        protocol = self._protocol
        if protocol is not None:
            self._loop.call_soon(protocol.connection_lost, error, context=self.context)


class Link:
    """One connection: the client's end, the server's, and the two directions."""

    def __init__(self, port: int, client: VirtualTransport, server: VirtualTransport) -> None:
        self.port = port
        self.client = client
        self.server = server
        self.to_server, self.to_client = client._out, server._out

    @property
    def is_up(self) -> bool:
        """Both ends are open."""
        return not self.client.gone and not self.server.gone

    def cut(self) -> None:
        """Both ends see a reset at once."""
        for end in (self.client, self.server):
            end._loop.call_soon(end.cut_off, context=end.context)


class Network:
    """All connections of a world, in the order of their making."""

    def __init__(self, loop: VirtualLoop, seed: int) -> None:
        self.loop = loop
        self.links: list[Link] = []
        self.refused: set[int] = set()
        """Ports on which nobody takes connections now."""
        self.black_holes: set[int] = set()
        """Ports from which no answer comes at all."""
        self.on_bytes: Callable[[str, bytes], None] | None = None
        self.on_arrival: Callable[[str, bytes], None] | None = None
        self._chance = random.Random(f"network {seed}")
        self._listening: dict[int, VirtualServer] = {}
        self._made = 0
        loop.network = self

    def latency(self) -> float:
        """Seconds from one end to the other, drawn anew each time."""
        low, high = LATENCY
        return low + (high - low) * self._chance.random()

    def record(self, direction: str, data: bytes) -> None:
        """Every byte is part of the trace."""
        self.loop.note(direction.encode() + data)
        if self.on_bytes is not None:
            self.on_bytes(direction, data)

    def listen(self, factory: Any, host: Any = None, port: int = 0, **_: Any) -> VirtualServer:
        """Take connections there.

        Raises:
            OSError: somebody does already.
        """
        port = port or next(p for p in range(_FIRST_FREE_PORT, 65_536) if p not in self._listening)
        if port in self._listening and self._listening[port].is_serving():
            raise OSError(errno.EADDRINUSE, f"Port {port} is in use")
        lane = current_lane()
        assert lane is not None, "who listens belongs to a host"
        server = self._listening[port] = VirtualServer(factory, port, lane)
        return server

    async def connect(self, factory: Any, host: Any = None, port: int = 0) -> Any:
        """Connect to whoever listens there.

        Raises:
            OSError: nobody does, or no answer comes.
        """
        lane = current_lane()
        assert lane is not None, "who connects belongs to a host"
        await asyncio.sleep(2 * self.latency())
        if port in self.black_holes:
            await asyncio.sleep(_SYN_SECONDS)
            raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        server = self._listening.get(port)
        if server is None or not server.is_serving() or port in self.refused:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        self._made += 1
        name = f"{port}.{self._made}"
        there, back = Pipe(self, f"{name}>"), Pipe(self, f"{name}<")
        near = VirtualTransport(self.loop, lane, there, port)
        far = VirtualTransport(self.loop, server.lane, back, port)
        there.to, there.back = far, near
        back.to, back.back = near, far
        self.links.append(Link(port, near, far))
        protocol = factory()
        near.set_protocol(protocol)
        protocol.connection_made(near)
        self.loop.call_soon(server.accept, far, context=far.context)
        return near, protocol

    def open_links(self, port: int | None = None) -> list[Link]:
        """The connections that stand."""
        self.links = [link for link in self.links if not (link.client.gone and link.server.gone)]
        return [link for link in self.links if link.is_up and port in (None, link.port)]

    def forget(self, lane: Lane) -> None:
        """Whoever held these ends is gone: the kernel closes what it left open."""
        for link in self.links:
            for end in (link.client, link.server):
                if end.lane is lane and not end.gone:
                    end.abort()

    def kill(self, host: Any) -> None:
        """A process was killed: the kernel closes its connections and its ports."""
        for link in self.links:
            for end in (link.client, link.server):
                if end.lane.host is host and not end.gone:
                    end.gone = True
                    end._out.reset()
        for server in self._listening.values():
            if server.lane.host is host:
                server.close()


class VirtualServer:
    """A port that takes connections."""

    def __init__(self, factory: Any, port: int, lane: Lane) -> None:
        self.lane = lane
        self.sockets = (_Socket(port),)
        self._factory = factory
        self._serving = True

    def accept(self, transport: VirtualTransport) -> None:
        """Somebody has connected."""
        protocol = self._factory()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def is_serving(self) -> bool:
        """It takes connections, and its process lives."""
        return self._serving and self.lane.host.alive

    def close(self) -> None:
        """Take no more; those there are stay."""
        self._serving = False

    async def wait_closed(self) -> None:
        """Nothing is left to wait for."""


class _Socket:
    """What is asked of a raw socket."""

    family = socket.AF_INET

    def __init__(self, port: int) -> None:
        self.port = port
        self.lingers_not = False

    def getsockname(self) -> tuple[str, int]:
        """Address and port."""
        return "127.0.0.1", self.port

    def fileno(self) -> int:
        """None behind it, as of a closed one: what has come has been handed on."""
        return -1

    def setsockopt(self, level: int, option: int, value: object) -> None:
        """Only a reset in place of an orderly end makes a difference here."""
        if option == socket.SO_LINGER:
            self.lingers_not = True

"""A relay between Kelpie and its gateway, which can put words of its own between the gateway's."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.tree.waiting import SOON


class Relay:
    """Listens on a port of its own; what it says goes between two whole messages."""

    def __init__(self, gateway_port: int) -> None:
        self._gateway_port = gateway_port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._writing = threading.Lock()
        self._client: socket.socket | None = None
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def say(self, message: bytes) -> None:
        """Tell Kelpie something that the gateway has not said; a whole frame."""
        with self._writing:
            assert self._client is not None, "nobody is connected"
            self._client.sendall(message)

    def close(self) -> None:
        """Hang up everywhere."""
        for each in (self._server, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(SOON)

    def _begin(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                gateway = socket.create_connection(("127.0.0.1", self._gateway_port))
                self._sockets += [client, gateway]
                self._client = client
                self._begin(self._up, client, gateway)
                self._begin(self._down, gateway, client)

    def _up(self, client: socket.socket, gateway: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                gateway.sendall(data)
        with suppress(OSError):
            gateway.shutdown(socket.SHUT_RDWR)

    def _down(self, gateway: socket.socket, client: socket.socket) -> None:
        """Frame by frame, so that nothing is ever put into the middle of one."""
        rest = b""
        with suppress(OSError):
            while data := gateway.recv(65536):
                rest += data
                whole = _whole_frames(rest)
                with self._writing:
                    client.sendall(rest[:whole])
                rest = rest[whole:]
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _whole_frames(data: bytes) -> int:
    at = 0
    while len(data) - at >= 4:
        (length,) = struct.unpack_from(">I", data, at)
        if len(data) - at - 4 < length:
            break
        at += 4 + length
    return at


@contextmanager
def relayed(gateway_port: int) -> Iterator[Relay]:
    """A relay that hangs up afterwards."""
    relay = Relay(gateway_port)
    try:
        yield relay
    finally:
        relay.close()

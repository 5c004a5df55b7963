"""A program that floods a hook: `python -m tests.security.flood PORT READ_TOKEN LEAST`.

It opens connections, sends many requests down each at once and opens the next one, as fast as the
machine lets it, until it is told on its standard input that it is enough, and it has offered the
least; then it prints how many requests that were.
"""

from __future__ import annotations

import json
import select
import selectors
import socket
import sys
from itertools import cycle

CONNECTIONS = 40
AT_ONCE = 25
_BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE


def requests(token: str) -> list[bytes]:
    """What is sent down one connection: nobody's, wrong ones', and a reader's requests."""

    def asked(line: str, *headers: str) -> bytes:
        lines = [f"{line} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
        return "\r\n".join(lines).encode() * AT_ONCE

    reader = f"Authorization: Bearer {token}"
    return [
        asked("GET /orders"),
        asked("GET /health/ready"),
        asked("GET /orders", reader),
        asked("GET /", "Cookie: kelpie=" + "a" * 43),
        asked("GET /actors", "Authorization: Bearer wrong"),
        asked("GET /account", reader),
        asked("POST /orders", reader, "Content-Type: application/json", "Content-Length: 0"),
        asked("GET /pair?link=" + "b" * 43),
        b"\x16\x03\x01 no HTTP at all \r\n\r\n" * AT_ONCE,
        asked("GET /positions", reader),
    ]


def flood(port: int, token: str, least: int) -> int:
    """Flood it until told that it is enough; how many requests were handed to the kernel."""
    kinds = cycle(requests(token))
    selector = selectors.DefaultSelector()
    offered = 0
    for _ in range(CONNECTIONS):
        _open(selector, port, next(kinds))
    while offered < least or not select.select([sys.stdin], [], [], 0)[0]:
        for key, events in selector.select(1.0):
            wire: socket.socket = key.fileobj  # type: ignore[assignment]
            kind, left = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    left = left[wire.send(left) :]
                    offered += 0 if left else AT_ONCE
                    wanted = _BOTH if left else selectors.EVENT_READ
                    selector.modify(wire, wanted, (kind, left))
                    continue
                if wire.recv(65536):
                    # Where it is kept open for more, more is sent.
                    selector.modify(wire, _BOTH, (kind, left or kind))
                    continue
            except OSError:
                pass
            selector.unregister(wire)
            wire.close()
            _open(selector, port, next(kinds))
    for open_one in list(selector.get_map().values()):
        open_one.fileobj.close()  # type: ignore[union-attr]
    selector.close()
    return offered


def _open(selector: selectors.BaseSelector, port: int, kind: bytes) -> None:
    wire = socket.socket()
    wire.setblocking(False)
    wire.connect_ex(("127.0.0.1", port))
    selector.register(wire, _BOTH, (kind, kind))


if __name__ == "__main__":
    print(json.dumps({"offered": flood(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))}))

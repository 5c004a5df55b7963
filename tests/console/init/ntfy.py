"""A stand-in for an ntfy server: it keeps what it is sent."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.tree.waiting import SOON


class Ntfy:
    """What came, oldest first."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.changed = threading.Condition()
        self.port = 0

    @property
    def url(self) -> str:
        return f"ntfy://127.0.0.1:{self.port}/kelpie-test"

    def take(self, body: str) -> None:
        with self.changed:
            self.bodies.append(body)
            self.changed.notify_all()

    def digits(self, number: int = 1) -> str:
        """Those of the so-manieth message."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.bodies) >= number, SOON), self.bodies
            text = self.bodies[number - 1]
        found = re.search(r"digits (?:are )?(\d{4})", text)
        assert found, text
        return found[1]


@contextmanager
def ntfy() -> Iterator[Ntfy]:
    """One that listens until the end of the block."""
    there = Ntfy()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            there.take(f"{self.headers.get('x-title', '')} {self.rfile.read(length).decode()}")
            answer = json.dumps({"id": "x", "event": "message"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join(SOON)
        server.server_close()

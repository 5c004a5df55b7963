"""A small ntfy, a watcher for pings, and the ways in which such a service lets its users down.

ntfy takes a message by `POST /` with JSON that names the topic, or by `POST /TOPIC` with the text
as the body and its title in a header (docs.ntfy.sh/publish). A watcher in the manner of
healthchecks.io takes `POST /ping/ID` and `POST /ping/ID/fail`, each with a note as its body.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LIMIT = 30.0


class Mood(StrEnum):
    """How it behaves."""

    WELL = "well"
    FAILS = "fails"
    """Answers 500."""
    HANGS = "hangs"
    """Takes the request and says nothing, until it is well again or closed."""


@dataclass(frozen=True, slots=True)
class Push:
    """A message that it was told."""

    topic: str
    title: str
    text: str
    priority: str = "default"


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life, with its note."""

    path: str
    note: str

    @property
    def well(self) -> bool:
        """It did not come by the address of failures."""
        return not self.path.endswith("/fail")


@dataclass
class Ntfy:
    """What it was told, and its mood, which may change at any time."""

    port: int = 0
    pushes: list[Push] = field(default_factory=list)
    pings: list[Ping] = field(default_factory=list)
    refuses: str = ""
    """A message with these words is answered by 400, as one that is too long would be."""
    asked: int = 0
    """How many requests came, whatever became of them."""
    _mood: Mood = Mood.WELL
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closing: bool = False

    @property
    def url(self) -> str:
        """As Apprise names it."""
        return f"ntfy://127.0.0.1:{self.port}/kelpie"

    @property
    def watcher(self) -> str:
        """The address for pings."""
        return f"http://127.0.0.1:{self.port}/ping/id"

    def be(self, mood: Mood) -> None:
        """Behave so from now on."""
        with self._changed:
            self._mood = mood
            self._changed.notify_all()

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = _LIMIT) -> Any:
        """Wait until it holds; what it gives.

        Raises:
            AssertionError: it does not within this time.
        """
        with self._changed:
            found = self._changed.wait_for(condition, seconds)
            assert found, f"not within {seconds:g} s: {what}; told: {self.pushes[-5:]}"
            return found

    def wait_for(self, words: str, times: int = 1) -> Push:
        """Wait for so many messages with these words; the last of them."""

        def matching() -> list[Push]:
            return [each for each in self.pushes if words in f"{each.title}\n{each.text}"]

        self.wait(lambda: len(matching()) >= times, f"{words!r} ×{times}")
        return matching()[times - 1]

    def take(self, method: str, path: str, headers: Any, body: bytes) -> int | None:
        """What it answers; None: nothing, for it was hanging until it was closed."""
        with self._changed:
            self.asked += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._mood is not Mood.HANGS or self._closing)
            if self._closing:
                return None
            if self._mood is Mood.FAILS:
                return 500
            if self.refuses and self.refuses.encode() in body:
                return 400
            if path.startswith("/ping/"):
                self.pings.append(Ping(path, body.decode()))
            else:
                self.pushes.append(_push(path, headers, body))
            self._changed.notify_all()
            return 200

    def close(self) -> None:
        """Whoever hangs is let go of."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()


@contextmanager
def ntfy(port: int = 0) -> Iterator[Ntfy]:
    """One that listens on this machine alone, at a port that the system chose."""
    state = Ntfy()

    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        def do_POST(self) -> None:
            """Take a message, or a ping."""
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status = state.take("POST", self.path, self.headers, body)
            if status is None:
                self.close_connection = True
                return
            try:
                self.send_response(status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
            except OSError:
                self.close_connection = True  # whoever asked has gone

        do_PUT = do_POST

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="ntfy")
    thread.start()
    try:
        yield state
    finally:
        state.close()
        server.shutdown()
        server.server_close()
        thread.join()


def _push(path: str, headers: Any, body: bytes) -> Push:
    priority = headers.get("x-priority") or "default"
    if path == "/":
        told = json.loads(body)
        topic, title, text = told["topic"], told.get("title", ""), told.get("message", "")
        return Push(topic, title, text, told.get("priority", priority))
    return Push(path.strip("/"), headers.get("x-title") or "", body.decode(), priority)

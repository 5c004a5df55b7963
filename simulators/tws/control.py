"""The door of a simulated gateway: what it shall do wrong now, told from outside the process.

One line of JSON a request, one a reply, over a socket of the loopback. A request is one of
`{"do": VERB, "with": {…}, "for_seconds": S}`, `{"fire": RULE}`, `{"end": RULE}` and
`{"ask": "at_work"}`; a reply is `{"ok": true, "answer": …}` or `{"ok": false, "error": "…"}`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import orjson

from simulators.scenarios.stage import Stage

#: A request that is longer than this is nobody's.
_MAX_LINE = 1 << 16


class Door:
    """The server, on the gateway's own loop."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, port: int = 0) -> int:
        """Listen on the loopback; give the port.

        Raises:
            OSError: the port cannot be listened on.
        """
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_MAX_LINE)
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def close(self) -> None:
        """Let go of everybody who is in it."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(orjson.dumps(self._answer(line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            return  # it went away, or sent a line without an end
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"ok": True, "answer": self._obey(orjson.loads(line))}
        except ValueError as fault:
            return {"ok": False, "error": str(fault)}

    def _obey(self, request: Any) -> Any:
        match request:
            case {"do": str(verb), "with": dict(given)}:
                return self._stage.do(verb, given, _seconds(request.get("for_seconds")))
            case {"fire": str(rule)}:
                return self._stage.fire(rule)
            case {"end": str(rule)}:
                return self._stage.end(rule)
            case {"ask": "at_work"}:
                return self._stage.at_work()
        raise ValueError("a request is one of do (and with, for_seconds), fire, end, ask: at_work")


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError(f"for_seconds = {value!r}: it must be a number above 0")
    return float(value)


class ControlError(RuntimeError):
    """The gateway refused; says what it would take."""


class ControlClient:
    """Tells a gateway in another process what to do wrong. Blocks until it is done."""

    def __init__(self, port: int, *, seconds: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), seconds)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def do(self, verb: str, *, for_seconds: float | None = None, **given: Any) -> Any:
        """Have something done now; of what lasts, the name to `end` it by is given.

        Raises:
            ControlError: there is no such verb, or it does not take this.
            OSError: the gateway is gone.
        """
        request: dict[str, Any] = {"do": verb, "with": given}
        if for_seconds is not None:
            request["for_seconds"] = for_seconds
        return self._ask(request)

    def fire(self, rule: str) -> None:
        """Have a rule of the scenario act now. Raises as `do`."""
        self._ask({"fire": rule})

    def end(self, rule: str) -> None:
        """End a rule that is at work. Raises as `do`."""
        self._ask({"end": rule})

    def at_work(self) -> list[str]:
        """The rules that are at work now. Raises as `do`."""
        names: list[str] = self._ask({"ask": "at_work"})
        return names

    def close(self) -> None:
        """Leave by the door."""
        self._file.close()
        self._socket.close()

    def _ask(self, request: Mapping[str, Any]) -> Any:
        self._socket.sendall(orjson.dumps(request) + b"\n")
        line = self._file.readline()
        if not line:
            raise ConnectionError("the gateway closed its door")
        reply = orjson.loads(line)
        if not reply["ok"]:
            raise ControlError(reply["error"])
        return reply["answer"]

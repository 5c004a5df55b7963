"""The guard at the hook's door: who asks, from where, how often and how much.

Every request passes here before anything of it is parsed. What is let in is on a list; what is
not on it is refused, whatever the method. Which doors there are is in `doors.py`, whose key opens
them in `keys.py`, from where they may be asked for in `origins.py`, with which bodies in
`bodies.py`.
"""

from __future__ import annotations

import hmac
from collections import Counter
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.hook.asking import WHO_ASKS
from console.hook.bodies import (
    FORM,
    JSON,
    check_no_body,
    check_type,
    field_of,
    has_body,
    read_body,
    replay,
)
from console.hook.doors import PROBES, READING, Door, door_of, is_plain, needed
from console.hook.hiding import hiding
from console.hook.keys import Keyring
from console.hook.limits import TokenBucket
from console.hook.options import HookOptions
from console.hook.origins import check_host, check_origin, names_of
from console.hook.problems import Refused, refusal_response
from console.hook.visitors import CSRF_FIELD, Visitor
from runtime.interface import Clock

_MOST_HEADERS: Final = 16 * 1024
_WITH_BODY: Final = frozenset({"POST", "PATCH"})
_HARDENED: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_OF_JSON: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_OF_PAGES: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        b"frame-ancestors 'none'; base-uri 'none'",
    ),
    # With `no-referrer` a browser sends its own forms with `Origin: null`.
    (b"referrer-policy", b"same-origin"),
)


class Guard:
    """ASGI around the routes. Runs on the hook's loop alone."""

    def __init__(self, app: ASGIApp, options: HookOptions, clock: Clock, keyring: Keyring) -> None:
        self._app = app
        self._options = options
        self._names = names_of(options)
        self._keyring = keyring
        # Apart, so that a flood of links to pair by keeps no watchdog from its answer.
        self._probes = TokenBucket(clock, options.probe_rate)
        self._strangers = TokenBucket(clock, options.probe_rate)
        self._mode = (b"kelpie-mode", options.mode.encode())
        self.refused: Counter[str] = Counter()
        """Requests refused here, by code."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on with its body read and its visitor named."""
        if scope["type"] != "http":
            # Web sockets are not spoken here; ASGI's way to refuse the handshake is to close it.
            await send({"type": "websocket.close", "code": 1008})
            return
        door = door_of(scope["path"])
        if self._options.hide is not None:
            send = hiding(send, self._options.hide)
        hardened = self._hardened(send, door)
        try:
            receive = await self._admit(door, scope, Headers(scope=scope), receive)
        except Refused as refused:
            self.refused[refused.code] += 1
            response = refusal_response(refused, scope["path"])
            # What is left of a body is not read: the connection ends with the answer.
            response.headers["connection"] = "close"
            await response(scope, receive, hardened)
            return
        await self._app(scope, receive, hardened)

    async def _admit(self, door: Door, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        method: str = scope["method"]
        _check_framing(scope, headers)
        check_host(headers, self._names)
        check_origin(door, method, headers)
        visitor = await self._visitor(door, headers, scope["path"])
        _check_path(door, method, scope["raw_path"])
        if visitor is not None:
            _check_scope(visitor, door, method, scope["path"])
            scope.setdefault("state", {})["visitor"] = visitor
            WHO_ASKS.set(visitor.name)
        if method in READING:
            check_no_body(headers)
            return receive
        if method in _WITH_BODY or has_body(headers):
            check_type(headers, FORM if door.for_people else JSON)
        body = await read_body(headers, receive, self._options)
        if door is Door.ACTION and visitor is not None:
            _check_csrf(visitor, body)
        return replay(body, receive)

    async def _visitor(self, door: Door, headers: Headers, path: str) -> Visitor | None:
        """Name the one who asks; None at those doors that are open to everybody."""
        if door in (Door.PROBE, Door.PAIRING):
            (self._probes if path in PROBES else self._strangers).within()
            return None
        return await self._keyring.visitor(door, headers)

    def _hardened(self, send: Send, door: Door) -> Send:
        of_door = _OF_PAGES if door.for_people else _OF_JSON

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                message["headers"] = [*given, *_HARDENED, *of_door, self._mode]
            await send(message)

        return hardened


def _check_framing(scope: Scope, headers: Headers) -> None:
    """Refuse what two readers could take for two things, and more of it than is ever needed."""
    size = len(scope["raw_path"]) + len(scope["query_string"])
    if size + sum(len(name) + len(value) for name, value in scope["headers"]) > _MOST_HEADERS:
        raise Refused.coded(431, "HEADERS_TOO_LARGE", limit=_MOST_HEADERS)
    if "transfer-encoding" in headers and "content-length" in headers:
        # By which of them the body ends: before us another server may have read it otherwise.
        raise Refused.coded(400, "BODY_AMBIGUOUS")


def _check_path(door: Door, method: str, raw_path: bytes) -> None:
    if door.for_people and not is_plain(raw_path):
        raise Refused(404, "NO_SUCH_ROUTE", "There is nothing at this path.")
    if door.methods and method not in door.methods:
        raise Refused(
            405,
            "METHOD_NOT_ALLOWED",
            f"This path takes {' and '.join(door.methods)} alone.",
            headers={"Allow": ", ".join(door.methods)},
        )


def _check_scope(visitor: Visitor, door: Door, method: str, path: str) -> None:
    scope = needed(door, method, path)
    if scope is None:
        raise Refused(404, "NO_SUCH_ROUTE", "There is nothing at this path.")
    if visitor.may(scope):
        return
    if visitor.is_device:
        raise Refused.coded(403, "SCOPE_MISSING", scope=scope, device=visitor.name)
    raise Refused.coded(403, "TOKEN_ONLY_READS")


def _check_csrf(visitor: Visitor, body: bytes) -> None:
    given = field_of(body, CSRF_FIELD)
    if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise Refused.coded(403, "FORM_NOT_OURS")

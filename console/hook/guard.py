"""The guard at the hook's door: who asks, from where, how often and how much.

Every request passes here before anything of it is parsed. What is let in is on a list; what is
not on it is refused, whatever the method.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.hook.asking import TOKEN_IN_USE
from console.hook.limits import TokenBucket
from console.hook.options import HookOptions
from console.hook.problems import Refused, refusal_response
from runtime.interface import Clock

PROBES: Final = frozenset({"/health/live", "/health/ready"})
_LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_READING: Final = frozenset({"GET"})
_EFFECTS: Final = frozenset({"POST", "PATCH", "DELETE"})
_WITH_BODY: Final = frozenset({"POST", "PATCH"})
_HARDENED: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


class Guard:
    """ASGI around the routes. Runs on the hook's loop alone."""

    def __init__(self, app: ASGIApp, options: HookOptions, clock: Clock) -> None:
        self._app = app
        self._options = options
        self._hosts = _LOOPBACK_NAMES | {options.host.lower()}
        self._full = options.token.encode()
        self._read = options.read_token.encode()
        self._buckets = {name: TokenBucket(clock, options.rate) for name in ("full", "read")}
        self._probes = TokenBucket(clock, options.probe_rate)
        self._failures = TokenBucket(clock, options.failure_rate)
        self._mode = (b"kelpie-mode", options.mode.encode())
        self.refused: Counter[str] = Counter()
        """Requests refused here, by code."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on with its body read."""
        if scope["type"] != "http":
            # Web sockets are not spoken here; ASGI's way to refuse the handshake is to close it.
            await send({"type": "websocket.close", "code": 1008})
            return
        hardened = self._hardened(send)
        try:
            receive = await self._admit(scope, Headers(scope=scope), receive)
        except Refused as refused:
            self.refused[refused.code] += 1
            response = refusal_response(refused, scope["path"])
            # What is left of a body is not read: the connection ends with the answer.
            response.headers["connection"] = "close"
            await response(scope, receive, hardened)
            return
        await self._app(scope, receive, hardened)

    async def _admit(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        self._check_origin(headers)
        if scope["path"] in PROBES:
            _within(self._probes)
        else:
            await self._check_token(scope["method"], headers.get("authorization"))
        if scope["method"] in _WITH_BODY:
            _check_type(headers)
            return await self._body(headers, receive)
        return receive

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "")
        if _host_name(host) not in self._hosts:
            # 421 also where a name was bound to this address by a page elsewhere (DNS rebinding).
            raise Refused.coded(421, "HOST_NOT_ALLOWED", host=repr(host[:80]))
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Refused(
                403,
                "ORIGIN_NOT_ALLOWED",
                "The request comes from a page of another site.",
                "The hook answers to programs and to its own pages alone.",
            )
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(
                403,
                "ORIGIN_NOT_ALLOWED",
                "A browser says that the request comes from another site.",
                "The hook answers to programs and to its own pages alone.",
            )

    async def _check_token(self, method: str, authorization: str | None) -> None:
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise Refused.coded(401, "TOKEN_MISSING", headers={"WWW-Authenticate": "Bearer"})
        token = given.strip().encode("latin-1", "replace")
        # Both are compared whatever the first says, so that time tells nothing.
        full = hmac.compare_digest(token, self._full)
        read = hmac.compare_digest(token, self._read)
        if not (full or read):
            await self._wrong_token()
        label = "full" if full else "read"
        _within(self._buckets[label])
        TOKEN_IN_USE.set(label)
        if method in _READING:
            return
        if method in _EFFECTS and not full:
            raise Refused.coded(403, "TOKEN_ONLY_READS")

    async def _wrong_token(self) -> None:
        _within(self._failures)
        loop = asyncio.get_running_loop()
        passed: asyncio.Future[None] = loop.create_future()
        loop.call_later(self._options.failure_delay_seconds, _resolve, passed)
        await passed
        raise Refused.coded(
            401, "TOKEN_WRONG", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
        )

    async def _body(self, headers: Headers, receive: Receive) -> Receive:
        limit = self._options.body_limit_bytes
        announced = headers.get("content-length", "0")
        if not announced.isdigit() or len(announced) > 12 or int(announced) > limit:
            raise _too_large(limit)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._options.body_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refused(400, "BODY_CUT_SHORT", "The body ended too early.")
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > limit:
                        raise _too_large(limit)
                    chunks.append(chunk)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise Refused(
                408,
                "BODY_TOO_SLOW",
                f"The body did not come within {self._options.body_seconds:g} s.",
            ) from None
        return _replay(b"".join(chunks), receive)

    def _hardened(self, send: Send) -> Send:
        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HARDENED, self._mode]
            await send(message)

        return hardened


def _within(bucket: TokenBucket) -> None:
    wait = bucket.take()
    if wait:
        raise Refused(
            429,
            "TOO_MANY_REQUESTS",
            "Too many requests with this token.",
            f"Ask again in {wait:.1f} s.",
            headers={"Retry-After": str(int(wait) + 1)},
        )


def _check_type(headers: Headers) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # A page of another site can post forms and plain text without asking, but not this.
        raise Refused(
            415,
            "NOT_JSON",
            "A POST or PATCH takes a body of the type application/json.",
            "Send `Content-Type: application/json`.",
        )


def _too_large(limit: int) -> Refused:
    return Refused(413, "BODY_TOO_LARGE", f"The body is larger than {limit} bytes.")


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _resolve(passed: asyncio.Future[None]) -> None:
    if not passed.done():
        passed.set_result(None)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay

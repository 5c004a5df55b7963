"""The body of a request: of the one type that its door takes, no larger and no slower than allowed.

It is read here, before any route sees it.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from console.hook.options import HookOptions
from console.hook.problems import Refused

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 50


def check_type(headers: Headers, wanted: str) -> None:
    """Refuse a body of another type.

    Raises:
        Refused: `NOT_JSON` or `NOT_A_FORM`.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == wanted:
        return
    if wanted == FORM:
        raise Refused.coded(415, "NOT_A_FORM")
    # A page of another site can post forms and plain text without asking, but not this.
    raise Refused(
        415,
        "NOT_JSON",
        f"A request with a body takes one of the type {JSON}.",
        f"Send `Content-Type: {JSON}`.",
    )


def has_body(headers: Headers) -> bool:
    """Whether a body is announced."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def check_no_body(headers: Headers) -> None:
    """Refuse a body where nothing would read it: what follows could be taken for a request.

    Raises:
        Refused: `BODY_NOT_TAKEN`.
    """
    if has_body(headers):
        raise Refused.coded(400, "BODY_NOT_TAKEN")


async def read_body(headers: Headers, receive: Receive, options: HookOptions) -> bytes:
    """Read it to its end.

    Raises:
        Refused: `BODY_TOO_LARGE`, `BODY_TOO_SLOW` or `BODY_CUT_SHORT`.
    """
    limit = options.body_limit_bytes
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or len(announced) > 12 or int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(options.body_seconds):
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
            408, "BODY_TOO_SLOW", f"The body did not come within {options.body_seconds:g} s."
        ) from None
    return b"".join(chunks)


def field_of(body: bytes, name: str) -> str:
    """Give one field of a form; empty where it is not there, or there more than once.

    Raises:
        Refused: `NOT_A_FORM`.
    """
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refused.coded(400, "NOT_A_FORM") from None
    values = fields.get(name, [])
    return values[0] if len(values) == 1 else ""


def replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read to the routes, as if it came now."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _too_large(limit: int) -> Refused:
    return Refused(413, "BODY_TOO_LARGE", f"The body is larger than {limit} bytes.")

"""Secrets are taken out of the bytes that leave, whole answers and those that come in pieces."""

from __future__ import annotations

import asyncio

from starlette.types import Message

from config.redaction import Redaction
from console.hook.hiding import hiding

SECRET = 'a"secret&more-0123456789'


def _left(*bodies: bytes, **headers: str) -> list[Message]:
    """What leaves of an answer in these pieces."""
    left: list[Message] = []

    async def send(message: Message) -> None:
        left.append(message)

    async def answer() -> None:
        hidden = hiding(send, Redaction([SECRET]).hide)
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        await hidden({"type": "http.response.start", "status": 200, "headers": named})
        for number, body in enumerate(bodies, start=1):
            more = number < len(bodies)
            await hidden({"type": "http.response.body", "body": body, "more_body": more})

    asyncio.run(answer())
    return left


def test_the_length_is_that_of_what_leaves() -> None:
    body = b'{"error": "a\\"secret&more-0123456789"}'
    start, told = _left(body, **{"content-length": str(len(body)), "x": "y"})
    assert told["body"] == b'{"error": "***"}'
    assert start["headers"] == [(b"x", b"y"), (b"content-length", b"16")]


def test_what_holds_no_secret_leaves_as_it_is() -> None:
    body = "Zażółć \udcff".encode("utf-8", "surrogateescape")
    start, told = _left(body, **{"content-length": str(len(body))})
    assert told["body"] == body and start["headers"] == [(b"content-length", b"12")]


def test_each_piece_is_looked_through_and_html_is_known() -> None:
    start, first, second = _left(b'<p>a"secret&amp;more-0123456789</p>', SECRET.encode())
    assert (first["body"], second["body"]) == (b"<p>***</p>", b"***")
    assert start["headers"] == []

"""No answer shows a secret: not in a page, and not in the words of an error that had one in it.

Applied to the bytes that leave, so that it does not matter by which way it got there. Keys that
the hook itself gives away (the cookie of a device) are in headers, which are not touched.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Message, Send

Hide = Callable[[str], str]
"""Takes the secrets out of a text."""


def hiding(send: Send, hide: Hide) -> Send:
    """Wrap the way out. What an answer begins with waits for its body, whose length may change."""
    begun: Message | None = None

    async def hidden(message: Message) -> None:
        nonlocal begun
        if message["type"] == "http.response.start":
            begun = message
            return
        if message["type"] == "http.response.body":
            body: bytes = message.get("body", b"")
            text = body.decode("utf-8", "surrogateescape")
            shown = hide(text)
            if begun is not None:
                await send(begun if shown == text else _with_length(begun, message, shown))
                begun = None
            message = {**message, "body": shown.encode("utf-8", "surrogateescape")}
        await send(message)

    return hidden


def _with_length(start: Message, message: Message, shown: str) -> Message:
    kept = [each for each in start["headers"] if each[0].lower() != b"content-length"]
    if not message.get("more_body", False):
        length = len(shown.encode("utf-8", "surrogateescape"))
        kept.append((b"content-length", str(length).encode()))
    return {**start, "headers": kept}

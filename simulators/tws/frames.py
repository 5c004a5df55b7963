"""Framing of the TWS API: `API` and a NUL, then frames of a 4-byte big-endian length and a text.

The text is fields, each ended by a NUL, the last one too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

#: What every client says first.
GREETING = b"API\0"

#: Lengths above this are refused, as the official client refuses them (its error 507).
MAX_FRAME_BYTES = 0xFFFFFF

_LENGTH = struct.Struct(">I")


class FrameError(ValueError):
    """The bytes are no TWS API stream; the socket they came from is not worth keeping."""


class FrameReader:
    """Cuts the stream of one client into frames, however it is sliced."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in; give the bodies of all frames that are now complete.

        Raises:
            FrameError: no greeting at the start, or a length of zero or above 0xFFFFFF.
        """
        buffer = self._buffer
        buffer += data
        start = 0
        if not self._greeted:
            if not GREETING.startswith(bytes(buffer[: len(GREETING)])):
                raise FrameError("the stream does not begin with API and a NUL")
            if len(buffer) < len(GREETING):
                return []
            self._greeted = True
            start = len(GREETING)
        bodies: list[bytes] = []
        while len(buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, start)
            if not 0 < length <= MAX_FRAME_BYTES:
                raise FrameError(f"a frame of {length} bytes is announced")
            end = start + _LENGTH.size + length
            if len(buffer) < end:
                break
            bodies.append(bytes(buffer[start + _LENGTH.size : end]))
            start = end
        if start:
            del buffer[:start]
        return bodies


def frame(body: bytes) -> bytes:
    """Put the length before a body."""
    return _LENGTH.pack(len(body)) + body


def pack(fields: Iterable[str]) -> bytes:
    """Make a frame of fields. A NUL inside a field would shift all that follow: it is dropped."""
    text = "".join(field.replace("\0", "") + "\0" for field in fields)
    return frame(text.encode())


def unpack(body: bytes) -> list[str]:
    """The fields of a frame's body."""
    fields = body.decode(errors="backslashreplace").split("\0")
    if fields[-1] == "":
        fields.pop()
    return fields

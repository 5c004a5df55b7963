"""What has left when a rehearsal stops the process at each point of a write."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from adapters.ib.budget import Lane
from adapters.ib.writing import write_piece
from runtime.crash_points import Armed, CrashPoint, arm

ONE = [b"\0\0\0\x0612345\0"]
THREE = [b"\0\0\0\x02p\0", b"\0\0\0\x02c\0", b"\0\0\0\x02d\0"]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm(None)


def left_at(point: CrashPoint, lane: Lane, frames: list[bytes]) -> tuple[bytes, bytes]:
    """What the other end can read when the point is reached, and after it."""

    async def body() -> tuple[bytes, bytes]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        seen: list[bytes] = []
        arm(Armed(point, 1, lambda _: seen.append(_read(theirs))))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        try:
            write_piece(transport, lane, frames)
            [then] = seen
            return then, _read(theirs)
        finally:
            transport.close()
            theirs.close()

    return asyncio.run(body())


def _read(end: socket.socket) -> bytes:
    try:
        return end.recv(4096)
    except BlockingIOError:
        return b""


@pytest.mark.parametrize(
    ("lane", "frames", "before", "within", "after", "cut"),
    [
        (
            Lane.ORDER,
            ONE,
            CrashPoint.ORDER_BEFORE_SEND,
            CrashPoint.ORDER_HALF_WRITTEN,
            CrashPoint.ORDER_WRITTEN,
            5,
        ),
        (
            Lane.AMEND,
            ONE,
            CrashPoint.AMEND_BEFORE_SEND,
            CrashPoint.AMEND_HALF_WRITTEN,
            CrashPoint.AMEND_WRITTEN,
            5,
        ),
        (
            Lane.CANCEL,
            ONE,
            CrashPoint.CANCEL_BEFORE_SEND,
            CrashPoint.CANCEL_HALF_WRITTEN,
            CrashPoint.CANCEL_WRITTEN,
            5,
        ),
        (
            Lane.ORDER,
            THREE,
            CrashPoint.BRACKET_BEFORE_SEND,
            CrashPoint.BRACKET_PARENT_WRITTEN,
            CrashPoint.BRACKET_WRITTEN,
            6,
        ),
    ],
)
def test_before_a_write_nothing_has_left_within_it_the_first_part_and_after_it_all(
    lane: Lane,
    frames: list[bytes],
    before: CrashPoint,
    within: CrashPoint,
    after: CrashPoint,
    cut: int,
) -> None:
    piece = b"".join(frames)
    assert left_at(before, lane, frames) == (b"", piece)
    assert left_at(within, lane, frames) == (piece[:cut], piece[cut:])
    assert left_at(after, lane, frames) == (piece, b"")

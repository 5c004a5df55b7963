"""How what belongs together goes to the socket, and where a rehearsal may have it cut.

A piece leaves in one write. The points around and within it are those of `runtime.crash_points`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from adapters.ib.budget import Lane
from runtime.crash_points import CrashPoint, is_armed, reached


class _Points(NamedTuple):
    before: CrashPoint
    within: CrashPoint
    after: CrashPoint


_ALONE = {
    Lane.ORDER: _Points(
        CrashPoint.ORDER_BEFORE_SEND, CrashPoint.ORDER_HALF_WRITTEN, CrashPoint.ORDER_WRITTEN
    ),
    Lane.AMEND: _Points(
        CrashPoint.AMEND_BEFORE_SEND, CrashPoint.AMEND_HALF_WRITTEN, CrashPoint.AMEND_WRITTEN
    ),
    Lane.CANCEL: _Points(
        CrashPoint.CANCEL_BEFORE_SEND, CrashPoint.CANCEL_HALF_WRITTEN, CrashPoint.CANCEL_WRITTEN
    ),
}
_TOGETHER = {
    Lane.ORDER: _Points(
        CrashPoint.BRACKET_BEFORE_SEND,
        CrashPoint.BRACKET_PARENT_WRITTEN,
        CrashPoint.BRACKET_WRITTEN,
    ),
}


def write_piece(transport: asyncio.WriteTransport, lane: Lane, frames: Sequence[bytes]) -> None:
    """Write frames in one; in two where the process is to be killed between the two."""
    piece = b"".join(frames)
    points = (_TOGETHER if len(frames) > 1 else _ALONE).get(lane)
    if points is None:
        transport.write(piece)
        return
    reached(points.before)
    if is_armed(points.within):
        # Of a group its first order, whole; of one alone half of its bytes.
        cut = len(frames[0]) if len(frames) > 1 else len(piece) // 2
        transport.write(piece[:cut])
        reached(points.within)
        piece = piece[cut:]
    transport.write(piece)
    reached(points.after)

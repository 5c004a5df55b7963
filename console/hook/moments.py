"""A short wait on the hook's loop, between two looks at what is not there yet."""

from __future__ import annotations

import asyncio

_LOOK_EVERY_SECONDS = 0.05


async def a_moment() -> None:
    """Wait a little."""
    loop = asyncio.get_running_loop()
    passed: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(_LOOK_EVERY_SECONDS, passed.set_result, None)
    try:
        await passed
    finally:
        timer.cancel()

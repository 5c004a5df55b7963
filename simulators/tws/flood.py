"""Quotes for measurements: so many ticks as fast as they are read, or so many a second.

They take the place of the market's own. Every tick changes the bid or the ask by one step, to
and fro, so that none of them is a repetition.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import cycle

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.tws.fields import number
from simulators.tws.quote_stream import ASK, BID, QuoteStream
from simulators.tws.server import GatewayServer
from simulators.tws.session import Session

#: Ticks in one write, and what may wait unread before the flood pauses.
BATCH = 500
PAUSE_ABOVE_BYTES = 1 << 20

#: How often paced ticks are looked after.
PACE_SECONDS = 0.002


class Flood:
    """Sends ticks to every subscription of every client.

    `limit` is the number of ticks per subscription, None for no end; `per_second` paces them,
    None for as fast as the client reads.
    """

    def __init__(
        self,
        gateway: GatewayServer,
        broker: Broker,
        clock: Clock,
        *,
        limit: int | None,
        per_second: float | None,
    ) -> None:
        self._gateway = gateway
        self._broker = broker
        self._clock = clock
        self._limit = limit
        self._per_second = per_second
        self._sources: dict[QuoteStream, _Source] = {}
        self._timer: asyncio.Handle | None = None

    def start(self) -> None:
        """Begin; it waits for subscriptions by itself."""
        self._timer = asyncio.get_running_loop().call_later(PACE_SECONDS, self._round)

    def stop(self) -> None:
        """End it."""
        if self._timer is not None:
            self._timer.cancel()

    def _round(self) -> None:
        busy = False
        now = self._clock.monotonic()
        current: dict[QuoteStream, _Source] = {}
        for session, streams in list(self._gateway.market_data.streams.items()):
            for stream in streams.values():
                source = self._sources.get(stream) or self._source(stream, now)
                current[stream] = source
                busy = self._send(session, source, now) or busy
            session.flush()
        self._sources = current
        loop = asyncio.get_running_loop()
        if busy and self._per_second is None:
            self._timer = loop.call_soon(self._round)
        else:
            self._timer = loop.call_later(PACE_SECONDS, self._round)

    def _send(self, session: Session, source: _Source, now: float) -> bool:
        """Send what is due; True when there is more to send at once."""
        if session.unread_bytes > PAUSE_ABOVE_BYTES:
            return False
        due = BATCH
        if self._per_second is not None:
            due = min(BATCH, int((now - source.began) * self._per_second) - source.sent)
        if self._limit is not None:
            due = min(due, self._limit - source.sent)
        if due <= 0:
            return False
        session.send_ticks([next(source.frames) for _ in range(due)])
        source.sent += due
        return True

    def _source(self, stream: QuoteStream, now: float) -> _Source:
        top = self._broker.top(stream.instrument.con_id)
        step = min(step for _, step in stream.instrument.price_steps)
        bid = top.bid or top.last or top.previous_close or 100 * step
        ask = top.ask or bid + 2 * step
        frames = [
            stream.price_tick(tick, number(value), "100", "1")
            for tick, value in (
                (BID, bid - step),
                (ASK, ask + step),
                (BID, bid),
                (ASK, ask),
            )
        ]
        return _Source(cycle(frames), now)


class _Source:
    """The ticks of one subscription: what comes next, since when, and how many have gone."""

    def __init__(self, frames: Iterator[bytes], began: float) -> None:
        self.frames = frames
        self.began = began
        self.sent = 0

"""The book in depth, asked for once: gathered until it rests, then let go of.

TWS sends a book as changes to rows (insert, update, delete at a position) and has no end marker,
so what came by the time limit, or by the time nothing more came, is what there is. At most three
may be open at once (309); smart depth is refused for many venues, so it is asked of the listing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.ib.client import Calls
from adapters.ib.identity import OrderIdentities
from adapters.ib.library import Contract
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import MarketDataError
from domain.depth import Depth, DepthLevel
from domain.symbols import Symbol
from runtime.interface import Clock

#: A book that has not moved for so long is taken as whole.
QUIET_SECONDS = 0.3

_INSERT, _UPDATE, _DELETE = 0, 1, 2


class DepthBook:
    """The rows of one request, as the venue changes them. Side 0 is the ask, 1 the bid."""

    def __init__(self, moved: Callable[[], None] = lambda: None) -> None:
        self._moved = moved
        self._sides: tuple[list[DepthLevel], list[DepthLevel]] = ([], [])

    def change(self, position: int, operation: int, side: int, price: float, size: float) -> None:
        """One row came, changed or went.

        Raises:
            ValueError: no such side or operation.
        """
        if side not in (0, 1) or operation not in (_INSERT, _UPDATE, _DELETE):
            raise ValueError(f"side {side}, operation {operation}")
        rows = self._sides[side]
        if operation == _DELETE:
            del rows[position : position + 1]
        elif operation == _INSERT or position >= len(rows):
            rows.insert(position, DepthLevel(price, size))
        else:
            rows[position] = DepthLevel(price, size)
        self._moved()

    def clear(self) -> None:
        """The venue begins the book anew."""
        for rows in self._sides:
            rows.clear()
        self._moved()

    def sides(self, rows: int) -> tuple[tuple[DepthLevel, ...], tuple[DepthLevel, ...]]:
        """Bids and asks, best first, rows without size or price left out."""
        asks, bids = (
            tuple(level for level in side if level.price > 0 and level.size > 0)[:rows]
            for side in self._sides
        )
        return bids, asks


class Depths:
    """Asks for books over one link. `books` is where the receiver finds them by request."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        calls: Calls,
        requests: Requests,
        identities: OrderIdentities,
        clock: Clock,
    ) -> None:
        self._loop = loop
        self._calls = calls
        self._requests = requests
        self._identities = identities
        self._clock = clock
        self._rests: dict[int, asyncio.TimerHandle] = {}
        self.books: dict[int, DepthBook] = {}

    async def ask(self, symbol: Symbol, contract: Contract, rows: int, seconds: float) -> Depth:
        """The book of one instrument, `rows` levels a side at most.

        Raises:
            MarketDataError: the venue refused, or sent nothing in time.
            LinkError: the link is gone.
        """
        request = self._identities.fresh_request_id()
        book = self.books[request] = DepthBook(lambda: self._moved(request))
        answer = self._requests.begin(request, seconds)
        self._calls.reqMktDepth(request, contract, rows, False, [])
        refused = False
        try:
            await answer
        except RequestRefused as error:
            refused = True
            raise MarketDataError(error.code, error.text) from None
        except RequestUnended:
            pass  # it moves on and on: what is there now is the book
        finally:
            self._requests.give_up(request)
            self._forget(request)
            if not refused:
                self._calls.cancelMktDepth(request, False)
        bids, asks = book.sides(rows)
        if not bids and not asks:
            raise MarketDataError(None, f"No depth of {symbol} came in time.")
        return Depth(symbol, self._clock.now(), bids, asks)

    def _moved(self, request: int) -> None:
        """It is whole when it rests: there is no other end to it."""
        resting = self._rests.pop(request, None)
        if resting is not None:
            resting.cancel()
        self._rests[request] = self._loop.call_later(QUIET_SECONDS, self._requests.end, request)

    def _forget(self, request: int) -> None:
        del self.books[request]
        resting = self._rests.pop(request, None)
        if resting is not None:
            resting.cancel()

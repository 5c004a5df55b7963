"""Questions about the past of an instrument: its bars."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, tzinfo

from adapters.ib.client import Calls
from adapters.ib.decoding import bar_start, zone_of
from adapters.ib.identity import OrderIdentities
from adapters.ib.instruments import Instruments
from adapters.ib.opening import IBLinkOptions
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import BarSeries, HistoryError
from domain.symbols import Symbol

#: What the texts of 162 and its kin mean; the first that fits counts.
_HISTORY_TEXTS = (
    ("pacing violation", "PACING"),
    ("query cancelled", "CANCELLED"),
    ("no market data permissions", "NO_PERMISSION"),
    ("requires additional subscription", "NO_PERMISSION"),
    ("not subscribed", "NO_PERMISSION"),
    ("returned no data", "NO_DATA"),
    ("no historical market data", "NO_DATA"),
    ("no data of type", "NO_DATA"),
)
_BAR_SIZE = re.compile(r"^(\d+) (sec|min|hour|day|week|month)s?$")
_UNIT_SECONDS = {
    "sec": 1,
    "min": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 30 * 86400,
}


class Lookups:
    """Asks for bars over one link."""

    def __init__(
        self,
        calls: Calls,
        requests: Requests,
        identities: OrderIdentities,
        options: IBLinkOptions,
        instruments: Instruments,
    ) -> None:
        self._calls = calls
        self._requests = requests
        self._identities = identities
        self._options = options
        self._instruments = instruments

    async def bars(self, symbol: Symbol, duration: str, bar_size: str) -> BarSeries:
        """Bars up to now, oldest first; the last one may still be forming. Pairs: mid prices.

        Raises:
            HistoryError: with the venue's text.
        """
        size = _BAR_SIZE.match(bar_size)
        if size is None:
            raise HistoryError("OTHER", f"{bar_size!r} is no bar size of IB's, as `5 mins` is.")
        request = self._identities.fresh_request_id()
        answer = self._requests.begin(request, self._options.history_seconds)
        what = "MIDPOINT" if symbol.is_currency_pair else "TRADES"
        contract = self._instruments.contract(symbol)
        self._calls.reqHistoricalData(
            request, contract, "", duration, bar_size, what, False, 2, False, []
        )
        try:
            rows: list[tuple[str, ...]] = await answer
        except RequestUnended:
            self._calls.cancelHistoricalData(request)
            raise HistoryError("TIMEOUT", f"No bars of {symbol} came in time.") from None
        except RequestRefused as refused:
            raise HistoryError(history_cause(refused.text), refused.text) from None
        except asyncio.CancelledError:
            if self._requests.give_up(request):
                self._calls.cancelHistoricalData(request)
            raise
        zone = zone_of(self._instruments.zone(symbol)) or UTC
        try:
            bars = tuple(_bar(row, zone) for row in rows)
        except ValueError as error:
            raise HistoryError("OTHER", f"The bars of {symbol} cannot be read: {error}") from None
        seconds = int(size[1]) * _UNIT_SECONDS[size[2]]
        return BarSeries(symbol, seconds, bars)


def history_cause(text: str) -> str:
    """The code of HistoryError for a text of the venue's."""
    lower = text.lower()
    return next((cause for words, cause in _HISTORY_TEXTS if words in lower), "OTHER")


def _bar(
    row: tuple[str, ...], zone: tzinfo
) -> tuple[float, float, float, float, float, float | None]:
    start, opening, high, low, close, volume = row
    traded = float(volume) if volume else -1.0
    return (
        bar_start(start, zone),
        float(opening),
        float(high),
        float(low),
        float(close),
        traded if traded >= 0 else None,
    )

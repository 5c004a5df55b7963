"""Bars over one link: asked for once, or kept up to date."""

from __future__ import annotations

import asyncio
from datetime import UTC, tzinfo

from adapters.ib.client import Calls
from adapters.ib.decoding import bar_start, zone_of
from adapters.ib.errors import UNREADABLE, error_table
from adapters.ib.identity import OrderIdentities
from adapters.ib.instruments import Instruments
from adapters.ib.receiver import Receiver
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from adapters.venue import BarSeries, BarsQuery, HistoryError, VenueSink
from domain.bars import BAR_SIZES, Bar, SeriesKey

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
_EPOCH_SECONDS = 2
"""`formatDate`: bars below a day by their seconds, which leaves no doubt about a zone."""


def history_cause(text: str) -> str:
    """The code of HistoryError for a text of the venue's."""
    lower = text.lower()
    return next((cause for words, cause in _HISTORY_TEXTS if words in lower), "OTHER")


class FollowedBars:
    """One series that is kept up to date: what the receiver tells of it."""

    def __init__(self, key: SeriesKey, zone: tzinfo, sink: VenueSink) -> None:
        self._key = key
        self._zone = zone
        self._sink = sink

    def update(self, row: tuple[str, ...]) -> None:
        """A bar as it stands now."""
        try:
            bar = _bar(row, self._zone)
        except ValueError as error:
            text = f"A bar of {self._key}: {error}"
            self._sink.notice(error_table().notice(UNREADABLE, text, symbol=self._key.symbol))
            return
        self._sink.bar(self._key, bar)

    def refused(self, code: int, text: str) -> None:
        """The venue keeps it up to date no longer."""
        self._sink.bars_ended(self._key, history_cause(text), f"{code}: {text}")


class Bars:
    """Asks for bars over one link. Contracts and zones are those of its `instruments`."""

    def __init__(
        self,
        calls: Calls,
        requests: Requests,
        identities: OrderIdentities,
        instruments: Instruments,
        receiver: Receiver,
        sink: VenueSink,
        seconds: float,
    ) -> None:
        self._calls = calls
        self._requests = requests
        self._identities = identities
        self._instruments = instruments
        self._receiver = receiver
        self._sink = sink
        self._seconds = seconds
        self._followed: dict[SeriesKey, int] = {}

    async def ask(self, query: BarsQuery) -> BarSeries:
        """The bars of one request, oldest first.

        Raises:
            HistoryError: with the venue's text.
            LinkError: the link is gone.
        """
        return await self._ask(self._identities.fresh_request_id(), query, follow=False)

    async def follow(self, query: BarsQuery) -> BarSeries:
        """The bars up to now, and each change from now on into the sink.

        Raises:
            HistoryError: with the venue's text; nothing is followed then.
            LinkError: the link is gone.
        """
        self.unfollow(query.key)
        request = self._identities.fresh_request_id()
        zone = self._zone(query.key)
        self._followed[query.key] = request
        self._receiver.followed[request] = FollowedBars(query.key, zone, self._sink)
        try:
            return await self._ask(request, query, follow=True)
        except BaseException:
            self._receiver.followed.pop(request, None)
            if self._followed.get(query.key) == request:
                del self._followed[query.key]
            raise

    def unfollow(self, key: SeriesKey) -> None:
        """No more changes of it; harmless when there were none."""
        request = self._followed.pop(key, None)
        if request is not None:
            self._receiver.followed.pop(request, None)
            self._cancel(request)

    async def _ask(self, request: int, query: BarsQuery, *, follow: bool) -> BarSeries:
        key = query.key
        answer = self._requests.begin(request, self._seconds)
        end = "" if query.end is None else f"{query.end.astimezone(UTC):%Y%m%d-%H:%M:%S}"
        self._calls.reqHistoricalData(
            request,
            self._instruments.contract(key.symbol),
            end,
            query.duration,
            BAR_SIZES[key.bar_seconds],
            key.what.value,
            key.liquid_hours,
            _EPOCH_SECONDS,
            follow,
            [],
        )
        try:
            rows: list[tuple[str, ...]] = await answer
        except RequestUnended:
            self._cancel(request)
            raise HistoryError("TIMEOUT", f"No bars of {key} came in time.") from None
        except RequestRefused as refused:
            raise HistoryError(history_cause(refused.text), refused.text) from None
        except asyncio.CancelledError:
            self._requests.give_up(request)
            # Our own time limit may have come just before the caller's, or just after it.
            if answer.cancelled() or isinstance(answer.exception(), RequestUnended):
                self._cancel(request)
            raise
        zone = self._zone(key)
        try:
            return BarSeries(key, tuple(_bar(row, zone) for row in rows))
        except ValueError as error:
            raise HistoryError("OTHER", f"The bars of {key} cannot be read: {error}") from None

    def _cancel(self, request: int) -> None:
        """On the wire; what the venue says to that tells nobody anything."""
        self._receiver.called_off.add(request)
        self._calls.cancelHistoricalData(request)

    def _zone(self, key: SeriesKey) -> tzinfo:
        return zone_of(self._instruments.zone(key.symbol)) or UTC


def _bar(row: tuple[str, ...], zone: tzinfo) -> Bar:
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

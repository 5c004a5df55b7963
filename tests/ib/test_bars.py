"""Bars over a link: how they are asked for, refused, late, and kept up to date."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.venue import BarsQuery, HistoryError
from domain.bars import SeriesKey, What
from domain.symbols import Symbol
from tests.ib.messages import BHP, error
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, day_of, link_to

AUDUSD = Symbol.parse("AUD/USD")
MINUTES = SeriesKey(BHP, What.TRADES, 60)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Historical data request pacing violation", "PACING"),
        ("HMDS query returned no data: BHP@ASX Trades", "NO_DATA"),
        ("No market data permissions for ASX STK.", "NO_PERMISSION"),
        ("API historical data query cancelled: 9", "CANCELLED"),
        ("invalid step: 1", "OTHER"),
    ],
)
def test_history_that_is_refused_is_never_an_empty_list(text: str, code: str) -> None:
    async def body() -> None:
        peer = Peer()
        words = f"Historical Market Data Service error message:{text}"
        peer.on["20"] = lambda fields: (error(int(fields[1]), 162, words),)
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(HistoryError) as raised:
                await link.bars(day_of(BHP))
            assert raised.value.code == code
            link.close()

    run(body())


def test_history_in_time_late_and_with_nothing_for_volume() -> None:
    async def body() -> None:
        peer = Peer()

        def bars(fields: list[str]) -> tuple[bytes, ...]:
            day = ["20260909", "1", "3", "0.5", "2", "100", "1.5", "7"]
            minute = ["1800000000", "1", "3", "0.5", "2", "-1", "-1", ""]
            warning = error(int(fields[1]), 2174, "a zone, please")
            return (warning, frame(17, fields[1], "a", "b", 2, *day, *minute))

        peer.on["20"] = bars
        async with listening(peer):
            link = link_to(peer.port, Recorder(), step_seconds=1.0)
            await link.open()
            series = await link.bars(day_of(BHP))
            assert series.key.bar_seconds == 300
            assert series.bars == (
                (1788912000.0, 1.0, 3.0, 0.5, 2.0, 100.0),
                (1800000000.0, 1.0, 3.0, 0.5, 2.0, None),
            )
            asked = await peer.until("20")
            assert asked[15:22] == ["", "5 mins", "1 D", "0", "TRADES", "2", "0"]
            peer.mute = {"20"}
            with pytest.raises(HistoryError) as raised:
                await link.bars(day_of(AUDUSD))
            assert raised.value.code == "TIMEOUT"
            assert (await peer.until("25"))[2] == (await peer.until("20", 2))[1]
            link.close()

    run(body())


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (day_of(AUDUSD), ["", "5 mins", "1 D", "0", "MIDPOINT", "2", "0"]),
        (
            # Summer time in Sydney: eleven hours ahead of the UTC that goes over the wire.
            BarsQuery(
                SeriesKey(BHP, What.BID_ASK, 86400, liquid_hours=True),
                "1 Y",
                datetime(2026, 11, 20, 9, 30, tzinfo=ZoneInfo("Australia/Sydney")),
            ),
            ["20261119-22:30:00", "1 day", "1 Y", "1", "BID_ASK", "2", "0"],
        ),
    ],
)
def test_a_request_says_when_in_utc_and_what_by_instrument(
    query: BarsQuery, fields: list[str]
) -> None:
    async def body() -> None:
        peer = Peer()
        peer.on["20"] = lambda asked: (frame(17, asked[1], "a", "b", 0),)
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            assert (await link.bars(query)).bars == ()
            assert (await peer.until("20"))[15:22] == fields
            link.close()

    run(body())


def _update(request: str, start: int, close: float, volume: object = 7) -> bytes:
    # The wire's order: count, date, open, close, high, low, average, volume.
    return frame(90, request, 3, start, 1, close, 3, 0.5, 1.5, volume)


def test_a_series_is_kept_up_to_date_until_the_venue_says_otherwise() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        block = ["1800000000", "1", "3", "0.5", "2", "100", "1.5", "7"]
        peer.on["20"] = lambda asked: (
            frame(17, asked[1], "a", "b", 1, *block),
            _update(asked[1], 1800000000, 2.5),
            _update(asked[1], 1800000060, 2.75, -1),
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            query = BarsQuery(MINUTES, "1800 S")
            series = await link.follow_bars(query)
            assert series.bars == ((1800000000.0, 1.0, 3.0, 0.5, 2.0, 100.0),)
            await sink.until(lambda: len(sink.bars) == 2)
            assert sink.bars == [
                (MINUTES, (1800000000.0, 1.0, 3.0, 0.5, 2.5, 7.0)),
                (MINUTES, (1800000060.0, 1.0, 3.0, 0.5, 2.75, None)),
            ]
            asked = await peer.until("20")
            assert asked[15:22] == ["", "1 min", "1800 S", "0", "TRADES", "2", "1"]
            # A correction of the exchange's: it is to be asked for anew, and is.
            await peer.send(error(int(asked[1]), 10225, "Bust event occurred, resubscribe"))
            await sink.until(lambda: sink.ended)
            assert sink.ended == [(MINUTES, "OTHER", "10225: Bust event occurred, resubscribe")]
            assert sink.notices == []
            await link.follow_bars(query)
            assert (await peer.until("25"))[2] == asked[1]
            second = await peer.until("20", 2)
            assert second[1] != asked[1]
            # What comes for the old one now is nobody's.
            before = len(sink.bars)
            await peer.send(_update(asked[1], 1800000120, 9.0))
            await peer.send(_update(second[1], 1800000180, 3.0))
            await sink.until(lambda: sink.bars[-1][1][0] == 1800000180.0)
            assert all(bar[0] != 1800000120.0 for _, bar in sink.bars[before:])
            link.close()

    run(body())


def test_a_series_that_is_refused_is_not_followed() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        text = "No market data permissions for ASX STK."
        peer.on["20"] = lambda asked: (error(int(asked[1]), 162, text),)
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            with pytest.raises(HistoryError) as raised:
                await link.follow_bars(BarsQuery(MINUTES, "1800 S"))
            assert raised.value.code == "NO_PERMISSION"
            await peer.send(_update((await peer.until("20"))[1], 1800000000, 2.5))
            await link.server_time()
            assert sink.bars == []
            link.close()

    run(body())

"""Five hundred questions wait, and an order does not (pain 16): by the gateway's own log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.venue import BarsQuery, LinkError
from domain.bars import SeriesKey, What
from domain.venue import VenueStatus
from runtime.clocks import SystemClock
from simulators.tws.wire_history import read_wire_log
from tests.ib.messages import BHP
from tests.ib.peer import run
from tests.ib.recorder import Recorder, limit_order, link_to, most_in_a_second, written_by
from tests.simulators.gateway_process import gateway_process

_PLACE_ORDER, _CANCEL_ORDER, _HISTORICAL_DATA, _CURRENT_TIME = 3, 4, 20, 49


def test_500_waiting_questions_hold_no_order_cancel_or_heartbeat_back(tmp_path: Path) -> None:
    with gateway_process(tmp_path, "--market", "still", "--message-limit", "0") as gateway:
        handed, written = _ask_and_order(gateway.port)
        wire = read_wire_log(tmp_path / "wire.jsonl")
    # The queue was long all the time, and was cut off with the link.
    assert 40 < len(wire.from_client(_HISTORICAL_DATA)) < 450
    for kind in (_PLACE_ORDER, _CANCEL_ORDER, _CURRENT_TIME):
        arrived = [message.monotonic for message in wire.from_client(kind)]
        assert len(arrived) == len(handed[kind])
        # Both processes read the machine's one clock.
        late = [there - here for here, there in zip(handed[kind], arrived, strict=True)]
        assert max(late) < 5.0, "behind the questions it would be more than ten"
    assert most_in_a_second(written) <= 45


def _ask_and_order(port: int) -> tuple[dict[int, list[float]], list[float]]:
    """Ask 500 times; place an order and take it back, twice; lose the link.

    When each of these was handed on, and when each message was written.
    """
    handed: dict[int, list[float]] = {_PLACE_ORDER: [], _CANCEL_ORDER: [], _CURRENT_TIME: []}
    now, written = SystemClock().monotonic, list[float]()

    async def body() -> None:
        sink = Recorder()
        link = link_to(port, sink, client_id=3, step_seconds=30)
        await link.open()
        noted = written_by(link)
        await link.instrument(BHP)
        end = datetime(2026, 9, 9, tzinfo=UTC)
        key = SeriesKey(BHP, What.TRADES, 3600)
        questions = [
            asyncio.ensure_future(
                link.bars(BarsQuery(key, "3600 S", end - timedelta(hours=number)))
            )
            for number in range(500)
        ]
        await asyncio.sleep(0)  # each has been put into the queue
        for number, after in enumerate((0, 40)):
            await questions[after]
            name = f"K{number}"
            handed[_PLACE_ORDER].append(now())
            link.place(limit_order(name, price="20"))
            await sink.until(_told(sink, name, VenueStatus.WORKING))
            handed[_CANCEL_ORDER].append(now())
            link.cancel(name, None)
            handed[_CURRENT_TIME].append(now())
            await link.server_time()
            await sink.until(_told(sink, name, VenueStatus.CANCELLED))
        done = sum(question.done() for question in questions)
        link.close()
        written.extend(noted)
        answers = await asyncio.gather(*questions, return_exceptions=True)
        # Each that was still waiting is told; none is taken for an empty answer.
        assert sum(isinstance(answer, LinkError) for answer in answers) == 500 - done

    run(body())
    return handed, written


def _told(sink: Recorder, name: str, status: VenueStatus) -> Callable[[], bool]:
    return lambda: any(o.client_order_id == name and o.status is status for o in sink.orders())

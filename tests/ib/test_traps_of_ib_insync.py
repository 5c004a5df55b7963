"""Every trap of ib_insync that this adapter meets, asked of both in the same words.

On the bare library each of them must fail (`strict`): when one passes there, the trap is gone
and its cure can go too. That its receive buffer is quadratic is measured in `benchmarks`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from domain.symbols import Symbol
from tests.ib.messages import commission, error, execution, opened, opened_fields, status
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.subjects import Bare, Make, Ours, Subject

both = pytest.mark.parametrize(
    "make",
    [
        pytest.param(Ours, id="ours"),
        pytest.param(Bare, id="bare", marks=pytest.mark.xfail(strict=True)),
    ],
)


@both
@pytest.mark.parametrize("muted", ["61", "16", "99", "6"])
def test_connected_is_not_synchronised(make: Make, muted: str) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        peer.mute = {muted, "5"} if muted == "16" else {muted}
        async with listening(peer):
            await subject.open(peer.port, 0.3)
            complete = await subject.synchronised(0.3)
            subject.close()
            assert not complete

    run(body())


@both
def test_an_order_that_never_left_is_told(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            placed = {f"K{number}" for number in range(300)}
            for reference in placed:
                subject.place(reference)
            await peer.until("3", subject.burst)
            peer.hang_up()
            assert await subject.noticed_loss(2)
            seen = {fields[26] for fields in peer.received if fields[0] == "3"}
            assert seen | subject.said_not_sent() == placed

    run(body())


@both
def test_an_order_does_not_wait_behind_data(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.subscribe([Symbol(f"S{number}", "AUD") for number in range(120)])
            subject.place("K1")
            try:
                await peer.until("3")
            finally:
                subject.close()
            assert [fields[0] for fields in peer.received].index("3") < 60

    run(body())


@both
@pytest.mark.parametrize("code", [103, 161, 10147, 10148, 10349])
def test_an_error_does_not_cancel_a_live_order(make: Make, code: int) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.place("K1")
            order_id = int((await peer.until("3"))[1])
            await peer.send(
                opened(order_id, "K1", "Submitted"),
                status(order_id, "Submitted"),
                error(order_id, code),
            )
            await subject.heard()
            cancelled = subject.is_cancelled("K1")
            subject.close()
            assert not cancelled

    run(body())


@both
def test_a_corrected_execution_counts_once(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.place("K1")
            order_id = int((await peer.until("3"))[1])
            await peer.send(
                opened(order_id, "K1", "Submitted"),
                execution(order_id, "K1", "0000e0d5.67fe667b.01.01", "100"),
                execution(order_id, "K1", "0000e0d5.67fe667b.01.02", "100"),
            )
            await subject.heard()
            filled = subject.filled()
            subject.close()
            assert filled == 100

    run(body())


@both
def test_a_commission_before_its_execution_is_kept(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.place("K1")
            order_id = int((await peer.until("3"))[1])
            await peer.send(opened(order_id, "K1", "Submitted"))
            await peer.send(commission(), execution(order_id, "K1"))
            await subject.heard()
            commissions = [amount for amount, _ in subject.commissions()]
            subject.close()
            assert commissions == [6.6]

    run(body())


@both
def test_no_realised_profit_is_not_a_profit_of_zero(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.place("K1")
            order_id = int((await peer.until("3"))[1])
            await peer.send(opened(order_id, "K1", "Submitted"))
            await peer.send(execution(order_id, "K1"), commission())
            await subject.heard()
            realised = [profit for _, profit in subject.commissions()]
            subject.close()
            assert realised == [None]

    run(body())


@both
def test_a_frame_of_four_gigabytes_is_not_waited_for(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            await peer.send(b"\xff\xff\xff\xf0", error(-1, 1102))
            noticed = await subject.noticed_loss(0.5)
            subject.close()
            assert noticed

    run(body())


@both
def test_a_message_that_cannot_be_read_is_told(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            await peer.send(frame(*opened_fields(5, "K1", "Submitted")[:-1]))
            await subject.heard()
            unread = subject.unread()
            subject.close()
            assert unread == 1

    run(body())


@both
def test_an_execution_outlives_a_zone_that_nobody_knows(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.place("K1")
            order_id = int((await peer.until("3"))[1])
            await peer.send(opened(order_id, "K1", "Submitted"))
            await peer.send(execution(order_id, "K1", when="20260909 10:00:00 Mars/Olympus"))
            await subject.heard()
            filled = subject.filled()
            subject.close()
            assert filled == 100

    run(body())


@both
def test_closing_ends_the_questions_that_wait(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        peer.mute = {"49"}
        async with listening(peer):
            await subject.open(peer.port)
            question = subject.ask_time()
            await peer.until("49")
            subject.close()
            done, _ = await asyncio.wait({question}, timeout=0.3)
            question.cancel()
            await asyncio.gather(question, return_exceptions=True)
            assert done

    run(body())


@both
def test_a_closed_link_shows_nothing_of_its_past(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.place("K1")
            await peer.until("3")
            subject.close()
            assert not subject.still_shows()

    run(body())


@both
def test_a_client_id_in_use_is_called_so(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        peer.on["71"] = lambda fields: (error(-1, 326, "Unable to connect as the client id …"),)
        async with listening(peer):
            assert await subject.why_not_open(peer.port) == "CLIENT_ID_IN_USE"

    run(body())


@both
def test_history_that_is_refused_is_not_empty(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        text = "Historical Market Data Service error message:pacing violation"
        peer.on["20"] = lambda fields: (error(int(fields[1]), 162, text),)
        async with listening(peer):
            await subject.open(peer.port)
            answer = await subject.bars()
            subject.close()
            assert "pacing violation" in answer

    run(body())


@both
def test_minus_one_is_no_price(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.subscribe([Symbol("BHP", "AUD")])
            request = (await peer.until("1"))[2]
            await peer.send(frame(1, 6, request, 1, "-1", "0", 0))
            await subject.heard()
            bid = subject.shown_bid()
            subject.close()
            assert bid is None

    run(body())


@both
def test_a_side_without_size_shows_no_price(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.subscribe([Symbol("BHP", "AUD")])
            request = (await peer.until("1"))[2]
            await peer.send(frame(1, 6, request, 1, "45.1", "100", 0))
            await peer.send(frame(2, 6, request, 0, "0"))
            await subject.heard()
            bid = subject.shown_bid()
            subject.close()
            assert bid is None

    run(body())


@both
def test_quotes_come_in_the_order_of_their_ticks(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        names = [f"S{number}" for number in range(30)]
        async with listening(peer):
            await subject.open(peer.port)
            subject.subscribe([Symbol(name, "AUD") for name in names])
            await peer.until("1", 30)
            requests = [fields[2] for fields in peer.received if fields[0] == "1"]
            await peer.send(
                b"".join(frame(1, 6, request, 1, "45.1", "100", 0) for request in requests)
            )
            await subject.heard()
            quoted = subject.quoted()
            subject.close()
            assert quoted == names

    run(body())


@both
def test_a_collected_owner_does_not_close_the_link(make: Make) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            subject.drop()
            # The peer's end of a socket closes one turn of the loop later, if it closes.
            closed, _ = await asyncio.wait({asyncio.ensure_future(peer.ended.wait())}, timeout=0.3)
            assert not closed

    run(body())


def _open_and_close(make: Make, problems: list[BaseException]) -> None:
    async def body() -> None:
        peer, subject = Peer(), make()
        async with listening(peer):
            await subject.open(peer.port)
            await subject.heard()
            subject.close()

    loop = asyncio.SelectorEventLoop()
    try:
        loop.run_until_complete(asyncio.wait_for(body(), 10))
    except BaseException as problem:
        problems.append(problem)
    finally:
        loop.close()


@both
def test_a_loop_that_no_policy_knows(make: Make) -> None:
    problems: list[BaseException] = []
    thread = threading.Thread(target=_open_and_close, args=(make, problems))
    thread.start()
    thread.join(15)
    assert not thread.is_alive()
    assert problems == []


@both
def test_a_policy_that_names_another_loop(make: Make) -> None:
    problems: list[BaseException] = []

    def with_another_loop() -> None:
        other = asyncio.SelectorEventLoop()
        asyncio.set_event_loop(other)
        try:
            _open_and_close(make, problems)
        finally:
            asyncio.set_event_loop(None)
            other.close()

    thread = threading.Thread(target=with_another_loop)
    thread.start()
    thread.join(15)
    assert not thread.is_alive()
    assert problems == []


@pytest.mark.parametrize(
    "module",
    [
        pytest.param("adapters.ib.link", id="ours"),
        pytest.param("ib_insync", id="bare", marks=pytest.mark.xfail(strict=True)),
    ],
)
def test_an_import_in_a_thread_without_a_loop(module: str) -> None:
    program = (
        "import threading, importlib, sys\n"
        f"thread = threading.Thread(target=lambda: importlib.import_module({module!r}))\n"
        "thread.start(); thread.join()\n"
        f"sys.exit({module!r} not in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=50)
    assert done.returncode == 0


def test_both_subjects_can_do_what_they_are_asked() -> None:
    """Else a trap could be sprung on the bare library by our own clumsiness."""

    async def body(subject: Subject) -> None:
        peer = Peer()
        async with listening(peer):
            await subject.open(peer.port)
            assert await subject.synchronised(2)
            subject.subscribe([Symbol("BHP", "AUD")])
            request = (await peer.until("1"))[2]
            await peer.send(frame(1, 6, request, 1, "45.1", "100", 0))
            subject.place("K1")
            order_id = int((await peer.until("3"))[1])
            await peer.send(
                opened(order_id, "K1", "Submitted"),
                status(order_id, "Submitted"),
                execution(order_id, "K1"),
                commission(realised="2.5"),
                status(order_id, "Cancelled"),
            )
            await subject.heard()
            assert subject.shown_bid() == 45.1
            assert subject.quoted() == ["BHP"]
            assert subject.filled() == 100
            assert subject.commissions() == [(6.6, 2.5)]
            assert subject.is_cancelled("K1")
            peer.on["20"] = lambda fields: (
                frame(17, fields[1], "a", "b", 1, "1800000000", 1, 2, 1, 2, 5, 1, 1),
            )
            assert await subject.bars() == "1 bars"
            peer.hang_up()
            assert await subject.noticed_loss(2)

    for make in (Ours, Bare):
        run(body(make()))

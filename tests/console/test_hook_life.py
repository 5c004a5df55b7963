"""The hook's own life: its port, its end, what it does with those that say nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from actors import names
from actors.base import Actor
from actors.lanes import ExitKind, Lane, RestartChild
from actors.system import NobodyThere
from console.hook import Hook, Rate
from console.hook.asking import Asking
from console.hook.connections import QuietConnections
from console.hook.limits import TokenBucket
from runtime.clocks import WarpClock
from tests.actors.conftest import LIMIT, Hang, Question
from tests.console.conftest import TOKEN, Grow, Plant, Planted, Reach, hook_url
from tests.console.test_hook_trading import ORDER
from tests.console.trading import trading_tree
from tests.tree.hanging import hanging
from tests.tree.home import free_port
from tests.tree.waiting import until


def _wire(rig: Planted) -> socket.socket:
    address = urlsplit(rig.hook.url)
    return socket.create_connection((address.hostname, address.port or 0), LIMIT)


def _hook(rig: Planted) -> Actor:
    occupant = rig.system.seat(names.HOOK).occupant
    assert occupant is not None
    return occupant


def test_a_taken_port_is_said_and_holds_nobody_up_and_is_tried_again(grow: Grow) -> None:
    # No port that the system hands out: in between it would give it to somebody else.
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        rig = grow(port=port)  # its last actor has started: the console held nobody up
        said = rig.system.inspect(names.HOOK).get(timeout=LIMIT)
        assert said["url"] == ""
        assert f"127.0.0.1:{port}" in said["trouble"]
        assert "HOOK_PORT" in said["trouble"]
    hook = Reach(f"http://127.0.0.1:{port}")
    rig.clock.leap(2.5)
    started = rig.clock.monotonic()
    while (said := rig.system.inspect(names.HOOK).get(timeout=LIMIT))["url"] == "":
        assert rig.clock.monotonic() < LIMIT + started, said
    assert said["trouble"] == ""
    assert hook.get("/health/live").status_code == 200
    assert _hook(rig).incarnation == 1


def test_it_ends_in_time_though_an_answer_is_still_awaited(grow: Grow) -> None:
    rig = grow(answer_seconds=60.0)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            rig.hook.get("/actors/a").raise_for_status()
        except httpx.HTTPError as error:
            failed.append(error)

    asker = threading.Thread(target=ask)
    with hanging(rig.system, "a"):
        asker.start()
        until(lambda: rig.system.seat("a").mailbox.depth(Lane.CONTROL), "it is asked")
        first = _hook(rig)
        rig.system.tell(names.CONSOLE, RestartChild(names.HOOK, "a test"))
        limit = rig.clock.monotonic() + LIMIT
        while not first.actor_stopped.is_set():
            # The server has closed its socket by then: an account of itself must be no crash.
            with contextlib.suppress(NobodyThere):
                assert rig.system.inspect(names.HOOK).get(timeout=LIMIT)["url"]
            assert rig.clock.monotonic() < limit, "the stop is bounded"
        ended = rig.system.seat(names.HOOK).last_exit
        assert ended is not None and ended.kind is ExitKind.SHUTDOWN, ended
        asker.join(LIMIT)
        assert not asker.is_alive()
        assert failed
        assert hook_url(rig.system)


def test_a_fault_of_ours_is_answered_without_its_stack_and_stops_nothing(
    grow: Grow, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = grow()

    async def broken(self: Asking, name: str) -> object:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(Asking, "inspect", broken)
    answer = rig.hook.get("/tree")
    assert (answer.status_code, answer.json()["code"]) == (500, "HOOK_FAILED")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert rig.hook.get("/actors").status_code == 200
    assert _hook(rig).incarnation == 1


def test_connections_that_say_nothing_are_cut_and_others_are_not(grow: Grow) -> None:
    rig = grow(quiet_seconds=40.0)
    with _wire(rig) as silent, _wire(rig) as dripping:
        dripping.sendall(b"GET /actors HTTP/1.1\r\nHost: ")
        with rig.hook.client(TOKEN) as speaking:
            for number in range(1, 7):
                rig.clock.leap(11.0)
                _wait_for_sweeps(rig, number)
                assert speaking.get("/actors").status_code == 200
        silent.settimeout(LIMIT)
        dripping.settimeout(LIMIT)
        assert _is_cut(silent)
        assert _is_cut(dripping)


def _wait_for_sweeps(rig: Planted, times: int) -> None:
    """Each leap makes the hook's timer due, and that is handled a moment later."""
    handled = rig.system.seat(names.HOOK).handled
    until(lambda: handled["TimerDue"] >= times, f"all were looked at {times} times")


def _is_cut(wire: socket.socket) -> bool:
    try:
        return wire.recv(1) == b""
    except ConnectionResetError:
        return True


def _connections(rig: Planted) -> list[socket.socket]:
    """The hook's ends of the connections that are open."""
    hook = _hook(rig)
    assert isinstance(hook, Hook) and hook._server is not None
    opened = list(hook._server.server_state.connections)
    return [each.transport.get_extra_info("socket") for each in opened]


def test_answers_do_not_wait_for_the_askers_acknowledgement(grow: Grow) -> None:
    rig = grow()
    with rig.hook.client(TOKEN) as client:
        client.get("/actors")
        [wire] = _connections(rig)
        # With Nagle's delay each answer after the first takes 40 ms, however fast the machine.
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_seat_with_too_many_questions_is_busy(grow: Grow) -> None:
    rig = grow()
    release, begun = threading.Event(), threading.Event()
    rig.system.tell(names.LEDGER, Hang(release, begun))
    assert begun.wait(LIMIT)
    for _ in range(32):
        rig.system.tell(names.LEDGER, Question("?"))
    answer = rig.hook.get("/orders")
    assert (answer.status_code, answer.json()["code"]) == (503, "SEAT_BUSY")
    release.set()


def test_a_seat_that_crashes_over_a_question_is_said_to(grow: Grow) -> None:
    rig = grow()
    # The recorder on this seat knows no orders: the question crashes it.
    answer = rig.hook.get("/orders")
    assert (answer.status_code, answer.json()["code"]) == (503, "SEAT_CRASHED")
    assert rig.hook.get("/health/live").status_code == 200


def test_an_order_in_doubt_names_its_id_and_says_how_to_find_out(
    plant: Plant, tmp_path: Path
) -> None:
    market = trading_tree(plant, tmp_path, answer_seconds=0.0)
    answer = market.tree.hook.post("/orders", json=ORDER)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (503, "SEAT_SLOW")
    assert said["client_order_id"].startswith("KLP-")
    assert "not known" in said["detail"]


def test_a_bucket_fills_at_its_rate_and_never_beyond_its_burst() -> None:
    clock = WarpClock()
    bucket = TokenBucket(clock, Rate(burst=2, per_second=0.001))
    assert [bucket.take() > 0 for _ in range(3)] == [False, False, True]
    clock.leap(1000)
    assert [bucket.take() > 0 for _ in range(2)] == [False, True]
    clock.leap(1_000_000)
    assert [bucket.take() > 0 for _ in range(3)] == [False, False, True]


class _Wire:
    """A connection as the sweeper sees it."""

    def __init__(self) -> None:
        self.cut = False
        self.cycle: _Request | None = None
        self.transport = self

    def abort(self) -> None:
        self.cut = True


class _Request:
    def __init__(self, response_complete: bool) -> None:
        self.response_complete = response_complete


def test_a_long_answer_is_not_taken_for_silence() -> None:
    quiet = QuietConnections(40.0)
    wire = _Wire()
    wire.cycle = _Request(response_complete=False)
    for now in (0.0, 100.0, 200.0):
        assert quiet.sweep([wire], now) == 0
    wire.cycle.response_complete = True
    assert quiet.sweep([wire], 300.0) == 0
    wire.cycle = _Request(response_complete=True)  # another request in between
    assert quiet.sweep([wire], 339.0) == 0
    assert quiet.sweep([wire], 378.0) == 0
    assert quiet.sweep([wire], 379.0) == 1
    assert wire.cut

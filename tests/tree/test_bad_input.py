"""Whatever is wrong outside gets its coded answer, and nothing stops."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import names
from tests.plain_http import TRUSTS_NOBODY
from tests.tree.home import PROGRAM_WITHIN, Home
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until


class _Web(socketserver.BaseRequestHandler):
    """What web servers say to what is no request."""

    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


class _Mute(socketserver.BaseRequestHandler):
    """Takes connections, reads, and never says a word."""

    def handle(self) -> None:
        while self.request.recv(4096):
            pass


@contextmanager
def _listening(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(SOON)
        server.server_close()


def _web_server() -> socketserver.TCPServer:
    return socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Web)


def _mute_server() -> socketserver.TCPServer:
    return socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mute)


def _not_ready(tree: Tree) -> dict[str, Any]:
    with tree.hook.client() as anybody:
        answer = anybody.get("/health/ready")
        assert answer.status_code == 503
        (venue,) = answer.json()["venues"]
        assert anybody.get("/health/live").status_code == 200
    assert isinstance(venue, dict)
    return venue


def _beside_the_chain(tree: Tree) -> set[int]:
    chain = set(names.of_venue(names.IB)) - {names.IB}
    return {count for name, count in tree.incarnations().items() if name not in chain}


def _is_refused_with(tree: Tree, causes: tuple[str, ...]) -> None:
    """The link is tried again and again, each time with this cause, and the rest stands."""
    connection = tree.system.seat(names.connection(names.IB))
    until(lambda: connection.incarnation > 2, "it is tried again")
    assert connection.last_exit is not None
    assert connection.last_exit.cause in causes
    until(lambda: _not_ready(tree)["next_try"], "the next try is told", every=0.05)
    until(lambda: 0 not in _beside_the_chain(tree), "everybody has started")
    assert _beside_the_chain(tree) == {1}
    refused = tree.propose("KLP-1")
    assert (refused.status_code, refused.json()["code"]) == (409, "VENUE_NOT_TRADABLE")


@pytest.mark.parametrize(
    ("make_server", "causes", "step"),
    [
        # Time enough for whoever does answer.
        (_web_server, ("NOT_TWS", "FRAME_TOO_LONG"), "10"),
        (_mute_server, ("NO_VERSION",), "0.5"),
    ],
    ids=["a web server", "one that never speaks"],
)
def test_something_else_listens_at_the_port(
    tmp_path: Path,
    make_server: Callable[[], socketserver.TCPServer],
    causes: tuple[str, ...],
    step: str,
) -> None:
    with (
        _listening(make_server()) as port,
        growing(tmp_path, port, CONNECT_STEP_SECONDS=step) as tree,
    ):
        _is_refused_with(tree, causes)
        assert f"127.0.0.1:{port}" in _not_ready(tree)["reason"]


def test_the_wrong_account_is_named_beside_the_one_that_is_there(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start()
    with growing(tmp_path, venue.port, watched=False, IB_ACCOUNT_ID="DU1234567") as tree:

        def waits_after(tries: int) -> bool:
            if tree.incarnations()[names.connection(names.IB)] != tries:
                return False
            children = tree.system.inspect(names.IB).get(timeout=SOON)["children"]
            return {child["phase"] for child in children} == {"waiting"}

        assert _not_ready(tree)["reason"], "everybody has started"
        for tries in (1, 2):
            # No waiting mends it: it is tried again once a minute.
            until(partial(waits_after, tries), "it waits for its next try")
            tree.leap(61.0)
        _is_refused_with(tree, ("WRONG_ACCOUNT",))
        reason = _not_ready(tree)["reason"]
        # In part: the page is open to whoever reaches it.
        assert "DU***567" in reason and "DU***001" in reason and "IB_ACCOUNT_ID" in reason
    assert venue.wire().orders_per_ref() == {}


_ORDER = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "LIMIT"}


@pytest.mark.timeout(150)
def test_bad_orders_and_strangers_are_refused_with_a_code_and_trading_goes_on(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    venue.start()
    symbols = "BHP/AUD,CBA/AUD"
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS=symbols) as tree:
        tree.wait_until_ready()
        before = tree.incarnations()

        def refused(**terms: str) -> tuple[int, str]:
            order = _ORDER | {"limit_price": "38.00"} | terms
            answer = tree.call("POST", "/orders", order)
            assert answer.headers["content-type"] == "application/problem+json"
            assert len(answer.json()["detail"]) > 20
            return answer.status_code, answer.json()["code"]

        assert refused(symbol="XRO/AUD") == (422, "SYMBOL_NOT_ALLOWED")
        assert refused(symbol="BHP") == (422, "SYMBOL_NOT_A_SYMBOL")
        assert refused(quantity="-20")[0] == 422
        assert refused(quantity="0")[0] == 422
        assert refused(quantity="NaN") == (422, "NUMBER_NOT_FINITE")
        assert refused(quantity="1.5") == (422, "QUANTITY_NOT_IN_LOTS")
        assert refused(limit_price="38.005") == (422, "PRICE_BETWEEN_STEPS")
        assert refused(limit_price="-1")[0] == 422
        assert refused(side="HOLD") == (422, "FIELD_NOT_ALLOWED")
        assert refused(quantity="100000") == (422, "ORDER_TOO_LARGE")

        hook = tree.hook
        with httpx.Client(base_url=hook.url, trust_env=False, verify=TRUSTS_NOBODY) as stranger:
            for headers in ({}, {"authorization": "Bearer " + "x" * 45}):
                answer = stranger.post("/orders", json=_ORDER, headers=headers)
                assert answer.status_code == 401
                assert answer.json()["code"].startswith("TOKEN_")
            reader = {"authorization": f"Bearer {hook.read_token}"}
            answer = stranger.post("/orders", json=_ORDER, headers=reader)
            assert answer.status_code == 403

        assert tree.incarnations() == before
        assert tree.propose("KLP-GOOD").status_code == 202
        tree.wait_for_state("KLP-GOOD", "FILLED")
        assert venue.wire().orders_per_ref() == {"KLP-GOOD": 1}


@pytest.mark.timeout(150)
def test_a_second_process_on_the_same_state_refuses_and_names_the_first(home: Home) -> None:
    first = home.start(MODE="paper", IB_ACCOUNT_ID="DU1234567", STRATEGY="none")
    until(lambda: (home.state / "hook.token").exists(), "the first has its state", PROGRAM_WITHIN)
    first.hear("KELPIE")
    second = home.start(MODE="paper", IB_ACCOUNT_ID="DU1234567", STRATEGY="none")
    assert second.refuses() == 75
    assert f"Process {first.pid} has had the state folder" in second.screen()
    assert first.process.poll() is None
    until(home.live, "the first goes on", every=0.1)
    assert home.get("/actors")["items"]
    assert first.interrupt() == 0, first.screen()
    assert home.processes() == []


@pytest.mark.timeout(150)
def test_a_damaged_book_ends_the_process_with_a_code_that_says_do_not_restart(home: Home) -> None:
    first = home.start(STRATEGY="none")
    first.hear("AGREED")
    assert first.interrupt() == 0, first.screen()
    [book] = home.state.glob("demo-*/ledger.db")
    home.damaged = True
    with book.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(range(256)) * 32)
    second = home.start(STRATEGY="none")
    assert second.refuses() == 76
    assert "is damaged" in second.screen() and "restore" in second.screen()
    assert home.processes() == []

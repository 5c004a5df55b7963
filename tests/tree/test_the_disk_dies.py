"""The disk of the book is full or locked while Kelpie trades: nothing is lost, exits get out.

The broker's own file is the judge of what was traded, and the wire log of what was sent.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import pytest

from actors import names
from actors.ledger import Ledger
from actors.messages import RecordAudit
from adapters.emergency import EmergencyIntent
from adapters.store import SqliteBook, open_emergency
from domain.orders import Order, OrderRequest, OrderType, Purpose, Side
from simulators.tws.control import ControlClient
from tests.simulators.gateway_process import ready_facts
from tests.tree.home import Home
from tests.tree.in_process import BHP, Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker, of_hook
from tests.tree.waiting import until

LARGE = RecordAudit("a test", "something large", "x" * 60_000)


def _book(tree: Tree) -> SqliteBook:
    ledger = tree.system.seat(names.LEDGER).occupant
    assert isinstance(ledger, Ledger)
    assert isinstance(ledger.book, SqliteBook)
    return ledger.book


@contextmanager
def _full(tree: Tree) -> Iterator[None]:
    """The book may grow no further: SQLite's own refusal, as on a full disk."""
    connection = _book(tree).connection
    (pages,) = connection.rows("PRAGMA page_count")[0]
    connection.rows(f"PRAGMA max_page_count = {pages}")
    tree.system.tell(names.LEDGER, LARGE)
    until(lambda: _outage(tree), "the ledger knows")
    yield
    connection.rows("PRAGMA max_page_count = 1000000")


@contextmanager
def _locked(book: Path) -> Iterator[None]:
    """Another program writes into the book, and does not come to an end."""
    other = sqlite3.connect(book, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


def _outage(tree: Tree) -> bool:
    return bool(tree.system.inspect(names.LEDGER).get(timeout=10)["outage"])


def _status(venue: Venue, client_order_id: str) -> str:
    orders = {order.request.order_ref: order for order in venue.books().orders}
    return orders[client_order_id].status if client_order_id in orders else ""


def _agree(tree: Tree, venue: Venue) -> None:
    truth = sorted(of_broker(venue.books()))
    until(
        lambda: sorted(of_hook(tree.get("/fills")["items"])) == truth,
        "the ledger has the broker's executions",
    )


def test_with_the_disk_full_in_the_middle_of_fills_nothing_is_lost_and_exits_get_out(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    venue.start("--market", "still")
    with growing(
        tmp_path,
        venue.port,
        ENTRY_PREVIEWS="false",
        HEARTBEAT_DEADLINE_SECONDS="20",
        QUOTE_STALE_AFTER_SECONDS="300",
    ) as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        tree.wait_until_held("20")
        resting = {"type": "LIMIT", "limit_price": "1.00"}
        assert tree.propose("KLP-REST", **resting).status_code == 202
        tree.wait_for_state("KLP-REST", "WORKING")
        # Its fills come while nothing can be written.
        assert venue.gateway is not None
        os.kill(venue.gateway.process.pid, signal.SIGSTOP)
        assert tree.propose("KLP-2").status_code == 202
        tree.wait_for_state("KLP-2", "SENT")
        with _full(tree):
            os.kill(venue.gateway.process.pid, signal.SIGCONT)
            until(lambda: _status(venue, "KLP-2") == "Filled", "the broker has filled it")

            refused = tree.propose("KLP-3")
            assert refused.status_code == 409
            assert refused.json()["code"] == "BOOK_NOT_WRITABLE"
            stop = {"side": "SELL", "type": "STOP", "stop_price": "1.00"}
            assert tree.propose("KLP-STOP", **stop).json()["code"] == "BOOK_NOT_WRITABLE"

            def alerts() -> list[str]:
                return [each["code"] for each in tree.get("/venues")["items"][0]["alerts"]]

            until(lambda: alerts() == ["BOOK_NOT_WRITABLE"], "it is told, and nothing else")

            tree.wait_until_ready()
            assert tree.propose("KLP-OUT", side="SELL").status_code == 202
            until(lambda: _status(venue, "KLP-OUT") == "Filled", "the exit has got out")
            assert tree.get("/orders/KLP-OUT")["purpose"] == "EXIT"
            assert tree.call("DELETE", "/orders/KLP-REST").status_code == 202
            until(lambda: "Cancel" in _status(venue, "KLP-REST"), "the cancel has gone")
            assert {each["execution_id"] for each in tree.get("/fills")["items"]} == {
                each.execution_id for each in of_broker(venue.books(), "KLP-1")
            }, "nothing is told that is not on disk"
        for name, state in (("KLP-2", "FILLED"), ("KLP-OUT", "FILLED"), ("KLP-REST", "CANCELLED")):
            tree.wait_for_state(name, state)
        _agree(tree, venue)
        until(lambda: not _outage(tree), "it has healed")
        assert tree.propose("KLP-4").status_code == 202
        tree.wait_for_state("KLP-4", "FILLED")
        _agree(tree, venue)
        sent = venue.wire().orders_per_ref()
        assert sent == dict.fromkeys(("KLP-1", "KLP-REST", "KLP-2", "KLP-OUT", "KLP-4"), 1)
        assert tree.incarnations()[names.LEDGER] == 1
        assert tree.lost_facts() == []
        until(lambda: any("is written again" in line for line in tree.said), "it is said")
        for words in ("Nothing is written", "The book is written again"):
            assert len([line for line in tree.said if words in line]) == 1, words


def test_a_plan_gets_out_with_the_disk_full(tmp_path: Path, venue: Venue) -> None:
    wait_for_open_market()
    venue.start("--control-port", "0", "--market", "still")
    port = ready_facts(venue.folder)["control_port"]
    assert isinstance(port, int)
    with (
        ControlClient(port) as control,
        growing(tmp_path, venue.port, ENTRY_PREVIEWS="false") as tree,
    ):
        tree.wait_until_ready()
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        [bought] = of_broker(venue.books())

        def fall(to: str) -> None:
            price = (bought.price * Decimal(to)).quantize(Decimal("0.01"))
            control.do("move_price", symbol="BHP/AUD", price=str(price))

        def exits() -> list[str]:
            refs = [order.request.order_ref for order in venue.books().orders]
            return [ref for ref in refs if ref.startswith("KLP-P-")]

        levels = cycle(("0.98", "0.979"))

        def has_left() -> list[str]:
            """One print sells nothing: the market stays there, and says so."""
            fall(next(levels))
            return exits()

        with _full(tree):
            until(has_left, "the plan leaves", every=0.3)
            until(lambda: _status(venue, exits()[0]) == "Filled", "and is out")
        _agree(tree, venue)
        assert set(venue.wire().orders_per_ref().values()) == {1}


def test_an_entry_in_hand_when_the_disk_dies_expires_and_is_never_sent(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    venue.start()
    with growing(tmp_path, venue.port, watched=False, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        with _locked(_book(tree).connection.path):
            answer = tree.propose("KLP-1")
            assert answer.status_code == 503, answer.text
            until(lambda: tree.propose("KLP-2").status_code == 409, "the desk knows")
            tree.leap(60.0)
        tree.wait_for_state("KLP-1", "NOT_SENT")
        tree.wait_until_ready()
        assert tree.propose("KLP-3").status_code == 202
        tree.wait_for_state("KLP-3", "FILLED")
        assert venue.wire().orders_per_ref() == {"KLP-3": 1}


def _buy(home: Home) -> None:
    home.wait_until_ready()
    assert home.propose("KLP-1").status_code == 202
    home.wait_for_state("KLP-1", "FILLED")
    # The venue's word on what is held comes behind the fill.
    until(
        lambda: [each["held"] for each in home.get("/positions")["items"]] == ["20"],
        "it may be sold",
    )


def _path(home: Home) -> Path:
    [path] = home.state.glob("demo-*/ledger.db")
    return path


@pytest.mark.timeout(200)
def test_killed_after_the_exit_left_on_the_emergency_file_it_is_known_and_never_sent_again(
    home: Home,
) -> None:
    wait_for_open_market(timedelta(seconds=90))
    run = home.start(STRATEGY="none")
    _buy(home)
    gateway = home.gateway_pid()
    assert gateway is not None
    with _locked(_path(home)):
        # Something has to be written before anybody can find that it cannot be.
        home.ask_once("POST", "/trading/pause", {"reason": "a test"})
        run.hear("Nothing is written")
        # The gateway stands still: no word of the exit comes back before the kill.
        os.kill(gateway, signal.SIGSTOP)
        answer = home.propose("KLP-OUT", side="SELL")
        assert answer.status_code == 202, answer.text
        home.wait_for_state("KLP-OUT", "SENT", "UNKNOWN")
        run.kill()
        os.kill(gateway, signal.SIGCONT)
        for _ in range(3):
            run = home.start(STRATEGY="none")
            run.hear("GOES ON")
            assert home.order("KLP-OUT")["side"] == "SELL"
            run.kill()
        run = home.start(STRATEGY="none")
        run.hear("GOES ON")
    home.wait_for_state("KLP-OUT", "FILLED", seconds=60)
    home.wait_until_ready()
    truth = sorted(of_broker(home.books()))
    assert {each.client_order_id for each in truth} == {"KLP-1", "KLP-OUT"}
    until(
        lambda: sorted(of_hook(home.get("/fills")["items"])) == truth,
        "the ledger has the broker's executions",
    )
    assert home.wire().orders_per_ref() == {"KLP-1": 1, "KLP-OUT": 1}
    until(lambda: home.get("/positions")["items"] == [], "all is sold, and once", every=0.1)
    assert run.interrupt() == 0, run.screen()


@pytest.mark.timeout(200)
def test_where_no_file_may_grow_the_process_lives_exits_get_out_and_it_heals(home: Home) -> None:
    """The kernel refuses (EFBIG): SQLite fails while it writes, and cannot open the book again."""
    wait_for_open_market(timedelta(seconds=90))
    run = home.start(STRATEGY="none", ENTRY_PREVIEWS="false")
    _buy(home)
    unlimited = resource.prlimit(run.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (8192, unlimited[1]))
    # A switch that is written, and leaves entries to the disk alone to refuse.
    home.ask_once("POST", "/trading/resume", {"reason": "a test"})
    run.hear("Nothing is written")
    order = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "MARKET"}
    assert home.call("POST", "/orders", order).json()["code"] == "BOOK_NOT_WRITABLE"
    # Under an id of one's own it may have been sent before, and the book cannot be asked.
    mine = home.call("POST", "/orders", order | {"side": "SELL", "client_order_id": "KLP-MINE"})
    assert (mine.status_code, mine.json()["code"]) == (503, "SEAT_UNABLE")
    answer = home.ask_once("POST", "/orders", order | {"side": "SELL"})
    assert answer.status_code == 202, answer.text
    name = answer.json()["client_order_id"]

    def out() -> bool:
        orders = {each.request.order_ref: each.status for each in home.books().orders}
        return orders.get(name) == "Filled"

    until(out, "the exit has got out")
    assert run.process.poll() is None
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, unlimited)
    run.hear("The book is written again")
    home.wait_for_state(name, "FILLED")
    truth = sorted(of_broker(home.books()))
    until(lambda: sorted(of_hook(home.get("/fills")["items"])) == truth, "nothing is lost")
    assert home.wire().orders_per_ref() == {"KLP-1": 1, name: 1}
    assert home.incarnations()[names.LEDGER] == 1
    assert run.interrupt() == 0, run.screen()


@pytest.mark.timeout(200)
def test_killed_before_the_exit_was_sent_it_is_not_sent_by_proof(home: Home) -> None:
    wait_for_open_market(timedelta(seconds=90))
    run = home.start(STRATEGY="none")
    _buy(home)
    run.kill()
    # What a kill between the emergency file and the wire leaves behind.
    file = open_emergency(_path(home).with_name("emergency.intents"))
    terms = ("KLP-OUT", BHP, Side.SELL, Decimal(20), OrderType.MARKET)
    request = replace(OrderRequest(*terms), purpose=Purpose.EXIT)
    then = datetime.now(UTC) - timedelta(seconds=40)
    file.append(EmergencyIntent((Order.intended(request, "ib", then),), "KLP-OUT", "a full disk"))
    file.close()
    run = home.start(STRATEGY="none")
    run.hear("GOES ON")
    home.wait_for_state("KLP-OUT", "NOT_SENT", seconds=60)
    assert home.wire().orders_per_ref() == {"KLP-1": 1}
    # What it would have sold is free to be sold.
    home.wait_until_ready()
    answer = home.propose("KLP-AGAIN", side="SELL")
    assert answer.status_code == 202, answer.text
    home.wait_for_state("KLP-AGAIN", "FILLED")
    assert run.interrupt() == 0, run.screen()

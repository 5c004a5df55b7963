"""Brackets and changes over a kill, a lost link, and doubt that only a person can end."""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import open_book
from console.cli import main as kelpie
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from tests.tree.home import Home
from tests.tree.in_process import Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.test_order_changes import (
    amend,
    amended,
    at_broker,
    placements,
    rest,
)
from tests.tree.waiting import until

FAMILY = ("KLP-1", "KLP-1-T", "KLP-1-S")


@pytest.mark.timeout(150)
def test_pain_10_after_kill_9_a_bracket_is_taken_up_again_and_can_be_changed_and_cancelled(
    home: Home,
) -> None:
    wait_for_open_market()
    first = home.start(STRATEGY="none")
    home.wait_until_ready()
    [quote] = [q for q in home.get("/quotes")["items"] if q["symbol"] == "BHP/AUD"]
    entry = (Decimal(str(quote["bid"])) * Decimal("0.95")).quantize(Decimal("0.01"))
    body = {
        "symbol": "BHP/AUD",
        "side": "BUY",
        "quantity": "20",
        "type": "LIMIT",
        "limit_price": str(entry),
        "client_order_id": "KLP-1",
        "protection": {"stop_price": str(entry - 2)},
        "target": {"limit_price": str(entry + 10)},
    }
    assert home.call("POST", "/orders", body).status_code == 202
    for name in FAMILY:
        home.wait_for_state(name, "WORKING", "HELD")
    first.kill()

    second = home.start(STRATEGY="none")
    second.hear("AGREED")
    home.wait_until_ready()
    for name in FAMILY:
        home.wait_for_state(name, "WORKING", "HELD")
    changes = {
        "KLP-1": {"limit_price": str(entry - 1)},
        "KLP-1-T": {"limit_price": str(entry + 9)},
        "KLP-1-S": {"stop_price": str(entry - 3)},
    }
    for name, change in changes.items():
        answer = home.call("PATCH", f"/orders/{name}", change)
        assert answer.status_code == 202, answer.text

        def confirmed(name: str = name) -> bool:
            return [a["state"] for a in home.order(name)["amendments"]] == ["CONFIRMED"]

        until(confirmed, f"{name} is changed", every=0.1)
    there = {each.request.order_ref: each.request for each in home.books().orders}
    assert there["KLP-1"].limit_price == entry - 1
    assert there["KLP-1-T"].limit_price == entry + 9
    assert there["KLP-1-S"].stop_price == entry - 3
    assert home.call("DELETE", "/orders/KLP-1").status_code == 202
    for name in FAMILY:
        home.wait_for_state(name, "CANCELLED")
    assert home.wire().orders_per_ref() == dict.fromkeys(FAMILY, 1)
    assert second.interrupt() == 0, second.screen()


@pytest.mark.timeout(150)
def test_a_change_into_a_frozen_gateway_is_in_doubt_and_settled_by_the_next_links_terms(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    gateway = venue.start("--market", "still")
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        price = rest(tree, "KLP-1")
        os.kill(gateway.process.pid, signal.SIGSTOP)
        try:
            said = amend(tree, "KLP-1", limit_price=str(price - 1), quantity="40")
            assert said["pending_change"] == "AMEND"
            until(lambda: not tree.ready(), "the link is given up")
            # Until it is known the larger of both counts.
            order = tree.order("KLP-1")
            assert order is not None and order.exposed == Decimal(40)
        finally:
            os.kill(gateway.process.pid, signal.SIGCONT)
        tree.wait_until_ready()
        # It was in the socket when the link was given up: the broker has it, once.
        detail = amended(tree, "KLP-1")
        assert detail["quantity"] == "40"
        assert at_broker(venue, "KLP-1").request.quantity == Decimal(40)
        assert placements(venue, "KLP-1") == [False, True]


@pytest.mark.timeout(150)
def test_a_change_that_never_arrived_is_not_sent_again_and_the_old_terms_stand(
    tmp_path: Path, venue: Venue
) -> None:
    """The gateway dies with the change unread in its socket."""
    wait_for_open_market()
    gateway = venue.start("--market", "still")
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        price = rest(tree, "KLP-1")
        os.kill(gateway.process.pid, signal.SIGSTOP)
        amend(tree, "KLP-1", limit_price=str(price - 1))
        until(lambda: not tree.ready(), "the link is given up")
        gateway.kill()
        venue.start("--market", "still")
        tree.wait_until_ready()

        def settled() -> bool:
            """Asked again and again: a list proves it once it was asked 5 s after the send."""
            tree.call("POST", "/reconcile")
            return bool(tree.get("/orders/KLP-1")["amendments"][0]["state"] == "REFUSED")

        until(settled, "the old terms are shown", seconds=30, every=0.5)
        detail = tree.get("/orders/KLP-1")
        assert Decimal(detail["limit_price"]) == price
        assert at_broker(venue, "KLP-1").request.limit_price == price
        assert placements(venue, "KLP-1") == [False]


@pytest.mark.timeout(150)
def test_what_cannot_be_proven_is_shown_first_and_then_settled_by_the_command(
    tmp_path: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    wait_for_open_market()
    gateway = venue.start("--market", "still")
    with growing(tmp_path, venue.port, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        token = tmp_path / "hook.token"
        token.write_text(tree.hook.token)
        token.chmod(0o600)
        reach = ("--url", tree.hook.url, "--token-file", str(token))
        rest(tree, "KLP-0")
        assert kelpie(["resolve", "KLP-0", "--absent", "--yes", *reach]) == 1
        assert "ORDER_NOT_UNKNOWN" in capsys.readouterr().err
        os.kill(gateway.process.pid, signal.SIGSTOP)
        assert tree.propose("KLP-1").status_code == 202
        until(lambda: not tree.ready(), "the link is given up")
        gateway.kill()
        venue.start("--market", "still")
        tree.wait_for_state("KLP-1", "UNKNOWN")

        word = ["resolve", "KLP-1", "--filled", "20", "--price", "45.00", *reach]
        assert kelpie([*word, "--dry-run"]) == 0
        assert "KLP-1 would be FILLED (it was UNKNOWN)" in capsys.readouterr().out
        assert kelpie(word) == 1  # nobody is there to say yes
        assert "Nothing was changed." in capsys.readouterr().err
        assert tree.state("KLP-1") == "UNKNOWN"
        assert kelpie([*word, "--yes"]) == 0
        said = capsys.readouterr().out
        assert "KLP-1 is FILLED" in said and "Booked as filled: 20 at 45.00." in said
        tree.wait_for_state("KLP-1", "FILLED")
        [fill] = tree.get("/fills")["items"]
        assert fill["execution_id"].startswith("by-hand-KLP-1-")
        assert tree.get("/orders/KLP-1")["reason"] == (
            "settled by hand (hook (full token)): filled 20"
        )
        assert placements(venue, "KLP-1") == []
    book = open_book(tmp_path / "state", "paper", ACCOUNT, SystemClock())
    audit = [row for row in book.audit() if row.what == "resolve"]
    book.close()
    assert [row.who for row in audit] == ["hook (full token)"]


@pytest.mark.timeout(150)
def test_a_cancel_asked_for_without_a_link_is_sent_over_the_next_one(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    gateway = venue.start("--market", "still")
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        gateway.kill()
        until(lambda: not tree.ready(), "the link is lost")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        venue.start("--market", "still")
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert at_broker(venue, "KLP-1").status == "Cancelled"

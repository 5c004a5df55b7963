"""The book under restarts that change nothing, under damage, and put back from a back-up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import book_path
from tests.tree.home import Home
from tests.tree.market import wait_for_open_market
from tests.tree.test_the_process_dies import _bid, _propose
from tests.tree.truth import Traded, of_broker, of_hook
from tests.tree.waiting import until


def _book(home: Home) -> Path:
    return book_path(home.state, "demo", "demo")


def _hash(home: Home) -> str:
    said = home.command("ledger", "dump", "--hash")
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


#: Nobody proposes, and no plan leaves by itself.
_QUIET = {"STRATEGY": "none", "PLAN_STOP": "50", "PLAN_TARGET": "0", "PLAN_LATEST_AGE_MINUTES": "0"}


def _ledger(home: Home) -> list[Traded]:
    return sorted(of_hook(home.get("/fills?limit=1000")["items"]))


def _trade(home: Home, client_order_id: str) -> None:
    """Buy at the market, and wait until fills and commissions are in the book."""
    _propose(home, client_order_id, type="MARKET")
    home.wait_for_state(client_order_id, "FILLED")
    until(lambda: _ledger(home) == sorted(of_broker(home.books())), "all is booked", every=0.1)


def _rest(home: Home, client_order_id: str) -> None:
    """Have an order work far below the market."""
    far = (_bid(home) * Decimal("0.9")).quantize(Decimal("0.01"))
    _propose(home, client_order_id, limit_price=str(far), tif="GTC")
    home.wait_for_state(client_order_id, "WORKING")


@pytest.mark.timeout(200)
def test_three_restarts_that_change_nothing_leave_the_same_dump(home: Home) -> None:
    wait_for_open_market()
    run = home.start(**_QUIET)
    home.wait_until_ready()
    _trade(home, "KLP-A")
    _rest(home, "KLP-B")
    before = _hash(home)
    for end in ("kill", "interrupt", "kill"):
        if end == "kill":
            run.kill()
        else:
            assert run.interrupt() == 0, run.screen()
        run = home.start(**_QUIET)
        run.hear("AGREED")
        home.wait_until_ready()
        assert _hash(home) == before, "read beside the running process"
    lines = home.command("ledger", "dump").stdout.splitlines()
    facts = [json.loads(line) for line in lines]
    states = {f["client_order_id"]: f["state"] for f in facts if f["table"] == "orders"}
    assert states == {"KLP-A": "FILLED", "KLP-B": "WORKING"}
    assert run.interrupt() == 0, run.screen()
    verified = home.command("ledger", "verify")
    assert (verified.returncode, "is what was written" in verified.stdout) == (0, True)
    assert _hash(home) == before
    assert home.wire().orders_per_ref() == {"KLP-A": 1, "KLP-B": 1}


@pytest.mark.timeout(150)
def test_a_damaged_book_is_not_traded_on_and_says_what_to_do(home: Home) -> None:
    run = home.start(STRATEGY="none")
    home.wait_until_ready()
    home.call("POST", "/trading/pause", {"reason": "lunch"})
    assert run.interrupt() == 0, run.screen()
    made = home.command("backup")
    assert made.returncode == 0, made.stderr

    with closing(sqlite3.connect(_book(home))) as link, link:
        link.execute("DROP TRIGGER journal_no_update")
        link.execute("UPDATE journal SET detail = replace(detail, 'lunch', 'dinner')")
    run = home.start(STRATEGY="none")
    assert run.refuses() == 76, run.screen()
    assert "of the journal is not what was written" in run.screen()
    assert "kelpie restore" in run.screen()
    assert home.command("ledger", "verify").returncode == 76
    assert home.command("backup").returncode == 76

    [backup] = (_book(home).parent / "backups").glob("ledger-*.db")
    restored = home.command("restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    run = home.start(STRATEGY="none")
    home.wait_until_ready()
    assert run.interrupt() == 0, run.screen()


@pytest.mark.timeout(200)
def test_an_older_book_put_back_is_made_whole_by_the_broker(home: Home) -> None:
    """Traded, backed up, traded on, killed, and the older book put back."""
    wait_for_open_market(timedelta(seconds=90))
    run = home.start(**_QUIET)
    home.wait_until_ready()
    _trade(home, "KLP-BEFORE")
    _rest(home, "KLP-RESTS")
    made = home.command("backup", "--json")
    assert made.returncode == 0, made.stderr
    backup = json.loads(made.stdout)["path"]

    # What rests is moved to where it trades, and another is bought that the back-up never saw.
    near = str((_bid(home) * Decimal("1.02")).quantize(Decimal("0.01")))
    answer = home.call("PATCH", "/orders/KLP-RESTS", {"limit_price": near})
    assert answer.status_code == 202, answer.text
    home.wait_for_state("KLP-RESTS", "FILLED")
    _trade(home, "KLP-AFTER")
    refused = home.command("restore", backup)
    assert (refused.returncode, "[LOCKED]" in refused.stderr) == (1, True)
    run.kill()

    restored = home.command("restore", backup)
    assert restored.returncode == 0, restored.stderr
    assert "Orders placed after the back-up was made are not in it" in restored.stdout
    run = home.start(**_QUIET)
    home.wait_until_ready()
    home.wait_for_state("KLP-RESTS", "FILLED")
    truth = sorted(of_broker(home.books()))
    ours = [each for each in truth if each.client_order_id != "KLP-AFTER"]
    until(lambda: _ledger(home) == ours, "each execution of a known order, once", every=0.1)
    unknown = sorted(x.execution_id for x in truth if x.client_order_id == "KLP-AFTER")

    def foreign() -> list[str]:
        fills = home.get("/fills/foreign?limit=1000")["items"]
        return sorted(each["execution_id"] for each in fills)

    until(lambda: foreign() == unknown, "those of the unknown one are foreign", every=0.1)

    def held() -> list[tuple[str, str]]:
        rows = home.get("/positions")["items"]
        return [(each["managed"], each["external"]) for each in rows]

    until(lambda: held() == [("40", "20")], "two are ours, and one is not", every=0.1)
    (position,) = home.get("/positions")["items"]
    assert [Decimal(position["held"])] == [h.quantity for h in home.books().positions.values()]
    assert home.call("GET", "/orders/KLP-AFTER").status_code == 404
    assert home.wire().orders_per_ref() == {"KLP-BEFORE": 1, "KLP-RESTS": 1, "KLP-AFTER": 1}
    assert run.interrupt() == 0, run.screen()
    assert home.command("ledger", "verify").returncode == 0
    [aside] = _book(home).parent.glob("ledger-replaced-*.db")
    kept = home.command("ledger", "dump", str(aside)).stdout
    assert '"client_order_id":"KLP-AFTER"' in kept, "the book of before is whole, and readable"

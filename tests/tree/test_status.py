"""What the owner reads at night, from the real tree, and what they do then."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from decimal import Decimal

import pytest

from console.columns import WIDTH
from domain.permits import Condition
from simulators.books import Books
from tests.pains.acts import taken
from tests.pains.conftest import Stage
from tests.tree.home import Home
from tests.tree.market import wait_for_open_market
from tests.tree.person import Person, Sits
from tests.tree.states_of_things import DOUBTFUL, in_state
from tests.tree.test_protection import guarded, until_covered, until_green
from tests.tree.waiting import until


def flat(page: str) -> str:
    """On one line; the page itself fits a phone's terminal."""
    assert max(map(len, page.splitlines())) <= WIDTH, page
    return " ".join(page.split())


def first(person: Person, *words: str) -> tuple[int, str]:
    """Exit status and the first block."""
    status, page = person.says("status", *words)
    return status, flat(page).partition(" Worth ")[0]


def stop_at_the_broker(books: Books) -> Decimal:
    """The level of the one stop that stands there."""
    [stop] = [o for o in books.orders if o.is_open and o.request.stop_price is not None]
    assert stop.request.stop_price is not None
    return stop.request.stop_price


def names_what_stands(said: str, books: Books, quantity: str) -> None:
    assert f"Stands: {quantity} BHP/AUD, stop A${stop_at_the_broker(books):,.2f}" in said


@pytest.mark.timeout(120)
def test_well_then_paused_then_the_gateway_is_gone_and_back(stage: Stage, sits: Sits) -> None:
    stage.play()
    with guarded(stage) as tree:
        person = sits(tree)
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_covered(stage)
        until_green(tree)

        until(lambda: first(person)[0] == 0, "well")
        _, page = person.says("status")
        names_what_stands(flat(page), stage.books(), "100")
        assert "All is well." in page and "IB agrees" in flat(page)
        assert "SELL 100 BHP/AUD" in flat(page), "its target"

        person.says("pause", "--reason", "dinner")
        until(lambda: first(person)[0] == 2, "paused")
        _, said = first(person)
        assert "NOT TRADING, as expected: Paused: dinner." in said
        assert "To do: `kelpie resume`" in said
        assert person.says("resume")[0] == 0
        until(lambda: first(person)[0] == 0, "well again")

        before = stage.books()
        gateway = stage.venue.gateway
        assert gateway is not None
        gateway.kill()
        until(lambda: "NEEDS YOU: IB is not ready since " in first(person)[1], "it is noticed")
        status, said = first(person)
        assert status == 1
        names_what_stands(said, before, "100")
        assert "So it was at" in said and "Stops that work at IB stay there" in said
        assert person.says("status", "--json")[0] == status

        stage.play()
        tree.wait_until_ready()
        until(lambda: first(person)[0] == 0, "well again", 20.0)
        names_what_stands(first(person)[1], stage.books(), "100")


@pytest.mark.timeout(120)
def test_an_order_of_unknown_fate_is_settled_by_what_the_page_says(
    stage: Stage, sits: Sits
) -> None:
    with in_state(stage, Condition.SYMBOL_RED) as tree:
        person = sits(tree)
        until(lambda: "It is not known" in first(person)[1], "it is told")
        status, said = first(person)
        assert status == 1
        assert f"It is not known what became of an order: SELL {DOUBTFUL} BHP/AUD." in said
        assert "Of 1 order the fate is not known." in said
        words = said.partition("Then say what you saw: `kelpie ")[2].partition("`")[0].split()
        assert words == ["resolve", "KLP-LOST", "--absent"]
        assert not [o for o in stage.books().orders if o.request.order_ref == "KLP-LOST"]
        assert person.says(*words, "--yes")[0] == 0
        until(lambda: tree.state("KLP-LOST") != "UNKNOWN", "it is settled")
        assert person.reconciles()[0] == 0
        until(lambda: first(person)[0] == 0, "well")


@pytest.mark.timeout(120)
def test_what_is_not_protected_comes_first(stage: Stage, sits: Sits) -> None:
    """A split that no trade explains: stops are gone, and nothing moves before a person."""
    stage.play()
    with guarded(stage) as tree:
        person = sits(tree)
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_covered(stage)
        until_green(tree)
        state = "/actors/trading.protection"
        until(lambda: "BHP/AUD" in tree.get(state)["state"]["kept"], "its price is kept")
        stage.control.do("split", symbol="BHP/AUD", new=10)
        until(lambda: "are not protected" in first(person)[1], "it is RED", 30.0)
        status, said = first(person)
        assert status == 1 and "NEEDS YOU: 100 BHP/AUD are not protected" in said
        assert "BHP/AUD, no stop." in said
        assert "`kelpie resolve BHP/AUD --split NEW:OLD`" in said
        assert not [o for o in stage.books().orders if o.is_open]


# -- nobody answers ------------------------------------------------------------------------


def status(home: Home, *words: str) -> tuple[int, str]:
    done = home.command("status", *words)
    return done.returncode, done.stdout + done.stderr


def buys_100(home: Home) -> None:
    answer = home.propose("KLP-1", quantity="100")
    assert answer.status_code == 202, answer.text
    home.wait_for_state("KLP-1", "FILLED")

    def guarded_there() -> bool:
        rows: Sequence[dict[str, object]] = home.get("/overview")["holdings"]
        return [row["protection"] for row in rows] == ["PROTECTED"]

    until(guarded_there, "its stop stands", every=0.1)


@pytest.mark.timeout(150)
def test_without_kelpie_its_book_says_what_stands(home: Home) -> None:
    wait_for_open_market()
    run = home.start(STRATEGY="none", PROTECT_ENTRIES="true", PLAN_STOP="2", PLAN_TARGET="3")
    home.wait_until_ready()
    buys_100(home)

    os.kill(run.pid, signal.SIGSTOP)
    code, said = status(home)
    os.kill(run.pid, signal.SIGCONT)
    assert code == 1 and "NEEDS YOU: Kelpie runs, but does not answer." in flat(said)
    names_what_stands(flat(said), home.books(), "100")

    run.kill()
    code, said = status(home)
    assert code == 3 and "nobody stopped it, it just ended" in flat(said)
    names_what_stands(flat(said), home.books(), "100")
    assert "what works at IB goes on working there, stops included" in flat(said)

"""The owner's list held against the venue, and what a restart need not ask again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.instruments import DAILY
from adapters.ib.instrument_store import InstrumentStore
from adapters.store import book_path
from domain.symbols import Symbol
from simulators.broker import ACCOUNT
from simulators.tws.protocol import Request
from simulators.tws.wire_history import WireHistory
from tests.tree.home import Home
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until

SYMBOLS = "BHP/AUD,CBA/AUD,VAS/AUD,AUD/USD"
LOOKUPS = {
    Request.CONTRACT_DETAILS.value,
    Request.MARKET_RULE.value,
    Request.MATCHING_SYMBOLS.value,
}


def asked(wire: WireHistory, session: int) -> list[int]:
    """The kinds of request of one connection, in their order."""
    return [m.message_id for m in wire.messages if m.incoming and m.session == session]


def sessions(wire: WireHistory) -> list[int]:
    """The connections that asked for anything, in their order."""
    return list(dict.fromkeys(m.session for m in wire.messages if m.incoming))


def lookups(kinds: list[int]) -> int:
    return sum(kind in LOOKUPS for kind in kinds)


def instruments(tree: Tree) -> dict[str, Any]:
    [venue] = tree.get("/venues")["items"]
    return {each["symbol"]: each for each in venue["instruments"]}


def alerts(tree: Tree) -> list[str]:
    [venue] = tree.get("/venues")["items"]
    return [alert["code"] for alert in venue["alerts"]]


def store_of(folder: Path) -> InstrumentStore:
    book = book_path(folder / "state", "paper", ACCOUNT)
    return InstrumentStore(book.with_name("instruments.json"))


def subscribed(venue: Venue, session: int, count: int) -> bool:
    kinds = asked(venue.wire(), session)
    return kinds.count(Request.MARKET_DATA.value) == count


@pytest.mark.timeout(150)
def test_a_second_start_asks_for_nothing_before_its_quotes_and_refreshes_behind(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start()
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS=SYMBOLS) as tree:
        tree.wait_until_ready()
        until(lambda: all(each["type"] for each in instruments(tree).values()), "all described")
        [first] = sessions(venue.wire())
    # Four instruments, a rule for the shares and one for the pair.
    assert lookups(asked(venue.wire(), first)) == 6

    with growing(tmp_path, venue.port, watched=False, ALLOWED_SYMBOLS=SYMBOLS) as tree:
        tree.wait_until_ready()
        second = sessions(venue.wire())[-1]
        assert second != first
        until(lambda: subscribed(venue, second, 4), "all are quoted")
        assert lookups(asked(venue.wire(), second)) == 0, "six requests saved"
        shown = instruments(tree)
        assert {each["type"] for each in shown.values()} == {"STK", "ETF", "CASH"}
        assert all(each["phase"] != "UNKNOWN" for each in shown.values())

        # A day later each is asked for again, and each rule once.
        tree.leap(DAILY.total_seconds())
        until(
            lambda: sum(lookups(asked(venue.wire(), s)) for s in sessions(venue.wire())[1:]) == 6,
            "they are refreshed",
        )


@pytest.mark.timeout(150)
def test_what_is_overdue_is_asked_for_after_the_quotes(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD,CBA/AUD") as tree:
        tree.wait_until_ready()
        until(lambda: all(each["type"] for each in instruments(tree).values()), "all described")
    store = store_of(tmp_path)
    for symbol in (Symbol("BHP", "AUD"), Symbol("CBA", "AUD")):
        known = store.instrument(symbol, "SMART/ASX")
        assert known is not None
        store.keep(replace(known, heard_at=known.heard_at - timedelta(days=2)))
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD,CBA/AUD") as tree:
        tree.wait_until_ready()
        session = sessions(venue.wire())[-1]
        until(lambda: lookups(asked(venue.wire(), session)) == 2, "they are refreshed")
    kinds = asked(venue.wire(), session)
    quoted = [at for at, kind in enumerate(kinds) if kind == Request.MARKET_DATA.value]
    assert len(quoted) == 2
    assert kinds.index(Request.CONTRACT_DETAILS.value) > max(quoted)


@pytest.mark.timeout(150)
def test_a_wrong_list_ends_the_process_with_all_that_is_wrong_and_what_to_write(
    home: Home,
) -> None:
    kelpie = home.start(STRATEGY="none", ALLOWED_SYMBOLS="BPH/AUD,CBA/AUD,VASS/AUD,QQQQ/USD")
    said = kelpie.hear("[SYMBOLS_NOT_TRADABLE]")
    assert kelpie.refuses() == 78
    for words in (
        "no BPH/AUD at SMART/ASX. Write BHP/AUD",
        "no VASS/AUD",
        "VAS/AUD",
        "no QQQQ/USD",
    ):
        assert words in said, said
    assert "CBA/AUD at" not in said
    assert home.processes() == []
    assert home.wire().orders_per_ref() == {}


def plant_known(folder: Path, like: str, symbol: str) -> None:
    """Have a symbol known from before that the venue knows no more."""
    store = store_of(folder)
    known = store.instrument(Symbol.parse(like), "SMART/ASX")
    assert known is not None
    gone = Symbol.parse(symbol)
    contract = replace(known.contract, con_id=77, symbol=gone.base, local_symbol=gone.base)
    details = replace(known.details, symbol=gone)
    store.keep(replace(known, details=details, contract=contract))


@pytest.mark.timeout(150)
def test_what_was_known_before_and_is_no_more_is_shut_and_the_rest_goes_on(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    venue.start()
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD") as tree:
        tree.wait_until_ready()
    plant_known(tmp_path, "BHP/AUD", "GONE/AUD")
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD,GONE/AUD") as tree:
        tree.wait_until_ready()
        # Its subscription is refused with 200: that alone has it asked for again.
        until(lambda: instruments(tree)["GONE/AUD"]["refused_code"], "it is shut")
        shut = instruments(tree)["GONE/AUD"]
        assert (shut["refused_code"], shut["phase"]) == ("UNKNOWN_SYMBOL", "UNKNOWN")
        assert "The venue knows no GONE/AUD" in shut["refused"]
        until(lambda: "UNKNOWN_SYMBOL" in alerts(tree), "and it is told")
        refused = tree.propose("KLP-SHUT", symbol="GONE/AUD", type="LIMIT", limit_price="38.00")
        assert (refused.status_code, refused.json()["code"]) == (409, "INSTRUMENT_NOT_KNOWN")
        assert tree.propose("KLP-GOOD").status_code == 202
        tree.wait_for_state("KLP-GOOD", "FILLED")
        assert not tree.system.ending
    assert venue.wire().orders_per_ref() == {"KLP-GOOD": 1}


@pytest.mark.timeout(150)
def test_with_something_held_a_wrong_list_ends_nothing(tmp_path: Path, venue: Venue) -> None:
    """A process that ends would leave the position to nobody: the wrong symbol alone is shut."""
    wait_for_open_market()
    venue.start()
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD") as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-WORKS", type="LIMIT", limit_price="38.00").status_code == 202
        tree.wait_for_state("KLP-WORKS", "WORKING")
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD,BHPP/AUD") as tree:
        until(lambda: instruments(tree)["BHPP/AUD"]["refused_code"], "it is shut")
        connection = tree.system.seat(names.connection(names.IB))
        # Once for what is held, and once to judge the list by.
        until(lambda: connection.handled["BookLoaded"] >= 2, "the book has been looked at")
        assert not tree.system.ending
        assert "Write BHP/AUD" in instruments(tree)["BHPP/AUD"]["refused"]
        tree.wait_until_ready()
        assert tree.state("KLP-WORKS") == "WORKING"

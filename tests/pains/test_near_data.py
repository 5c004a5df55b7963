"""Near misses about data: 300 when a subscription is ended (Lean-IB PR #237), the limit of lines,
101 (PR #79), zones of trading hours (pysystemtrade #1002, #1622, ib_async #46, Lean #3412), the
closing auction of the ASX (trading_calendars #121).

On lower levels: tests/actors/test_quotes.py, tests/domain/test_hours.py and test_phases.py,
tests/ib/test_instruments.py, tests/config/test_calendars.py.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actors import names
from actors.messages import Subscribe
from config.settings import DEFAULT_SYMBOLS
from simulators.tws.protocol import Request
from tests.pains.acts import (
    LIMIT,
    alerts,
    buy,
    quote_of,
    refused,
    rest,
    venue_row,
    wait_for_quote,
)
from tests.pains.agreement import at_broker
from tests.pains.conftest import Stage
from tests.tree.in_process import BHP, Tree
from tests.tree.waiting import until

_ERROR = 4
_SYDNEY = ZoneInfo("Australia/Sydney")


def _codes(stage: Stage) -> list[str]:
    return [message.fields[3] for message in stage.wire().to_client(_ERROR)]


def _instrument(tree: Tree, symbol: str = "BHP/AUD") -> dict[str, Any]:
    [row] = [each for each in venue_row(tree)["instruments"] if each["symbol"] == symbol]
    found: dict[str, Any] = row
    return found


def _assert_hours_of_sydney(tree: Tree) -> None:
    until(lambda: _instrument(tree)["type"] and _instrument(tree)["next_open"], "it is described")
    shown = _instrument(tree)
    opens = datetime.fromisoformat(shown["next_open"]).astimezone(_SYDNEY)
    closes = datetime.fromisoformat(shown["next_close"]).astimezone(_SYDNEY)
    assert (opens.hour, closes.hour) == (10, 16) and opens.minute == closes.minute == 0
    assert shown["hours_differ"] == []


def test_300_for_a_subscription_that_has_gone_is_harmless(stage: Stage) -> None:
    stage.play("near_unsubscribe_race")
    with stage.tree() as tree:
        tree.wait_until_ready()
        epoch = tree.incarnations()["ib.connection"]
        deadline = tree.clock.monotonic() + 30.0
        tree.system.tell(names.connection(names.IB), Subscribe(deadline, BHP, epoch))
        until(lambda: "300" in _codes(stage), "300 is said")
        until(tree.settled, "and handled")
        wait_for_quote(tree)
        assert alerts(tree) == [] and tree.ready()
        assert tree.incarnations()["ib.connection"] == epoch
        rest(tree, "KLP-1")
    asked = [m for m in stage.wire().from_client(Request.MARKET_DATA) if "BHP" in m.fields]
    assert len(asked) == 2, "asked anew, once"


def test_what_has_no_line_is_said_by_name_and_arms_nothing(stage: Stage) -> None:
    """Three lines for four instruments: one gets 101, the others go on."""
    stage.play("near_ticker_limit")
    with stage.tree() as tree:
        until(tree.ready, "ready")
        until(lambda: "IB101" in alerts(tree), "it is told")
        [alert] = venue_row(tree)["alerts"]
        [without] = [symbol for symbol in DEFAULT_SYMBOLS if symbol in alert["sentence"]]
        served = [symbol for symbol in DEFAULT_SYMBOLS if symbol != without]
        for symbol in served:
            wait_for_quote(tree, symbol)
        quote = quote_of(tree, without)
        assert quote is None or quote["stale"]
        entry = LIMIT | {"symbol": without, "quantity": "30000"}
        assert refused(tree, "KLP-1", **entry)[0] in ("NO_FRESH_QUOTE", "NO_RATE", "ODD_LOT")
    assert _codes(stage).count("101") == 1, "and not asked for again and again"
    assert stage.wire().from_client(Request.PLACE_ORDER) == []


def test_what_is_held_gets_its_line_before_all_others(stage: Stage) -> None:
    """Too few lines, and the holding stands last among the symbols: it must not fly blind."""
    wanted = "CBA/AUD,VAS/AUD,AUD/USD,BHP/AUD"
    stage.play()
    with stage.tree(ALLOWED_SYMBOLS=wanted) as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
    stage.play("near_ticker_limit")
    with stage.tree(ALLOWED_SYMBOLS=wanted) as tree:
        tree.wait_until_ready()
        until(lambda: "IB101" in alerts(tree), "somebody has no line")
        until(
            lambda: venue_row(tree)["alerts"][0]["sentence"].startswith("There are no quotes of"),
            "and it is said who gave it up",
        )
        rest(tree, "KLP-2")
    asked = [m for m in stage.wire().from_client(Request.MARKET_DATA) if m.run == 2]
    ended = [m for m in stage.wire().from_client(Request.CANCEL_MARKET_DATA) if m.run == 2]
    assert next(m.fields[2] for m in asked if "CBA" in m.fields) in {m.fields[2] for m in ended}


def test_an_empty_time_zone_is_not_read_in_the_zone_of_this_machine(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that lives in New York the ASX opens at ten in Sydney all the same."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        stage.play("near_no_time_zone", "--asx-hours")
        with stage.tree() as tree:
            until(tree.ready, "ready")
            _assert_hours_of_sydney(tree)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_new_south_wales_is_a_zone_and_hours_in_it_are_sydneys(stage: Stage) -> None:
    """IB names it Australia/NSW; the real hours of the ASX come out as ten to four in Sydney."""
    stage.play("", "--asx-hours")
    with stage.tree() as tree:
        until(tree.ready, "ready")
        _assert_hours_of_sydney(tree)


def test_what_waits_for_the_closing_auction_is_not_taken_for_lost(stage: Stage) -> None:
    """16:00 to 16:10 is no closed market: what works waits; in the auction nothing is sent."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        stage.control.do("phase", symbol="BHP/AUD", phase="PRE_CLOSE")
        stage.control.do("phase", symbol="BHP/AUD", phase="CLOSING_AUCTION")
        # By the venue's own word, or because an auction has no bid and no ask.
        code, _ = refused(tree, "KLP-2", **(LIMIT | {"quantity": "200"}))
        assert code in ("PREVIEW_REFUSED", "NO_FRESH_QUOTE")
        assert tree.call("POST", "/reconcile").status_code == 202
        until(tree.settled, "all is handled")
        assert tree.state("KLP-1") in ("WORKING", "HELD") and at_broker(stage, "KLP-1").is_open
        stage.control.do("phase", symbol="BHP/AUD", phase="OPEN")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}

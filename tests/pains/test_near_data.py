"""Near misses about data: 300 when a subscription is ended (Lean-IB PR #237), the limit of lines, 101
(PR #79), zones of trading hours (pysystemtrade #1002, #1622, ib_async #46, Lean #3412), the closing
auction of the ASX (trading_calendars #121).

On lower levels: tests/actors/test_quotes.py, tests/domain/test_hours.py and test_phases.py,
tests/ib/test_instruments.py, tests/config/test_calendars.py.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from actors import names
from actors.messages import Subscribe
from config.settings import DEFAULT_SYMBOLS
from simulators.tws.protocol import Request
from tests.pains.acts import (
    LIMIT,
    alerts,
    quote_of,
    refused,
    rest,
    taken,
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


def _instrument(tree: Tree, symbol: str = "BHP/AUD") -> dict[str, str]:
    [row] = [each for each in venue_row(tree)["instruments"] if each["symbol"] == symbol]
    found: dict[str, str] = row
    return found


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


def test_an_empty_time_zone_is_not_read_in_the_zone_of_this_machine(stage: Stage) -> None:
    """Hours without a zone are no hours: the market's phase comes from the calendar, or none."""
    stage.play("near_no_time_zone")
    with stage.tree() as tree:
        until(tree.ready, "ready")
        until(lambda: _instrument(tree)["type"], "BHP is described")
        shown = _instrument(tree)
        local = datetime.now(_SYDNEY)
        in_hours = local.weekday() < 5 and 10 <= local.hour < 16
        if not in_hours:
            assert shown["phase"] not in ("OPEN", "OPENING_AUCTION"), shown
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_new_south_wales_is_a_zone_and_hours_in_it_are_sydneys(stage: Stage) -> None:
    """IB names it Australia/NSW; the real hours of the ASX come out as ten to four in Sydney."""
    stage.play("", "--asx-hours")
    with stage.tree() as tree:
        until(tree.ready, "ready")
        until(lambda: _instrument(tree)["next_open"], "BHP is described")
        shown = _instrument(tree)
        opens = datetime.fromisoformat(shown["next_open"]).astimezone(_SYDNEY)
        closes = datetime.fromisoformat(shown["next_close"]).astimezone(_SYDNEY)
        assert (opens.hour, opens.minute) == (10, 0)
        assert (closes.hour, closes.minute) == (16, 0)
        assert shown["hours_differ"] == []


def test_in_the_closing_auction_an_order_is_placed_and_not_changed(stage: Stage) -> None:
    """16:00 to 16:10 is no closed market: what is sent waits for the auction, and trades in it."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        stage.control.do("phase", symbol="BHP/AUD", phase="CLOSING_AUCTION")
        taken(tree, "KLP-1", **LIMIT)
        until(lambda: tree.state("KLP-1") in ("WORKING", "HELD"), "it waits")
        assert at_broker(stage, "KLP-1").is_open
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}

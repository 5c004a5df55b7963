"""The main job: it trades within a minute, stops in order, and goes on where it stopped."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.tree.home import Home
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker, of_hook, of_ledger
from tests.tree.waiting import until

FIRST_FILL_WITHIN = 60.0


def _agrees(home: Home) -> bool:
    """The ledger has what the broker has, no more and no less."""
    broker = sorted(of_broker(home.books()))
    ledger = sorted(of_hook(home.get("/fills?limit=1000")["items"]))
    return bool(broker) and broker == ledger


def _who_waits(home: Home) -> str:
    """What those who decide say of themselves."""
    seats = ("trading.strategist", "trading.desk", "ib.quotes", "ib.connection")
    return "\n".join(str(home.get(f"/actors/{seat}")) for seat in seats)


@pytest.mark.timeout(150)
def test_it_trades_within_a_minute_stops_in_order_and_goes_on_where_it_stopped(
    home: Home,
) -> None:
    wait_for_open_market()
    begun = time.monotonic()
    first = home.start()
    try:
        line = first.hear("FILL", FIRST_FILL_WITHIN)
    except AssertionError as silent:
        raise AssertionError(f"{silent}\n{_who_waits(home)}") from None
    assert time.monotonic() - begun < FIRST_FILL_WITHIN
    assert "commission" in line and "AUD" in line

    asked = time.monotonic()
    assert first.interrupt() == 0, first.screen()
    assert time.monotonic() - asked < 10
    assert home.processes() == []

    # What it has on file is true, whatever had not reached it yet.
    broker, ledger = of_broker(home.books()), of_ledger(home.state, "demo", "demo")
    assert ledger and set(ledger) <= set(broker)

    second = home.start()
    assert "no mismatch, nothing in doubt" in second.hear("AGREED")
    home.wait_until_ready()
    until(lambda: _agrees(home), "the ledger has every execution of the broker once", every=0.1)
    first_ids = {each.execution_id for each in ledger}
    assert first_ids <= {each["execution_id"] for each in home.get("/fills?limit=1000")["items"]}

    def found() -> list[Any]:
        (venue,) = home.get("/venues")["items"]
        return [*venue["mismatches"], *venue["in_doubt"]]

    until(lambda: found() == [], "nothing differs, nothing is in doubt", every=0.1)
    assert second.interrupt() == 0, second.screen()
    assert home.processes() == []
    assert max(home.wire().orders_per_ref().values()) == 1

"""Pain 17: data advisories are taken as fatal, or delayed data are trusted as live
(rust-ibapi #672, #768, #804; NT #4675).

On lower levels: tests/ib/test_values_of_the_wire.py (ticks 66 to 90), tests/ib/test_every_code.py
(what each code means), tests/actors/test_quotes.py (asking again), tests/domain/test_gates.py.
"""

from __future__ import annotations

import pytest

from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, alerts, quote_of, refused, rest, wait_for_quote, written
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_TICK_PRICE = 1
_DELAYED_TICKS = {"66", "67", "68"}


def _synchronised(tree: Tree) -> None:
    until(tree.ready, "ready, but for the data")


def _ticks(stage: Stage, req_ids: set[str]) -> set[str]:
    ticks = stage.wire().to_client(_TICK_PRICE)
    return {message.fields[3] for message in ticks if message.fields[2] in req_ids}


def _requests_for(stage: Stage, symbol: str = "BHP") -> set[str]:
    asked = stage.wire().from_client(Request.MARKET_DATA)
    return {message.fields[2] for message in asked if symbol in message.fields}


@pytest.mark.parametrize("code", ["10089", "10168", "354"])
def test_what_ends_a_stream_is_said_and_arms_nothing(stage: Stage, code: str) -> None:
    """No quote, an alert with what to do, and no entry, not even with a limit."""
    stage.play(f"pain_17_data_{code}")
    with stage.tree() as tree:
        _synchronised(tree)
        until(lambda: f"IB{code}" in alerts(tree), "an alert stands")
        quote = quote_of(tree)
        assert quote is None or (quote["stale"] and quote["bid"] is None)
        for terms in ({}, LIMIT):
            assert refused(tree, "KLP-1", **terms)[0] == "NO_FRESH_QUOTE"
        # A person decides that: it is not asked for again and again.
        assert len(_requests_for(stage)) == 1
    assert _ticks(stage, _requests_for(stage)) == set()
    assert stage.wire().from_client(Request.PLACE_ORDER) == []


@pytest.mark.parametrize("code", ["10090", "10091"])
def test_what_only_advises_ends_nothing(stage: Stage, code: str) -> None:
    stage.play(f"pain_17_data_{code}")
    with stage.tree() as tree:
        tree.wait_until_ready()
        quote = quote_of(tree)
        assert quote is not None and quote["data_type"] == "LIVE" and not quote["stale"]
        assert alerts(tree) == []
        rest(tree, "KLP-1")
    told = {m.fields[3] for m in stage.wire().to_client(4)}
    assert code in told, "the notice came"
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}
    assert len(_requests_for(stage)) == 1, "and the stream was not asked for again"


@pytest.mark.parametrize("code", ["10089", "10168"])
def test_delayed_quotes_are_marked_so_and_arm_no_entry(stage: Stage, code: str) -> None:
    """10167 and then ticks 66 to 76: usable to watch, by nobody to trade."""
    stage.play(f"pain_17_data_{code}")
    with stage.tree(MARKET_DATA="delayed") as tree:
        _synchronised(tree)
        until(lambda: quote_of(tree), "a quote")
        quote = quote_of(tree)
        assert quote is not None and quote["data_type"] == "DELAYED" and quote["stale"]
        until(lambda: (quote_of(tree) or {})["bid"], "with prices")
        for terms in ({}, LIMIT):
            assert refused(tree, "KLP-1", **terms)[0] == "NO_FRESH_QUOTE"
    assert "10167" in {m.fields[3] for m in stage.wire().to_client(4)}
    assert _DELAYED_TICKS & _ticks(stage, _requests_for(stage))
    assert stage.wire().from_client(Request.PLACE_ORDER) == []


def test_frozen_quotes_are_marked_so_and_arm_no_entry(stage: Stage) -> None:
    rule = """
[[rule]]
name = "frozen"
on = "marketDataType"
times = "always"
do = "set"
with = { change = { type = "2" } }
"""
    stage.play(written(stage.folder, "pain 17", rule))
    with stage.tree() as tree:
        _synchronised(tree)
        until(lambda: (quote_of(tree) or {}).get("bid"), "a quote with prices")
        quote = quote_of(tree)
        assert quote is not None and quote["data_type"] == "FROZEN" and quote["stale"]
        assert refused(tree, "KLP-1", **LIMIT)[0] == "NO_FRESH_QUOTE"
    assert stage.wire().from_client(Request.PLACE_ORDER) == []


def test_data_that_another_session_takes_end_and_come_back(stage: Stage) -> None:
    """10197 ends what was said last; when it is over the quotes arm entries again."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        taken_away = stage.control.do("change_habits", data={"competing_session": True})
        until(lambda: "IB10197" in alerts(tree), "an alert stands")
        assert refused(tree, "KLP-1", **LIMIT)[0] == "NO_FRESH_QUOTE"
        quote = quote_of(tree)
        assert quote is not None and quote["bid"] is None, "the last price is none any more"
        stage.control.end(taken_away)
        wait_for_quote(tree)
        until(lambda: alerts(tree) == [], "and it is said")
        rest(tree, "KLP-2")
    assert stage.wire().orders_per_ref() == {"KLP-2": 1}

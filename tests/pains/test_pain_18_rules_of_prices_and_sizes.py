"""Pain 18: prices between the steps (110), odd lots of currency (399), precautions (451)
(pysystemtrade #1196, Lean-IB PR #215, Lean #6851, vnpy_ib #75, IBC #227).

On lower levels: tests/domain/test_market_rules.py and test_prices_and_hours.py (each rule),
tests/simulators/test_exchange_price_steps.py (that the simulated exchange has rules of its own).
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from loguru import logger

from simulators.listings import ASX_STEPS
from simulators.tws.protocol import Request
from tests.pains.acts import buy, refused, rest, taken, wait_for_quote
from tests.pains.agreement import assert_agreed, at_broker
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_EDGES = ("0.10", "2.00")
_ERROR, _MIN_TICK, _ODD_LOT = 4, "110", "399"
_PAIR = {"symbol": "AUD/USD", "quantity": "10000", "type": "LIMIT"}


def _codes(stage: Stage) -> set[str]:
    """The codes that the gateway sent."""
    return {message.fields[3] for message in stage.wire().to_client(_ERROR)}


def _step(price: Decimal) -> Decimal:
    """That of the simulated exchange, which is its own."""
    return [step for edge, step in ASX_STEPS if edge <= price][-1]


def _sweep() -> list[Decimal]:
    """Around each edge of a band, in steps finer than any of the market's."""
    fine = Decimal("0.0025")
    return [Decimal(edge) + fine * n for edge in _EDGES for n in range(-4, 5)]


@pytest.mark.timeout(90)
def test_a_sweep_through_each_edge_of_a_band_meets_no_110(stage: Stage) -> None:
    """On a step it is sent as it is; between two it is refused here, with both neighbours."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        sent = []
        for number, price in enumerate(_sweep()):
            name = f"KLP-{number:02}"
            quantity = str(int(600 / price))
            terms = {"type": "LIMIT", "limit_price": f"{price}", "quantity": quantity}
            if price % _step(price) == 0:
                taken(tree, name, **terms)
                tree.wait_for_state(name, "WORKING")
                sent.append(name)
                assert at_broker(stage, name).request.limit_price == price
                assert tree.call("DELETE", f"/orders/{name}").status_code == 202
                continue
            code, detail = refused(tree, name, **terms)
            assert code == "PRICE_BETWEEN_STEPS"
            below, above = (Decimal(word.strip(".")) for word in _neighbours(detail))
            assert below < price < above
            assert above - below == _step(below) and below % _step(below) == 0
        assert {Decimal("0.10"), Decimal("2.00")} <= {
            at_broker(stage, name).request.limit_price for name in sent
        }
        assert set(stage.wire().orders_per_ref()) == set(sent)
    assert _MIN_TICK not in _codes(stage)


def _neighbours(detail: str) -> list[str]:
    """`… Give A or B.`"""
    words = detail.split("Give ")[1].split()
    return [words[0], words[2]]


@pytest.mark.parametrize("price", ["0.10", "0.105", "1.995", "2.00"])
def test_a_market_order_at_the_edge_of_a_band_goes_as_a_limit_on_a_step(
    stage: Stage, price: str
) -> None:
    """Bounded by 0.5 % through the touch, in the steps of the band that it lands in."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        stage.control.do("move_price", symbol="BHP/AUD", price=price)
        until(lambda: wait_for_quote(tree) < 3, "the price has moved")
        ask = wait_for_quote(tree)
        taken(tree, "KLP-1", quantity=str(int(600 / ask) + 1))
        # What the market does not give at once is not chased.
        until(lambda: tree.state("KLP-1") in ("FILLED", "CANCELLED"), "it is done")
        assert at_broker(stage, "KLP-1").filled > 0
        limit = at_broker(stage, "KLP-1").request.limit_price
        assert limit is not None and limit % _step(limit) == 0
        assert ask <= limit <= max(ask, ask * Decimal("1.005"))
        # Its plan may leave it at once: a spread of one step is five per cent here.
        filled = Decimal(tree.get("/orders/KLP-1")["filled"])
        assert filled == at_broker(stage, "KLP-1").filled
    assert _MIN_TICK not in _codes(stage)


def test_a_stop_between_two_steps_is_never_moved_to_the_worse_side(stage: Stage) -> None:
    """A person's is refused with the better neighbour alone; a bracket's is not made worse."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        until(lambda: tree.get("/positions")["items"][0]["held"] == "20", "it is held")
        code, detail = refused(tree, "KLP-2", side="SELL", type="STOP", stop_price="40.005")
        assert code == "PRICE_BETWEEN_STEPS"
        assert "Give 40.01." in detail, "the stop of a sale may only come earlier"
        taken(tree, "KLP-3", side="SELL", type="STOP", stop_price="40.01")
        until(lambda: tree.state("KLP-3") in ("WORKING", "HELD"), "it stands")
        assert at_broker(stage, "KLP-3").request.stop_price == Decimal("40.01")
        assert_agreed(stage, tree)
    assert _MIN_TICK not in _codes(stage)


def _pair(tree: Tree, limit: Decimal, **terms: str) -> dict[str, str]:
    return _PAIR | {"limit_price": f"{limit}"} | terms


def test_a_pair_below_idealpros_minimum_is_refused_here(stage: Stage) -> None:
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        ask = wait_for_quote(tree, "AUD/USD")
        code, detail = refused(tree, "KLP-1", **_pair(tree, ask))
        assert code == "ODD_LOT" and "IDEALPRO" in detail
    assert stage.wire().from_client(Request.PLACE_ORDER) == []


def test_a_pair_below_the_minimum_that_may_go_is_flagged_and_399_ends_nothing(
    stage: Stage,
) -> None:
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)))
    stage.play()
    with stage.tree(ODD_LOTS="allow", MAX_ORDER_VALUE="20000") as tree:
        tree.wait_until_ready()
        ask = wait_for_quote(tree, "AUD/USD")
        taken(tree, "KLP-1", **_pair(tree, ask + Decimal("0.0005")))
        tree.wait_for_state("KLP-1", "FILLED")
        until(lambda: _ODD_LOT in _codes(stage), "IB said that it is an odd lot")
        [fill] = tree.get("/fills")["items"]
        [execution] = stage.books().executions
        assert (fill["execution_id"], fill["quantity"]) == (execution.execution_id, "10000")
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}
    logger.remove(sink)
    flagged = [line for line in lines if "Admitted" in line]
    assert len(flagged) == 1 and "an odd lot at IDEALPRO" in flagged[0]


def test_a_change_that_meets_110_leaves_the_old_order_alive(stage: Stage) -> None:
    stage.play("pain_18_change_refused")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        changed = tree.call("PATCH", "/orders/KLP-1", {"limit_price": "31"})
        assert changed.status_code == 202, changed.text
        until(lambda: stage.wire().scenario("refuse"), "110 is said")
        until(
            lambda: tree.get("/orders/KLP-1")["amendments"][0]["state"] == "REFUSED",
            "the change is known to be refused",
        )
        order = tree.get("/orders/KLP-1")
        assert (order["state"], Decimal(order["limit_price"])) == ("WORKING", Decimal(30))
        assert Decimal(order["terms_at_venue"]["limit_price"]) == 30
        assert order["pending_change"] is None
        there = at_broker(stage, "KLP-1")
        assert there.is_open and there.request.limit_price == 30
        # It is still in hand: it can be cancelled.
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert_agreed(stage, tree)
    assert [p.is_modification for p in stage.wire().placements("KLP-1")] == [False, True]


@pytest.mark.parametrize("code", [451])
def test_a_precaution_of_the_gateway_refuses_and_is_told_in_its_own_words(
    stage: Stage, code: int
) -> None:
    words = "Order size exceeds the Size Limit of 10 in the presets."
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        # A limit of the gateway's own, of which Kelpie cannot know; the order is not taken.
        stage.control.do("order_error", order_ref="KLP-1", code=code, text=words)
        stage.control.do("cancel_order", order_ref="KLP-1")
        until(lambda: tree.state("KLP-1") in ("REJECTED", "CANCELLED"), "it is done")
        assert words in tree.get("/orders/KLP-1")["reason"]
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}, "and not sent again"

"""Near miss: the last member of a bracket is refused, so the gateway never transmits the others.

It keeps them unseen, in no list, until somebody transmits them by hand. Right behaviour: the entry
does not trade without its protection, and what was left behind is taken back.
"""

from __future__ import annotations

from pathlib import Path

from tests.pains.conftest import Stage
from tests.tree.waiting import until

SCENARIO = """
title = "The stop of a bracket is refused"
source = "near misses"
story = "The last member of the piece gets 201. Right: the rest is taken back."

[[rule]]
name = "told"
on = "placeOrder"
match = { order_ref = "KLP-1-S" }
do = "send_error"
with = { code = 201, text = "Order rejected - reason:no such order today" }

[[rule]]
name = "refused"
on = "placeOrder"
match = { order_ref = "KLP-1-S" }
do = "drop"
"""


def test_what_was_left_untransmitted_is_taken_back(stage: Stage, tmp_path: Path) -> None:
    scenario = tmp_path / "refused.toml"
    scenario.write_text(SCENARIO)
    stage.play(str(scenario))
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        answer = tree.call(
            "POST",
            "/orders",
            {
                "client_order_id": "KLP-1",
                "symbol": "BHP/AUD",
                "side": "BUY",
                "quantity": "20",
                "type": "MARKET",
                "protection": {"stop_price": "30"},
                "target": {"limit_price": "60"},
            },
        )
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-1-S", "REJECTED")
        for name in ("KLP-1", "KLP-1-T"):
            until(lambda name=name: tree.state(name) in ("CANCELLED", "NOT_SENT"), f"{name} ends")  # type: ignore[misc]
        assert "no such order today" in tree.get("/orders/KLP-1-S")["reason"]
    # At the gateway nothing is left behind that a click could send to the market.
    assert {order.request.order_ref: order.status for order in stage.books().orders} == {
        "KLP-1": "ApiCancelled",
        "KLP-1-T": "ApiCancelled",
    }
    assert stage.books().executions == ()
    assert len(stage.wire().from_client(4)) == 2

"""Pain 4: error 326 on reconnect; another client id loses control of the open orders
(NautilusTrader PR #3796, #4193, PR #4210; ib_async #152).

The cause by which it is shown stands in `tests/tree/test_no_link_by_its_cause.py`.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulators.tws.protocol import Reply
from tests.pains.again import ready_again
from tests.pains.agreement import assert_agreed, at_broker
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.tree.waiting import until

CLIENT_ID = 17


@pytest.mark.parametrize(
    ("scenario", "fired", "busy"),
    [("pain_04_client_id_busy", ("cut",), "busy"), ("pain_04_client_id_lingers", (), "leak")],
)
def test_the_same_id_is_waited_for_and_the_order_stays_ours(
    stage: Stage, scenario: str, fired: tuple[str, ...], busy: str
) -> None:
    """Backoff with the same id, never two sockets, then success; changed, then cancelled."""
    stage.play(by_hand(stage.folder, scenario, fired=fired))
    with stage.tree(watched=False) as tree:
        tree.wait_until_ready()
        answer = tree.propose("KLP-1", type="LIMIT", limit_price="30")
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-1", "WORKING")
        for cut in fired:
            stage.control.fire(cut)
        if not fired:
            stage.control.do("close", everybody=True)
        until(lambda: not tree.ready(), "the link is lost")
        until(lambda: turned_away(stage) >= 3, "turned away, and tried again")
        refused = tree.propose("KLP-2", type="LIMIT", limit_price="30")
        assert refused.status_code == 409, refused.text
        assert f"Client id {CLIENT_ID} is in use" in refused.json()["detail"], "it says why"

        def let_in() -> bool:
            stage.control.end(busy)  # the end of a try may make it busy once more
            return stage.wire().connects(CLIENT_ID) == 2

        until(let_in, "the id is free, and it is let in")
        ready_again(stage, tree, links=2)

        wire = stage.wire()
        asked_for = {s.client_id for s in wire.sockets()}
        assert asked_for == {CLIENT_ID}, "no other id, ever"
        assert wire.peak_open_sockets() == 1, "the old socket is closed before each try"
        assert at_broker(stage, "KLP-1").is_open and tree.state("KLP-1") == "WORKING"

        changed = tree.call("PATCH", "/orders/KLP-1", {"limit_price": "29"})
        assert changed.status_code == 202, changed.text
        until(lambda: at_broker(stage, "KLP-1").request.limit_price == 29, "changed there")
        until(lambda: Decimal(tree.get("/orders/KLP-1")["limit_price"]) == 29, "and here")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert_agreed(stage, tree)


def turned_away(stage: Stage) -> int:
    """How often the gateway said 326."""
    errors = stage.wire().messages
    return sum(not m.incoming and m.message_id == Reply.ERROR and "326" in m.fields for m in errors)

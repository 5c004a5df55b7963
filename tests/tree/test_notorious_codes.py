"""Pain 7: the codes that other programs took for an end, on live orders, through the whole tree.

What the order is, the broker's books say; what was sent, the gateway's wire log.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ib.errors import error_table
from domain.venue import NoticeEffect
from simulators.tws.encode import error
from simulators.tws.frames import pack
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.relay import relayed
from tests.tree.waiting import until

_VERSION = 176
NOTORIOUS = {
    10349: "Order TIF was set to DAY based on order preset.",
    10147: "OrderId {} that needs to be cancelled is not found.",
    10148: "OrderId {} that needs to be cancelled cannot be cancelled, state: Filled.",
    399: "Order Message:\nBUY 20 BHP ASX\nWarning: Your order will not be placed at the exchange.",
    404: "Order held while securities are located.",
    202: "Order Canceled - reason:",
    201: "Order rejected - reason: YOUR ORDER IS NOT ACCEPTED.",
    110: "The price does not conform to the minimum price variation for this contract.",
    161: "Cancel attempted when order is not in a cancellable state. Order permId = 1",
    103: "Duplicate order id",
    135: "Can't find order with ID = {}",
    321: "Error validating request.-'bF' : cause - words",
    2102: "Unable to modify this order as it is still being processed.",
    2109: "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored.",
    77777: "A code that nobody has ever seen.",
}


def _rounds(tree: Tree) -> int:
    state = tree.system.inspect("ib.resync").get(timeout=10)
    assert isinstance(state, dict)
    return int(state["rounds"])


@pytest.mark.timeout(150)
def test_the_notorious_codes_change_no_order_and_send_none_again(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    venue.start("--market", "still")
    with relayed(venue.port) as relay, growing(tmp_path, relay.port) as tree:
        tree.wait_until_ready()
        answer = tree.propose("KLP-REST", type="LIMIT", limit_price="30.00")
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-REST", "WORKING")
        (order,) = [o for o in venue.books().orders if o.request.order_ref == "KLP-REST"]
        number = order.request.order_id

        for code, text in NOTORIOUS.items():
            before = _rounds(tree)
            relay.say(pack(error(_VERSION, number, code, text.format(number))))
            if error_table().rule(code).effect is not NoticeEffect.NONE:
                until(lambda: _rounds(tree) > before, f"{code}: the venue's lists are asked for")  # noqa: B023
            until(tree.settled, "all facts are handled")
            assert tree.state("KLP-REST") == "WORKING", code
        until(lambda: tree.desk().venues[0].reconciled, "reconciled")

        (order,) = [o for o in venue.books().orders if o.request.order_ref == "KLP-REST"]
        assert order.status == "Submitted"
        assert venue.wire().orders_per_ref() == {"KLP-REST": 1}
        assert tree.call("DELETE", "/orders/KLP-REST").status_code == 202
        tree.wait_for_state("KLP-REST", "CANCELLED")
        (order,) = [o for o in venue.books().orders if o.request.order_ref == "KLP-REST"]
        assert order.status == "Cancelled"
        assert tree.lost_facts() == []

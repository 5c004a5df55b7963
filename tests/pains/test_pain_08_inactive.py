"""Pain 8: `Inactive` is ambiguous: refused, parked, or refused later (NautilusTrader #3603,
PR #3723; thetagang PR #709; ib_insync #363, #559).

The same through actors alone: `tests/actors/test_refused_or_held.py`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from simulators.tws.protocol import Reply, Request
from tests.pains.again import leap, rounds
from tests.pains.agreement import assert_agreed, at_broker, status_at_broker
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

REASON = "Order rejected - reason:No Trading Permission"
WORDS = "No Trading Permission"
_NEXT_ROUND_SECONDS = 301.0

#: Inactive by status and by list, until the test ends it; what comes of it then is another rule.
PARKED = """
title = "An order is Inactive for a while"
source = "pain 8"
story = "See the test."

[[rule]]
name = "parked"
on = "orderStatus"
match = {{ status = "Submitted" }}
after_seconds = 0.2
do = "change_habits"
for_seconds = 3600

[[rule]]
name = "listed"
on = "openOrder"
during = "parked"
times = "always"
do = "set"
with = {{ change = {{ status = "Inactive" }} }}

[[rule]]
name = "told"
on = "orderStatus"
during = "parked"
times = "always"
do = "set"
with = {{ change = {{ status = "Inactive", why_held = "{why_held}" }} }}

[[rule]]
name = "inactive"
on = "orderStatus"
match = {{ status = "Submitted" }}
after_seconds = 0.4
do = "send_status"
with = {{ status = "Inactive", why_held = "{why_held}" }}
"""

ERROR = """
[[rule]]
name = "error"
on = "orderStatus"
match = {{ status = "Submitted" }}
after_seconds = {at}
do = "order_error"
with = {{ code = 201, text = "{reason}" }}
"""

FILL = """
[[rule]]
name = "fill"
on = "end of parked"
do = "fill"
"""

#: The broker rejects it: 201 and Inactive, in the order that the case says.
REJECT = """
[[rule]]
name = "reject"
on = "end of parked"
do = "reject_order"
with = {{ reason = "{reason}" }}

[[rule]]
name = "its error"
on = "error"
match = {{ code = 201 }}
do = "{verb}"
"""


def scenario(folder: Path, why_held: str, error: str, end: str) -> str:
    text = PARKED.format(why_held=why_held)
    if end == "filled":
        if error != "none":
            at = 0.3 if error == "before" else 0.6
            text += ERROR.format(at=at, reason=REASON)
        text += FILL
    else:
        verb = {"before": "set", "after": "delay", "none": "drop"}[error]
        text += REJECT.format(reason=REASON, verb=verb)
        text += {
            "before": 'with = { change = { code = "201" } }\n',
            "after": "with = { seconds = 0.5 }\n",
            "none": "",
        }[error]
    path = folder / "inactive.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def told_201(stage: Stage) -> bool:
    return any("201" in message.fields for message in stage.wire().to_client(Reply.ERROR))


def reserved(tree: Tree) -> Decimal:
    return Decimal(tree.get("/account")["reserved"])


@pytest.mark.parametrize("end", ["filled", "rejected"])
@pytest.mark.parametrize("error", ["before", "after", "none"])
@pytest.mark.parametrize("why_held", ["", "locate"], ids=["no reason", "locate"])
def test_inactive_is_held_until_it_is_proven(
    stage: Stage, why_held: str, error: str, end: str
) -> None:
    """While it is listed as Inactive it counts whole; then its fill, or IB's reason, is kept."""
    stage.play(scenario(stage.folder, why_held, error, end))
    with stage.tree(watched=False) as tree:
        tree.wait_until_ready()
        answer = tree.propose("KLP-1", type="LIMIT", limit_price="30")
        assert answer.status_code == 202, answer.text
        if why_held:
            tree.wait_for_state("KLP-1", "HELD")
            assert "locate" in tree.get("/orders/KLP-1")["reason"]
        else:
            until(lambda: rounds(tree) >= 2, "the venue's lists are asked for")
        if end == "filled" and error != "none":
            until(lambda: told_201(stage), "the error is said, too")
        until(tree.settled, "they are judged")
        assert tree.state("KLP-1") in ("HELD", "WORKING")
        assert reserved(tree) == 600, "it counts as exposure"
        assert at_broker(stage, "KLP-1").is_open

        stage.control.end("parked")
        if end == "filled":
            tree.wait_for_state("KLP-1", "FILLED")
            assert at_broker(stage, "KLP-1").filled == 20
        else:
            until(lambda: status_at_broker(stage, "KLP-1") == "Inactive", "rejected there")
            if error == "none":
                # Nothing tells it from one that is parked but the next round, in five minutes.
                until(tree.settled, "the last word is handled")
                leap(stage, tree, _NEXT_ROUND_SECONDS)
            tree.wait_for_state("KLP-1", "REJECTED")
            assert status_at_broker(stage, "KLP-1") == "Inactive"
            assert WORDS in tree.get("/orders/KLP-1")["reason"], "IB's own words"
        assert reserved(tree) == 0
        assert stage.wire().from_client(Request.CANCEL_ORDER) == []
        assert_agreed(stage, tree)

"""Pain 7: an informational code is taken as a cancel or a reject (ib_async #191, pysystemtrade
#1580, ib_insync #328, backtrader2 #40, Lean PR #1026).

Each code in each phase of an order through the adapter: `tests/ib/test_every_code.py`; the
notorious ones through a relay: `tests/tree/test_notorious_codes.py`.
"""

from __future__ import annotations

import pytest

from adapters.ib.errors import error_table
from domain.venue import NoticeEffect
from simulators.tws.protocol import Request
from tests.pains.again import rounds
from tests.pains.agreement import assert_agreed, at_broker
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import until

NOBODY_KNOWS = 29999
CODES = sorted(rule.code for rule in error_table() if rule.code > 0)


def rest(tree: Tree) -> None:
    tree.wait_until_ready()
    answer = tree.propose("KLP-1", type="LIMIT", limit_price="30")
    assert answer.status_code == 202, answer.text
    tree.wait_for_state("KLP-1", "WORKING")


def handled(tree: Tree) -> int:
    """How many words of the venue the order machine has taken."""
    return int(tree.get("/actors/ib.orders")["counts"].get("VenueFact", 0))


@pytest.mark.timeout(240)
def test_no_code_of_the_table_changes_an_order_that_works(stage: Stage) -> None:
    """Working until the venue's own messages say otherwise: then it fills."""
    stage.play()
    with stage.tree(watched=False) as tree:
        rest(tree)
        for code in (*CODES, NOBODY_KNOWS):
            rule = error_table().rule(code)
            facts, asked, links = handled(tree), rounds(tree), stage.wire().connects()
            assert stage.control.do("order_error", order_ref="KLP-1", code=code) == 1
            if rule.scope not in ("link", "farm"):
                until(lambda: handled(tree) > facts, f"{code} is handled")  # noqa: B023
                if rule.effect in (NoticeEffect.REJECT, NoticeEffect.QUERY):
                    until(lambda: rounds(tree) > asked, f"{code}: it is asked for")  # noqa: B023
            if rule.effect is NoticeEffect.LINK:
                until(lambda: stage.wire().connects() > links, f"{code}: a new link")  # noqa: B023
                tree.wait_until_ready()
            until(tree.settled, f"{code} is handled")
            order = tree.get("/orders/KLP-1")
            assert (order["state"], order["filled"]) == ("WORKING", "0"), code
            assert at_broker(stage, "KLP-1").status == "Submitted", code
        assert stage.wire().from_client(Request.CANCEL_ORDER) == []
        assert len(stage.wire().placements("KLP-1")) == 1, "never sent again"
        stage.control.do("fill", order_ref="KLP-1")
        tree.wait_for_state("KLP-1", "FILLED")
        assert_agreed(stage, tree)


def test_the_scenario_of_the_codes_leaves_the_order_as_it_is(stage: Stage) -> None:
    """The unknown one alerts and asks; nothing is cancelled, nothing is sent again."""
    stage.play(hurried(stage.folder, "pain_07_informational_codes", 10.0))
    with stage.tree() as tree:
        rest(tree)
        until(lambda: stage.wire().scenario(f"code {NOBODY_KNOWS}"), "the unknown code is sent")
        [said] = stage.wire().scenario(f"code {NOBODY_KNOWS}")
        until(
            lambda: any(
                asked.monotonic > said.monotonic
                for asked in stage.wire().from_client(Request.ALL_OPEN_ORDERS)
            ),
            "the venue's lists are asked for",
        )
        until(
            lambda: any(
                str(NOBODY_KNOWS) in line for line in tree.said if line.startswith("ALERT")
            ),
            "a person is told",
        )
        until(tree.settled, "all is handled")
        assert tree.state("KLP-1") == "WORKING"
        assert stage.wire().from_client(Request.CANCEL_ORDER) == []
        assert_agreed(stage, tree)

"""Pain 1: fills that land inside a 1100 window are lost (Lean-IB #249)."""

from __future__ import annotations

import pytest

from tests.pains.conftest import Stage
from tests.tree.waiting import until


@pytest.mark.parametrize(
    "scenario", ["pain_01_fills_inside_1100", "pain_01_fills_lost_inside_1100"]
)
def test_a_fill_inside_the_window_is_booked_once(stage: Stage, scenario: str) -> None:
    """From its callback, or from the executions that are asked for when IB is back."""
    stage.play(scenario)
    with stage.tree() as tree:
        tree.wait_until_ready()
        answer = tree.propose("KLP-1", type="LIMIT", limit_price="30")
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-1", "FILLED", 60.0)
        until(tree.ready, "ready again", 60.0)
        [fill] = tree.get("/fills")["items"]
    [execution] = stage.books().executions
    assert (fill["quantity"], fill["execution_id"]) == ("20", execution.execution_id)

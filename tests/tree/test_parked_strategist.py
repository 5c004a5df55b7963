"""A rule that keeps crashing is parked: the desk trades on, and a person starts it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors import names
from console.cli import main
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.poison import park
from tests.tree.waiting import until


def _node(tree: Tree, name: str) -> dict[str, Any]:
    trading = next(n for n in tree.get("/tree")["children"] if n["name"] == names.TRADING)
    node = next(n for n in trading["children"] if n["name"] == name)
    assert isinstance(node, dict)
    return node


def _alert(tree: Tree) -> dict[str, Any] | None:
    [venue] = tree.get("/venues")["items"]
    return next((each for each in venue["alerts"] if each["code"] == "SEATS_PARKED"), None)


@pytest.mark.timeout(120)
def test_a_rule_that_keeps_crashing_takes_nobody_with_it(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(tmp_path, venue.port, watched=False, STRATEGY="rules") as tree:
        tree.wait_until_ready()
        before = tree.incarnations()
        park(tree, names.STRATEGIST)
        after = tree.incarnations()
        assert after[names.STRATEGIST] == 6, "five crashes in a minute are borne"
        changed = {name for name in after if after[name] != before[name]}
        assert changed <= {names.STRATEGIST, *names.of_venue(names.IB)}
        assert after[names.TRADING] == after[names.DESK] == after[names.IB] == 1

        node = _node(tree, names.STRATEGIST)
        assert node["phase"] == "parked" and "more than 5 times in 60 s" in node["waiting_for"]
        until(lambda: (_alert(tree) or {}).get("level") == "warning", "a person is told")
        tree.wait_until_ready()
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")

        assert tree.call("POST", f"/actors/{names.STRATEGIST}/restart").status_code == 202
        until(lambda: _node(tree, names.STRATEGIST)["phase"] == "running", "it runs again")
        until(lambda: _alert(tree) is None, "nothing is left to tell")


@pytest.mark.timeout(120)
def test_without_a_plan_monitor_nothing_is_opened(
    tmp_path: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    venue.start()
    with growing(tmp_path, venue.port, watched=False) as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        tree.wait_until_held("20")
        park(tree, names.PLAN_MONITOR)
        until(lambda: (_alert(tree) or {}).get("level") == "error", "a person is told")
        tree.wait_until_ready()
        answer = tree.propose("KLP-2")
        assert (answer.status_code, answer.json()["code"]) == (409, "PAUSED")
        assert "trading.plan_monitor is parked" in answer.json()["detail"]
        assert tree.propose("KLP-3", side="SELL").status_code == 202, "a person's exit goes on"
        tree.wait_for_state("KLP-3", "FILLED")
        assert venue.wire().orders_per_ref() == {"KLP-1": 1, "KLP-3": 1}

        token = tmp_path / "token"
        token.write_text(tree.hook.token)
        token.chmod(0o600)
        where = ("--url", tree.hook.url, "--token-file", str(token))
        assert main(["circuits", *where]) == 0
        assert main(["circuits", "--open", "ib", "--reason", "a trial", *where]) == 0
        assert main(["circuits", *where]) == 1
        assert main(["circuits", "--release", "ib", *where]) == 0
        assert main(["circuits", "--open", "nowhere", *where]) == 1
        said = capsys.readouterr()
        assert "held open by a person: a trial" in said.out
        assert "There is no venue nowhere" in said.err

"""Whatever becomes of alerts, trading goes on; a day without a delivery holds entries alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.messages import Alert
from console.cli import main as kelpie
from simulators.ntfy.server import Mood, Ntfy, ntfy
from tests.tree.home import Home
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

CODE = "ALERTS_NOT_DELIVERED"
KEPT = {"PLAN_LATEST_AGE_MINUTES": "0", "PLAN_STOP": "50", "PLAN_TARGET": "0"}
"""What is held is left by nobody but the test, however the market goes and the clock leaps."""


@pytest.fixture
def service() -> Iterator[Ntfy]:
    with ntfy() as running:
        yield running


def alert(tree: Tree, sentence: str) -> None:
    """Something that nobody but a person can mend has happened."""
    now = tree.clock.now()
    said = Alert("ib", "error", "FLATTEN_LEFT", sentence, "", now, told=1, stands=False)
    tree.system.tell(names.ALERTS, said)


def holds(tree: Tree) -> list[str]:
    return [hold["code"] for hold in tree.get("/account")["holds"]]


def test_a_service_that_hangs_delays_no_order(tmp_path: Path, venue: Venue, service: Ntfy) -> None:
    venue.start()
    service.be(Mood.HANGS)
    with growing(tmp_path, venue.port, ALERT_URLS=service.url) as tree:
        tree.wait_until_ready()
        alert(tree, "BHP/AUD is not all out.")
        service.wait(lambda: service.asked, "it hangs")
        for number in range(5):
            assert tree.propose(f"KLP-{number}").status_code == 202
            tree.wait_for_state(f"KLP-{number}", "FILLED")
        sent = [each.request.order_ref for each in venue.books().orders]
        assert sent == [f"KLP-{number}" for number in range(5)]
        [standing] = [a for a in tree.get("/alerts")["items"] if a["code"] == "FLATTEN_LEFT"]
        assert standing["open"] and standing["told"] == 0
        assert "kelpie_alerts_standing" in tree.call("GET", "/metrics").text


def test_a_day_without_a_delivery_holds_entries_and_a_delivery_ends_it(
    tmp_path: Path, venue: Venue, service: Ntfy
) -> None:
    wait_for_open_market()
    venue.start()
    service.be(Mood.FAILS)
    given: dict[str, Any] = {"ALERT_URLS": service.url, **KEPT}
    with growing(tmp_path, venue.port, watched=False, **given) as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-HELD").status_code == 202
        tree.wait_for_state("KLP-HELD", "FILLED")
        # Letters are out in a time of their own, and would be too long on their way by the leap.
        until(lambda: not tree.system.inspect(names.ALERTS).get(timeout=SOON)["out"], "none is out")
        tree.leap(26 * 3600.0)
        until(lambda: CODE in holds(tree), "entries are held", SOON)
        tree.wait_until_ready()
        refused = tree.propose("KLP-REFUSED")
        assert refused.status_code == 409 and refused.json()["code"] == CODE
        assert tree.propose("KLP-OUT", side="SELL").status_code == 202, "what is held may leave"
        tree.wait_for_state("KLP-OUT", "FILLED")
        service.be(Mood.WELL)
        assert tree.call("POST", "/alerts/test").status_code == 200
        until(lambda: CODE not in holds(tree), "the delivery ends it", SOON)
        tree.wait_until_ready()
        assert tree.propose("KLP-AGAIN").status_code == 202
        tree.wait_for_state("KLP-AGAIN", "FILLED")
        names_sent = {each.request.order_ref for each in venue.books().orders}
        assert "KLP-REFUSED" not in names_sent and {"KLP-OUT", "KLP-AGAIN"} <= names_sent


def test_the_echo_over_the_command_line_and_over_a_kill(
    tmp_path: Path, service: Ntfy, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed at any moment, Kelpie still knows the digits that it has sent, and sends no others."""
    home = Home(tmp_path)

    def alerts(*words: str) -> int:
        token = str(home.state / "hook.token")
        return kelpie(["alerts", *words, "--url", home.url, "--token-file", token])

    try:
        run = home.start(ALERT_URLS=service.url)
        push = service.wait_for("TEST")
        [digits] = set(re.findall(r"\d{4}", push.title))
        run.kill()
        home.start(ALERT_URLS=service.url).hear("CONNECTED")
        until(lambda: alerts() != 3, "it runs again", SOON, every=0.1)
        assert alerts("confirm", "0000" if digits != "0000" else "1111") == 1
        assert "not the digits" in capsys.readouterr().err
        assert alerts("confirm", digits) == 0
        assert "It is proven" in capsys.readouterr().out
        said = home.get("/alerts")
        assert said["proven_at"] is not None and said["delivered_at"] is not None
        assert len([each for each in service.pushes if "TEST" in each.title]) == 1
        assert alerts() == 0
        shown = capsys.readouterr().out
        assert "Last delivered: " in shown
        assert all(len(line) <= 46 for line in shown.splitlines())
        for log in home.logs.glob("*.log"):
            assert service.url not in log.read_text(), log.name
    finally:
        home.close()

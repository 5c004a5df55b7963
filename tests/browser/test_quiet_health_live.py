"""Why quiet, Health and Live in a real browser: what they say, on a phone and on a desk."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.store import book_path, open_uptime
from config.modes import Mode
from domain.uptime import READY, HourPart, Stood, UpState, UptimeEvent, hour_of
from simulators.broker import ACCOUNT
from tests.browser.conftest import DESK, PHONE, Looker, Looks, press
from tests.pains.conftest import Stage
from tests.tree.states_of_things import on_a_good_day

_LOST = Stood(UpState.UNEXPECTED, "REFUSED", "Nobody listens at 127.0.0.1:4002.")
_RESTART = Stood(UpState.EXPECTED, "RESTART", "The gateway restarts, as it does every night.")


def both(looker: Looker) -> None:
    """On a phone and on a desk."""
    for size in (DESK, PHONE):
        looker.page.set_viewport_size(size)
        looker.holds()
    assert ACCOUNT not in looker.page.content()


def a_month_before(folder: Path) -> None:
    """Hours of the last thirty days, as a Kelpie of then wrote them down."""
    now = datetime.now(UTC)
    file = open_uptime(book_path(folder / "state", Mode.PAPER, ACCOUNT).with_name("uptime.db"))
    began = hour_of(now - timedelta(days=31))
    parts = []
    for count in range(1, 31 * 24 - 1):
        hour = began + timedelta(hours=count)
        if count % 97 in (11, 12, 13):
            continue  # it did not run
        held = 300.0 if hour.hour == 13 else 0.0
        lost = 1800.0 if count % 131 == 40 else 0.0
        parts += [HourPart("ib", hour, READY, 3600.0 - held - lost)]
        parts += [HourPart("ib", hour, _RESTART, held)] if held else []
        parts += [HourPart("ib", hour, _LOST, lost)] if lost else []
    started = [UptimeEvent(now - timedelta(days=d), "", "Kelpie was started.") for d in (31, 9, 3)]
    crashed = UptimeEvent(now - timedelta(days=2), "ib.orders", "Started again: ValueError.")
    file.add(parts, [*started, crashed], now)
    file.close()


def test_a_month_is_drawn_and_told_in_words(stage: Stage, looks: Looks) -> None:
    a_month_before(stage.folder)
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        looker = looks(tree)
        looker.open("/see/health")
        both(looker)
        said = looker.text()
        for words in (
            "could be traded",
            "on hold, as announced or wished",
            "on hold, not expected",
            "Kelpie was not running",
            "Restarts of parts of it after a fault: 1",
            "There is no way to alert you: ALERT_URLS names none.",
            "are free.",
            "actors answer.",
        ):
            assert words in said
        drawing = looker.page.locator("svg.hours")
        assert drawing.locator("path").count() == 4
        assert "!" in (drawing.text_content() or "") and "h" in (drawing.text_content() or "")
        assert _LOST.sentence not in said, "reasons are folded"
        troubled = looker.page.locator("summary", has_text="on hold, not expected").first
        troubled.click()
        assert _LOST.sentence in looker.text()
        looker.page.locator("summary", has_text="The tree of actors").click()
        assert "trading.desk" in looker.text()
        both(looker)
        [venue] = tree.get("/history/health?days=30")["items"]
        assert {hour["shown"] for hour in venue["hours"]} == {state.value for state in UpState}
        assert all(
            hour["ready_seconds"] + hour["not_running_seconds"] <= 3600 for hour in venue["hours"]
        )
        assert tree.call("GET", "/history/health?days=41").status_code == 422


def test_why_it_is_quiet_is_said_first_and_in_words(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        looker = looks(tree)
        looker.open("/see/quiet")
        both(looker)
        bhp = looker.page.locator("section", has=looker.page.get_by_role("heading", name="BHP/AUD"))
        assert re.search(r"Open\. All \d+ gates are open\.", bhp.inner_text())
        assert tree.call("POST", "/trading/pause", {"reason": "a walk"}).status_code == 200
        looker.open("/see/quiet")
        assert "New orders are paused: a walk." in looker.page.locator("section").first.inner_text()
        shut = r"Shut\. New orders are paused: a walk\. Since \w{3} \d+ \w{3} \d\d:\d\d"
        assert re.search(shut, bhp.inner_text())
        press(bhp.get_by_role("link"))
        assert looker.page.url.endswith("/see/quiet/BHP-AUD")
        both(looker)
        said = looker.text()
        assert "A gate is shut: New orders are paused: a walk." in said
        assert "ORDER_TOO_LARGE" in said and "limit A$10,000.00" in said, "all gates, with figures"
        looker.open("/see/quiet/XYZ-AUD", 404)


def test_live_shows_the_checklist_and_the_limits_with_their_use(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree(MAX_TOTAL_EXPOSURE="5000", MAX_DAILY_LOSS="200") as tree:
        on_a_good_day(tree)
        looker = looks(tree)
        looker.open("/see/live")
        both(looker)
        said = looker.text()
        assert "Nothing here trades real money: the mode is paper." in said
        items = tree.get("/checklist")["items"]
        assert len(items) == 10
        for item in items:
            assert item["title"][1:] in said and item["sentence"].replace("`", "") in said
        row = looker.page.locator("tr", has_text="MAX_TOTAL_EXPOSURE").inner_text()
        assert re.search(r"A\$5,000\.00 · used A\$\d", row), row
        assert "MAX_ORDER_VALUE" in said

"""Alerts over the hook: shapes, refusals, and who may answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import names
from actors.alert_keeping import AlertsOptions, rule_for
from actors.alerts import Alerts
from actors.child import Child
from actors.messages import Alert
from adapters.store import open_alerts
from tests.actors.conftest import Recorder
from tests.console.conftest import Auditor, Plant, Planted, Reach


@pytest.fixture
def planted(plant: Plant, tmp_path: Path) -> Iterator[Planted]:
    """The seat without a way to anybody, with two things to tell."""
    options = AlertsOptions(
        mode="demo",
        base_currency="AUD",
        open_file=lambda: open_alerts(tmp_path / "alerts.db", rule_for),
        redact=lambda text: text.replace("DU1234567", "DU***567"),
        clean=lambda text: text,
    )
    tree = plant(
        lambda _, diary: (
            Child(names.DESK, lambda s, at: Recorder(s, at, diary)),
            Child(names.LEDGER, lambda s, at: Auditor(s, at, diary)),
            Child(names.ALERTS, lambda s, at: Alerts(s, at, options=options)),
        )
    )
    for code, sentence in (
        ("FLATTEN_LEFT", "BHP/AUD of DU1234567 is left."),
        ("IB354", "No data."),
    ):
        now = tree.clock.now()
        said = Alert("ib", "error", code, sentence, "", now, told=1, stands=False)
        tree.system.tell(names.ALERTS, said)
    yield tree


@pytest.fixture
def hook(planted: Planted) -> Reach:
    return planted.hook


def test_they_come_newest_first_with_what_stands_and_what_to_do(hook: Reach) -> None:
    said = hook.get("/alerts").json()
    codes = [each["code"] for each in said["items"]]
    assert codes == ["IB354", "FLATTEN_LEFT", "STARTED"]
    left = said["items"][1]
    assert left["id"] == "A2" and left["level"] == "WAKE" and left["open"] is True
    assert left["sentence"] == "BHP/AUD of DU***567 is left." and left["answered"] is False
    assert all(left[key] for key in ("title", "stands", "if_nothing", "to_do", "since"))
    assert said["ways"] == 0 and "ALERT_URLS is not given" in said["trouble"]
    assert said["holds"] == "" and said["proven_at"] is None and said["delivered_at"] is None


def test_one_is_answered_once_and_by_whom_is_audited(planted: Planted) -> None:
    hook = planted.hook
    said = hook.post("/alerts/a2/answer").json()
    assert [each["id"] for each in said["items"]] == ["A2"]
    assert said["items"][0]["answered_by"] == "hook (full token)"
    planted.diary.wait_for("hook (full token)", "answer alerts: A2")
    again = hook.post("/alerts/A2/answer")
    assert again.status_code == 200, "harmless"
    assert [each["id"] for each in hook.post("/alerts/all/answer").json()["items"]] == ["A1", "A3"]
    assert hook.post("/alerts/all/answer").json()["items"] == []


def test_what_cannot_be_done_says_why(hook: Reach) -> None:
    unknown = hook.post("/alerts/A99/answer")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ALERT_UNKNOWN")
    test = hook.post("/alerts/test")
    assert (test.status_code, test.json()["code"]) == (409, "NO_WAY_TO_ALERT")
    echo = hook.post("/alerts/echo", json={"digits": "1234"})
    assert (echo.status_code, echo.json()["code"]) == (409, "ECHO_WRONG")
    for wrong in ({"digits": "12"}, {"digits": 1234}, {"digits": "12a4"}, {}):
        assert hook.post("/alerts/echo", json=wrong).status_code == 422, wrong


def test_the_read_token_looks_and_answers_nothing(hook: Reach) -> None:
    with hook.client(hook.read_token) as client:
        assert client.get("/alerts").status_code == 200
        for path in ("/alerts/A2/answer", "/alerts/test", "/alerts/echo"):
            assert client.post(path, json={}).status_code == 403


def test_metrics_count_what_stands_by_its_level(hook: Reach) -> None:
    text = hook.get("/metrics").text
    assert 'kelpie_alerts_standing{level="WAKE"} 1.0' in text
    assert 'kelpie_alerts_standing{level="TODAY"} 1.0' in text
    assert "kelpie_alerts_unanswered 1.0" in text and "kelpie_alerts_delivered_total 0.0" in text
    assert "kelpie_alerts_hold_entries 0.0" in text
    assert "kelpie_alerts_last_delivery_timestamp_seconds" not in text, "never is not zero"

"""The rules for Prometheus and the page for Grafana, as their own programs read them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from config.settings import Settings
from tests.deploy.watching import ALERTS, DASHBOARD, DEPLOY, panels, rules


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        missing = "no promtool here: it is in Debian's package `prometheus`"
        if os.environ.get("KELPIE_NEEDS_PROMTOOL") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def check(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules_and_the_example(promtool: str, tmp_path: Path) -> None:
    check(promtool, "check", "rules", str(ALERTS))
    shutil.copyfile(DEPLOY / "prometheus/prometheus.yml", tmp_path / "prometheus.yml")
    shutil.copyfile(ALERTS, tmp_path / "kelpie-alerts.yml")
    (tmp_path / "kelpie.token").write_text("x" * 40)
    check(promtool, "check", "config", str(tmp_path / "prometheus.yml"))


def test_the_rules_alert_when_they_should_and_only_then(promtool: str, tmp_path: Path) -> None:
    shutil.copyfile(ALERTS, tmp_path / "alerts.yml")
    shutil.copyfile(Path(__file__).with_name("alerts_test.yml"), tmp_path / "alerts_test.yml")
    check(promtool, "test", "rules", str(tmp_path / "alerts_test.yml"))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_rule_says_what_is_and_what_to_do(rule: dict[str, object]) -> None:
    assert re.fullmatch(r"Kelpie[A-Z]\w+", str(rule["alert"]))
    assert rule["labels"] in ({"level": "wake"}, {"level": "today"})
    told = rule["annotations"]
    assert isinstance(told, dict) and set(told) == {"summary", "description"}
    assert told["summary"].endswith(".") and len(told["summary"]) < 100
    words = re.sub(r"`.*?`|{{.*?}}", "", " ".join(told.values()).lower())
    # What these mean is known to the readers of the hook, and to no owner.
    assert not re.search(r"\b(actors?|mailbox(es)?|circuits?|ledgers?|seats?)\b", words)


def test_the_names_of_the_rules_are_each_there_once() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


def test_the_example_scrapes_the_hook_where_it_is_by_default_with_a_token_from_a_file() -> None:
    (job,) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    settings = Settings.load({}, env_file=None)
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{settings.hook_port}"]}]
    assert set(job["authorization"]) == {"type", "credentials_file"}
    assert {rule["expr"] for rule in rules() if "up{" in rule["expr"]} == {
        f'up{{job="{job["job_name"]}"}} == 0'
    }


def test_the_page_of_grafana_has_panels_that_do_not_overlap() -> None:
    page = json.loads(DASHBOARD.read_text())
    assert (page["title"], page["timezone"]) == ("Kelpie", "Australia/Sydney")
    taken: set[tuple[int, int]] = set()
    for panel in page["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in page["panels"]]
    assert len(ids) == len(set(ids))
    for panel in panels():
        assert panel["description"].endswith("."), panel["title"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}", "whatever it is called there"

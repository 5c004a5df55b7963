"""The metrics of a running Kelpie: their names, their labels, and that what watches them exists."""

from __future__ import annotations

import re
from contextlib import suppress

import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.watching import expressions, metrics_of
from tests.plain_http import TRUSTS_NOBODY
from tests.tree.home import Home
from tests.tree.waiting import until

#: Units by which Prometheus counts nothing.
_ODD_UNITS = r"_(ms|millis\w*|micros\w*|minutes?|hours?|days|kb|mb|kib|mib|percent)(_|$)"
_LABELS = {
    *("actor", "lane", "kind", "venue", "state", "condition", "level", "colour", "currency"),
    *("symbol", "code", "le", "version", "mode"),
}


def families(text: str) -> dict[str, Metric]:
    return {each.name: each for each in text_string_to_metric_families(text)}


def samples(text: str) -> set[str]:
    return {sample.name for family in families(text).values() for sample in family.samples}


@pytest.mark.timeout(180)
def test_metrics_follow_prometheus_and_nothing_is_watched_that_is_not_there(home: Home) -> None:
    run = home.start()
    run.hear("FILL", 60.0)
    assert home.command("backup").returncode == 0
    # What a seat says of itself is a second old at most once it has something to do.
    home.call("POST", "/actors/console.backups/restart", {"reason": "to see the back-up"})
    httpx.get(
        f"{home.url}/metrics",
        headers={"authorization": "Bearer wrong"},
        trust_env=False,
        verify=TRUSTS_NOBODY,
    )
    wanted = {name for _, expression in expressions() for name in metrics_of(expression)}

    def missing() -> set[str]:
        home.get("/actors/console.hook")
        return wanted - samples(home.call("GET", "/metrics").text)

    with suppress(AssertionError):
        until(lambda: not missing(), "all that is watched", 40.0, every=0.5)
    assert missing() == set()
    answer = home.call("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")
    names = [each["client_order_id"] for each in home.get("/orders")["items"]]
    assert names and not any(name in answer.text for name in names)
    assert not re.search(r"\b(DU|U)\d{5,}", answer.text)
    _follow_the_conventions(answer.text)
    assert run.interrupt() == 0


def _follow_the_conventions(text: str) -> None:
    found = families(text)
    assert len(found) > 35
    types = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(types) == len(set(types)), "each family is told of once"
    for name, family in found.items():
        assert re.fullmatch(r"kelpie_[a-z0-9]+(_[a-z0-9]+)*", name), name
        assert family.documentation.endswith("."), name
        assert not re.search(_ODD_UNITS, name), name
        for unit in ("seconds", "bytes"):
            assert unit not in name or name.endswith(unit) or family.type == "counter", name
        if family.type == "counter":
            assert all(sample.name == f"{name}_total" for sample in family.samples), name
        else:
            assert not name.endswith("_total"), name
        for sample in family.samples:
            assert set(sample.labels) <= _LABELS, sample
    assert sum(len(family.samples) for family in found.values()) < 1500
    info = found["kelpie_build_info"].samples[0]
    assert (info.name, info.value) == ("kelpie_build_info", 1.0)
    assert found["kelpie_actor_handle_seconds"].type == "histogram"
    assert found["kelpie_live"].samples[0].value == 1.0

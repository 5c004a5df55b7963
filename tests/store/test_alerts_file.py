"""The file of alerts, as another release left it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from actors.alert_keeping import rule_for
from adapters.store import open_alerts
from domain.alert_post import PostState
from domain.alerting import Incident
from tests.domain.alerts import NOON, incident

STATE = PostState(next_number=3, ways="abc", ways_since=NOON, delivered_at=NOON, delivered=7)


def kept(folder: Path) -> Path:
    path = folder / "alerts.db"
    file = open_alerts(path, rule_for)
    file.keep((incident(1), incident(2)), STATE)
    file.close()
    return path


def changed(path: Path, table: str, key: int, **fields: object) -> None:
    """As a release with other fields would have it; one that is GONE is not there."""
    name = "number" if table == "incidents" else "id"
    with sqlite3.connect(path) as book:
        [(text,)] = book.execute(f"SELECT content FROM {table} WHERE {name} = {key}").fetchall()
        content = {**orjson.loads(text), **fields}
        content = {field: value for field, value in content.items() if value != "GONE"}
        text = orjson.dumps(content).decode()
        book.execute(f"UPDATE {table} SET content = ? WHERE {name} = {key}", (text,))
    book.close()


def read(path: Path) -> tuple[Sequence[Incident], PostState]:
    file = open_alerts(path, rule_for)
    try:
        return file.read()
    finally:
        file.close()


@pytest.mark.parametrize("fields", [{"brand_new": 1}, {"summed_at": "GONE", "sent": "GONE"}])
def test_how_deliveries_stand_is_read_of_a_newer_and_of_an_older_release(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    path = kept(tmp_path)
    changed(path, "post", 1, **fields)
    assert read(path)[1] == STATE


def test_an_incident_of_an_older_release_is_read(tmp_path: Path) -> None:
    path = kept(tmp_path)
    changed(path, "incidents", 1, doubted="GONE", brand_new=1)
    assert read(path)[0][0] == incident(1)


def test_what_is_not_understood_is_left_out_and_keeps_its_number(tmp_path: Path) -> None:
    path = kept(tmp_path)
    with sqlite3.connect(path) as book:
        book.execute("UPDATE incidents SET content = '{' WHERE number = 2")
        book.execute("UPDATE post SET content = '[]'")
    book.close()
    assert read(path) == ([incident(1)], replace(PostState(), next_number=3))

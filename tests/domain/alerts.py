"""Incidents and moments for the tests of alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from config.alert_table import rule_of
from domain.alerting import Incident, begun

SYDNEY = ZoneInfo("Australia/Sydney")
#: A Monday, 14:00 in Sydney.
NOON = datetime(2026, 11, 23, 14, 0, tzinfo=SYDNEY).astimezone(UTC)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=SYDNEY).astimezone(UTC)


def at(year: int, month: int, day: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    """A moment of Sydney's clock, in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=SYDNEY, fold=fold).astimezone(UTC)


def incident(
    number: int = 1, code: str = "FLATTEN_LEFT", sentence: str = "", now: datetime = NOON
) -> Incident:
    """One that has just begun."""
    words = sentence or f"BHP/AUD is not all out ({number})."
    return begun(number, rule_of(code), "ib", "trading.desk", words, "", now)


def due_now(number: int = 1, code: str = "FLATTEN_LEFT", now: datetime = NOON) -> Incident:
    """One that has waited for as long as it had to."""
    return replace(incident(number, code, now=now - timedelta(hours=1)), due=now)

"""The colour of a venue, the sentence of an outage, and how often it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.farms import Farm, FarmKind, FarmState, farms_of
from domain.maintenance import Window, WindowKind
from domain.outage import Health, Standing, health, outage_sentence

SINCE = datetime(2026, 7, 14, 13, 45, tzinfo=UTC)
RESTART = Window(WindowKind.RESTART, SINCE, SINCE + timedelta(minutes=5))
LOGIN = Window(WindowKind.LOGIN, SINCE - timedelta(hours=8), SINCE - timedelta(hours=7))


@pytest.mark.parametrize(
    ("cause", "minutes", "excuse", "colour"),
    [
        ("REFUSED", 0, None, Health.AMBER),
        ("REFUSED", 1, None, Health.RED),
        ("REFUSED", 4, RESTART, Health.AMBER),
        ("WRONG_ACCOUNT", 0, None, Health.RED),
        ("WRONG_MODE", 4, RESTART, Health.RED),
    ],
)
def test_the_colour(cause: str, minutes: int, excuse: Window | None, colour: Health) -> None:
    now = SINCE + timedelta(minutes=minutes)
    assert health(False, cause, SINCE, now, excuse) is colour
    assert health(True, "", SINCE, now, None) is Health.GREEN


def test_a_client_id_that_stays_taken_is_held_by_another_program() -> None:
    said = [
        outage_sentence(
            "CLIENT_ID_IN_USE", "It is in use.", SINCE, SINCE + timedelta(minutes=m), ()
        )
        for m in (4, 6)
    ]
    assert said[0] == "It is in use."
    assert "6 minutes: another program holds the id" in said[1]


def test_an_outage_after_the_weekly_login_names_the_login() -> None:
    assert "IB Key" in outage_sentence("REFUSED", "Nobody.", SINCE, SINCE, (LOGIN,))
    assert "IB Key" not in outage_sentence("REFUSED", "Nobody.", SINCE, SINCE, (RESTART,))


def test_an_alert_is_said_again_after_a_quarter_an_hour_then_four_hours_for_ever() -> None:
    standing, waits = Standing.begun(SINCE), []
    for _ in range(4):
        waits.append(standing.due - SINCE)
        standing = standing.again(standing.due)
    hours = [wait / timedelta(hours=1) for wait in waits]
    assert hours == [0.25, 1.25, 5.25, 9.25]
    assert standing.told == 5 and standing.since == SINCE


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Market data farm connection is OK:usfarm", ["usfarm"]),
        ("Market data farm connection is OK:usfarm.nj; hfarm", ["usfarm.nj", "hfarm"]),
        ("Sec-def data farm connection is OK:secdefil", ["secdefil"]),
        ("A market data farm is disconnected", [""]),
    ],
)
def test_the_names_of_farms(text: str, names: list[str]) -> None:
    farms = farms_of(FarmKind.QUOTES, FarmState.OK, text)
    assert farms == tuple(Farm(FarmKind.QUOTES, name, FarmState.OK) for name in names)

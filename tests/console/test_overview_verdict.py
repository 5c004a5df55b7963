"""The verdict: each cause alone, several together, and the word on what stands meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.owner.facts import Backups, Facts, Silent
from console.owner.verdict import verdict
from domain.alerting import Incident
from domain.guard import Colour, Guard
from domain.maintenance import Schedule, WindowKind, announced
from domain.orders import OrderState, Purpose
from domain.outage import Health
from domain.permits import Condition, Hold
from domain.upcoming import Coming
from domain.views import AlertView
from tests.console.owner_facts import (
    BHP,
    CBA,
    NOW,
    alert,
    alerts,
    desk,
    down,
    facts,
    order,
    position,
    stop,
    venue,
    window,
    with_venue,
)

RED = desk(positions=(position(colour=Colour.RED),))
LOST = order("KLP-9", OrderState.UNKNOWN)
SUNDAY = announced((WindowKind.LOGIN,), time(23, 45), ZoneInfo("Australia/Sydney"), timedelta(0))


def hold(condition: Condition, code: str = "CODE") -> Hold:
    return Hold(condition, code, "So it stands", "Do that")


def paused(why: str = "a walk") -> Facts:
    return facts(desk=desk(paused=True, paused_reason=why, holds=(hold(Condition.PAUSED),)))


MISMATCH = with_venue(venue(mismatches=((BHP, "IB holds 15, Kelpie 20"),)))
RESTART: dict[str, Any] = {"expected_until": NOW + timedelta(minutes=4), "health": Health.AMBER}

#: Each cause alone, its level, and words that must be in what is said or to be done.
ALONE = {
    "well": (facts(), "WELL", "WELL", "All is well."),
    "observe": (facts(mode="observe"), "WELL", "WELL", "sends no orders"),
    "red": (facts(desk=RED), "NEEDS_YOU", "UNPROTECTED", "`kelpie flatten BHP/AUD`"),
    "unknown": (
        facts(orders=(LOST,)),
        "NEEDS_YOU",
        "ORDER_UNKNOWN",
        "`kelpie resolve KLP-9 --absent`",
    ),
    "in doubt": (with_venue(venue(in_doubt=("KLP-7",))), "NEEDS_YOU", "ORDER_UNKNOWN", "KLP-7"),
    "mismatch": (MISMATCH, "NEEDS_YOU", "MISMATCH", "IB holds 15, Kelpie 20"),
    "disk": (
        facts(alerts=alerts(alert("BOOK_NOT_WRITABLE", "no space is left"))),
        *("NEEDS_YOU", "BOOK_NOT_WRITABLE", "No space is left."),
    ),
    "desk silent": (facts(desk=None), "NEEDS_YOU", "DESK_SILENT", "`kelpie actors`"),
    "book silent": (facts(orders=None), "NEEDS_YOU", "BOOK_SILENT", "its book does not answer"),
    "safe mode": (
        facts(desk=desk(holds=(hold(Condition.SAFE_MODE_RECONCILED),))),
        *("NEEDS_YOU", "SAFE_MODE", "Do that."),
    ),
    "quarantined": (facts(quarantined=2), "NEEDS_YOU", "QUARANTINED", "2 messages from IB"),
    "behind": (
        facts(desk=desk(holds=(hold(Condition.FALLING_BEHIND, "FALLING_BEHIND"),))),
        *("NEEDS_YOU", "FALLING_BEHIND", "So it stands."),
    ),
    "down": (with_venue(down()), "NEEDS_YOU", "LINK_DOWN", "`kelpie doctor`"),
    "blip": (with_venue(down(health=Health.AMBER)), "NEEDS_YOU", "LINK_DOWN", "in a minute"),
    "wrong account": (
        with_venue(down(cause="WRONG_ACCOUNT", expected_until=NOW + timedelta(minutes=4))),
        *("NEEDS_YOU", "LINK_DOWN", "`kelpie doctor`"),
    ),
    "restart": (
        with_venue(down(windows=(window(WindowKind.RESTART, 4),), **RESTART)),
        *("NOT_TRADING_EXPECTED", "ANNOUNCED", "until about Mon 17:04, because the gateway"),
    ),
    "login is on": (
        with_venue(down(windows=(window(WindowKind.LOGIN, 4),), **RESTART)),
        *("NOT_TRADING_EXPECTED", "ANNOUNCED", "approve it on your phone"),
    ),
    "held before a window": (
        with_venue(venue(on_hold="on hold until Mon 23:50, because the gateway restarts")),
        *("NOT_TRADING_EXPECTED", "ANNOUNCED", "IB is on hold until Mon 23:50"),
    ),
    "starting": (
        facts(
            desk=desk(venues=(down(health=Health.AMBER, epoch=0),)),
            started_at=NOW - timedelta(seconds=9),
        ),
        *("NOT_TRADING_EXPECTED", "STARTING", "Kelpie started 9 s ago"),
    ),
    "comparing": (
        with_venue(down(connected=True, health=Health.AMBER, cause="NOT_RECONCILED")),
        *("NOT_TRADING_EXPECTED", "COMPARING", "compared with Kelpie's book"),
    ),
    "held open": (
        with_venue(venue(tradable=False, circuit="forced-open", cause="CIRCUIT_OPEN")),
        *("NOT_TRADING_EXPECTED", "HELD_BY_A_PERSON", "`kelpie circuits --release ib`"),
    ),
    "alert": (
        facts(alerts=alerts(alert("DRAWDOWN", "the drawdown is reached"))),
        *("NEEDS_YOU", "DRAWDOWN", "`kelpie alerts answer A7`"),
    ),
    "back-up failed": (
        facts(backups=Backups(True, NOW - timedelta(hours=3), "exit status 76")),
        *("NEEDS_YOU", "BACKUP_FAILED", "the last is 3 h old"),
    ),
    "back-up not sound": (
        facts(backups=Backups(True, NOW, drilled=NOW - timedelta(days=1), sound=False)),
        *("NEEDS_YOU", "BACKUP_NOT_RESTORABLE", "`kelpie backup`"),
    ),
    "back-up old": (
        facts(backups=Backups(True, NOW - timedelta(hours=27))),
        *("NEEDS_YOU", "BACKUP_FAILED", "`kelpie backup`"),
    ),
    "a part is silent": (
        facts(quiet=None, silent=(Silent("why quiet", "It hangs."),)),
        *("NEEDS_YOU", "PARTS_SILENT", "did not answer in time: why quiet."),
    ),
    "paused": (paused(), "NOT_TRADING_EXPECTED", "PAUSED", "`kelpie resume`"),
    "not armed": (
        facts(desk=desk(holds=(hold(Condition.DISARMED),))),
        *("NOT_TRADING_EXPECTED", "DISARMED", "So it stands."),
    ),
    "disarmed": (
        facts(desk=desk(holds=(hold(Condition.DISARMED),)), alerts=alerts(alert("LIVE_DISARMED"))),
        *("NEEDS_YOU", "DISARMED", "So it stands."),
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_each_cause_alone(name: str) -> None:
    seen, level, code, words = ALONE[name]
    said = verdict(seen)
    assert (said.level, said.code, said.others) == (level, code, [])
    assert words in " ".join([said.sentence, *said.to_do])
    assert said.sentence.endswith(".") and said.if_nothing.endswith(".") and said.stands
    for word in ("circuit", "ledger", "mailbox", "actor ", "seat"):
        assert word not in " ".join([said.sentence, said.stands, said.if_nothing])


#: These the link's own state tells, or they concern one symbol, or nothing is held back by them.
ELSEWHERE = {
    *(Condition.ANNOUNCED, Condition.NOT_CONNECTED, Condition.NOT_RECONCILED),
    *(Condition.CIRCUIT_OPEN, Condition.SYMBOL_RED, Condition.FLATTENING),
    *(Condition.DATA_STALE, Condition.OBSERVE),
}


@pytest.mark.parametrize("condition", [c for c in Condition if c not in ELSEWHERE], ids=str)
def test_whatever_holds_purchases_back_everywhere_is_never_well(condition: Condition) -> None:
    seen = desk(paused=condition is Condition.PAUSED, holds=(hold(condition, condition.name),))
    said = verdict(facts(desk=seen))
    wanted = (Condition.PAUSED, Condition.DISARMED, Condition.AWAY)
    assert said.level == ("NOT_TRADING_EXPECTED" if condition in wanted else "NEEDS_YOU")
    assert said.to_do


def test_whoever_needs_you_is_told_what_to_do() -> None:
    for seen, level, _, _ in ALONE.values():
        assert bool(verdict(seen).to_do) or level != "NEEDS_YOU"


def test_of_several_the_worst_speaks_and_the_others_are_named() -> None:
    worst = facts(
        desk=desk(
            positions=(position(colour=Colour.RED), position(CBA)),
            venues=(down(),),
            paused=True,
            paused_reason="a walk",
            holds=(hold(Condition.SAFE_MODE_RECONCILED),),
        ),
        orders=(LOST, stop()),
        alerts=alerts(alert("BOOK_NOT_WRITABLE"), alert("DRAWDOWN"), alert("VENUE_DOWN")),
        quarantined=1,
        backups=Backups(True, None, "exit status 76"),
    )
    said = verdict(worst)
    assert (said.level, said.code, said.symbol) == ("NEEDS_YOU", "UNPROTECTED", "BHP/AUD")
    starts = (
        *("It is not known what", "It is so", "So it stands", "1 message", "IB is not ready"),
        *("It is so", "The book is not backed up", "Paused: a walk"),
    )
    assert len(said.others) == len(starts)
    for other, begins in zip(said.others, starts, strict=True):
        assert other.startswith(begins)


def test_what_needs_you_comes_before_what_was_announced() -> None:
    restarting = down(windows=(window(WindowKind.RESTART, 4),), **RESTART)
    seen = facts(desk=desk(venues=(restarting,)), alerts=alerts(alert("DRAWDOWN")))
    said = verdict(seen)
    assert (said.level, said.code, len(said.others)) == ("NEEDS_YOU", "DRAWDOWN", 1)


@pytest.mark.parametrize(
    "known",
    [
        alert("DRAWDOWN", answered_at=NOW),
        alert("DRAWDOWN", doubted=NOW),
        alert("DRAWDOWN", ended_at=NOW),
        alert("FEE_BUDGET_DAY"),
        alert("DATA_SILENT", since=NOW - timedelta(seconds=30)),
    ],
    ids=["answered", "from before a restart", "over", "for the morning", "not lasting yet"],
)
def test_alerts_that_wait_for_nobody(known: Incident) -> None:
    assert verdict(facts(alerts=alerts(known))).level == "WELL"


def test_what_was_answered_and_still_stands_is_not_all_well() -> None:
    known = (alert("SEATS_PARKED", answered_at=NOW), alert("DRAWDOWN", answered_at=NOW, number=8))
    said = verdict(facts(alerts=alerts(*known)))
    assert (said.level, said.code) == ("WELL", "WELL")
    assert "All is well" not in said.sentence
    assert "A part of Kelpie has stopped, and 1 more" in said.sentence
    assert said.to_do


def test_where_the_alerts_do_not_answer_what_the_desk_knows_of_them_counts() -> None:
    stands = AlertView("error", "DRAWDOWN", "The drawdown is reached.", "", NOW, 1)
    said = verdict(with_venue(venue(alerts=(stands,))))
    assert said.level == "WELL"
    seen = replace(with_venue(venue(alerts=(stands,))), alerts=None)
    assert verdict(seen).code == "DRAWDOWN"


def test_a_link_that_was_there_since_the_start_is_no_start() -> None:
    young = NOW - timedelta(seconds=9)
    seen = facts(desk=desk(venues=(down(health=Health.AMBER),)), started_at=young)
    assert verdict(seen).code == "LINK_DOWN"


def test_what_to_do_about_a_link_is_told_apart_from_why_it_is_down() -> None:
    why = "Nobody is there (Connect call failed ('127.0.0.1', 4002)). Start the gateway."
    said = verdict(with_venue(down(why)))
    assert said.sentence == "IB is not ready since Mon 16:57: nobody is there."
    assert said.to_do[0] == "Start the gateway."


def test_after_the_weekly_login_a_link_that_stays_away_waits_for_you() -> None:
    """17:00 in Sydney, by December's clocks; the outage began with it."""
    now = NOW.replace(month=12, day=6, hour=6, minute=20)
    gone = down(since=now - timedelta(minutes=20))
    seen = facts(
        desk=desk(venues=(gone,)),
        now=now,
        backups=None,
        coming=Coming(schedules=[SUNDAY]),
    )
    said = verdict(seen)
    assert (said.level, said.code) == ("NEEDS_YOU", "LOGIN_NEEDED")
    assert said.sentence == "IB waits for your login: the weekly login ended Sun 17:00."
    assert said.to_do[0].startswith("Log the gateway in")
    assert verdict(replace(seen, coming=Coming(schedules=[Schedule()]))).code == "LINK_DOWN"


# -- what stands ---------------------------------------------------------------------------


def test_what_stands_is_told_with_its_stops() -> None:
    assert verdict(facts()).stands == "20 BHP/AUD, stop A$42.00."
    bare = facts(orders=(order(),))
    assert verdict(bare).stands == "20 BHP/AUD, no stop. 1 more order works at IB."
    nothing = facts(desk=desk(positions=()), orders=())
    assert verdict(nothing).stands == "Kelpie holds nothing, and no order works."


def test_a_stop_that_does_not_work_at_the_venue_is_none() -> None:
    asked = order("K-S", OrderState.SENT, Purpose.PROTECTION, BHP, "42")
    other = stop("42", CBA)
    assert verdict(facts(orders=(asked, other))).stands.startswith("20 BHP/AUD, no stop.")


def test_of_several_stops_the_farthest_is_told() -> None:
    assert "stop A$41.00" in verdict(facts(orders=(stop("42"), stop("41")))).stands


def test_with_the_link_down_it_is_said_of_when_it_is() -> None:
    assert verdict(with_venue(down())).stands == (
        "20 BHP/AUD, stop A$42.00. So it was at Mon 16:57."
    )


def test_of_many_holdings_some_are_named() -> None:
    many = tuple(position() for _ in range(5))
    assert verdict(facts(desk=desk(positions=many))).stands.endswith("; and 2 more.")


def test_what_is_not_known_is_not_nothing() -> None:
    for seen in (facts(desk=None), facts(orders=None)):
        assert verdict(seen).stands == "What stands at IB is not known just now; IB has it."


@pytest.mark.parametrize(
    ("protected", "words"),
    [(0, "20 BHP/AUD are not"), (15, "5 of 20 BHP/AUD are not"), (20, "The stop of 20 BHP/AUD")],
)
def test_how_much_of_it_is_bare(protected: int, words: str) -> None:
    guard = Guard(BHP, Colour.RED, NOW, "IB refused it.", Decimal(protected))
    said = verdict(facts(desk=desk(positions=(position(guard=guard),))))
    assert said.sentence.startswith(words)


def test_in_a_demo_nobody_is_told_to_start_a_gateway_of_ib() -> None:
    why = "Nobody is there. Start TWS or IB Gateway, and check IB_PORT."
    for health in (Health.AMBER, Health.RED):
        said = verdict(replace(with_venue(down(why, health=health)), mode="demo"))
        assert said.code == "LINK_DOWN"
        to_do = " ".join(said.to_do)
        assert "again by itself" in to_do and "logs/ib-sim.log" in to_do
        assert "TWS" not in to_do and "kelpie doctor" not in to_do

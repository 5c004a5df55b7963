"""Calm trading days: what Kelpie says of them is what the broker says, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.cost_report import CostTotal
from rehearsal.week.accounts import Figure
from rehearsal.week.course import Week
from rehearsal.week.report import WeekReport


@pytest.mark.timeout(240)
def test_a_trading_day_adds_up_to_the_brokers_own_account(tmp_path: Path) -> None:
    week = Week(1, tmp_path, days=1)
    report = week.run()
    assert report.differences() == [], report.as_text()
    assert week.kelpie.exits == [] and week.kelpie.starts == 1
    [(_, evening)] = report.evenings
    told = {(each.name, each.unit): each.theirs for each in evening}
    # It is a day worth comparing: dollars were bought, shares bought and sold, limits met.
    assert told["cash", "USD"] > 0
    assert told["fills", "fills"] >= 6
    assert {unit for name, unit in told if name == "held"} >= {"BHP/AUD", "CBA/AUD"}
    assert report.exposure.theirs > 0
    assert report.at_stake <= 6000, "the purse was exceeded"
    assert "PURSE_EXCEEDED" in report.refusals
    assert all(each.theirs == 0 for each in evening if each.name == "held"), "flatten left some"


def test_a_cent_too_much_is_seen_and_named() -> None:
    charged = Decimal("6.60")
    cash = Figure("cash", "AUD", Decimal("10.01"), Decimal(10))
    calm = WeekReport(
        seed=1,
        evenings=[(date(2026, 11, 23), [replace(cash, ours=cash.theirs)] * 2)],
        results=[(date(2026, 11, 23), replace(cash, ours=cash.theirs))],
        costs=CostTotal("", "AUD", 1, charged, 1, charged, Decimal(0), Decimal(0), 0),
        exposure=replace(cash, ours=cash.theirs),
        at_stake=Decimal(0),
        refusals={"COOLING_DOWN": 3},
        orders=0,
        restarts=0,
    )
    assert calm.differences() == []
    [said] = replace(calm, exposure=cash).differences()
    assert said == "week: cash AUD: ours 10.01, theirs 10"
    text = replace(calm, exposure=cash).as_text()
    assert "Differences: 1" in text and "     3  COOLING_DOWN" in text

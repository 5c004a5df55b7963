"""The message of the morning, and what the watcher keeps of us: in words for an owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.alerting import Incident
from domain.equity_curve import ALL, EquityPoint, Why
from domain.guard import Colour, Guard
from domain.maintenance import Schedule, WindowKind, of_ib
from domain.morning import (
    MorningFacts,
    morning_body,
    morning_title,
    note_of,
    yesterdays_result,
)
from domain.symbols import Symbol
from domain.views import DeskView, EquityView, PositionView
from domain.xasx import XASX
from tests.domain.alerts import SYDNEY, at, incident

MORNING = at(2026, 11, 24, 7, 30)
BHP, CBA = Symbol.parse("BHP/AUD"), Symbol.parse("CBA/AUD")


def held(symbol: Symbol, colour: Colour | None, managed: str = "100") -> PositionView:
    quantity = Decimal(managed)
    guard = None
    if colour is not None:
        guard = Guard(symbol, colour, MORNING, "" if colour is Colour.GREEN else "gone", quantity)
    return PositionView(
        symbol=symbol,
        venue="ib",
        held=Decimal(100),
        managed=quantity,
        external=Decimal(100) - quantity,
        average_price=Decimal("43.10"),
        market_price=43.2,
        price_age_seconds=1.0,
        price_stale=False,
        market_value=Decimal(4320),
        unrealised_pnl=None,
        rate=None,
        market_value_base=None,
        unrealised_pnl_base=None,
        guard=guard,
    )


def desk(*positions: PositionView, equity: str | None = "12345.67") -> DeskView:
    worth = None if equity is None else Decimal(equity)
    figures = EquityView("AUD", worth, None, None, None, None, None, False)
    return DeskView(
        *(MORNING, False, "", (), positions, (), figures, 2, None, Decimal(1000), "AUD"),
    )


def point(day: date, realised: str, why: Why = Why.DAY) -> EquityPoint:
    nothing = Decimal(0)
    figures = (None, None, None, Decimal(realised), nothing, nothing)
    return EquityPoint(MORNING, ALL, why, day, "AUD", *figures, False)


POINTS = (
    point(date(2026, 11, 23), "120.50"),
    point(date(2026, 11, 23), "99", Why.HOUR),
    point(date(2026, 11, 20), "100.00"),
)


def facts(*incidents: Incident, view: DeskView | None = None) -> MorningFacts:
    return MorningFacts(
        now=MORNING,
        base_currency="AUD",
        desk=view or desk(held(BHP, Colour.GREEN), held(CBA, Colour.RED)),
        equity=POINTS,
        backup=at(2026, 11, 24, 7, 12),
        incidents=incidents,
        noted=(),
        calendars={"ASX": XASX},
        schedule=Schedule(of_ib((WindowKind.RESET,)), SYDNEY),
    )


def test_it_says_worth_result_holdings_what_comes_and_the_backup() -> None:
    assert morning_title(MORNING) == "the morning of Tue 24 Nov"
    said = morning_body(facts()).splitlines()
    assert said[0] == "All is well."
    assert said[1] == "Worth A$12,345.67; yesterday +A$20.50."
    assert said[2] == "Held: 100 BHP/AUD (stop at IB over 100); 100 CBA/AUD (NOT protected)."
    assert said[3].startswith("Today: ASX 10:00 to 16:00; ") and "IB resets" in said[3]
    assert said[4] == "Back-up: Tue 24 Nov 07:12."
    assert len(morning_body(facts())) < 1500


def test_what_needs_the_owner_comes_first() -> None:
    said = morning_body(facts(incident(code="BACKUP_FAILED"), incident(2), incident(3)))
    assert said.startswith("Needs you: Not all was closed ×2; No back-up.")
    noted = replace(facts(), noted=(incident(code="STARTED"), incident(code="ANNOUNCED_WINDOW")))
    assert "Noted: Kelpie was started; IB restarts." in morning_body(noted)
    assert "All is well." in morning_body(noted)


def test_what_is_not_known_is_said_and_never_zero() -> None:
    unknown = replace(facts(), desk=None, equity=None, backup=None)
    said = morning_body(unknown)
    assert "Worth: not known; yesterday's result is not known." in said
    assert "What is held is not known" in said and "Back-up: none yet." in said
    assert "Worth: not known" in morning_body(facts(view=desk(equity=None)))


@pytest.mark.parametrize("missing", [0, 2])
def test_yesterday_needs_both_ends_of_it(missing: int) -> None:
    points = [each for n, each in enumerate(POINTS) if n != missing]
    assert yesterdays_result(POINTS, MORNING) == Decimal("20.50")
    assert yesterdays_result(points, MORNING) is None
    assert yesterdays_result(POINTS, MORNING + timedelta(days=1)) is None


def test_digits_that_nobody_confirmed_come_again() -> None:
    assert "`kelpie alerts confirm 0042`" in morning_body(replace(facts(), digits="0042"))


def test_a_closed_day_and_a_holding_of_the_owner_s_own() -> None:
    sunday = replace(facts(view=desk(held(BHP, None, "0"))), now=at(2026, 11, 29, 7, 30))
    said = morning_body(sunday)
    assert "ASX is closed" in said and "100 BHP/AUD (yours, not Kelpie's)" in said


def test_the_note_of_the_watcher_says_what_stands_without_us() -> None:
    note = note_of("live", desk(held(BHP, Colour.GREEN)), [incident()], MORNING)
    assert note.startswith("Kelpie live, Tue 24 Nov 07:30 (Sydney).")
    assert "100 BHP/AUD (stop at IB over 100)" in note
    assert "2 orders of Kelpie's may work at IB" in note
    assert "Stops at IB stand without Kelpie" in note and "Not all was closed" in note
    assert "not known" in note_of("live", None, [], MORNING)

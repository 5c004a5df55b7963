"""A well Kelpie as the hook's facts have it, and what can be changed of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from actors.messages.alerts import AlertsView
from config.alert_table import rule_of
from console.owner.facts import Backups, Facts
from console.owner.quiet import Quiet
from domain.account import AccountSummary, CashRow
from domain.alerting import Incident, begun
from domain.gate_words import GateWord
from domain.guard import Colour, Guard
from domain.maintenance import Window
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.outage import Health
from domain.phases import Phase
from domain.risk_views import GateView, RiskView, SignalView, WhyNotView
from domain.symbols import Symbol
from domain.upcoming import Coming
from domain.views import (
    AccountView,
    DeskView,
    EquityView,
    InstrumentView,
    PositionView,
    VenueView,
)

#: Monday 23 November 2026, 17:00 in Sydney.
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BHP, CBA = Symbol.parse("BHP/AUD"), Symbol.parse("CBA/AUD")


def venue(**changes: Any) -> VenueView:
    """Ready for an hour."""
    view = VenueView(
        venue="ib",
        connected=True,
        synchronised=True,
        reconciled=True,
        circuit="closed",
        tradable=True,
        reason="",
        since=NOW - timedelta(hours=1),
        next_try_seconds=None,
        epoch=1,
        server_version=176,
        in_doubt=(),
        mismatches=(),
        foreign_orders=0,
        cause="",
        health=Health.GREEN,
        expected_until=None,
        on_hold="",
        windows=(),
        farms=(),
        alerts=(),
        instruments=(InstrumentView(BHP, exchange="ASX", phase=Phase.OPEN),),
    )
    return replace(view, **changes)


def down(reason: str = "nothing listens at 127.0.0.1:4002", **changes: Any) -> VenueView:
    """Out of reach for three minutes."""
    gone = {"connected": False, "reconciled": False, "tradable": False}
    since = NOW - timedelta(minutes=3)
    told = {"reason": reason, "since": since, "cause": "REFUSED", "health": Health.RED}
    return venue(**{**gone, **told, **changes})


def alert(
    code: str, sentence: str = "It is so", cure: str = "Mend it", number: int = 7, **changes: Any
) -> Incident:
    """One that has stood for nine minutes."""
    incident = begun(number, rule_of(code), "ib", "", sentence, cure, NOW - timedelta(minutes=9))
    return replace(incident, **changes)


def alerts(*incidents: Incident) -> AlertsView:
    """These, and nothing of a way to the owner."""
    return AlertsView(incidents, 0, None, 0, 0, None, None, None, "", "", "", NOW)


def position(symbol: Symbol = BHP, colour: Colour = Colour.GREEN, **changes: Any) -> PositionView:
    """Twenty of Kelpie's, two cents up."""
    cause = "the stop was refused" if colour is Colour.RED else ""
    view = PositionView(
        symbol=symbol,
        venue="ib",
        held=Decimal(20),
        managed=Decimal(20),
        external=Decimal(0),
        average_price=Decimal(45),
        market_price=45.02,
        price_age_seconds=1.0,
        price_stale=False,
        market_value=Decimal("900.40"),
        unrealised_pnl=Decimal("0.40"),
        rate=None,
        market_value_base=Decimal("900.40"),
        unrealised_pnl_base=Decimal("0.40"),
        guard=Guard(symbol, colour, NOW, cause, Decimal(20)),
    )
    return replace(view, **changes)


def order(
    name: str = "KLP-1",
    state: OrderState = OrderState.WORKING,
    purpose: Purpose = Purpose.ENTRY,
    symbol: Symbol = BHP,
    stop: str | None = None,
) -> Order:
    """Twenty bought at 45, or sold by a stop."""
    request = OrderRequest(
        name,
        symbol,
        Side.BUY if stop is None else Side.SELL,
        Decimal(20),
        OrderType.LIMIT if stop is None else OrderType.STOP,
        Decimal(45) if stop is None else None,
        None if stop is None else Decimal(stop),
        Tif.GTC,
        purpose,
    )
    return Order(request, "ib", state, NOW - timedelta(minutes=5))


def stop(level: str = "42", symbol: Symbol = BHP) -> Order:
    """One that works over what `position` holds."""
    return order("KLP-1-S", OrderState.WORKING, Purpose.PROTECTION, symbol, level)


def desk(**changes: Any) -> DeskView:
    """Twenty shares, and cash in two currencies."""
    cash = (
        CashRow("AUD", Decimal(90_000), None, Decimal(90_000)),
        CashRow("USD", Decimal("120.25"), None, None),
    )
    summary = AccountSummary(
        base_currency="AUD",
        net_liquidation=None,
        equity_with_loan=None,
        total_cash=None,
        available_funds=None,
        excess_liquidity=None,
        buying_power=None,
        initial_margin=None,
        maintenance_margin=None,
        gross_position_value=None,
        unrealised_pnl=None,
        realised_pnl=None,
        cash=cash,
        cash_in_base=None,
        rates_stale=False,
        updated_at=NOW,
    )
    view = DeskView(
        at=NOW,
        paused=False,
        paused_reason="",
        venues=(venue(),),
        positions=(position(),),
        accounts=(AccountView("ib", "DU1234567", summary),),
        equity=EquityView("AUD", Decimal("100000.50"), None, None, None, None, None, stale=False),
        working_orders=1,
        reserved=Decimal(0),
        max_order_value=Decimal(10_000),
        base_currency="AUD",
    )
    return replace(view, **changes)


def risk(**changes: Any) -> RiskView:
    """A small loss, most of it fees."""
    known = {
        "result_today": Decimal("-6.56"),
        "fees_today": Decimal("6.60"),
        "result_since_start": Decimal("12.30"),
        "fees_since_start": Decimal("19.80"),
    }
    others = dict.fromkeys(("exposure", "ours", "free_cash", "below_peak", "fees_this_month"))
    fixed = {"positions": 1, "missing": "", "cooling": ()}
    return RiskView(NOW, "AUD", (), **{**others, **fixed, **known, **changes})


def quiet(symbol: Symbol = BHP, shut: str = "", wants: bool = False, told: str = "") -> Quiet:
    """A symbol whose gates stand open but for one, and what the strategist says."""
    gates = () if not shut else (GateView(GateWord(shut, False, told or "It is shut"), NOW),)
    view = WhyNotView(symbol, NOW, Side.BUY, Decimal(1), Decimal(45), gates)
    return Quiet(symbol, view, SignalView(symbol, wants, told or "no signal"))


def facts(**changes: Any) -> Facts:
    """All is well, and known."""
    well = Facts(
        mode="paper",
        version="0",
        started_at=NOW - timedelta(hours=6),
        now=NOW,
        desk=desk(),
        risk=risk(),
        orders=(stop(),),
        fills=(),
        alerts=alerts(),
        quarantined=0,
        backups=Backups(True, NOW - timedelta(minutes=20), next=NOW + timedelta(minutes=40)),
        quiet=(quiet(),),
        coming=Coming(),
        checklist=None,
        protects=True,
    )
    return replace(well, **changes)


def with_venue(view: VenueView, **changes: Any) -> Facts:
    """As this venue has it."""
    return facts(desk=desk(venues=(view,), **changes))


def window(kind: Any, minutes: int) -> Window:
    """One that began a minute ago."""
    return Window(kind, NOW - timedelta(minutes=1), NOW + timedelta(minutes=minutes))

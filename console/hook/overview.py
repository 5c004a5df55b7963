"""`GET /overview`: all that the first look needs, asked for at once and never waited for long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from fastapi import APIRouter

from actors import names
from actors.messages import (
    GetAlerts,
    GetAway,
    GetChecklist,
    GetPlans,
    GetRisk,
    GetSignal,
    GetWhyNot,
)
from actors.messages.alerts import AlertsView
from console.hook.asking import Asking
from console.hook.problems import Refused
from console.overview_schemas import OverviewOut
from console.owner.facts import Backups, Facts, Silent
from console.owner.overview import overview
from console.owner.quiet import Quiet
from domain.arming import Checklist
from domain.away import AwayView, Turn
from domain.orders import Order, OrderState
from domain.plans import Plan, PlanState
from domain.risk_views import RiskView, SignalView, WhyNotView
from domain.symbols import Symbol
from domain.upcoming import Coming
from domain.views import DeskView

ALERTS = "alerts"
"""What a part that did not answer is called in `unanswered`: the alerts."""
_T = TypeVar("_T")
_MOST = 1000
_SYMBOLS = 20
_OPEN_STATES = tuple(state for state in OrderState if not state.is_final)


def routes(asking: Asking) -> APIRouter:
    """`/overview`."""
    router = APIRouter(tags=["health"])

    @router.get("/overview")
    async def look() -> OverviewOut:
        """Give the first look: is it well, what is held and worth, what comes, what to do.

        A part that does not answer in time is null; `unanswered` says which.
        """
        return await overview_now(asking)

    return router


async def overview_now(asking: Asking) -> OverviewOut:
    """The overview as of now: for the route, and for the pages of this process."""
    return overview(await facts_now(asking))


async def facts_now(asking: Asking) -> Facts:
    """Ask all seats at once; whatever hangs, it takes no longer than one answer may."""
    silent: list[Silent] = []

    async def told(part: str, answer: Coroutine[Any, Any, _T]) -> _T | None:
        try:
            return await answer
        except Refused as refused:
            silent.append(Silent(part, str(refused.detail)))
            return None

    async with asyncio.TaskGroup() as asked:
        told_desk = asked.create_task(told("money, holdings, links", asking.desk()))
        risk = asked.create_task(told("results and fees", _risk(asking)))
        orders = asked.create_task(told("orders", _open_orders(asking)))
        fills = asked.create_task(told("last trade", asking.fills(1, None, None)))
        plans = asked.create_task(told("plans", _open_plans(asking)))
        alerts = asked.create_task(told(ALERTS, _alerts(asking)))
        backups = asked.create_task(told("back-up", _backups(asking)))
        checklist = asked.create_task(told("arming", _checklist(asking)))
        away = asked.create_task(told("absence", _away(asking)))
    desk = told_desk.result()
    quiet = None if desk is None else await told("why quiet", _quiet(asking, desk))
    return Facts(
        mode=asking.options.mode,
        version=asking.options.version,
        started_at=asking.options.started_at,
        now=asking.clock.now(),
        desk=desk,
        risk=risk.result(),
        orders=orders.result(),
        fills=fills.result(),
        alerts=alerts.result(),
        quarantined=sum(each.quarantined for each in asking.system.dead_letters.items()),
        backups=backups.result(),
        quiet=quiet,
        coming=replace(
            _coming(asking, desk, plans.result(), backups.result(), checklist.result()),
            away=away.result() or (),
        ),
        checklist=checklist.result(),
        protects=asking.system.find(names.PROTECTION) is not None,
        silent=tuple(silent),
    )


def _coming(
    asking: Asking,
    desk: DeskView | None,
    plans: tuple[Plan, ...] | None,
    backups: Backups | None,
    checklist: Checklist | None,
) -> Coming:
    """What is announced is known though nobody answers; the rest as far as it was told."""
    venues = desk.venues if desk is not None else ()
    return Coming(
        instruments=[each for venue in venues for each in venue.instruments],
        calendars=asking.options.calendars,
        schedules=list(asking.options.schedules.values()),
        plans=plans or (),
        backup_at=None if backups is None else backups.next,
        drill_at=None if backups is None else backups.next_drill,
        disarmed_at=None if checklist is None else checklist.until,
    )


async def _quiet(asking: Asking, desk: DeskView) -> tuple[Quiet, ...]:
    """The gates and the signal of each symbol; of very many the first."""
    symbols = [each.symbol for venue in desk.venues for each in venue.instruments][:_SYMBOLS]
    strategist = asking.system.find(names.STRATEGIST) is not None
    return tuple(await asyncio.gather(*(_of_symbol(asking, each, strategist) for each in symbols)))


async def _of_symbol(asking: Asking, symbol: Symbol, strategist: bool) -> Quiet:
    view = await asking.ask(asking.options.desk, GetWhyNot(symbol))
    assert isinstance(view, WhyNotView)
    if not strategist:
        return Quiet(symbol, view, None)
    signal = await asking.ask(names.STRATEGIST, GetSignal(symbol))
    assert isinstance(signal, SignalView)
    return Quiet(symbol, view, signal)


async def _open_plans(asking: Asking) -> tuple[Plan, ...]:
    return tuple(await asking.ask(asking.options.ledger, GetPlans(_MOST, None, PlanState.OPEN)))


async def _away(asking: Asking) -> tuple[Turn, ...]:
    view = await asking.ask(asking.options.desk, GetAway())
    assert isinstance(view, AwayView)
    return tuple(view.turns)


async def _checklist(asking: Asking) -> Checklist | None:
    """In live alone: elsewhere nobody is armed."""
    if asking.options.mode != "live":
        return None
    found = await asking.ask(names.LIVE_GATE, GetChecklist())
    assert isinstance(found, Checklist)
    return found


async def _risk(asking: Asking) -> RiskView:
    view = await asking.ask(asking.options.desk, GetRisk())
    assert isinstance(view, RiskView)
    return view


async def _open_orders(asking: Asking) -> tuple[Order, ...]:
    """Asked for by state: among the newest of all, an old one that still works could be missed."""
    by_state = await asyncio.gather(*(asking.orders(_MOST, None, state) for state in _OPEN_STATES))
    found = [order for orders in by_state for order in orders]
    return tuple(sorted(found, key=lambda order: order.created_at, reverse=True))


async def _alerts(asking: Asking) -> AlertsView:
    view = await asking.ask(names.ALERTS, GetAlerts())
    assert isinstance(view, AlertsView)
    return view


async def _backups(asking: Asking) -> Backups:
    if asking.system.find(names.BACKUPS) is None:
        return Backups(wanted=False)
    state, _, _ = await asking.inspect(names.BACKUPS)
    if state is None:
        raise Refused.coded(503, "SEAT_SLOW", seat=names.BACKUPS)
    return Backups(
        wanted=True,
        newest=_time(state.get("newest")),
        trouble=str(state.get("trouble") or ""),
        drilled=_time(state.get("drilled")),
        sound=state.get("drill_good"),
        second_place=str(state.get("second_place") or "not set"),
        next=_time(state.get("next")),
        next_drill=_time(state.get("next_drill")),
    )


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

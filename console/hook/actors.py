"""The actors: the tree, each one's numbers and account of itself, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter

from actors.lanes import RestartChild
from actors.seat import Seat
from actors.system import ActorSystem
from actors.watch import pulse_from_outside
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.hook.shapes import exit_out, plain
from console.schemas import (
    ActorDetailOut,
    ActorOut,
    ActorsOut,
    HandlingOut,
    NodeOut,
    RestartIn,
    RestartOut,
)


def routes(asking: Asking) -> APIRouter:
    """`/tree` and `/actors…`."""
    router = APIRouter(tags=["actors"], route_class=ExactRoute)

    @router.get("/tree")
    async def tree() -> NodeOut:
        """Give the supervision tree, from the top."""
        return await tree_of(asking)

    @router.get("/actors")
    async def actors() -> ActorsOut:
        """Give every actor in numbers; asks nobody, so it answers whatever hangs."""
        now = asking.clock.monotonic()
        return ActorsOut(items=[_actor(seat, now) for seat in asking.system.seats()])

    @router.get("/actors/{name}")
    async def actor(name: str) -> ActorDetailOut:
        """Give one actor with its own account of itself; of a wedged one, the last."""
        seat = _seat(asking.system, name)
        state, age, answered = await asking.inspect(name)
        return ActorDetailOut(
            **dict(_actor(seat, asking.clock.monotonic())),
            answered=answered,
            state=None if state is None else plain(state),
            state_age_seconds=None if state is None else round(age, 3),
            counts=dict(seat.handled.copy()),
            facts_peak=seat.mailbox.fact_peak,
            quotes_conflated=seat.mailbox.conflated,
            last_error=seat.last_error,
        )

    @router.post("/actors/{name}/restart", status_code=202)
    async def restart(name: str, body: RestartIn | None = None) -> RestartOut:
        """End this actor and start it again, with those that depend on it."""
        seat = _seat(asking.system, name)
        if not seat.parent:
            raise Refused(
                409,
                "NO_SUPERVISOR",
                f"{name} is the top of the tree; nobody could start it again.",
                "Stop the process and start it instead.",
            )
        reason = (body or RestartIn()).reason
        asking.audit(f"restart {name}", reason)
        asking.tell(seat.parent, RestartChild(name, reason))
        return RestartOut(name=name, supervisor=seat.parent, incarnation=seat.incarnation)

    return router


def supervisor_names(system: ActorSystem) -> list[str]:
    """All that have children, from the top."""
    return list(dict.fromkeys(seat.parent for seat in system.seats() if seat.parent))


def _seat(system: ActorSystem, name: str) -> Seat:
    seat = system.find(name)
    if seat is None:
        raise Refused.coded(404, "SEAT_NOT_KNOWN", seat=name[:80])
    return seat


def _actor(seat: Seat, now: float) -> ActorOut:
    pulse = pulse_from_outside(seat, now)
    oldest = seat.mailbox.oldest()
    p50, p99 = seat.percentiles()
    return ActorOut(
        name=seat.name,
        parent=seat.parent,
        incarnation=seat.incarnation,
        restarts=seat.restarts,
        answers=pulse.answers,
        uptime_seconds=None if seat.started_at is None else round(now - seat.started_at, 3),
        mailbox=seat.mailbox.depths(),
        oldest_seconds=None if oldest is None else round(now - oldest, 3),
        handled=sum(seat.handled.copy().values()),
        handle_seconds_p50=round(p50, 6),
        handle_seconds_p99=round(p99, 6),
        handling=HandlingOut(message=pulse.handling, seconds=round(pulse.seconds, 3))
        if pulse.handling
        else None,
        last_exit=exit_out(seat.last_exit),
    )


# -- the tree ----------------------------------------------------------------------------


async def tree_of(asking: Asking) -> NodeOut:
    """Ask all supervisors at once; one that hangs is shown as it last was."""
    names = supervisor_names(asking.system)
    said = dict(zip(names, await asyncio.gather(*map(asking.inspect, names)), strict=True))
    tops = [seat for seat in asking.system.seats() if not seat.parent]
    if not tops:
        raise Refused(503, "SEAT_DOWN", "There is no tree yet.")
    return _node(asking, tops[0], {}, said)


def _node(
    asking: Asking,
    seat: Seat,
    as_child: Mapping[str, Any],
    said: Mapping[str, tuple[Mapping[str, Any] | None, float, bool]],
) -> NodeOut:
    state, age, _ = said.get(seat.name, (None, 0.0, False))
    state = state or {}
    below = {child["name"]: child for child in state.get("children", ())}
    return NodeOut(
        name=seat.name,
        strategy=state.get("strategy"),
        phase=as_child.get("phase"),
        restart=as_child.get("restart"),
        incarnation=seat.incarnation,
        restarts=seat.restarts,
        backoff_until=_until(asking.clock.now(), as_child.get("next_try_in_seconds"), as_child),
        waiting_for=as_child.get("waiting_for") or None,
        last_exit=exit_out(seat.last_exit),
        state_age_seconds=round(age, 3) if state else None,
        children=[
            _node(asking, child, below.get(child.name, {}), said)
            for child in asking.system.seats()
            if child.parent == seat.name
        ],
    )


def _until(now: datetime, seconds: float | None, as_child: Mapping[str, Any]) -> datetime | None:
    if seconds is None or as_child.get("phase") != "waiting":
        return None
    return now + timedelta(seconds=seconds)

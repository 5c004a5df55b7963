"""The owner's absence over the hook: told, taken back, looked at."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from actors.messages import EndAway, GetAway, SetAway
from console.away_schemas import AwayIn, AwayOut, MarketTurnOut
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.hook.proposing import admitted
from console.schemas import ReasonIn
from domain.away import AwayView, Then

_NOT_A_TIME = "AWAY_NOT_A_TIME"


def routes(asking: Asking) -> APIRouter:
    """`/away`."""
    router = APIRouter(prefix="/away", tags=["operations"], route_class=ExactRoute)

    @router.get("")
    async def shown() -> AwayOut:
        """Whether the owner is away, or will be, and what follows for each market."""
        return away_out(await asking.ask(asking.options.desk, GetAway()))

    @router.post("")
    async def told(body: AwayIn) -> AwayOut:
        """Nobody can log the gateway in meanwhile. A later word replaces an earlier one."""
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        message = SetAway(deadline, body.since, body.until, body.then, asking.who(), body.reason)
        return away_out(await _asked(asking, message))

    @router.delete("")
    async def ended(body: ReasonIn | None = None) -> AwayOut:
        """Somebody can log it in after all. Harmless where nobody is away."""
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        reason = (body or ReasonIn()).reason
        return away_out(await _asked(asking, EndAway(deadline, asking.who(), reason)))

    return router


async def _asked(asking: Asking, message: SetAway | EndAway) -> AwayView:
    answer: Any = await asking.ask(asking.options.desk, message)
    if not isinstance(answer, AwayView):
        if getattr(answer, "code", "") == _NOT_A_TIME:
            raise Refused(422, answer.code, answer.sentence, answer.cure)
        admitted(asking, answer, "")
        raise AssertionError("an absence is never merely admitted")
    # Questions are answered behind the facts: once this one is, it is on disk.
    await asking.order("")
    return answer


def away_out(view: AwayView) -> AwayOut:
    """As the hook says it."""
    away, missed = view.away, view.missed
    return AwayOut(
        away=away is not None,
        since=away.since if away is not None else None,
        until=away.until if away is not None else None,
        then=away.then if away is not None else None,
        who=away.who if away is not None else "",
        logins=[each.window.starts for each in view.logins],
        missed=missed.window.starts if missed is not None else None,
        markets=[
            MarketTurnOut(
                symbol=str(each.symbol),
                held=each.held,
                held_from=each.held_from,
                leaves=each.leaves,
                leaves_from=each.leaves_from,
            )
            for each in view.turns
        ],
        detail=_detail(view),
    )


def _detail(view: AwayView) -> str:
    if view.away is None:
        return "Nobody is away."
    if not view.logins_known:
        return "This gateway has no weekly login, so nothing follows from it."
    if not view.logins:
        return "No weekly login falls into it, so nothing follows from it."
    if view.away.then is Then.NOTHING:
        return "If a login is missed, Kelpie goes on up to the moment at which the link is gone."
    if view.missed is None:
        return "Every login that falls into it has been made."
    what = "nothing new is opened from the beginning of each market's last session before it"
    if view.away.then is Then.WIND_DOWN:
        what += ", and what is held is left in the last two hours of that"
    return f"Unless somebody makes the next login, {what}."

"""`GET /see/pause`, `POST /do/pause`, `/do/resume`: new trades held back by one tap, and undone.

Who undoes a pause says which one: what the page showed. A pause of somebody else that came in
between is never undone by a tap that was meant for another.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actors.messages import GetSwitch
from adapters.book import AuditRow
from console.hook.asking import Asking
from console.hook.bodies import field_of
from console.hook.operations import set_paused
from console.hook.problems import Refused
from console.hook.visitors import Visitor, visitor_of
from console.pages.remembered import BOOK, NO_ANSWER, TRADING, Part, oldest, warning_of
from console.pages.rendering import page
from domain.permits import Condition, Hold
from domain.views import DeskView

HERE: Final = "/see/pause"
UNDO_WITHIN = timedelta(minutes=10)
"""So long after it, whoever paused takes it back without being asked."""
_SWITCH = "paused"
_REASON = "by a tap on a page"
SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Pause:
    """How the switch stands, as a page shows it."""

    paused: bool
    reason: str
    who: str
    """Empty where the book does not know."""
    at: datetime | None
    own: bool
    """By whoever looks, a short time ago: it is taken back without a word."""
    holds: tuple[Hold, ...]
    """What else keeps entries back."""

    @property
    def seen(self) -> str:
        """Names this pause in the form that ends it."""
        return self.at.isoformat() if self.at is not None else ""


def routes(asking: Asking) -> APIRouter:
    """The page of the pause, and its two deeds."""
    router = APIRouter(include_in_schema=False)
    asking.remembered.keep("desk", asking.desk)
    asking.remembered.keep(_SWITCH, lambda: switch_of(asking))

    @router.get(HERE)
    async def shown(request: Request) -> Response:
        visitor = visitor_of(request)
        pause, parts = await known_pause(asking, visitor)
        return page(
            "pause.html",
            visitor,
            {"pause": pause},
            asking=asking,
            title="New trades",
            here="/",
            as_of=oldest(parts),
            warning=warning_of(parts),
        )

    @router.post("/do/pause")
    async def pause(request: Request) -> Response:
        """Harmless where it is paused already: whose pause that is stays as it is."""
        try:
            if not (await asking.desk()).paused:
                await set_paused(asking, True, _REASON)
        except Refused as refused:
            return not_done(asking, request, refused, back=HERE)
        return RedirectResponse(HERE, SEE_OTHER)

    @router.post("/do/resume")
    async def resume(request: Request) -> Response:
        """Nothing is done where the pause is another than the page showed."""
        seen = field_of(await request.body(), "seen")
        try:
            desk, switch = await asyncio.gather(asking.desk(), switch_of(asking))
            now = asking.clock.now()
            pause = pause_of(desk, switch, visitor_of(request).name, now)
            if pause.paused and pause.seen == seen:
                await set_paused(asking, False, _REASON)
        except Refused as refused:
            return not_done(asking, request, refused, back=HERE)
        return RedirectResponse(HERE, SEE_OTHER)

    return router


async def known_pause(
    asking: Asking, visitor: Visitor
) -> tuple[Pause | None, tuple[Part[Any], ...]]:
    """How the switch stands, or last stood, for this visitor; and the parts that said so."""
    desk, switch = await asyncio.gather(
        asking.remembered.ask("desk", TRADING, asking.desk),
        asking.remembered.ask(_SWITCH, BOOK, lambda: switch_of(asking)),
    )
    if desk.value is None:
        return None, (desk, switch)
    pause = pause_of(desk.value, switch.value, visitor.name, asking.clock.now())
    return pause, (desk, switch)


async def switch_of(asking: Asking) -> AuditRow | None:
    """Who threw the switch last, and when; None where the book does not know.

    Raises:
        Refused: the ledger does not answer.
    """
    found = await asking.ask(asking.options.ledger, GetSwitch(_SWITCH))
    assert found is None or isinstance(found, AuditRow)
    return found


def pause_of(desk: DeskView, switch: AuditRow | None, visitor: str, now: datetime) -> Pause:
    """How the switch stands for this visitor."""
    who, at = (switch.who, switch.at) if switch is not None else ("", None)
    recent = at is not None and now - at <= UNDO_WITHIN
    others = (Condition.PAUSED, Condition.OBSERVE)
    return Pause(
        paused=desk.paused,
        reason=desk.paused_reason,
        who=who,
        at=at,
        own=recent and who == visitor,
        holds=tuple(hold for hold in desk.holds if hold.condition not in others),
    )


def not_done(
    asking: Asking, request: Request, refused: Refused, *, back: str, done: str = ""
) -> Response:
    """Say on a page what the JSON routes say in a problem document.

    `done` is a sentence about what was done, or may have been, all the same.
    """
    return page(
        "not_done.html",
        visitor_of(request),
        {
            "why": str(refused.detail),
            "code": refused.code,
            "back": back,
            "done": done,
            "may_happen": refused.status_code == NO_ANSWER,
        },
        asking=asking,
        title="Not done",
        here="/",
        refresh=None,
        status=refused.status_code,
    )

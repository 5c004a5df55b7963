"""`GET /see/close-everything`, `POST /do/close-everything`: all of Kelpie's out, in two steps.

What is done is what was shown, or nothing: the desk gives a code with what it shows, and holds
what it then finds against it in one step. The code is good for a minute, and once.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.flatten_schemas import FlattenOut
from console.hook.asking import Asking
from console.hook.bodies import field_of
from console.hook.flattening import FlattenIn, flatten_of, flatten_out, flattened
from console.hook.operations import set_paused
from console.hook.problems import Refused
from console.hook.visitors import Scope, visitor_of
from console.pages.pausing import SEE_OTHER, not_done
from console.pages.remembered import NO_ANSWER
from console.pages.rendering import page

HERE: Final = "/see/close-everything"
_CHANGED = f"{HERE}?changed=1"
_REASON = "everything closed on a page"
_LOOK_AGAIN = 3
"""Seconds between two looks while it runs."""


def routes(asking: Asking) -> APIRouter:
    """What it would do, and doing it."""
    router = APIRouter(include_in_schema=False)

    @router.get(HERE)
    async def shown(request: Request, changed: bool = False) -> Response:
        """Show what runs, or what would be done; only who may do it is given a code for it."""
        visitor = visitor_of(request)
        may = visitor.may(Scope.TRADE)
        preview: FlattenOut | None = None
        paused, refused = False, ""
        try:
            last = await flatten_of(asking)
            # Of one that runs it comes with a code where a word is needed since it began.
            wanted = FlattenIn(dry_run=True, reason=_REASON)
            preview = flatten_out(await flattened(asking, wanted, in_two_steps=may))
            if not may:
                # In doubt the desk gives one to whoever asks.
                preview = preview.model_copy(update={"confirm": None})
            paused = (await asking.desk()).paused
        except Refused as failed:
            if failed.status_code == NO_ANSWER:
                return not_done(asking, request, failed, back=HERE)
            last, refused = await flatten_of(asking), str(failed.detail)
        return page(
            "close_everything.html",
            visitor,
            {
                "last": last,
                "preview": preview,
                "refused": refused,
                "changed": changed,
                "paused": paused,
            },
            asking=asking,
            title="Close everything",
            here="/",
            refresh=_LOOK_AGAIN if last.state == "RUNNING" else None,
        )

    @router.post("/do/close-everything")
    async def close(request: Request) -> Response:
        """Harmless where it runs already; nothing is done where it is not what was shown."""
        body = await request.body()
        code = field_of(body, "confirm")
        if not code:
            return RedirectResponse(HERE, SEE_OTHER)
        done = await _paused_too(asking) if field_of(body, "pause") else ""
        try:
            wanted = FlattenIn(confirm=code[:80], reason=_REASON)
            view = await flattened(asking, wanted, in_two_steps=True)
            # Questions are answered behind the facts: once this one is, a kill forgets nothing.
            await asking.order("")
        except Refused as refused:
            return not_done(asking, request, refused, back=HERE, done=done)
        return RedirectResponse(HERE if view.running else _CHANGED, SEE_OTHER)

    return router


async def _paused_too(asking: Asking) -> str:
    """Pause new trades, and say how that went. What comes of it holds up no closing."""
    try:
        if not (await asking.desk()).paused:
            await set_paused(asking, True, _REASON)
    except Refused:
        return "Whether new trades are paused is not confirmed."
    return "New trades are paused."

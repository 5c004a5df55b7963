"""`POST /do/answer`: an alert is answered, so that it is repeated no more."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.hook.alerts import answer_alert
from console.hook.asking import Asking
from console.hook.bodies import field_of
from console.hook.problems import Refused
from console.pages.pausing import SEE_OTHER, not_done


def routes(asking: Asking) -> APIRouter:
    """The one deed of alerts."""
    router = APIRouter(include_in_schema=False)

    @router.post("/do/answer")
    async def answer(request: Request) -> Response:
        """Harmless where it has been answered, or is over."""
        try:
            await answer_alert(asking, field_of(await request.body(), "id"))
        except Refused as refused:
            return not_done(asking, request, refused, back="/")
        return RedirectResponse("/", SEE_OTHER)

    return router

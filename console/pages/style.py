"""`GET /see/style.css`: the one stylesheet of the pages."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

from console.hook.asking import Asking


def routes(asking: Asking) -> APIRouter:
    """`/see/style.css`, read once."""
    router = APIRouter(include_in_schema=False)
    text = files("console.pages").joinpath("style.css").read_bytes()

    @router.get("/see/style.css")
    async def style() -> Response:
        return Response(text, media_type="text/css")

    return router

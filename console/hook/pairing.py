"""Pairing a device: a link of `kelpie phone` is opened on it, and confirmed once.

To look at the link uses nothing up, so that a messenger that fetches it for a preview, or a second
look, spoils nothing; the form under it does.
"""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.hook.bodies import field_of
from console.hook.doors import PAIR
from console.hook.keys import Keyring
from console.hook.plain_page import plain_page

LINK_FIELD: Final = "link"


def routes(keyring: Keyring) -> APIRouter:
    """`/pair`."""
    router = APIRouter(include_in_schema=False)

    @router.get(PAIR)
    async def asked(link: str = "") -> HTMLResponse:
        """Say for what this device would be paired, with a button that does it."""
        if not link:
            return HTMLResponse(plain_page("Pair this device", (_HOW,)))
        name, may = await keyring.invited(link)
        form = (
            f'<form method="post" action="{PAIR}">'
            f'<input type="hidden" name="{LINK_FIELD}" value="{escape(link)}">'
            '<button type="submit">Pair this device</button></form>\n'
        )
        sentences = (f"It will be known as {name}, and may {may}.", "The link is good once.")
        return HTMLResponse(plain_page("Pair this device?", sentences, form))

    @router.post(PAIR)
    async def paired(request: Request) -> Response:
        """Give the device its key, and go to the first page."""
        link = field_of(await request.body(), LINK_FIELD)
        cookie = await keyring.paired(link)
        return RedirectResponse("/", 303, headers={"Set-Cookie": cookie})

    return router


_HOW: Final = "On the box where Kelpie runs, say `kelpie phone` and open the link that it prints."

"""Pages for one who has no key yet, or not the right one: a heading, a few sentences, one form.

They stand by themselves: nothing of what Kelpie knows is on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Final

from console.hook.doors import STYLE

HTML: Final = "text/html; charset=utf-8"
_HEADINGS: Final = {
    401: "This device is not paired",
    403: "Not allowed",
    404: "Nothing here",
    405: "Nothing was done",
    410: "This link is over",
    429: "Too fast",
}


def plain_page(heading: str, sentences: Sequence[str], form: str = "", link: str = "") -> str:
    """Put one together. `form` is HTML already, `link` the path that leads on; the rest is text."""
    told = "".join(f"<p>{escape(each)}</p>\n" for each in sentences if each)
    onward = f'<p><a href="{escape(link)}">To the first page</a></p>\n' if link else ""
    return (
        '<!doctype html>\n<html lang="en-AU">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(heading)} - Kelpie</title>\n<link rel="stylesheet" href="{STYLE}">\n'
        f"</head>\n<body>\n<main>\n<h1>{escape(heading)}</h1>\n{told}{form}{onward}</main>\n"
        "</body>\n</html>\n"
    )


def refusal_page(status: int, code: str, detail: str) -> str:
    """Say on a page what was refused, and what to do."""
    heading = _HEADINGS.get(status)
    if heading is None:
        heading = "Kelpie could not answer" if status >= 500 else HTTPStatus(status).phrase
    return plain_page(heading, (detail, f"[{code}]"), link="" if status in (401, 410) else "/")

"""From where a request comes, as far as a browser says it, and to which name it is addressed."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from console.hook.doors import Door
from console.hook.options import HookOptions
from console.hook.problems import Refused

_LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WILDCARDS: Final = frozenset({"0.0.0.0", "::"})
_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]*:[0-9a-f:.]*)\]|([a-z0-9.-]+))(?::[0-9]{1,5})?")


def names_of(options: HookOptions) -> frozenset[str]:
    """Every name under which this hook may be asked for."""
    return (_LOOPBACK_NAMES | {options.host.lower(), *options.host_names}) - _WILDCARDS


def check_host(headers: Headers, names: frozenset[str]) -> None:
    """Refuse what is addressed to somebody else.

    Raises:
        Refused: `HOST_NOT_ALLOWED`.
    """
    host = headers.get("host", "")
    said = _HOST.fullmatch(host.lower())
    if said is None or (said[1] or said[2]) not in names:
        # 421 also where a name was bound to this address by a page elsewhere (DNS rebinding).
        raise Refused.coded(421, "HOST_NOT_ALLOWED", host=repr(host[:80]))


def check_origin(door: Door, method: str, headers: Headers) -> None:
    """Refuse what a page of another site has sent.

    A link to a page may stand anywhere (in an alert, in a mail): to open one in a window of its
    own changes nothing, and no other site can read or frame it. A form must say where it is from.

    Raises:
        Refused: `ORIGIN_NOT_ALLOWED`.
    """
    host = headers.get("host", "").lower()
    for origin in headers.getlist("origin"):
        if _place_of(origin) != host:
            raise _not_allowed("The request comes from a page of another site.")
    is_link = (
        door in (Door.PAGE, Door.PAIRING)
        and method == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
    if not is_link and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise _not_allowed("A browser says that the request comes from another site.")
    is_form = door in (Door.ACTION, Door.PAIRING) and method == "POST"
    if is_form and "authorization" not in headers and "origin" not in headers:
        raise _not_allowed("The form does not say from where it comes.")


def _place_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _not_allowed(sentence: str) -> Refused:
    return Refused(
        403,
        "ORIGIN_NOT_ALLOWED",
        sentence,
        "The hook answers to programs and to its own pages alone.",
    )

"""The settings of alerts: the ways to the owner, and the watcher outside of this machine."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from config.entries import Entry
from config.values import wrong

_SCHEMA = r"[A-Za-z][A-Za-z0-9+.-]*://"
#: A comma may be a part of a URL; between two of them a schema follows it.
_BETWEEN = re.compile(rf"[\s,]+(?={_SCHEMA})")
_URL = re.compile(rf"{_SCHEMA}[^\s]+")


def urls_of(secret: SecretStr | None) -> tuple[str, ...]:
    """The single URLs of ALERT_URLS; empty where it is not given."""
    return () if secret is None else split_urls(secret.get_secret_value())


def split_urls(text: str) -> tuple[str, ...]:
    """The URLs of a text that holds several; one that holds none is left in one piece."""
    found = (each.strip(" ,") for each in _BETWEEN.split(text.strip(" ,")))
    return tuple(dict.fromkeys(filter(None, found)))


def _urls(secret: SecretStr) -> SecretStr:
    found = urls_of(secret)
    bad = [number for number, url in enumerate(found, start=1) if not _URL.fullmatch(url)]
    if bad or not found:
        raise wrong(f"number {bad[0]} of them is no URL" if bad else "it names no URL")
    return secret


def _web(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value().strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise wrong("it is no web address that could be asked")
    return secret


AlertUrls = Annotated[
    Annotated[SecretStr, AfterValidator(_urls)] | None,
    Entry(
        "Where alerts go: one or more Apprise URLs (ntfy, Telegram, e-mail and many others; "
        "https://github.com/caronc/apprise lists them). Whoever knows one can write to you. "
        "Once it is given, new positions are held after a day on which nothing was delivered; "
        "in live they are held while it is not given.",
        "Apprise URLs, separated by blanks or commas",
        "ntfys://ntfy.sh/kelpie-$(openssl rand -hex 8)",
        secret=True,
    ),
]
AlertHideAmounts = Annotated[
    bool,
    Entry(
        "Leave amounts of money out of alerts and of the morning message, which others carry.",
        "true or false",
        "true",
    ),
]
WatcherUrl = Annotated[
    Annotated[SecretStr, AfterValidator(_web)] | None,
    Entry(
        "A dead man's switch outside of this machine (healthchecks.io or your own), asked every "
        "five minutes: when nothing comes any more, it tells you, with the last note that it got.",
        "an http or https address without a query",
        "https://hc-ping.com/2b6e4f0c-0000-4000-8000-000000000000",
        secret=True,
    ),
]

"""The program that takes letters out of the house: told once by JSON, answers once by JSON.

It stands alone, and imports nothing of the house: it is started by the path of this file. Told::

    {"errand": ID, "urls": [...], "pause": SECONDS, "receipt": PATH,
     "letters": [{"id", "title", "body", "level"}]}
    {"errand": ID, "ping": URL, "note": TEXT, "well": true}

Answered: `{"errand": ID, "arrived": {LETTER: [NUMBERS OF URLS]}, "failed": [[NUMBER, KIND]]}`, or
`{"errand": ID, "pinged": true}`. Neither a URL nor the words of an error, which may hold one, is
ever in an answer. What has come of letters is also left at `receipt`, where that can be written:
Kelpie may have been killed meanwhile, and must know after its next start what was delivered.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import urllib.request
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 90
"""So long this takes at the most, whoever still waits for it."""
PING_SECONDS = 10
_TITLE, _BODY = 120, 1800
_FAILS = 2
"""In a row, and a way is given up."""
#: How loud ntfy is for each level, unless its URL says so itself; `max` breaks the silence.
_NTFY = {"WAKE": "max", "TODAY": "high", "FYI": "default", "OK": "default"}
_TYPES = {"WAKE": "failure", "TODAY": "warning", "FYI": "info", "OK": "success"}


def main() -> int:
    """Do the errand; the exit status is 0 where it was done, whatever came of it."""
    signal.alarm(LONGEST_SECONDS)
    logging.disable(logging.CRITICAL)
    told = json.load(sys.stdin)
    answer = ping(told) if "ping" in told else deliver(told)
    text = json.dumps({"errand": told["errand"], **answer})
    if told.get("receipt"):
        _leave(told["receipt"], text)
    # Whoever waited may be dead.
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
    return 0


def deliver(told: dict[str, Any]) -> dict[str, Any]:
    """Give each letter to every way, but for one that failed twice in a row in this errand.

    Once is not enough: it may be the letter that the service never takes, and those behind it
    would wait for ever.
    """
    # Apprise's own pause is longer for some, and an errand must come to its end.
    ways = [(number, _way(url, told["pause"])) for number, url in enumerate(told["urls"], start=1)]
    failed = {number: kind for number, (kind, way) in ways if way is None}
    arrived: dict[str, list[int]] = {}
    in_a_row = dict.fromkeys(range(1, len(ways) + 1), 0)
    for letter in told["letters"]:
        arrived[letter["id"]] = []
        for number, (kind, way) in ways:
            if number in failed:
                continue
            if _sent(way, letter):
                arrived[letter["id"]].append(number)
                in_a_row[number] = 0
                continue
            in_a_row[number] += 1
            if in_a_row[number] == _FAILS or len(told["letters"]) == 1:
                failed[number] = kind
    return {"arrived": arrived, "failed": sorted(failed.items())}


def ping(told: dict[str, Any]) -> dict[str, Any]:
    """Tell the watcher; where all is not well, by the address that says so."""
    address = told["ping"].rstrip("/") + ("" if told["well"] else "/fail")
    request = urllib.request.Request(address, data=told["note"].encode(), method="POST")
    request.add_header("Content-Type", "text/plain; charset=utf-8")
    try:
        with urllib.request.urlopen(request, timeout=PING_SECONDS) as answer:
            return {"pinged": 200 <= answer.status < 300}
    except Exception:  # its words may hold the address
        return {"pinged": False}


def _way(url: str, pause: float) -> tuple[str, Any]:
    """What kind of service it is, and Apprise's object for it; None where it knows none."""
    import apprise

    asset = apprise.AppriseAsset(app_id="Kelpie", app_desc="Kelpie", app_url="")
    kind = url.partition("://")[0]
    try:
        way: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    except Exception:
        return kind, None
    if way is None:
        return kind, None
    way.request_rate_per_sec = min(way.request_rate_per_sec, pause)
    way.kelpie_chooses = kind in ("ntfy", "ntfys") and "priority=" not in url
    return kind, way


def _sent(way: Any, letter: dict[str, str]) -> bool:
    level = letter["level"]
    if way.kelpie_chooses:
        way.priority = _NTFY[level]
    try:
        return bool(
            way.notify(
                title=letter["title"][:_TITLE],
                body=letter["body"][:_BODY],
                notify_type=_TYPES[level],
                body_format="text",
            )
        )
    except Exception:
        return False


def _leave(path: str, text: str) -> None:
    with contextlib.suppress(OSError):
        draft = Path(f"{path}.new")
        with open(draft, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
        draft.replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


if __name__ == "__main__":
    sys.exit(main())

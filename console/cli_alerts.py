"""`kelpie alerts`: what stands, saying that it is known, and the proof that alerts arrive."""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from console.client import HookClient, find_access
from console.columns import fitted
from runtime.arguments import WRONGLY_CALLED

_SYDNEY = ZoneInfo("Australia/Sydney")
_DIGITS = re.compile(r"\d{4}")
_OVER = 5
"""So many of those that are over are shown."""


def add_alerts(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `alerts`."""
    parser.description = (
        "What you were alerted of and what stands, newest first. `answer A17` (or `all`) says "
        "that you know, and it is not repeated any more; `test` sends a test with four digits, "
        "and `confirm 1234` proves that it has reached you. Exit status 1 while something that "
        "stands is not answered, or nothing would reach you."
    )
    parser.add_argument("verb", nargs="?", choices=("answer", "test", "confirm"))
    parser.add_argument("what", nargs="?", help="an id as A17, or all; the four digits")


def alerts(arguments: argparse.Namespace) -> int:
    """Tell what is to be told, and show what stands."""
    verb, what = arguments.verb, arguments.what
    if verb == "confirm" and not _DIGITS.fullmatch(what or ""):
        sys.stderr.write("`kelpie alerts confirm` takes the four digits of the test.\n")
        return WRONGLY_CALLED
    if verb == "answer" and not what:
        sys.stderr.write("`kelpie alerts answer` takes an id, as A17, or all.\n")
        return WRONGLY_CALLED
    access = find_access(arguments.url, arguments.token_file, effects=verb is not None)
    with HookClient(access) as hook:
        said, lines, status = _done(hook, verb, what)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")
    return status


def _done(hook: HookClient, verb: str | None, what: str) -> tuple[Any, list[str], int]:
    if verb == "answer":
        said = hook.post(f"/alerts/{quote(what, safe='')}/answer", {})
        named = ", ".join(each["id"] for each in said["items"]) or "nothing was open"
        return said, fitted(f"Answered: {named}."), 0
    if verb == "test":
        said = hook.post("/alerts/test", {})
        sentence = (
            "A test is on its way. Enter the four digits that come with it: "
            "`kelpie alerts confirm DIGITS`."
        )
        return said, fitted(sentence), 0
    if verb == "confirm":
        said = hook.post("/alerts/echo", {"digits": what})
        return said, fitted(said["sentence"]), 0
    said = hook.get("/alerts")
    waiting = any(_waits(each) for each in said["items"])
    return said, _page(said), int(waiting or bool(said["holds"]))


def _waits(alert: Any) -> bool:
    return alert["open"] and not alert["answered"] and alert["level"] != "FYI"


def _page(said: Any) -> list[str]:
    open_ones = [each for each in said["items"] if each["open"]]
    over = [each for each in said["items"] if not each["open"]]
    lines: list[str] = []
    for each in open_ones:
        lines += _alert(each)
    if not open_ones:
        lines.append("Nothing stands.")
    for each in over[:_OVER]:
        lines += fitted(f"{each['id']} {each['title']}: over since {_local(each['ended_at'])}.")
    lines.append("")
    last = said["delivered_at"]
    lines += fitted(f"Last delivered: {_local(last) if last else 'nothing yet'}.")
    if said["trouble"]:
        lines += fitted(said["trouble"])
    if said["holds"]:
        lines += fitted(f"New positions are held: {said['holds']}.")
    if said["watcher"]:
        lines += fitted(said["watcher"])
    lines += fitted(f"Next morning message: {_local(said['morning_at'])}.")
    return lines


def _alert(alert: Any) -> list[str]:
    known = ", answered" if alert["answered"] else ""
    lines = fitted(
        f"{alert['id']} {alert['level']} {alert['title']}, since {_local(alert['since'])}{known}"
    )
    for title, key in (
        ("", "sentence"),
        ("What stands: ", "stands"),
        ("If you do nothing: ", "if_nothing"),
        ("What to do: ", "to_do"),
    ):
        lines += [f"  {line}" for line in fitted(title + alert[key])]
    return lines


def _local(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(_SYDNEY)
    return f"{at:%a} {at.day} {at:%b %H:%M}"

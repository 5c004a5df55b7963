"""`kelpie money`: cash that nothing explains, and what a person says that it was."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

from console.client import HookClient, find_access

_OK, _NEEDS_YOU = 0, 1
#: As `domain.cash_types` has them; this program knows nothing of the house but the hook.
_TYPES = ("dividend", "interest", "deposit", "withdrawal", "fee", "conversion", "tax", "other")


def add_money(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `money`."""
    parser.description = (
        "Changes of the broker's cash that nothing in the book explains: when, how much, what the "
        "broker shows and what the book had. Say of each what it was, or import a statement that "
        "does. Profit and loss are never touched by them. Exit status 1 while one waits."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shown = actions.add_parser("unexplained", help="those that nobody has explained yet")
    shown.add_argument("--all", action="store_true", help="those that were explained as well")
    typed = actions.add_parser("type", help="say what one of them was")
    typed.add_argument("id", metavar="ID", help="as `kelpie money unexplained` shows it")
    typed.add_argument("type", metavar="TYPE", choices=_TYPES, help=" | ".join(_TYPES))
    typed.add_argument("--note", help="what you know of it; it goes into the audit")


def money(arguments: argparse.Namespace) -> int:
    """Show what waits, or say what one was."""
    typing = arguments.action == "type"
    access = find_access(arguments.url, arguments.token_file, effects=typing)
    with HookClient(access) as hook:
        if typing:
            said = hook.post(
                f"/money/unexplained/{quote(arguments.id, safe='')}",
                {"type": arguments.type.upper(), "note": arguments.note or "kelpie money type"},
            )
            items = [said]
        else:
            said = hook.get("/money/cash" if arguments.all else "/money/unexplained")
            items = said["items"]
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_page(items)) + "\n")
    return _NEEDS_YOU if any(item["type"] is None for item in items) else _OK


def _page(items: list[Any]) -> list[str]:
    if not items:
        return ["All cash is explained."]
    lines = []
    for item in items:
        what = item["type"].lower() if item["type"] is not None else "not explained"
        lines.append(
            f"{item['difference_id']}  {item['at']}  {item['venue']}  {item['currency']} "
            f"{item['amount']}  {what}"
        )
        lines.append(f"    broker {item['theirs']}, book {item['ours']}")
        if item["note"]:
            lines.append(f"    {item['note']} ({item['who']})")
    return lines

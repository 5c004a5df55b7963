"""`kelpie plans`: what guards each position; with an id, all its versions."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

from console.client import HookClient, find_access

_OK = 0
_OPEN = ("OPEN", "PENDING")


def add_plans(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `plans`."""
    parser.description = (
        "The plans that are open: what each holds, its stop and target, and why. With an ID all "
        "versions of that one. A plan is changed over the hook (PATCH /plans/ID) and left by "
        "DELETE /plans/ID; `kelpie flatten` takes everything out."
    )
    parser.add_argument("plan", nargs="?", metavar="ID", help="of one, as listed")
    parser.add_argument("--all", action="store_true", help="the last 100, closed ones too")


def plans(arguments: argparse.Namespace) -> int:
    """Show them."""
    with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
        if arguments.plan is not None:
            said = hook.get(f"/plans/{quote(arguments.plan, safe='')}")
        elif arguments.all:
            said = hook.get("/plans")
        else:
            found = [hook.get(f"/plans?limit=1000&state={state}")["items"] for state in _OPEN]
            said = {"items": [each for items in found for each in items]}
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    elif arguments.plan is not None:
        sys.stdout.write(_versions(said))
    else:
        items = said["items"]
        sys.stdout.write("".join(map(_line, items)) or "No plan is open.\n")
    return _OK


def _line(plan: Any) -> str:
    held = f"{plan['lot']} of {plan['wanted']} {plan['symbol']}"
    verb = "short" if plan["side"] == "SELL" else "long"
    target = plan["target"] or "none"
    return (
        f"{plan['state']:<8} {held} {verb}, entered at {plan['entry_price'] or '-'}: stop "
        f"{plan['stop']}, target {target}, overnight {plan['overnight'].lower()} ({plan['id']})\n"
    )


def _versions(plan: Any) -> str:
    lines = [_line(plan)]
    for each in plan["versions"]:
        lines.append(
            f"  {each['version']:>3}  {each['state']:<8} holds {each['lot']}, stop {each['stop']}, "
            f"target {each['target'] or 'none'}: {each['reason']}\n"
        )
    return "".join(lines)

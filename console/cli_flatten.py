"""`kelpie flatten [SYMBOL …]`: everything out, after looking at what that does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from console.client import HookClient, find_access

_OK, _FAILED = 0, 1
_PATH = "/trading/flatten"


def add_flatten(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `flatten`."""
    parser.description = (
        "Take everything out: cancel Kelpie's orders, and sell what Kelpie bought and the broker "
        "still holds. What it would do is shown first and asked about. It goes on until it is "
        "done, over restarts, too. New positions are not held back afterwards: `kelpie pause` "
        "first, if you want to stay out. What others hold in the account is never touched."
    )
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="as BHP/AUD; none means all")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="only show what it would do")
    what.add_argument("--show", action="store_true", help="how far the one is that runs")
    what.add_argument("--end", action="store_true", help="try no further; what was sent stands")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--reason", help="why; it goes into the audit")


def flatten(arguments: argparse.Namespace) -> int:
    """Show what it would do, ask, and do it."""
    effects = not arguments.show
    with HookClient(find_access(arguments.url, arguments.token_file, effects=effects)) as hook:
        if arguments.show:
            said = hook.get(_PATH)
        elif arguments.end:
            said = hook.delete(_PATH)
        else:
            said = _asked_for(hook, arguments)
    if said is None:
        sys.stderr.write("Nothing was done.\n")
        return _FAILED
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_page(said)) + "\n")
    return _FAILED if any(item["state"] == "LEFT" for item in said["items"]) else _OK


def _asked_for(hook: HookClient, arguments: argparse.Namespace) -> Any:
    """The hook's answer; None where the person said no."""
    body: dict[str, Any] = {
        "symbols": arguments.symbols,
        "reason": arguments.reason or "kelpie flatten",
    }
    said = hook.post(_PATH, {**body, "dry_run": True})
    if arguments.dry_run or said["state"] not in ("PREVIEW", "CONFIRM"):
        return said
    if not arguments.yes and not _agreed(said):
        return None
    return hook.post(_PATH, {**body, "confirm": said["confirm"] or ""})


def _agreed(said: Any) -> bool:
    sys.stderr.write("\n".join(_page(said)) + "\n")
    if not sys.stdin.isatty():
        sys.stderr.write("Say --yes to have it done without being asked.\n")
        return False
    sys.stderr.write("Do it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


_HEADS = {
    "NONE": "There is nothing to take out.",
    "PREVIEW": "This would be done:",
    "CONFIRM": "This would be done, once you confirm it:",
    "RUNNING": "Under way; `kelpie flatten --show` says how far it is:",
    "DONE": "Done:",
}


def _page(said: Any) -> Sequence[str]:
    lines = [_HEADS[said["state"]]]
    if said["confirm_because"]:
        lines.append(f"  Mind: {said['confirm_because']}")
    return [*lines, *(f"  {_line(item)}" for item in said["items"])]


def _line(item: Any) -> str:
    parts = []
    if item["cancels"]:
        parts.append(f"cancel {', '.join(item['cancels'])}")
    if item["side"] is not None:
        parts.append(f"{item['side']} {item['quantity']}")
    if item["state"] == "FLAT":
        parts = ["nothing of Kelpie's is held"]
    if item["note"]:
        parts.append(item["note"])
    doing = "; ".join(parts) or "nothing to do"
    mark = "left, " if item["state"] == "LEFT" else ""
    return f"{item['symbol']}: {mark}{doing}"

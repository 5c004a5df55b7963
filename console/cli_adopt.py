"""`kelpie adopt SYMBOL QTY`: what of a holding is Kelpie's, after looking at what it changes."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

from console.client import HookClient, find_access

_OK, _FAILED = 0, 1


def add_adopt(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `adopt`."""
    parser.description = (
        "Give so much of what the account holds into Kelpie's management: from then on it is "
        "watched, protected and sold like what Kelpie bought. With a minus (BHP/AUD -30) it is "
        "given up: Kelpie leaves it alone, as after a sale by hand. Nothing is traded. What it "
        "changes is shown first and asked about."
    )
    parser.add_argument("symbol", metavar="SYMBOL", help="as BHP/AUD")
    parser.add_argument("quantity", metavar="QTY", help="so much more; with a minus, less")
    parser.add_argument(
        "--price",
        help="what a unit counts as bought for (the broker's average cost where left out), or, "
        "given up, as sold for (what it cost where left out)",
    )
    parser.add_argument("--reason", help="why; it goes into the audit")
    parser.add_argument("--dry-run", action="store_true", help="only show what it would change")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def adopt(arguments: argparse.Namespace) -> int:
    """Show what it would change, ask, and do it if nothing has moved meanwhile."""
    symbol = quote(arguments.symbol.replace("/", "-"), safe="")
    path = f"/positions/{symbol}/adopt"
    body: dict[str, Any] = {"quantity": arguments.quantity}
    if arguments.price is not None:
        body["price"] = arguments.price
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        said = hook.post(path, {**body, "dry_run": True})
        if not arguments.dry_run:
            if not arguments.yes and not _confirmed(said):
                sys.stderr.write("Nothing was changed.\n")
                return _FAILED
            reason = arguments.reason or "kelpie adopt"
            # By what was shown: should it have moved since, nothing is done.
            body |= {"managed": said["managed_before"], "reason": reason}
            said = hook.post(path, body)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_page(said) + "\n")
    return _OK


def _confirmed(said: Any) -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write(_page(said) + "\nSay --yes to have it done without being asked.\n")
        return False
    sys.stderr.write(_page(said) + "\nDo it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _page(said: Any) -> str:
    verb = "Done" if said["done"] else "It would change"
    price = f"at {said['price']}" if said["price"] is not None else "at what it cost"
    lines = [
        f"{verb}: {said['quantity']} {said['symbol']} {price}",
        f"  by Kelpie   {said['managed_before']} -> {said['managed_after']}",
        f"  of others   {said['external_before']} -> {said['external_after']}",
        f"  held        {said['held']}, as before",
        f"  average     {said['average_before'] or '-'} -> {said['average_after'] or '-'}",
    ]
    if said["warning"]:
        lines.append(f"Mind: {said['warning']}")
    return "\n".join(lines)

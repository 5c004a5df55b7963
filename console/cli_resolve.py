"""`kelpie resolve ORDER`: settle by hand what cannot be proven, after looking at what it does."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

from console.client import HookClient, find_access

_OK, _FAILED = 0, 1


def add_resolve(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `resolve`."""
    parser.description = (
        "Settle an order whose fate cannot be proven (UNKNOWN), by what the broker's own pages "
        "show. What it would do is shown first and asked about. Should the broker send the true "
        "executions later, they take the place of what is booked here."
    )
    parser.add_argument("order", metavar="ORDER", help="the client order id")
    outcome = parser.add_mutually_exclusive_group(required=True)
    outcome.add_argument(
        "--absent", action="store_true", help="the broker does not have it; nothing more filled"
    )
    outcome.add_argument("--filled", metavar="QUANTITY", help="so much of it filled, in all")
    parser.add_argument("--price", help="with --filled: the average price of what is not booked")
    parser.add_argument("--dry-run", action="store_true", help="only show what it would do")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def resolve(arguments: argparse.Namespace) -> int:
    """Show what it would do, ask, and do it."""
    path = f"/orders/{quote(arguments.order, safe='')}/resolve"
    body: dict[str, Any] = {"outcome": "absent" if arguments.absent else "filled"}
    if not arguments.absent:
        body["quantity"] = arguments.filled
    if arguments.price is not None:
        body["price"] = arguments.price
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        said = hook.post(path, {**body, "dry_run": True})
        if not arguments.dry_run:
            if not arguments.yes and not _confirmed(said):
                sys.stderr.write("Nothing was changed.\n")
                return _FAILED
            said = hook.post(path, body)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_sentence(said) + "\n")
    return _OK


def _confirmed(said: Any) -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write(_sentence(said) + "\nSay --yes to have it done without being asked.\n")
        return False
    sys.stderr.write(_sentence(said) + "\nDo it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _sentence(said: Any) -> str:
    verb = "is" if said["done"] else "would be"
    booked = ""
    if said["booked"] != "0":
        booked = f" Booked as filled: {said['booked']} at {said['price']}."
    return (
        f"{said['client_order_id']} {verb} {said['state']} (it was {said['was']}): "
        f"{said['reason']}.{booked}"
    )

"""`kelpie resolve ORDER` or `SYMBOL`: what cannot be proven, settled by hand after a look."""

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
        "executions later, they take the place of what is booked here. Of a SYMBOL in which a "
        "corporate action is suspected: was it split, or has nothing happened?"
    )
    parser.add_argument("order", metavar="ORDER", help="the client order id, or BHP/AUD")
    outcome = parser.add_mutually_exclusive_group(required=True)
    outcome.add_argument(
        "--absent", action="store_true", help="the broker does not have it; nothing more filled"
    )
    outcome.add_argument("--filled", metavar="QUANTITY", help="so much of it filled, in all")
    outcome.add_argument("--split", metavar="NEW:OLD", help="of a symbol: 10:1, ten new for one")
    outcome.add_argument("--none", action="store_true", help="of a symbol: nothing has happened")
    parser.add_argument("--price", help="with --filled: the average price of what is not booked")
    parser.add_argument("--dry-run", action="store_true", help="only show what it would do")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def resolve(arguments: argparse.Namespace) -> int:
    """Show what it would do, ask, and do it."""
    if arguments.none or arguments.split is not None:
        symbol = quote(arguments.order.replace("/", "-"), safe="")
        path, body, sentence = f"/positions/{symbol}/resolve", _action(arguments), _of_action
    else:
        path = f"/orders/{quote(arguments.order, safe='')}/resolve"
        body, sentence = _outcome(arguments), _sentence
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        said = hook.post(path, {**body, "dry_run": True})
        if not arguments.dry_run:
            if not arguments.yes and not _confirmed(sentence(said)):
                sys.stderr.write("Nothing was changed.\n")
                return _FAILED
            said = hook.post(path, body)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(sentence(said) + "\n")
    return _OK


def _outcome(arguments: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {"outcome": "absent" if arguments.absent else "filled"}
    if not arguments.absent:
        body["quantity"] = arguments.filled
    if arguments.price is not None:
        body["price"] = arguments.price
    return body


def _action(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"split": arguments.split}


def _confirmed(sentence: str) -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write(sentence + "\nSay --yes to have it done without being asked.\n")
        return False
    sys.stderr.write(sentence + "\nDo it? [y/N] ")
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


def _of_action(said: Any) -> str:
    verb = "is" if said["done"] else "would be"
    lines = [f"{said['symbol']}: {said['doubt']}."]
    if said["split"] is None:
        lines.append(f"By your word nothing has happened: {said['managed_after']} {verb} managed.")
        return "\n".join(lines)
    lines.append(
        f"By your word it was split {said['split']}: {said['managed_before']} managed {verb} "
        f"{said['managed_after']} now (held: {said['held']}), at the same cost."
    )
    for plan in said["plans"]:
        lines.append(
            f"{plan['before']}: lot {plan['lot_before']} {verb} {plan['lot_after']}, stop "
            f"{plan['stop_before']} {verb} {plan['stop_after']}, target {plan['target_before']} "
            f"{verb} {plan['target_after']}."
        )
    return "\n".join(lines)

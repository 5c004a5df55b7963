"""`kelpie reconcile`: hold the ledger against the broker's truth, and say what was found."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from console.client import HookClient, find_access
from console.columns import fitted

_OK, _FAILED = 0, 1
_SLACK_SECONDS = 5.0


def add_reconcile(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `reconcile`."""
    parser.description = (
        "Ask the broker for all its lists and hold the ledger against them: what agrees, what "
        "does not and by which rule, what is not known, and what others have working. Exit "
        "status 0 when nothing waits for a person, 1 when something does or it could not be done."
    )
    parser.add_argument("--reason", help="why; it goes into the audit")
    parser.add_argument(
        "--wait", type=_seconds, default=30.0, metavar="SECONDS", help="at most so long (30)"
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 60:
        raise argparse.ArgumentTypeError("give more than 0 and at most 60 seconds")
    return seconds


def reconcile(arguments: argparse.Namespace) -> int:
    """Ask, wait, and print the outcome."""
    access = find_access(arguments.url, arguments.token_file, effects=True)
    body = {"reason": arguments.reason or "kelpie reconcile", "wait_seconds": arguments.wait}
    with HookClient(access, arguments.wait + _SLACK_SECONDS) as hook:
        said = hook.post("/reconcile", body)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(outcome_lines(said)) + "\n")
    return _OK if said["done"] and not any(map(_needs_you, said["items"])) else _FAILED


def _needs_you(row: Mapping[str, Any]) -> bool:
    return row["needs_a_person"] or row["provisional"] or not row["reconciled"]


def outcome_lines(said: Mapping[str, Any]) -> list[str]:
    """The outcome for each venue, in at most 46 columns."""
    lines: list[str] = []
    for row in said["items"]:
        lines += _venue(row)
    if not said["done"]:
        lines += fitted("The outcome is older than this question: the new one has not come.")
    return lines or ["No venue is active."]


def _venue(row: Mapping[str, Any]) -> list[str]:
    name = row["venue"].upper()
    if not row["reconciled"]:
        why = row["trouble"] or "its lists have not been compared yet"
        return fitted(f"{name}: not reconciled, because {why}")
    clean = not (row["mismatches"] or row["unknowns"])
    lines = fitted(
        f"{name}: {'all agrees' if clean else 'differences'}; "
        f"{len(row['matches'])} matched, {len(row['foreign'])} orders of others"
    )
    lines += _findings("Mismatch", row["mismatches"])
    lines += _findings("Not known", row["unknowns"])
    lines += _findings("Taken over", row["adoptions"])
    lines += _findings("Looked at again", row["suspected"])
    for name in row["absent"]:
        lines += fitted(f"Never came there: {name}", "  ")
    for order in row["foreign"]:
        lines += fitted(f"Of others: {_foreign(order)}", "  ")
    return lines


def _findings(word: str, findings: Iterable[Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for each in findings:
        lines += fitted(f"{word}: {each['sentence']} [{each['rule']}]", "  ")
        lines += fitted(each["cure"], "    ")
    return lines


def _foreign(order: Mapping[str, Any]) -> str:
    price = order["limit_price"] or order["stop_price"]
    at = f" at {price}" if price else ""
    left = order["remaining"] or order["quantity"] or ""
    return f"{order['side']} {left} {order['symbol'] or 'another instrument'}{at}"

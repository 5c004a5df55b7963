"""`kelpie release [MESSAGE]`: let go of a fact that crashed its handlers, after looking at it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

from console.client import HookClient, find_access

_OK, _FAILED = 0, 1


def add_release(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `release`."""
    parser.description = (
        "A fact that crashed its handler twice is kept apart. Without MESSAGE they are listed. "
        "With one, what it is and what releasing it would do is shown first and asked about: it is "
        "handled once more, or, from before the last start, closed."
    )
    parser.add_argument("message", nargs="?", metavar="MESSAGE", help="its id, as listed")
    parser.add_argument("--reason", default="", help="why; it goes into the audit")
    parser.add_argument("--dry-run", action="store_true", help="only show what it would do")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def release(arguments: argparse.Namespace) -> int:
    """List them; or show one, ask, and let go of it. 1 where some are kept, or it was not done."""
    if arguments.message is None:
        return _list(arguments)
    path = f"/dead-letters/{quote(arguments.message, safe='')}/release"
    body = {"reason": arguments.reason}
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
        sys.stdout.write(_page(said))
    return _OK


def _list(arguments: argparse.Namespace) -> int:
    with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
        said = hook.get("/dead-letters")
    kept = [each for each in said["items"] if each["quarantined"]]
    if arguments.json:
        sys.stdout.write(json.dumps({"items": kept}, indent=2, ensure_ascii=False) + "\n")
    else:
        for each in kept:
            sys.stdout.write(
                f"{each['id']}  {each['message']} for {each['seat']}: {each['cause']}\n"
            )
        if not kept:
            sys.stdout.write("Nothing is kept apart.\n")
    if not said["earlier_known"]:
        sys.stderr.write("The ledger did not answer: what is from earlier starts is missing.\n")
        return _FAILED
    return _FAILED if kept else _OK


def _confirmed(said: Any) -> bool:
    sys.stderr.write(_page(said))
    if not sys.stdin.isatty():
        sys.stderr.write("Say --yes to have it done without being asked.\n")
        return False
    sys.stderr.write("Do it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _page(said: Any) -> str:
    verb = "Done" if said["done"] else "It would be done"
    return (
        f"{said['message']} for {said['seat']}, kept {said['times']} times: {said['cause']}\n"
        f"{said['content']}\n{verb}: {said['sentence']}\n"
    )

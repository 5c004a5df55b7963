"""`kelpie circuits`: how the circuit of each venue stands, and holding one open."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

from console.client import HookClient, find_access


def add_circuits(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `circuits`."""
    parser.description = (
        "How the circuit of each venue stands. Open, no position is opened there; exits, stops, "
        "cancels and reads go on. It opens after repeated failures and closes by itself; a person "
        "can hold it open, which outlives restarts."
    )
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--open", metavar="VENUE", help="hold it open from now on")
    told.add_argument("--release", metavar="VENUE", help="let go of it")
    parser.add_argument("--reason", help="why; it goes into the audit")


def circuits(arguments: argparse.Namespace) -> int:
    """Tell what is to be told, and show how they stand; 1 while one is not closed."""
    venue = arguments.open or arguments.release
    access = find_access(arguments.url, arguments.token_file, effects=venue is not None)
    with HookClient(access) as hook:
        if venue is not None:
            verb = "open" if arguments.open else "close"
            reason = arguments.reason or "kelpie circuits"
            said = {
                "items": [
                    hook.post(f"/circuits/{quote(venue, safe='')}/{verb}", {"reason": reason})
                ]
            }
        else:
            said = hook.get("/circuits")
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(_line(each) + "\n" for each in said["items"]))
    done = venue is not None
    return 0 if done or all(each["state"] == "closed" for each in said["items"]) else 1


def _line(said: Any) -> str:
    line = f"{said['venue']:<8} {said['state']}"
    if said["forced"]:
        line += f", held open by a person: {said['forced']} (beneath: {said['beneath']})"
    elif said["state"] != "closed" and said["cause"]:
        line += f", {said['failures']} failures in a row, last {said['cause']}"
    if said["next_probe_at"]:
        line += f", tried at {said['next_probe_at']}"
    return line

"""`kelpie checklist`, `kelpie arm`, `kelpie disarm`: the way to live trading, and back."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from config.entries import SettingsError
from config.settings import Settings
from console.arming_code import write_code
from console.client import HookClient, NoAccess, find_access
from console.columns import fitted
from console.owner.words import sydney

_OK, _FAILED = 0, 1


def add_checklist(parser: argparse.ArgumentParser) -> None:
    """Add what `checklist` says of itself."""
    parser.description = (
        "What must have been shown before real money can be traded: each item, when it was seen, "
        "or what is missing and when it can be done. Exit status 0 when nothing is missing."
    )


def add_arm(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `arm`."""
    parser.description = (
        "Let Kelpie open positions with real money, for a limited time. Only on the box where it "
        "runs, and only once nothing of `kelpie checklist` is missing. It disarms by itself on a "
        "mismatch, a changed limit, a bad clock, a second unclean start within the hour, and when "
        "its time is over; exits, stops and plans go on all the same."
    )
    parser.add_argument("--hours", type=float, help="for how long (ARM_AT_MOST_HOURS)")
    parser.add_argument("--reason", help="why; it goes into the audit")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def add_disarm(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `disarm`."""
    parser.add_argument("--reason", help="why; it goes into the audit")


def checklist(arguments: argparse.Namespace) -> int:
    """Show it; 1 while something is missing."""
    with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
        said = hook.get("/checklist")
    return _say(arguments, said, good=not said["missing"])


def arm(arguments: argparse.Namespace) -> int:
    """Show what it is armed with, ask, and arm it."""
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        before = hook.get("/checklist")
        hours = before["longest_hours"] if arguments.hours is None else arguments.hours
        if not arguments.yes and not _confirmed(before, hours):
            sys.stderr.write("Nothing was armed.\n")
            return _FAILED
        body = {
            "hours": hours,
            "reason": arguments.reason or "kelpie arm",
            "code": _code(),
        }
        said = hook.post("/trading/arm", body)
    return _say(arguments, said, good=said["armed"])


def disarm(arguments: argparse.Namespace) -> int:
    """Take it back."""
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        said = hook.post("/trading/disarm", {"reason": arguments.reason or "kelpie disarm"})
    return _say(arguments, said, good=True)


def _code() -> str:
    try:
        return write_code(Settings.load().state_dir)
    except SettingsError as error:
        raise NoAccess(str(error)) from None
    except OSError as error:
        raise NoAccess(
            f"Live trading is armed on the box alone, where STATE_DIR can be written: {error}"
        ) from None


def _confirmed(before: Any, hours: float) -> bool:
    lines = fitted(f"Real money is traded for {hours:g} h within these limits:")
    for limit in before["limits"]:
        lines += fitted(limit, "  ")
    sys.stderr.write("\n".join(lines) + "\n")
    if not sys.stdin.isatty():
        sys.stderr.write("Say --yes to have it done without being asked.\n")
        return False
    sys.stderr.write("Type ARM to arm it: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "ARM"


def _say(arguments: argparse.Namespace, said: Any, *, good: bool) -> int:
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(checklist_page(said)) + "\n")
    return _OK if good else _FAILED


def checklist_page(said: Any) -> list[str]:
    """The items on one narrow page, and how it stands."""
    lines = []
    for item in said["items"]:
        lines += fitted(f"{'[x]' if item['proven'] else '[ ]'} {item['title']}")
        lines += fitted(item["sentence"], "    ")
        if item["earliest"] and not item["proven"]:
            lines += fitted(f"at the earliest on {item['earliest']}", "    ")
        if item["expires"]:
            lines += fitted(f"until {_local(item['expires'])}", "    ")
    lines += [""]
    if said["armed"]:
        return [*lines, *fitted(f"ARMED until {_local(said['armed_until'])}")]
    done = len(said["items"]) - said["missing"]
    lines += fitted(f"{done} of {len(said['items'])} shown")
    return [*lines, *(fitted(f"NOT ARMED: {said['disarmed']}") if said["disarmed"] else [])]


def _local(text: str) -> str:
    return sydney(datetime.fromisoformat(text))

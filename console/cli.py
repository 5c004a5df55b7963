"""The commands that look into a running Kelpie and tell it what to do, over its hook.

Exit status: 0 all is well, or done; 1 something needs you, or failed; 2 not trading, and expected
(`status` alone); 3 Kelpie is not running; 64 wrongly called.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from console.actors_page import actor_page, actors_table
from console.cli_adopt import add_adopt, adopt
from console.cli_alerts import add_alerts, alerts
from console.cli_arm import add_arm, add_checklist, add_disarm, arm, checklist, disarm
from console.cli_away import add_away, away
from console.cli_circuits import add_circuits, circuits
from console.cli_convert import add_convert, convert
from console.cli_dividend import add_dividend, dividend
from console.cli_flatten import add_flatten, flatten
from console.cli_money import add_money, money
from console.cli_plans import add_plans, plans
from console.cli_reconcile import add_reconcile, reconcile
from console.cli_release import add_release, release
from console.cli_resolve import add_resolve, resolve
from console.cli_risk import add_limits, add_why_not, limits, why_not
from console.cli_status import StandsWithoutUs, add_status, status
from console.cli_test_order import add_test_order, test_order
from console.client import HookClient, HookRefused, NoAccess, NotRunning, find_access
from console.columns import fitted
from console.importing import add_import, import_facts
from runtime.arguments import Arguments

OK, FAILED, NOT_RUNNING = 0, 1, 3

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None, without_us: StandsWithoutUs | None = None) -> int:
    """Run one command; without any it is `status`.

    `without_us` tells `status` what stands at the broker where Kelpie does not answer.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = Arguments(
        prog="kelpie",
        description="Look into a running Kelpie, and tell it what to do.",
        epilog="`kelpie` alone is `kelpie status`. `kelpie init` asks what it needs to know and "
        "writes .env, `kelpie run` starts it, `kelpie drill` breaks five things before your eyes, "
        "`kelpie upgrade` and `kelpie rollback` change an installed one, `kelpie doctor` looks "
        "at the gateway that the settings name without trading, `kelpie ib-sim` starts "
        "the stand-in for IB Gateway, `kelpie explain ORDER` tells how an order came about, "
        "`kelpie report` prints what the book adds up to, `kelpie statement` holds a "
        "statement of IB's against the book, `kelpie phone` pairs a phone with the pages, "
        "`kelpie backup`, `kelpie restore` and `kelpie ledger` keep the book's file; each has a "
        "--help of its own. "
        "Exit status: 0 all is well, 1 something needs you or failed, 2 not trading and expected, "
        "3 Kelpie is not running, 64 wrongly called.",
    )
    add_commands(parser.add_subparsers(dest="command", metavar="COMMAND", required=True))
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "status")
    arguments = parser.parse_args(words)
    arguments.without_us = without_us
    command: Command = arguments.call
    return _run(command, arguments)


def add_commands(subparsers: Any) -> None:
    """Add the commands that speak to the hook; each sets `call`."""
    said = "is it well; if not, what stands, and what to do"
    add_status(_add(subparsers, "status", status, said))
    actors = _add(subparsers, "actors", _actors, "the actors, or all about one")
    actors.add_argument("name", nargs="?", help="the name of one, as trading.desk")
    for name, call_it, sentence in (
        ("pause", _pause, "no new entries from now on; exits and stops go on"),
        ("resume", _resume, "entries again"),
    ):
        command = _add(subparsers, name, call_it, sentence)
        command.add_argument("--reason", help="why; it goes into the audit")
        if name == "resume":
            command.add_argument(
                "--end-safe-mode",
                action="store_true",
                help="what made Kelpie end uncleanly again and again is mended",
            )
        else:
            command.add_argument(
                "--cancel-entries",
                action="store_true",
                help="take back every order that could still open a position; stops stay",
            )
    said = "what limits Kelpie, and how much of it is used"
    add_limits(_add(subparsers, "limits", limits, said))
    said = "why nothing is opened in a symbol: every gate, and the signal"
    add_why_not(_add(subparsers, "why-not", why_not, said))
    add_flatten(_add(subparsers, "flatten", flatten, "everything out: cancel, then sell"))
    add_plans(_add(subparsers, "plans", plans, "what guards each position: stop, target, age"))
    add_circuits(_add(subparsers, "circuits", circuits, "what holds back entries at each venue"))
    add_alerts(_add(subparsers, "alerts", alerts, "what you were alerted of, and what stands"))
    add_release(_add(subparsers, "release", release, "facts that crashed their handlers"))
    said = "hold the ledger against the broker's truth now, and say what was found"
    add_reconcile(_add(subparsers, "reconcile", reconcile, said))
    said = "cash of one currency into another; it makes no position"
    add_convert(_add(subparsers, "convert", convert, said))
    said = "give a holding into Kelpie's management, or take it out again"
    add_adopt(_add(subparsers, "adopt", adopt, said))
    said = "your own parcels, dividends, splits: what no venue tells"
    add_import(_add(subparsers, "import", import_facts, said))
    said = "what must have been shown before live trading, and what was"
    add_checklist(_add(subparsers, "checklist", checklist, said))
    said = "let positions be opened with real money, for a limited time"
    add_arm(_add(subparsers, "arm", arm, said))
    said = "open no position with real money from now on; exits and stops go on"
    add_disarm(_add(subparsers, "disarm", disarm, said))
    said = "cash that nothing explains, and what it was"
    add_money(_add(subparsers, "money", money, said))
    said = "when a share goes ex dividend: its orders are purged the evening before"
    add_dividend(_add(subparsers, "dividend", dividend, said))
    said = "nobody can log the gateway in meanwhile: what is to happen then"
    add_away(_add(subparsers, "away", away, said))
    said = "prove that orders work: one is placed far from the market, and taken back"
    add_test_order(_add(subparsers, "test-order", test_order, said))
    add_resolve(_add(subparsers, "resolve", resolve, "settle an order that cannot be proven"))


def _add(subparsers: Any, name: str, call_it: Command, sentence: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=sentence,
        description=sentence[0].upper() + sentence[1:] + ".",
        epilog="Where the hook is and its token are taken from the settings (HOOK_HOST, "
        "HOOK_PORT, STATE_DIR, in the environment or .env) unless they are given.",
    )
    parser.add_argument("--json", action="store_true", help="print the hook's JSON")
    parser.add_argument("--url", help="where the hook listens, as http://127.0.0.1:8765")
    parser.add_argument("--token-file", type=Path, help="the file with the hook's token")
    parser.set_defaults(call=call_it)
    return parser


def _run(command: Command, arguments: argparse.Namespace) -> int:
    try:
        return command(arguments)
    except NotRunning as error:
        _complain(f"Kelpie is not running. {error}")
        return NOT_RUNNING
    except (HookRefused, NoAccess) as error:
        _complain(str(error))
        return FAILED


# -- looking -----------------------------------------------------------------------------


def _actors(arguments: argparse.Namespace) -> int:
    with _hook(arguments, effects=False) as hook:
        if arguments.name is None:
            said = hook.get("/actors")
            items = said["items"]
            lines = actors_table(items)
        else:
            said = hook.get(f"/actors/{quote(arguments.name, safe='')}")
            items = [said]
            lines = actor_page(said)
    if arguments.json:
        _print_json(said)
    else:
        _print(lines)
    return OK if all(item["answers"] for item in items) else FAILED


# -- telling -----------------------------------------------------------------------------


def _pause(arguments: argparse.Namespace) -> int:
    more = {"cancel_entries": True} if arguments.cancel_entries else {}
    said = _tell(arguments, "/trading/pause", **more)
    sentence = f"Paused: no new entries ({said['reason']})."
    if arguments.cancel_entries:
        sentence += f" Being cancelled: {', '.join(said['cancelled']) or 'nothing worked'}."
    return _told(arguments, said, sentence)


def _resume(arguments: argparse.Namespace) -> int:
    more = {"end_safe_mode": True} if arguments.end_safe_mode else {}
    said = _tell(arguments, "/trading/resume", **more)
    if not said["holds"]:
        return _told(arguments, said, "Resumed: new entries are allowed.")
    held = " ".join(hold["detail"] for hold in said["holds"])
    return _told(arguments, said, f"Resumed, but new entries are still held. {held}")


def _tell(arguments: argparse.Namespace, path: str, **more: Any) -> Any:
    reason = arguments.reason or f"kelpie {arguments.command}"
    with _hook(arguments, effects=True) as hook:
        return hook.post(path, {"reason": reason, **more})


def _told(arguments: argparse.Namespace, said: Any, sentence: str) -> int:
    if arguments.json:
        _print_json(said)
    else:
        _print(fitted(sentence))
    return OK


# -- the terminal ------------------------------------------------------------------------


def _hook(arguments: argparse.Namespace, *, effects: bool) -> HookClient:
    return HookClient(find_access(arguments.url, arguments.token_file, effects=effects))


def _print(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _print_json(said: Any) -> None:
    sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def _complain(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())

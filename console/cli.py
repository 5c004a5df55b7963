"""The commands that look into a running Kelpie and tell it what to do, over its hook.

Exit status: 0 all is well, or done; 1 something needs you, or failed; 2 wrongly called;
3 Kelpie is not running.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from console.cli_resolve import add_resolve, resolve
from console.client import HookClient, HookRefused, NoAccess, NotRunning, find_access
from console.page import Facts, actor_page, actors_table, fitted, needs_you, status_page

OK, FAILED, NOT_RUNNING = 0, 1, 3
_OPEN_STATES = ("UNKNOWN", "INTENDED", "SENT", "WORKING", "HELD")

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; without any it is `status`."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="kelpie",
        description="Look into a running Kelpie, and tell it what to do.",
        epilog="`kelpie` alone is `kelpie status`. `kelpie run` starts it, `kelpie doctor` looks "
        "at the gateway that the settings name without trading, `kelpie ib-sim` starts "
        "the stand-in for IB Gateway; each has a --help of its own. Exit status: 0 all is well, "
        "1 something needs you or failed, 2 wrongly called, 3 Kelpie is not running.",
    )
    add_commands(parser.add_subparsers(dest="command", metavar="COMMAND", required=True))
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "status")
    arguments = parser.parse_args(words)
    command: Command = arguments.call
    return _run(command, arguments)


def add_commands(subparsers: Any) -> None:
    """Add `status`, `actors`, `pause`, `resume`, `reconcile` and `resolve`; each sets `call`."""
    status = _add(subparsers, "status", _status, "the one page: is it well, what does it hold")
    status.description = (
        "How Kelpie is: mode, worth, paused or not, each venue, holdings, working orders, the "
        "last fills. Exit status 0 when all is well, 1 when something needs you, 3 when it is "
        "not running."
    )
    actors = _add(subparsers, "actors", _actors, "the actors, or all about one")
    actors.add_argument("name", nargs="?", help="the name of one, as trading.desk")
    for name, call_it, sentence in (
        ("pause", _pause, "no new entries from now on; exits and stops go on"),
        ("resume", _resume, "entries again"),
        ("reconcile", _reconcile, "hold the ledger against the broker's truth now"),
    ):
        command = _add(subparsers, name, call_it, sentence)
        command.add_argument("--reason", help="why; it goes into the audit")
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


def _status(arguments: argparse.Namespace) -> int:
    with _hook(arguments, effects=False) as hook:
        facts = Facts(
            ready=hook.get("/health/ready"),
            account=_if_known(hook, "/account"),
            venues=_if_known(hook, "/venues"),
            positions=_if_known(hook, "/positions"),
            orders=_open_orders(hook),
            fills=_if_known(hook, "/fills?limit=5"),
        )
    if arguments.json:
        names = ("ready", "account", "venues", "positions", "orders", "fills")
        _print_json({name: getattr(facts, name) for name in names})
    else:
        _print(status_page(facts))
    return FAILED if needs_you(facts) else OK


def _open_orders(hook: HookClient) -> Any:
    """Asked for by state: among the newest of all, an old one that still works could be missed."""
    items = []
    for state in _OPEN_STATES:
        said = _if_known(hook, f"/orders?limit=1000&state={state}")
        if said is None:
            return None
        items += said["items"]
    return {"items": items}


def _if_known(hook: HookClient, path: str) -> Any:
    """The answer, or None where a seat is down or slow: the page says so."""
    try:
        return hook.get(path)
    except HookRefused as refused:
        if refused.status == 503:
            return None
        raise


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
    said = _tell(arguments, "/trading/pause")
    return _told(arguments, said, f"Paused: no new entries ({said['reason']}).")


def _resume(arguments: argparse.Namespace) -> int:
    said = _tell(arguments, "/trading/resume")
    return _told(arguments, said, "Resumed: new entries are allowed.")


def _reconcile(arguments: argparse.Namespace) -> int:
    said = _tell(arguments, "/reconcile")
    return _told(arguments, said, "Asked for. `kelpie status` shows what is found.")


def _tell(arguments: argparse.Namespace, path: str) -> Any:
    reason = arguments.reason or f"kelpie {arguments.command}"
    with _hook(arguments, effects=True) as hook:
        return hook.post(path, {"reason": reason})


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

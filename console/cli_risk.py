"""`kelpie limits` and `kelpie why-not`: what limits Kelpie, and why nothing is opened."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import Any

from console.client import HookClient, find_access
from runtime.arguments import WRONGLY_CALLED


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `limits`."""
    parser.description = (
        "Every limit with its use. NAME=VALUE makes one tighter, at once and over restarts; "
        "looser it becomes on the box only: stop Kelpie, change .env, and if it had been "
        "tightened run `kelpie limits --reset`. Exit status 1 while a limit keeps entries back."
    )
    parser.add_argument("tighten", metavar="NAME=VALUE", nargs="*", help="as in the settings")
    parser.add_argument("--reason", help="why; it goes into the audit")
    parser.epilog = (
        "On the box, while Kelpie does not run: `kelpie limits --reset` lets the settings alone "
        "count again, `kelpie limits --reset-peak` lets MAX_DRAWDOWN count from here."
    )


def limits(arguments: argparse.Namespace) -> int:
    """Show them, or tighten some."""
    wanted = {}
    for each in arguments.tighten:
        name, separator, value = each.partition("=")
        if not separator:
            sys.stderr.write(f"{each}: say NAME=VALUE, as MAX_ORDER_VALUE=5000.\n")
            return WRONGLY_CALLED
        wanted[name] = value
    with HookClient(find_access(arguments.url, arguments.token_file, effects=bool(wanted))) as hook:
        if wanted:
            reason = arguments.reason or "kelpie limits"
            said = hook.post("/risk/limits", {"limits": wanted, "reason": reason})
        else:
            said = hook.get("/risk")
    _say(arguments, said, _limit_lines(said))
    return 1 if any(each["shut"] for each in said["limits"]) and not wanted else 0


def add_why_not(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `why-not`."""
    parser.description = (
        "Why nothing is opened in a symbol: every gate with its figures and since when, and "
        "whether the strategist has a signal at all. Exit status 1 while a gate is shut."
    )
    parser.add_argument("symbol", metavar="SYMBOL", help="as BHP/AUD")
    parser.add_argument("--side", choices=("BUY", "SELL"), default="BUY")
    usual = "a quarter of MAX_ORDER_VALUE, or what its costs ask for, unless it is given"
    parser.add_argument("--quantity", help=usual)
    parser.add_argument("--all", action="store_true", help="also the gates that are open")


def why_not(arguments: argparse.Namespace) -> int:
    """Ask about one symbol."""
    path = f"/why-not/{arguments.symbol.replace('/', '-')}?side={arguments.side}"
    if arguments.quantity:
        path += f"&quantity={arguments.quantity}"
    with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
        said = hook.get(path)
    _say(arguments, said, _why_not_lines(said, show_all=arguments.all))
    return 1 if said["shut"] else 0


def _limit_lines(said: Any) -> Iterable[str]:
    for each in said["limits"]:
        limit = each["limit"] if each["limit"] is not None else "none"
        line = f"{each['name']:<24} {limit:>12}"
        if each["used"] is not None:
            line += f"  used {each['used']}"
        if each["limit"] != each["in_settings"]:
            was = each["in_settings"] if each["in_settings"] is not None else "none"
            line += f"  (tightened; {was} in the settings)"
        if each["shut"]:
            line += f"  SHUT since {each['since']}"
        yield line
    for each in said["cooling"]:
        yield f"{each['symbol']} cools down {each['detail']}"
    if said["missing"]:
        yield f"No price or rate for {said['missing']}: what depends on it is not known."


def _why_not_lines(said: Any, *, show_all: bool) -> Iterable[str]:
    price = said["price"] if said["price"] is not None else "no fresh price"
    yield f"{said['symbol']}: {said['side']} {said['quantity']} at {price}"
    yield said["verdict"]
    for each in said["gates"]:
        if show_all or not each["open"]:
            stands = "open" if each["open"] else "SHUT"
            yield f"  {stands} {each['gate']} since {each['since']}: {each['detail']}"
    signal = said["signal"]
    yield f"Strategist: {signal['detail']}"
    if signal["last"]:
        yield f"Its last proposal: {signal['last']}"


def _say(arguments: argparse.Namespace, said: Any, lines: Iterable[str]) -> None:
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(line + "\n" for line in lines))

"""`kelpie status`: the first look, and an exit status by which a program can judge it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from console.client import HookClient, HookRefused, NotRunning, find_access
from console.overview_schemas import OverviewOut
from console.silent_schemas import SilentOut
from console.status_page import silent_page, status_page

StandsWithoutUs = Callable[[bool], SilentOut | None]
"""Reads the book beside a Kelpie that does not answer (`True`: something runs there); None where
no settings say where the book is."""

_EXIT = {"WELL": 0, "NEEDS_YOU": 1, "NOT_TRADING_EXPECTED": 2, "NOT_RUNNING": 3}
_HANGS = ("NO_ANSWER", "SEAT_SLOW")


def add_status(parser: argparse.ArgumentParser) -> None:
    """Add what is told of it."""
    parser.description = (
        "The first look, on 46 columns: one verdict with what stands at the broker, what happens "
        "if you do nothing and what to do; then money, holdings, orders, the last trade, why it "
        "is quiet, links, what comes next, the back-up, alerts. Where Kelpie does not run, what "
        "stands without it is read from its book."
    )
    parser.epilog = (
        "Exit status: 0 all is well; 1 something needs you; 2 nothing is bought, and that is "
        "expected (paused by you, an announced window, a start); 3 not running; 64 wrongly "
        f"called. {parser.epilog}"
    )


def status(arguments: argparse.Namespace) -> int:
    """Print the page, or with --json what the hook answered.

    Raises:
        NotRunning, HookRefused, NoAccess: where not even the book can be read.
    """
    try:
        with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
            said = hook.get("/overview")
    except NotRunning as error:
        return _without_us(arguments, error, runs=False)
    except HookRefused as refused:
        if refused.code not in _HANGS:
            raise
        return _without_us(arguments, refused, runs=True)
    seen = OverviewOut.model_validate(said)
    _print(arguments, said, status_page(seen))
    return _EXIT[seen.verdict.level]


def _without_us(arguments: argparse.Namespace, error: Exception, *, runs: bool) -> int:
    """What the book has of it; raises the error where there is none to read."""
    read: StandsWithoutUs | None = arguments.without_us
    # Another address than the settings' is another Kelpie, of which there is no book here.
    seen = read(runs) if read is not None and arguments.url is None else None
    if seen is None:
        raise error
    _print(arguments, seen.model_dump(mode="json"), silent_page(seen))
    return _EXIT[seen.level]


def _print(arguments: argparse.Namespace, said: Any, lines: list[str]) -> None:
    text = json.dumps(said, indent=2, ensure_ascii=False) if arguments.json else "\n".join(lines)
    sys.stdout.write(f"{text}\n")

"""`kelpie upgrade` and `kelpie rollback`: another release of an installed Kelpie, and back.

Exit status: 0 done and ready, 1 refused, failed, or not ready (the last line says how it stands),
64 wrongly called.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from console.install.layout import Layout
from console.install.releases import InstallError
from console.install.service import Service
from console.install.upgrade import Upgrader
from runtime.arguments import Arguments
from runtime.clocks import SystemClock

OK, FAILED = 0, 1
COMMANDS = ("upgrade", "rollback")
_LIB = Path(__file__).resolve().parents[2]


def main(argv: Sequence[str]) -> int:
    """Run one of the two."""
    arguments = _parser().parse_args(argv)
    call: Callable[[Upgrader, argparse.Namespace], bool] = arguments.call
    clock = SystemClock()
    try:
        layout = _layout()
        # A connection from afar that breaks must not end this between the stop and the start.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        service = Service(layout, arguments.systemctl, clock)
        upgrader = Upgrader(layout, service, clock, _say)
        return OK if call(upgrader, arguments) else FAILED
    except InstallError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    return FAILED


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads it any more
        print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="kelpie", description=__doc__)
    commands = parser.add_subparsers(required=True)
    upgrade = commands.add_parser("upgrade", help="another release, with whatever is held")
    upgrade.description = (
        "Install the release of a checkout beside the one that runs, try it on a copy of the "
        "book, and with --yes switch to it. Positions stay, and their stops stand at the venue "
        "all the while. Where the new release does not come up, the old one is started again."
    )
    upgrade.add_argument("folder", type=Path, metavar="FOLDER", help="a checkout of the new one")
    upgrade.add_argument(
        "--environment",
        type=Path,
        metavar="DIR",
        help="a virtual environment that has its libraries already; none is made then",
    )
    upgrade.set_defaults(call=_upgrade)
    rollback = commands.add_parser("rollback", help="back to the release before the last upgrade")
    rollback.description = (
        "Back to the release before the last upgrade. Where that one cannot read the book as it "
        "is now, the back-up made at the upgrade takes its place, and the book is kept aside."
    )
    rollback.set_defaults(call=_rollback)
    for each in (upgrade, rollback):
        each.add_argument("--check", action="store_true", help="say what it will do, and end")
        each.add_argument("--yes", action="store_true", help="do it")
        each.add_argument(
            "--systemctl",
            default="systemctl",
            metavar="PROGRAM",
            help="what stops and starts the service (unless given: systemctl)",
        )
    return parser


def _upgrade(upgrader: Upgrader, arguments: argparse.Namespace) -> bool:
    if arguments.yes and not arguments.check:
        return upgrader.upgrade(arguments.folder, arguments.environment)
    upgrader.check(arguments.folder, arguments.environment)
    return _asked(arguments)


def _rollback(upgrader: Upgrader, arguments: argparse.Namespace) -> bool:
    if arguments.yes and not arguments.check:
        return upgrader.rollback()
    upgrader.rollback(check=True)
    return _asked(arguments)


def _asked(arguments: argparse.Namespace) -> bool:
    if not arguments.check:
        print("Nothing has been changed. Say --yes to do it.", file=sys.stderr)
    return bool(arguments.check)


def _layout() -> Layout:
    releases = _LIB.parent.parent
    root = releases.parent.parent
    layout = Layout(root)
    if _LIB.name != "lib" or layout.releases != releases:
        raise InstallError(
            f"This Kelpie is a checkout ({_LIB}), not installed. Take the newer one by git, and "
            "start it again; `sudo make install` makes a service of it."
        )
    if layout.is_machine and os.geteuid() != 0:
        raise InstallError("It changes what the machine starts: `sudo kelpie upgrade …`.")
    return layout

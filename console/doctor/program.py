"""`kelpie doctor` on the command line.

Exit status: 0 all is well, 1 a fault or a warning was found, 64 wrongly called, 78 the settings
are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from adapters.ib import library
from config.entries import SettingsError
from config.settings import Settings
from console.doctor.examination import Examination, Wanted
from console.doctor.findings import Finding, Severity
from console.doctor.house import disk
from console.doctor.telling import PLACES, as_json, lines_of, places
from runtime.arguments import Arguments
from runtime.clocks import SystemClock

WELL, FOUND, WRONG_SETTINGS = 0, 1, 78

#: The doctor looks from a client id beside Kelpie's own, which may be at work meanwhile.
CLIENT_ID_APART = 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Examine the gateway that the settings name; print each finding as it comes."""
    options = _parser().parse_args(argv)
    try:
        settings = Settings.load()
        library.use(settings.ib_library)
    except (SettingsError, library.LibraryMissing) as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
    findings = asyncio.run(_examine(settings, options))
    if options.json:
        print(json.dumps([as_json(finding) for finding in findings], indent=2))
    faults = [f for f in findings if f.severity in (Severity.FAULT, Severity.WARNING)]
    if not options.json:
        print(_summary(faults, findings))
    return FOUND if faults else WELL


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(
        prog="kelpie doctor",
        description="Look at the gateway that the settings name, without trading: is it there, "
        "logged in to the right account, in the right mode, not read-only; do quotes and bars "
        "come, live; are all symbols known; do the clocks agree; is there room on the disk. Each "
        "finding comes with its cure for IB Gateway, for TWS and for the usual container.",
        epilog="Exit status: 0 all is well, 1 something was found, 64 wrongly called, 78 the "
        "settings are wrong. It looks from a client id of its own and places nothing; the "
        "preview of an order that it asks for is not an order.",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--client-id",
        type=int,
        metavar="N",
        help=f"look from this client id (unless given: IB_CLIENT_ID + {CLIENT_ID_APART})",
    )
    parser.add_argument(
        "--place",
        choices=PLACES,
        help="show the cures for this place alone",
    )
    return parser


async def _examine(settings: Settings, options: argparse.Namespace) -> list[Finding]:
    # The library is a setting, so what stands on it is imported once that is known.
    from adapters.ib.link import IBLinkOptions
    from adapters.ib.trader import IBTrader

    clock = SystemClock()
    client_id = options.client_id or settings.ib_client_id + CLIENT_ID_APART
    link = replace(IBLinkOptions.of(settings), client_id=client_id)
    trader = IBTrader(
        asyncio.get_running_loop(), clock, link, base_currency=settings.ib_base_currency
    )
    wanted = Wanted(settings.mode, settings.allowed_symbols, settings.client_order_prefix)
    if not options.json:
        print(f"Looking at {settings.ib_host}:{settings.ib_port} as MODE={settings.mode} ...")
    findings = [disk(settings.state_dir)]
    _tell(findings[0], options)
    async for finding in Examination(trader, wanted, clock).run():
        findings.append(finding)
        _tell(finding, options)
    return findings


def _tell(finding: Finding, options: argparse.Namespace) -> None:
    if not options.json:
        print("\n".join(lines_of(finding, places(options.place))))


def _summary(faults: list[Finding], findings: list[Finding]) -> str:
    unchecked = sum(1 for each in findings if each.severity is Severity.NOT_CHECKED)
    left = f" {unchecked} could not be looked at." if unchecked else ""
    if not faults:
        return f"All is well that was looked at.{left}"
    return f"Found: {', '.join(each.code for each in faults)}.{left}"

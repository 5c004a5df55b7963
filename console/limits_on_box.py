"""`kelpie limits --reset` and `--reset-peak`: what makes a limit looser, done on the box alone.

It works on the book's own file, which a running Kelpie holds locked: whoever can only reach the
hook cannot do it. Exit status: 0 done, 1 refused or failed, 64 wrongly called.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from actors.chosen import account_of
from adapters.book import AuditRow, BookError
from adapters.store import open_book
from config.entries import SettingsError
from config.settings import Settings
from domain import limits, results
from runtime.arguments import Arguments
from runtime.clocks import SystemClock

OK, FAILED = 0, 1
FLAGS = ("--reset", "--reset-peak")


def main(argv: Sequence[str]) -> int:
    """Take back what was tightened, or let the drawdown count from here."""
    parser = Arguments(prog="kelpie limits", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--reset", action="store_true", help="the settings alone count again")
    which.add_argument("--reset-peak", action="store_true", help="MAX_DRAWDOWN counts from here")
    parser.add_argument("--reason", default="kelpie limits, on the box", help="for the audit")
    arguments = parser.parse_args(argv)
    clock = SystemClock()
    try:
        settings = Settings.load()
        account = account_of(settings)
        book = open_book(settings.state_dir, settings.mode, account, clock)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BookError as error:
        print(f"{error} Stop Kelpie first. [{error.code}]", file=sys.stderr)
        return FAILED
    try:
        kept, now = book.settings(), clock.now()
        key, value, done = limits.KEY, "", "The settings alone count again."
        if arguments.reset_peak:
            key, done = results.KEY, "MAX_DRAWDOWN counts from here."
            day = results.from_text(kept.get(key, ""))
            value = "" if day is None else results.as_text(replace(day, peak=day.last))
        was = kept.get(key, "")
        detail = f"{key} = {value or 'nothing'} (was {was or 'nothing'}): {arguments.reason}"
        with book.group():
            book.record_setting(key, value, now)
            book.record_audit(AuditRow(now, "a person on the box", "setting", detail))
    finally:
        book.close()
    print(done)
    return OK

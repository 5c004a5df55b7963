"""`kelpie backup`, `kelpie restore` and `kelpie ledger`: what is done with the book's own file.

Exit status: 0 all is well, 1 refused or failed, 4 backed up but not copied to the second place,
64 wrongly called, 76 the book is damaged, 78 the
settings are wrong. All but `restore` work beside a running Kelpie, which they never hold up.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from actors.chosen import account_of
from actors.crashing import arm_crash_point
from adapters.book import BookError
from adapters.store import book_path
from adapters.store.backup import back_up, backups_of
from adapters.store.drill import LastDrill, drill, remember_drill
from adapters.store.dump import dump, dump_hash
from adapters.store.reading import reading
from adapters.store.restoring import Restored, restore
from adapters.store.second_place import copy_to
from adapters.store.verification import Verified, verify
from config.entries import SettingsError
from config.errors import CodedError
from config.settings import Settings
from runtime.arguments import Arguments
from runtime.clocks import SystemClock
from runtime.crash_points import POINT_VARIABLE

OK, FAILED, NOT_AT_SECOND_PLACE, DAMAGED, WRONG_SETTINGS = 0, 1, 4, 76, 78
#: Trading goes first.
_NICENESS = 10
COMMANDS = ("backup", "restore", "ledger")

#: What a person should know before they start Kelpie on an older book.
WHAT_THE_NEXT_START_DOES = (
    "The next start holds this book against the broker before it trades. Orders that it knows "
    "and executions of them since the gateway's last midnight are taken up by themselves. Orders "
    "placed after the back-up was made are not in it: what they traded is shown as bought by "
    "others and left alone. Executions from before that midnight are no longer told by the "
    "gateway: where one is missing the order stays UNKNOWN, or the position is shown as a "
    "mismatch, until you settle it (`kelpie resolve`)."
)


def main(argv: Sequence[str]) -> int:
    """Run one of the commands."""
    arguments = _parser().parse_args(argv)
    call: Callable[[argparse.Namespace], int] = arguments.call
    try:
        return call(arguments)
    except (SettingsError, CodedError) as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
    except BookError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        return DAMAGED if error.code == "DAMAGED" else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="kelpie", description=__doc__)
    commands = parser.add_subparsers(required=True)
    backup = _add(commands, "backup", _backup, "copy the book, check the copy, keep the newest 24")
    backup.description = (
        "Copy the book while Kelpie runs or not, check the copy from end to end, and put it into "
        "the folder `backups` beside the book, and into BACKUP_SECOND_PLACE. The newest 24 are "
        "kept, one a day of the last 30 days, one a month of the last 12 months. A running "
        "Kelpie does this every BACKUP_EVERY_HOURS by itself. With --drill "
        "nothing is copied: the newest back-up is restored into a folder of its own, as it would "
        "be in need, and what comes of it is checked from end to end. The book itself is not "
        "touched. A running Kelpie does that once a week by itself."
    )
    backup.add_argument(
        "--drill", action="store_true", help="restore the newest back-up beside the book"
    )
    backup.add_argument(
        "--second-place", type=Path, metavar="FOLDER", help="instead of BACKUP_SECOND_PLACE"
    )
    backup.add_argument("--book", type=Path, help="the book's file, unless the settings'")
    backup.add_argument("--json", action="store_true", help="print the facts as JSON")
    restored = _add(commands, "restore", _restore, "put a back-up in the place of the book")
    restored.description = (
        "Check a back-up, and put it in the place of the book that the settings name. Kelpie must "
        "not run. The book that is there is kept aside, never deleted. " + WHAT_THE_NEXT_START_DOES
    )
    restored.add_argument("file", metavar="FILE", type=Path, help="the back-up")
    restored.add_argument("--json", action="store_true", help="print the facts as JSON")
    ledger = commands.add_parser("ledger", help="look into the book, changing nothing")
    actions = ledger.add_subparsers(required=True)
    dumped = _add(actions, "dump", _dump, "print the book's facts, one JSON object a line")
    dumped.description = (
        "Print the facts of the book, sorted, one JSON object a line. A start that changes "
        "nothing changes nothing in it, so two dumps can be compared, or their hashes."
    )
    dumped.add_argument("--hash", action="store_true", help="print the SHA-256 of the lines alone")
    verified = _add(actions, "verify", _verify, "check the book from end to end")
    verified.description = (
        "Check the file, the chain of hashes over its journal, and that each table is what the "
        "journal says. Exit status 76 when the book is damaged."
    )
    verified.add_argument("--json", action="store_true", help="print the facts as JSON")
    for each in (dumped, verified):
        each.add_argument(
            "file", metavar="FILE", type=Path, nargs="?", help="a back-up, say; unless the book"
        )
    return parser


def _add(
    commands: Any, name: str, call: Callable[[argparse.Namespace], int], sentence: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=sentence)
    parser.set_defaults(call=call)
    return parser


def _book() -> Path:
    settings = Settings.load()
    return book_path(settings.state_dir, settings.mode, account_of(settings))


def _backup(arguments: argparse.Namespace) -> int:
    if arguments.drill:
        return _drill(arguments)
    if POINT_VARIABLE in os.environ:
        arm_crash_point(os.environ, Settings.load().mode)
    os.nice(_NICENESS)
    book, now = arguments.book or _book(), SystemClock().now()
    made = back_up(book, now)
    size = made.path.stat().st_size
    sentence = f"Backed up and checked: {made.path} ({_amount(made.verified)}, {size >> 10} KiB)."
    facts = {"path": str(made.path), "at": made.at.isoformat(), "bytes": size}
    status, place = OK, arguments.second_place
    if place is None and arguments.book is None:
        place = Settings.load().backup_second_place
    if place is not None:
        try:
            second = copy_to(made, book, place, now)
        except BookError as error:
            print(error, file=sys.stderr)
            status = NOT_AT_SECOND_PLACE
        else:
            facts["second"] = str(second)
            sentence += f" Copied to {second}."
    _say(arguments, sentence, facts | _facts(made.verified))
    return status


def _restore(arguments: argparse.Namespace) -> int:
    settings = Settings.load()
    account = account_of(settings)
    clock = SystemClock()
    done = restore(arguments.file, settings.state_dir, settings.mode, account, clock)
    facts = {
        "path": str(done.path),
        "aside": done.aside and str(done.aside),
        "entries_not_in_it": done.entries_not_in_it,
    }
    return _say(arguments, _restored(arguments.file, done), facts | _facts(done.verified))


def _drill(arguments: argparse.Namespace) -> int:
    os.nice(_NICENESS)
    settings = Settings.load()
    clock, book = SystemClock(), _book()
    try:
        done = drill(settings.state_dir, settings.mode, account_of(settings), clock)
    except BookError as error:
        if backups_of(book).is_dir():
            remember_drill(book, LastDrill(clock.now(), False, str(error)))
        raise
    sentence = (
        f"{done.backup} was restored beside the book and is sound ({_amount(done.verified)})."
    )
    remember_drill(book, LastDrill(clock.now(), True, sentence))
    facts = {"backup": str(done.backup), "at": done.at.isoformat()}
    return _say(arguments, sentence, facts | _facts(done.verified))


def _restored(file: Path, done: Restored) -> str:
    said = [f"{file} is now the book {done.path} ({_amount(done.verified)})."]
    if done.aside is not None:
        said.append(f"The book that was there is kept as {done.aside}.")
    if done.entries_not_in_it is None and done.aside is not None:
        said.append("It could not be read, so nobody can say what of it the back-up lacks.")
    elif done.entries_not_in_it:
        said.append(
            f"The last {done.entries_not_in_it} entries of its journal are not in this one."
        )
    return " ".join((*said, WHAT_THE_NEXT_START_DOES))


def _dump(arguments: argparse.Namespace) -> int:
    with reading(arguments.file or _book()) as link:
        if arguments.hash:
            print(dump_hash(link))
        else:
            for line in dump(link):
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    return OK


def _verify(arguments: argparse.Namespace) -> int:
    found = verify(arguments.file or _book())
    sentence = (
        f"{found.path} is what was written: {_amount(found)}, of mode {found.owner.mode}, account "
        f"{found.owner.account_masked}. The hash of entry {found.head.seq} is "
        f"{found.head.hash.hex()}."
    )
    if found.not_replayed:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in found.not_replayed)
        sentence += f" Not held against any table: {kinds}."
    return _say(arguments, sentence, {"path": str(found.path)} | _facts(found))


def _amount(found: Verified) -> str:
    rows = dict(found.rows)
    tables = "" if found.replayed else ", its tables not held against its journal"
    return f"{found.head.seq} entries, {rows['orders']} orders, {rows['fills']} fills{tables}"


def _facts(found: Verified) -> dict[str, object]:
    return {
        "mode": found.owner.mode,
        "account": found.owner.account_masked,
        "schema": found.schema,
        "entries": found.head.seq,
        "hash": found.head.hash.hex(),
        "rows": dict(found.rows),
        "replayed": found.replayed,
        "not_replayed": dict(found.not_replayed),
    }


def _say(arguments: argparse.Namespace, sentence: str, facts: dict[str, object]) -> int:
    print(json.dumps(facts, indent=2) if arguments.json else sentence)
    return OK

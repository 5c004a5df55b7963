"""`kelpie statement`: IB's own statement (a Flex query as XML) held against the book, or imported.

Exit status of `check`: 0 they agree, 1 they differ or it could not be done. Both read the book
beside a running Kelpie; what is imported is written by it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from actors.chosen import account_of
from adapters.book import BookError
from adapters.flex import read_statements
from adapters.store import book_path
from adapters.store.reading import reading
from adapters.store.tax_reading import booked_trades, order_names, owner_of, tax_record
from config.entries import SettingsError
from config.errors import CodedError
from config.settings import Settings
from console.client import HookClient, HookRefused, NoAccess, NotRunning, find_access
from console.importing import send
from domain.orders import Tif
from domain.outside_facts import FactError, FactKind, checked
from domain.statement import Statement, StatementError, StatementTrade
from domain.statement_check import Check
from domain.statement_check import checked as held_against
from domain.statement_facts import facts_of
from domain.statement_settling import Settled, UnknownOrder, settled
from domain.tax_record import BookedTrade
from domain.tax_year import contract_date
from runtime.arguments import Arguments

OK, FAILED, NOT_RUNNING, DAMAGED, WRONG_SETTINGS = 0, 1, 3, 76, 78


def main(argv: Sequence[str]) -> int:
    """Check or import a statement."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.call(arguments)
        return code
    except (StatementError, FactError, HookRefused, NoAccess) as error:
        return _complain(error, FAILED)
    except NotRunning as error:
        return _complain(f"Kelpie is not running. {error}", NOT_RUNNING)
    except (SettingsError, CodedError) as error:
        return _complain(error, WRONG_SETTINGS)
    except BookError as error:
        return _complain(f"{error} [{error.code}]", DAMAGED if error.code == "DAMAGED" else FAILED)
    except OSError as error:
        return _complain(f"The statement cannot be read: {error}", FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="kelpie statement", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="hold a statement against the book")
    check.description = (
        "Hold a statement's trades, commissions, cash and positions against the book; each "
        "difference is a line. Nothing is changed. Conversions that Kelpie did not order are none."
    )
    check.add_argument("--book", metavar="FILE", type=Path, help="a back-up, say")
    taken = commands.add_parser("import", help="take a statement's cash, dividends and rates")
    taken.description = (
        "Put what only a statement tells into the book: dividends, interest, fees, deposits, "
        "rates. Orders whose fate was not known (UNKNOWN) and that the statement proves are "
        "settled, after you were asked. Importing it twice adds nothing."
    )
    taken.add_argument("--dry-run", action="store_true", help="only show what it would do")
    taken.add_argument("--yes", action="store_true", help="settle orders without asking")
    taken.add_argument("--url", help="where the hook listens, as http://127.0.0.1:8765")
    taken.add_argument("--token-file", type=Path, help="the file with the hook's token")
    for each, call in ((check, _check), (taken, _import)):
        each.add_argument("file", metavar="FILE", type=Path, help="the XML file")
        each.add_argument("--json", action="store_true", help="print the facts as JSON")
        each.set_defaults(call=call)
    return parser


# -- holding it against the book -------------------------------------------------------------------


def _check(arguments: argparse.Namespace) -> int:
    path = arguments.book or _book()
    with reading(path) as link:
        statements = _of_this_account(arguments.file, owner_of(link))
        trades, record = booked_trades(link), tax_record(link, rates_in_aud=False)
    checks = [(each, held_against(each, trades, record.events)) for each in statements]
    if arguments.json:
        print(json.dumps([_facts(*pair) for pair in checks], indent=2))
    else:
        for pair in checks:
            print("\n".join(_lines(*pair)))
    return FAILED if any(check.differences for _, check in checks) else OK


def _of_this_account(file: Path, owner: str) -> list[Statement]:
    """Those of the account of the book; `owner` is the SHA-256 of its number.

    Raises:
        StatementError: none is.
    """
    statements = read_statements(file)
    mine = [s for s in statements if sha256(s.account.encode()).hexdigest() == owner]
    if not mine:
        raise StatementError(
            f"{file.name} is of another account than the book. Download that of this account."
        )
    return mine


def _lines(statement: Statement, check: Check) -> list[str]:
    count = len(check.differences)
    verdict = "agrees with the book" if not count else f"differs from the book in {count} points"
    said = [
        f"The statement of {statement.first} to {statement.last} {verdict}: "
        f"{check.trades} trades are in both."
    ]
    for each in check.differences:
        said.append(
            f"  {each.kind.value} {each.subject}: the statement has "
            f"{each.statement or 'nothing'}, the book {each.book or 'nothing'}."
        )
    if check.conversions:
        said.append(f"  {check.conversions} conversions that Kelpie did not order: no differences.")
    return said + [f"  {note}" for note in check.not_checked]


def _facts(statement: Statement, check: Check) -> dict[str, Any]:
    return {
        "first": statement.first.isoformat(),
        "last": statement.last.isoformat(),
        "agrees": not check.differences,
        "trades": check.trades,
        "conversions": check.conversions,
        "differences": [
            {
                "kind": each.kind.value,
                "subject": each.subject,
                "statement": each.statement or None,
                "book": each.book or None,
            }
            for each in check.differences
        ],
        "not_checked": list(check.not_checked),
    }


# -- taking what it tells --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of a statement."""

    recorded: int
    new: int
    orders: tuple[tuple[Settled, bool], ...]
    """Each order in doubt, and whether it was settled."""


def _import(arguments: argparse.Namespace) -> int:
    with reading(_book()) as link:
        statements = _of_this_account(arguments.file, owner_of(link))
        trades, orders = booked_trades(link), order_names(link)
    known = {trade.key for trade in trades if trade.order is not None}

    def ours(trade: StatementTrade) -> bool:
        if trade.order in orders:
            return True
        return trade.execution_id in known or trade.execution_id.rpartition(".")[0] in known

    name = arguments.file.name
    facts = [fact for each in statements for fact in facts_of(each, name, ours)]
    access = find_access(arguments.url, arguments.token_file, effects=True)
    with HookClient(access) as hook:
        recorded, new = (0, 0) if arguments.dry_run else send(hook, facts)
        doubted = _unknown(hook, trades)
        judged = _best(each for one in statements for each in settled(doubted, one))
        done = tuple((each, _settle(hook, each, arguments)) for each in judged)
    _say(_Taken(recorded, new, done), len(facts), arguments)
    return OK


def _unknown(hook: HookClient, trades: Sequence[BookedTrade]) -> list[UnknownOrder]:
    return [
        UnknownOrder(
            client_order_id=item["client_order_id"],
            quantity=Decimal(item["quantity"]),
            filled=Decimal(item["filled"]),
            tif=Tif(item["tif"]),
            intended=contract_date(datetime.fromisoformat(item["created_at"])),
            executions=tuple(t.key for t in trades if t.order == item["client_order_id"]),
        )
        for item in hook.get("/orders?limit=1000&state=UNKNOWN")["items"]
    ]


def _best(judged: Iterable[Settled]) -> list[Settled]:
    """One word for each order: what proves something before what does not."""
    best: dict[str, Settled] = {}
    for each in judged:
        if each.outcome is not None or each.client_order_id not in best:
            best[each.client_order_id] = each
    return list(best.values())


def _settle(hook: HookClient, each: Settled, arguments: argparse.Namespace) -> bool:
    """Have a running Kelpie do it by the way on which a person's word goes."""
    if each.outcome is None or arguments.dry_run:
        return False
    if not arguments.yes and not _confirmed(each):
        return False
    body: dict[str, str] = {"outcome": "absent"}
    if each.outcome.quantity is not None:
        body = {"outcome": "filled", "quantity": str(each.outcome.quantity)}
        if each.outcome.price is not None:
            body["price"] = str(each.outcome.price)
    hook.post(f"/orders/{quote(each.client_order_id, safe='')}/resolve", body)
    if each.fee is not None and each.fee_currency is not None and each.day is not None:
        name, day = each.client_order_id, each.day.isoformat()
        detail = {"order": name, "amount": str(each.fee), "currency": each.fee_currency}
        source = arguments.file.name
        send(hook, [checked(FactKind.FEE, day, None, detail, id=f"FEE-{name}", source=source)])
    return True


def _confirmed(each: Settled) -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write(f"{each.sentence} Say --yes to have it settled so.\n")
        return False
    sys.stderr.write(f"{each.sentence} Settle it so? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(taken: _Taken, facts: int, arguments: argparse.Namespace) -> None:
    if arguments.json:
        said = {
            "recorded": taken.recorded,
            "new": taken.new,
            "orders": [
                {
                    "client_order_id": each.client_order_id,
                    "proven": each.outcome is not None,
                    "settled": done,
                    "reason": each.sentence,
                }
                for each, done in taken.orders
            ],
        }
        print(json.dumps(said, indent=2))
        return
    if arguments.dry_run:
        print(f"{facts} facts would be taken.")
    else:
        print(f"{taken.recorded} facts are in the book, {taken.new} of them new.")
    for each, done in taken.orders:
        print(f"{'Settled. ' if done else ''}{each.sentence}")


def _book() -> Path:
    settings = Settings.load()
    return book_path(settings.state_dir, settings.mode, account_of(settings))


def _complain(words: object, code: int) -> int:
    print(words, file=sys.stderr)
    return code

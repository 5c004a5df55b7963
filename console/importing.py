"""`kelpie import`: what a person knows and no venue tells, from a CSV file into the book.

Each row is a fact with an id of its own, made from what it says: importing a file again adds
nothing. A running Kelpie writes it; a row that is wrong refuses the whole file before anything is
sent.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from console.client import HookClient, find_access
from domain.dividends import credit_of
from domain.outside_facts import FactError, FactKind, OutsideFact, checked
from runtime.arguments import WRONGLY_CALLED

_OK, _FAILED = 0, 1
#: Facts a request, below the hook's limit of a body.
_AT_ONCE = 50


class ImportRefused(Exception):
    """A file that cannot be taken; the sentence names the line."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a kind of file has in its columns; `day` and `symbol` name the first two."""

    kind: FactKind
    day: str
    must: tuple[str, ...]
    may: tuple[str, ...]
    sentence: str


SHEETS = {
    "parcels": _Sheet(
        FactKind.PARCEL,
        "acquired",
        ("quantity", "cost"),
        (),
        "your own parcels: symbol,acquired,quantity,cost (A$, with the fees of buying)",
    ),
    "dividends": _Sheet(
        FactKind.DIVIDEND,
        "paid",
        ("currency",),
        ("gross", "franked", "unfranked", "credit", "withheld", "ex_date", "company_rate"),
        "dividends by a registry's statement: symbol,paid,currency and what of gross,franked,"
        "unfranked,credit,withheld,ex_date it tells; company_rate (0.30) in place of credit",
    ),
    "amma": _Sheet(
        FactKind.AMMA,
        "date",
        ("amount",),
        (),
        "a fund's yearly AMMA statement: symbol,date,amount (A$; an excess is negative)",
    ),
    "splits": _Sheet(
        FactKind.SPLIT,
        "date",
        ("new", "old"),
        (),
        "splits: symbol,date,new,old (2 for 1), from the start of that day on",
    ),
    "renames": _Sheet(FactKind.RENAME, "date", ("to",), (), "new names: symbol,date,to"),
    "demergers": _Sheet(
        FactKind.DEMERGER,
        "date",
        ("to", "new", "old", "cost_share"),
        (),
        "demergers: symbol,date,to,new,old,cost_share (1 new for 4 old, with 0.05 of their cost)",
    ),
    "closes": _Sheet(
        FactKind.CLOSE,
        "date",
        ("price",),
        (),
        "closing prices, as of 30 June: symbol,date,price (in the symbol's currency)",
    ),
}


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    kinds = "; ".join(f"{name}: {sheet.sentence}" for name, sheet in SHEETS.items())
    parser.description = (
        "Put what you know into the book, from a CSV file whose first line names its columns. "
        f"{kinds}. Importing a file twice adds nothing. `withdraw ID` takes back what was wrong; "
        "`list` shows what there is."
    )
    parser.add_argument("kind", choices=[*SHEETS, "withdraw", "list"], help="what is in the file")
    parser.add_argument("file", metavar="FILE", nargs="?", help="the file, or the id to withdraw")
    parser.add_argument("--dry-run", action="store_true", help="only check the file")


def import_facts(arguments: argparse.Namespace) -> int:
    """Read the file, check all of it, and have it written."""
    if arguments.kind == "list":
        return _list(arguments)
    if arguments.file is None:
        sys.stderr.write(f"Name the file: kelpie import {arguments.kind} FILE\n")
        return WRONGLY_CALLED
    try:
        facts = _withdrawal(arguments) if arguments.kind == "withdraw" else _of_file(arguments)
    except ImportRefused as refused:
        sys.stderr.write(f"Nothing was imported. {refused}\n")
        return _FAILED
    if arguments.dry_run:
        sys.stdout.write(f"{len(facts)} facts, and nothing wrong with them.\n")
        return _OK
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        recorded, new = send(hook, facts)
    if arguments.json:
        said = json.dumps({"recorded": recorded, "new": new}, indent=2)
        sys.stdout.write(said + "\n")
    else:
        sys.stdout.write(f"{recorded} facts are in the book, {new} of them new.\n")
    return _OK


def send(hook: HookClient, facts: Sequence[OutsideFact]) -> tuple[int, int]:
    """Have facts written by a running Kelpie: how many are in the book now, and how many are new.

    Raises:
        HookRefused: it refuses one of them, or cannot write just now; what was sent before it
            is in the book, and sending all of it again is harmless.
    """
    recorded = new = 0
    for at in range(0, len(facts), _AT_ONCE):
        some = facts[at : at + _AT_ONCE]
        said = hook.post("/outside-facts", {"source": some[0].source, "items": [*map(_in, some)]})
        recorded += said["recorded"]
        new += said["new"]
    return recorded, new


def facts_of(text: Iterable[str], name: str, source: str) -> list[OutsideFact]:
    """The rows of a CSV file of a kind.

    Raises:
        ImportRefused: a column or a row is wrong; the line is named.
    """
    sheet = SHEETS[name]
    reader = csv.DictReader(text, strict=True)
    columns = [column.strip() for column in reader.fieldnames or ()]
    must = ("symbol", sheet.day, *sheet.must)
    lacking = [column for column in must if column not in columns]
    strange = [column for column in columns if column not in (*must, *sheet.may)]
    if lacking or strange or len(set(columns)) != len(columns):
        more = f", and what is known of {', '.join(sheet.may)}" if sheet.may else ""
        raise ImportRefused(
            f"{source} has the columns {', '.join(columns) or 'none'}; wanted are "
            f"{', '.join(must)}{more}."
        )
    reader.fieldnames = columns
    facts, seen = [], Counter[str]()
    try:
        for row in reader:
            facts.append(_fact(sheet, row, seen, source))
    except (FactError, csv.Error, InvalidOperation) as error:
        raise ImportRefused(f"Line {reader.line_num} of {source}: {error}") from None
    if not facts:
        raise ImportRefused(f"{source} has no rows.")
    return facts


def _fact(
    sheet: _Sheet, row: Mapping[str | Any, str | Any], seen: Counter[str], source: str
) -> OutsideFact:
    if None in row or None in row.values():
        raise FactError("it has not as many fields as there are columns.")
    told = {name: text.strip() for name, text in row.items() if text.strip()}
    symbol, day = told.pop("symbol", ""), told.pop(sheet.day, "")
    rate = told.pop("company_rate", None)
    if rate is not None:
        told |= _credit(told, Decimal(rate))
    words = "|".join((sheet.kind, symbol.upper(), day, *(f"{k}={told[k]}" for k in sorted(told))))
    # Two rows that say the same are two parcels.
    seen[words] += 1
    digest = hashlib.sha256(f"{words}|{seen[words]}".encode()).hexdigest()[:16]
    return checked(sheet.kind, day, symbol, told, id=f"{sheet.kind}-{digest}", source=source)


def _credit(told: Mapping[str, str], rate: Decimal) -> dict[str, str]:
    if "credit" in told or "franked" not in told:
        raise FactError("company_rate goes with a franked amount, and without a credit.")
    if not 0 < rate < 1:
        raise FactError(f"company_rate {rate} is none: it is 0.30 or 0.25.")
    return {"credit": str(credit_of(Decimal(told["franked"]), rate))}


def _withdrawal(arguments: argparse.Namespace) -> list[OutsideFact]:
    """Of a fact that is in the book, under its day: when it was done stands in the audit."""
    id: str = arguments.file
    with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
        said = hook.get("/outside-facts")
    [day] = [item["day"] for item in said["items"] if item["id"] == id] or [None]
    if day is None:
        raise ImportRefused(f"The book has no fact {id}: `kelpie import list` shows what it has.")
    name = f"{FactKind.WITHDRAWN}-{id}"
    return [checked(FactKind.WITHDRAWN, day, None, {"fact": id}, id=name, source="a person")]


def _of_file(arguments: argparse.Namespace) -> list[OutsideFact]:
    path = Path(arguments.file)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return facts_of(file, arguments.kind, path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}") from None


def _list(arguments: argparse.Namespace) -> int:
    with HookClient(find_access(arguments.url, arguments.token_file, effects=False)) as hook:
        said = hook.get("/outside-facts")
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        return _OK
    for item in said["items"]:
        detail = ", ".join(f"{name} {text}" for name, text in item["detail"].items())
        symbol = item["symbol"] or "-"
        sys.stdout.write(f"{item['id']}  {item['day']}  {symbol}  {detail}  ({item['source']})\n")
    return _OK


def _in(fact: OutsideFact) -> dict[str, Any]:
    return {
        "id": fact.id,
        "kind": fact.kind.value,
        "day": fact.day.isoformat(),
        "symbol": None if fact.symbol is None else str(fact.symbol),
        "detail": dict(fact.detail),
    }

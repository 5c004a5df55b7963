"""`kelpie report`: profit and loss, commissions, and a tax year, printed or as CSV or JSON.

Read beside a running Kelpie, which it never holds up. Exit status: 0 done, 1 the book cannot be
read or the file not written, 64 wrongly called, 76 the book is damaged, 78 the settings are wrong.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from actors.chosen import account_of
from adapters.book import BookError
from adapters.store import book_path
from adapters.store.reading import reading
from adapters.store.tax_reading import tax_record
from config.entries import SettingsError
from config.errors import CodedError
from config.settings import Settings
from console.report_cgt import cgt_report
from console.report_commissions import __doc__ as commissions_description
from console.report_commissions import commissions_report, month_of
from console.report_forex import forex_report
from console.report_income import income_report
from console.report_pages import Report, page
from console.report_pnl import Wanted, pnl_report
from console.report_pnl import __doc__ as pnl_description
from console.report_shadow import add_shadow
from domain.profit import Period
from domain.tax_rates import BASE
from domain.tax_record import TaxRecord
from domain.tax_year import TaxYear, TaxYearError, contract_date
from runtime.arguments import Arguments
from runtime.clocks import SystemClock

OK, FAILED, WRONGLY_CALLED, DAMAGED, WRONG_SETTINGS = 0, 1, 2, 76, 78

Make = Callable[[TaxRecord, TaxYear, date], Report]
Read = Callable[[sqlite3.Connection, Settings, argparse.Namespace], Report]


@dataclass(frozen=True, slots=True)
class _Kind:
    make: Make
    sentence: str


_KINDS = {
    "cgt": _Kind(cgt_report, "capital gains by parcel, losses apart, and the trader's view"),
    "forex": _Kind(forex_report, "gains on foreign currency (Division 775), never in cgt"),
    "income": _Kind(income_report, "dividends by the day they were paid"),
}


def main(argv: Sequence[str]) -> int:
    """Print one of the reports."""
    arguments = _parser().parse_args(argv)
    try:
        call: Callable[[argparse.Namespace], int] = arguments.call
        return call(arguments)
    except TaxYearError as error:
        print(error, file=sys.stderr)
        return WRONGLY_CALLED
    except (SettingsError, CodedError) as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
    except BookError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        return DAMAGED if error.code == "DAMAGED" else FAILED
    except OSError as error:
        print(f"The file cannot be written: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="kelpie report", description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="REPORT")
    add_shadow(kinds)
    for name, kind in _KINDS.items():
        one = _add(kinds, name, partial(_of_year, kind.make), kind.sentence)
        one.add_argument(
            "--year", metavar="2026-27", help="the tax year, 1 July to 30 June; this one if not"
        )
    sentence = "what orders were reckoned to cost, and what they did cost"
    costs = _add(kinds, "commissions", _of_costs, sentence)
    costs.description = commissions_description
    costs.add_argument("--month", metavar="2026-11", type=month_of, help="all months unless given")
    sentence = "profit and loss by day, session or month, by symbol and currency"
    pnl = _add(kinds, "pnl", _of_profit, sentence)
    pnl.description = pnl_description
    pnl.add_argument(
        "--by", choices=[each.value for each in Period], default="day", help="day unless said"
    )
    pnl.add_argument("--since", metavar="2026-11-01", type=_day, help="from this day on")
    pnl.add_argument("--until", metavar="2026-11-30", type=_day, help="up to this day, with it")
    return parser


def _add(kinds: Any, name: str, read: Read, sentence: str) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = kinds.add_parser(name, help=sentence, description=sentence)
    one.set_defaults(call=_report, read=read)
    one.add_argument("--csv", metavar="FILE", type=Path, help="write the lines as CSV")
    one.add_argument("--json", action="store_true", help="print all of it as JSON")
    one.add_argument(
        "--book", metavar="FILE", type=Path, help="a back-up, say; unless the settings' book"
    )
    return one


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _of_year(
    make: Make, link: sqlite3.Connection, settings: Settings, arguments: argparse.Namespace
) -> Report:
    today = contract_date(SystemClock().now())
    year = TaxYear.of(today) if arguments.year is None else TaxYear.parse(arguments.year)
    return make(tax_record(link, rates_in_aud=settings.ib_base_currency == BASE), year, today)


def _of_costs(
    link: sqlite3.Connection, settings: Settings, arguments: argparse.Namespace
) -> Report:
    return commissions_report(link, arguments.month)


def _of_profit(
    link: sqlite3.Connection, settings: Settings, arguments: argparse.Namespace
) -> Report:
    wanted = Wanted(Period(arguments.by), arguments.since, arguments.until)
    return pnl_report(link, settings.ib_base_currency, wanted)


def _report(arguments: argparse.Namespace) -> int:
    settings = Settings.load()
    path = book_path(settings.state_dir, settings.mode, account_of(settings))
    read: Read = arguments.read
    with reading(arguments.book or path) as link:
        report = read(link, settings, arguments)
    if arguments.csv is not None:
        arguments.csv.write_text(csv_of(report), encoding="utf-8")
    if arguments.json:
        print(json.dumps(report.facts(), indent=2, ensure_ascii=False))
    elif arguments.csv is None:
        print("\n".join(page(report)))
    else:
        print(f"{len(report.lines)} lines written to {arguments.csv}.")
    return OK


def csv_of(report: Report) -> str:
    """The lines with the names of their columns; what is not known is the word *missing*."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows(report.lines)
    return file.getvalue()

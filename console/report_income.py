"""The report of dividends: from a record of the book to what is printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from console.report_pages import MISSING, Report, Section, money
from domain.cash_types import CashMovement, CashType
from domain.cgt_rules import NO_ADVICE
from domain.dividends import Dividend, joined, not_covered, of_year
from domain.tax_record import TaxRecord
from domain.tax_year import TaxYear

COLUMNS = (
    *("symbol", "paid", "ex_date", "currency", "gross", "franked", "unfranked", "credit"),
    "withheld",
)
HEAD = (
    NO_ADVICE,
    "[S] A dividend is income of the day on which it is paid. IB is a custodian: franking credits "
    "are not in its API, so what no statement told is missing, and never 0. Source: fact sheet "
    "australia.md, Dividends.",
)
_OTHER_CASH = (CashType.INTEREST, CashType.FEE, CashType.TAX, CashType.OTHER)
_AMOUNTS = ("gross", "franked", "unfranked", "credit", "withheld")


def income_report(record: TaxRecord, year: TaxYear, today: date) -> Report:
    """All dividends that were paid in a year, each in its own currency."""
    dividends, contradictions = joined(of_year(record.dividends, year))
    other = sorted(
        (each for each in record.cash if each.day in year and each.type in _OTHER_CASH),
        key=lambda each: (each.day, each.movement_id),
    )
    gaps = not_covered(record.statements, year, today)
    return Report(
        title=f"Dividends {year} (paid 1 July {year.start} to 30 June {year.start + 1})",
        head=HEAD,
        columns=COLUMNS,
        lines=tuple(_row(each) for each in dividends),
        sums=tuple(
            (f"{name}, {currency}", _sum(dividends, currency, name))
            for currency in sorted({each.currency for each in dividends})
            for name in _AMOUNTS
        ),
        sections=(
            Section(
                "Interest, fees and other cash that is no dividend, by the statements",
                ("type", "day", "currency", "amount", "description"),
                tuple(_cash_row(each) for each in other),
            ),
        ),
        notes=(
            *contradictions,
            *(
                f"Missing: no statement of {first} to {last} has been imported "
                "(`kelpie statement import FILE`); what was paid then is not known."
                for first, last in gaps
            ),
        ),
    )


def _row(each: Dividend) -> tuple[str, ...]:
    return (
        str(each.symbol),
        each.pay_date.isoformat(),
        MISSING if each.ex_date is None else each.ex_date.isoformat(),
        each.currency,
        *(money(getattr(each, name)) for name in _AMOUNTS),
    )


def _cash_row(each: CashMovement) -> tuple[str, ...]:
    day = each.day.isoformat()
    return each.type.value, day, each.currency, money(each.amount), each.description


def _sum(dividends: tuple[Dividend, ...], currency: str, name: str) -> str:
    amounts = [getattr(each, name) for each in dividends if each.currency == currency]
    known = [amount for amount in amounts if amount is not None]
    said = money(sum(known, Decimal(0))) if known else MISSING
    lacking = len(amounts) - len(known)
    return f"{said} ({lacking} missing)" if lacking and known else said

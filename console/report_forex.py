"""The report of gains on foreign currency: from a record of the book to what is printed."""

from __future__ import annotations

from datetime import date

from console.report_pages import Report, Section, money, units
from domain.cgt_rules import NO_ADVICE
from domain.forex_rules import CurrencyLot, ForexLine, fees_of, forex_of, of_year, sums
from domain.orders import Purpose
from domain.tax_record import TaxRecord
from domain.tax_year import TaxYear

COLUMNS = (
    *("currency", "amount", "opened", "closed", "purpose", "was_worth", "is_worth"),
    *("gain", "opened_by", "closed_by"),
)
HEAD = (
    NO_ADVICE,
    "[S] Gains on foreign currency fall under the foreign-currency rules (Division 775): no "
    "discount, and none of them is in the report of capital gains. Source: fact sheet "
    "australia.md, Currencies.",
    "[K] Lots end first in first out, in A$ by the trade's own price. What is owed is a lot too.",
    "Only trades of pairs that Kelpie ordered move lots. Foreign cash that came from shares, "
    "dividends or interest, or went for them, is not reckoned here.",
)


def forex_report(record: TaxRecord, year: TaxYear, today: date) -> Report:
    """All lots that ended in a year; amounts in A$ unless they name another currency."""
    book = forex_of(record.pairs)
    lines = of_year(book, year)
    gains, losses, not_known = sums(lines)
    notes = []
    if record.conversions:
        notes.append(
            f"{record.conversions} conversions that Kelpie did not order are in the account's "
            "history (a cash account converts by itself): they are neither trades nor gains here."
        )
    return Report(
        title=f"Foreign currency {year} (1 July {year.start} to 30 June {year.start + 1}), in A$",
        head=HEAD,
        columns=COLUMNS,
        lines=tuple(_row(line) for line in lines),
        sums=(
            ("gains", money(gains)),
            ("losses", money(losses)),
            ("commissions of these trades, in no gain", money(fees_of(book, year))),
            ("lines without a figure, in no sum", str(not_known)),
        ),
        sections=(
            Section(
                "Open lots now (a minus is owed)",
                ("currency", "amount", "opened", "worth_then", "opened_by"),
                tuple(_lot(lot) for lot in book.lots),
            ),
        ),
        notes=tuple(notes),
    )


def _row(line: ForexLine) -> tuple[str, ...]:
    return (
        line.currency,
        units(-line.amount if line.short else line.amount),
        line.opened.isoformat(),
        line.closed.isoformat(),
        "CONVERT" if line.purpose is Purpose.CONVERT else "TRADE",
        money(line.was_worth),
        money(line.is_worth),
        money(line.gain),
        line.opened_by,
        line.closed_by,
    )


def _lot(lot: CurrencyLot) -> tuple[str, ...]:
    return (
        lot.currency,
        units(lot.amount),
        lot.opened.isoformat(),
        money(lot.worth),
        lot.ref,
    )

"""The report of capital gains: from a record of the book to what is printed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from console.report_pages import MISSING, Report, Section, money, units
from domain.cgt import GainLine, lines_of, of_year, summary_of
from domain.cgt_rules import NO_ADVICE, RULES, TRANSITION
from domain.gst import gst_within
from domain.parcels import replayed
from domain.tax_events import Aud, Parcel, Valuation
from domain.tax_record import TaxRecord
from domain.tax_year import TaxYear, contract_date
from domain.trading_stock import StockView, stock_views

COLUMNS = (
    *("symbol", "owner", "kind", "part", "quantity", "acquired", "disposed", "proceeds"),
    *("cost_base", "fees", "gst_in_fees", "gain", "twelve_months", "marks", "missing"),
)


def cgt_report(record: TaxRecord, year: TaxYear, today: date) -> Report:
    """All disposals of a year; amounts in A$."""
    holdings = replayed(record.events)
    lines = of_year(lines_of(holdings.disposals, record.events), year)
    sums = summary_of(lines)
    open_then = replayed(record.events, min(year.last, today)).parcels
    stock = stock_views(record.events, year)
    return Report(
        title=f"Capital gains {year} ({_day(year.first)} to {_day(year.last)}, Sydney), in A$",
        head=(NO_ADVICE, *_rules(year)),
        columns=COLUMNS,
        lines=tuple(_row(line) for line in lines),
        sums=(
            ("gains held twelve months, before any discount", money(sums.discountable)),
            ("other gains", money(sums.other)),
            ("gains by the rules from 1 July 2027, before indexation", money(sums.indexed)),
            ("losses, netted against nothing", money(sums.losses)),
            ("lines without a figure, in no sum", str(sums.not_known)),
        ),
        sections=(
            Section(
                f"Open parcels at the end of {_day(min(year.last, today))}",
                ("symbol", "owner", "quantity", "acquired", "cost", "parcel"),
                tuple(_parcel(parcel) for parcel in open_then),
            ),
            Section(
                "The same as stock of a business (a fact for your agent, not a judgement)",
                (
                    *("owner", "opening", "purchases", "closing", "closing_at_market", "sales"),
                    *("sale_fees", "result", "buys", "sells", "days_held"),
                ),
                tuple(_stock(view) for view in stock),
            ),
        ),
        notes=(*holdings.not_covered, *_notes(record, year, today)),
    )


def _rules(year: TaxYear) -> Iterable[str]:
    for rule in RULES:
        if rule.holds_between(year.first, year.last):
            yield f"[{rule.certainty.value}] {rule.sentence} Source: {rule.source}."
    yield "[S] a document states it, [K] general knowledge without a document at hand."


def _row(line: GainLine) -> tuple[str, ...]:
    disposal = line.disposal
    fees = line.fees
    months = {True: "yes", False: "no", None: MISSING}[line.discountable]
    return (
        str(disposal.symbol),
        disposal.owner.value,
        disposal.kind.value,
        line.part.value,
        units(disposal.quantity),
        MISSING if disposal.acquired is None else disposal.acquired.isoformat(),
        disposal.disposed.isoformat(),
        money(line.proceeds),
        money(line.cost_base),
        money(fees),
        money(None if fees is None else gst_within(fees)),
        money(line.gain),
        months,
        "W" if line.wash_sale else "",
        ", ".join(line.missing),
    )


def _parcel(parcel: Parcel) -> tuple[str, ...]:
    return (
        str(parcel.symbol),
        parcel.owner.value,
        units(parcel.quantity),
        MISSING if parcel.acquired is None else parcel.acquired.isoformat(),
        money(parcel.cost),
        parcel.ref,
    )


def _stock(view: StockView) -> tuple[str, ...]:
    held = view.days_held
    amounts: tuple[Aud, ...] = (
        *(view.opening, view.purchases, view.closing, view.closing_at_market),
        *(view.sales, view.sale_fees, view.result),
    )
    days = "" if held is None else f"{held.average} ({held.shortest} to {held.longest})"
    return (
        view.owner.value,
        *(money(amount) for amount in amounts),
        str(view.buys),
        str(view.sells),
        days,
    )


def _notes(record: TaxRecord, year: TaxYear, today: date) -> Iterable[str]:
    if year.last < TRANSITION or today < TRANSITION:
        return
    priced = {
        event.symbol
        for event in record.events
        if isinstance(event, Valuation) and contract_date(event.at) == TRANSITION
    }
    held = {parcel.symbol for parcel in replayed(record.events, TRANSITION).parcels}
    lacking = sorted(str(symbol) for symbol in held - priced)
    if lacking:
        yield (
            f"No closing price of 30 June 2027 is stored of {', '.join(lacking)}: give it by "
            "`kelpie import closes FILE`."
        )


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"

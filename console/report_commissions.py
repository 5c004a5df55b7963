"""`kelpie report commissions`: what orders were reckoned to cost, and what they did cost.

Estimated is the commission as the order was admitted, by the table of commissions or the venue's
preview; charged is the sum of the venue's reports, GST included. Unexplained is what neither
another price nor a part that filled explains. It is read beside a running Kelpie.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapters.store.cost_reading import order_costs
from console.report_pages import MISSING, Report, Section
from domain.commissions import rounded
from domain.cost_report import CostTotal, OrderCost, totals

_SYDNEY = ZoneInfo("Australia/Sydney")
_COLUMNS = (
    *("time", "order", "venue", "symbol", "side", "filled", "currency", "estimated", "source"),
    *("gst", "charged", "difference", "unexplained", "rule"),
)
_TOTALS = (
    *("currency", "orders", "charged", "compared", "estimated", "difference", "unexplained"),
    "incomplete",
)


def month_of(text: str) -> str:
    """`2026-11`.

    Raises:
        ValueError: it is no month.
    """
    return f"{datetime.strptime(text, '%Y-%m').replace(tzinfo=UTC):%Y-%m}"


def commissions_report(link: sqlite3.Connection, month: str | None) -> Report:
    """The report, of one moment of the book; of one month of Sydney's, or of all."""
    costs = [cost for cost in order_costs(link) if month in (None, cost.month)]
    in_all = totals(costs, by_month=False)
    notes = []
    if any(total.incomplete for total in in_all):
        notes.append(
            "Of the orders that count as incomplete the venue has not told every commission yet; "
            "what nobody told is never counted as zero, and no difference is made of it."
        )
    return Report(
        title="Commissions: estimated before the order, and charged",
        head=(
            "GST is included, and shown apart as far as the rule tells. Times and months are "
            "Sydney's. Compared are the orders of which both figures are known.",
        ),
        columns=_COLUMNS,
        lines=tuple(_line(cost) for cost in costs),
        sums=(),
        sections=(
            Section("By month", ("month", *_TOTALS), _rows(totals(costs, by_month=True))),
            Section("In all", _TOTALS, tuple(row[1:] for row in _rows(in_all))),
        ),
        notes=tuple(notes),
    )


def _line(cost: OrderCost) -> tuple[str, ...]:
    estimate = cost.estimate
    return (
        f"{cost.at.astimezone(_SYDNEY):%Y-%m-%d %H:%M}",
        *(cost.client_order_id, cost.venue, str(cost.symbol), cost.side.value),
        f"{cost.filled.normalize():f}",
        cost.currency,
        _amount(cost.estimated),
        estimate.source.value if estimate is not None else MISSING,
        _amount(estimate.gst if estimate is not None else None),
        *(_amount(cost.real), _amount(cost.difference), _amount(cost.unexplained)),
        estimate.rule if estimate is not None else MISSING,
    )


def _rows(found: Sequence[CostTotal]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            *(total.month, total.currency, str(total.orders), _amount(total.charged)),
            *(str(total.compared), _amount(total.estimated), _amount(total.difference)),
            *(_amount(total.unexplained), str(total.incomplete)),
        )
        for total in found
    )


def _amount(amount: Decimal | None) -> str:
    """To a hundredth of a cent where there is any, else to the cent."""
    if amount is None:
        return MISSING
    exact = rounded(amount)
    cents = exact.quantize(Decimal("0.01"))
    return str(cents if cents == exact else exact)

"""`kelpie status` on one narrow page: pure, from the overview to lines of text.

At most 46 columns. The first block is always of the same shape: mode, verdict, what stands, what
happens if nobody does anything, what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from console.columns import WIDTH, columns, fitted
from console.overview_schemas import (
    AlertLineOut,
    HoldingLineOut,
    LinkLineOut,
    MoneyOut,
    NextLineOut,
    OrderLineOut,
    OverviewOut,
    VerdictOut,
)
from console.owner.words import NOT_KNOWN, SYDNEY, gain, money, number, price, sydney
from console.silent_schemas import SilentOut

_T = TypeVar("_T")
_SHOWN = 5
_LABEL = 10
_LEVELS = {
    "WELL": "",
    "NEEDS_YOU": "NEEDS YOU: ",
    "NOT_TRADING_EXPECTED": "NOT TRADING, as expected: ",
}
_STATES = {
    "INTENDED": "not sent yet",
    "SENT": "sent",
    "WORKING": "works",
    "HELD": "IB holds it back",
    "UNKNOWN": "FATE NOT KNOWN",
}


def status_page(seen: OverviewOut) -> list[str]:
    """The page, line by line."""
    now = seen.asked_at
    return [
        *first_block(seen.mode, now, seen.verdict),
        "",
        *_money(seen.money, shadow=seen.mode == "observe"),
        *_live(seen),
        "",
        *_section("Holdings", seen.holdings, _holding),
        *_orders(seen.orders),
        *_labelled("Last", _last_trade(seen)),
        *_labelled("Quiet", seen.quiet or NOT_KNOWN),
        "",
        *_links(seen.links),
        *_labelled("Running", f"since {sydney(seen.started_at, now)}"),
        *_labelled("Back-up", NOT_KNOWN if seen.backup is None else seen.backup.sentence),
        *_next(seen.next, now),
        *_alerts(seen.alerts, now),
        *_unanswered(seen),
    ]


def first_block(mode: str, now: datetime, verdict: VerdictOut) -> list[str]:
    """Mode and hour; then the verdict, in the same four parts whatever it is."""
    return first_lines(
        mode,
        now,
        f"{_LEVELS[verdict.level]}{verdict.sentence}",
        verdict.stands,
        verdict.if_nothing,
        verdict.to_do,
        verdict.others,
    )


def first_lines(
    mode: str,
    now: datetime,
    sentence: str,
    stands: str,
    if_nothing: str,
    to_do: Sequence[str],
    others: Sequence[str] = (),
) -> list[str]:
    """The first block of its parts."""
    local = now.astimezone(SYDNEY)
    hour = f"{local:%a} {local.day} {local:%b} {local:%H:%M}"
    name = f"KELPIE {mode.upper()}"
    first, *more = to_do or ["nothing."]
    lines = [
        f"{name}{hour:>{WIDTH - len(name)}}",
        *fitted(sentence),
        *fitted(f"Stands: {stands}"),
        *fitted(f"If you do nothing: {if_nothing}"),
        *fitted(f"To do: {first}"),
    ]
    for each in more:
        lines += fitted(each, "  ")
    for each in others[:_SHOWN]:
        lines += fitted(f"Also: {each}")
    if len(others) > _SHOWN:
        lines += fitted(f"And {len(others) - _SHOWN} more.")
    return lines


# -- the parts ---------------------------------------------------------------------------


def _money(told: MoneyOut | None, *, shadow: bool) -> list[str]:
    """In observe what was earned and paid is the shadow book's, and is said to be."""
    if told is None:
        return _labelled("Worth", NOT_KNOWN)
    base = told.base
    worth = money(told.worth, base)
    if told.worth_stale and told.worth is not None:
        worth += " (a price or a rate is old)"
    lines = _labelled("Worth", worth)
    result = f"{gain(told.today, base)} today, {gain(told.since_start, base)} in all"
    lines += _labelled("Shadow" if shadow else "Result", result)
    fees = f"{money(told.fees_today, base)} today, {money(told.fees_since_start, base)} in all"
    lines += _labelled("  fees" if shadow else "Fees", fees)
    if told.missing:
        lines += _labelled("", f"(no price or rate of {told.missing})")
    cash = [money(row.amount, row.currency) for row in told.cash] or [NOT_KNOWN]
    lines += _labelled("Cash", cash[0])
    for amount in cash[1:]:
        lines += _labelled("", amount)
    return lines


def _live(seen: OverviewOut) -> list[str]:
    live = seen.live
    if live is None:
        return []
    if live.armed_until is not None:
        return _labelled("Armed", f"until {sydney(live.armed_until, seen.asked_at)}")
    return _labelled("Not armed", f"{live.shown} of {live.needed} shown: `kelpie checklist`")


def _holding(row: HoldingLineOut) -> tuple[str, str]:
    text = f"{row.symbol} {number(row.quantity)}"
    if row.managed != row.quantity:
        text += f" ({number(row.managed)} by Kelpie)"
    if row.price is not None:
        text += f" at {price(Decimal(repr(row.price)), row.currency)}"
        text += ", an old price" if row.price_stale else ""
    if row.pnl is not None and row.managed:
        text += f", {gain(row.pnl, row.currency)}"
    return text, f"{_guard(row)}; {_agrees(row)}"


def _guard(row: HoldingLineOut) -> str:
    stop = "no stop" if row.stop is None else f"stop {price(row.stop, row.currency)}"
    match row.protection:
        case "UNPROTECTED":
            return f"{stop}, NOT PROTECTED"
        case "CHANGING":
            return f"{stop}, being changed"
        case "NOT_OURS":
            return "not Kelpie's"
        case "SWITCHED_OFF":
            return f"{stop} (PROTECT_ENTRIES is off)"
        case "NOT_KNOWN":
            return f"{stop}, protection not known yet"
        case _:
            return stop


def _agrees(row: HoldingLineOut) -> str:
    if row.agrees is None:
        return "not compared with IB just now"
    return "IB agrees" if row.agrees else "MISMATCH with IB"


def _orders(orders: Sequence[OrderLineOut] | None) -> list[str]:
    """Stops stand with what they guard; here they are counted."""
    if orders is None:
        return _section("Orders", None, _order)
    stops = [each for each in orders if each.purpose == "PROTECTION" and each.state != "UNKNOWN"]
    others = [each for each in orders if each not in stops]
    counted = f"{len(stops)} stop{'s' if len(stops) > 1 else ''}"
    if stops and not others:
        return _labelled("Orders", counted)
    lines = _section("Orders", others, _order)
    return [*lines, *fitted(f"and {counted}", "  ")] if stops else lines


def _order(row: OrderLineOut) -> tuple[str]:
    at = "at market" if row.price is None else f"at {price(row.price, row.currency)}"
    state = _STATES.get(row.state, row.state.lower())
    if row.pending_change:
        state += f", {row.pending_change.lower()} asked"
    if row.state == "UNKNOWN":
        state += f" ({row.client_order_id})"
    return (f"{row.side} {number(row.remaining)} {row.symbol} {at}: {state}",)


def _last_trade(seen: OverviewOut) -> str:
    trade = seen.last_trade
    if trade is None:
        silent = any(each.part == "last trade" for each in seen.unanswered)
        return NOT_KNOWN if silent else "no trade yet"
    at = price(trade.price, trade.currency)
    when = sydney(trade.at, seen.asked_at)
    return f"{when} {trade.side} {number(trade.quantity)} {trade.symbol} at {at}"


def _links(links: Sequence[LinkLineOut] | None) -> list[str]:
    if links is None:
        return _labelled("Link", NOT_KNOWN)
    return [line for link in links for line in _labelled("Link", link.sentence)]


def _next(events: Sequence[NextLineOut], now: datetime) -> list[str]:
    """What goes on stands under the sentence."""
    if not events:
        return _labelled("Next", "nothing is known of the next days")
    lines = ["Next"]
    for event in events:
        at = sydney(event.at, now)
        lines += fitted(f"{at} {event.sentence}", "  ", " " * (len(at) + 1))
    return lines


def _alerts(alerts: Sequence[AlertLineOut] | None, now: datetime) -> list[str]:
    """By their names: the verdict speaks of them, and what is for the morning waits for it."""
    if alerts is None:
        return _section("Alerts", None, _alert)
    urgent = [(alert, now) for alert in alerts if alert.level != "FYI"]
    lines = _section("Alerts", urgent, _alert)
    return [*lines, *fitted("`kelpie alerts` tells all of them.", "  ")] if urgent else lines


def _alert(told: tuple[AlertLineOut, datetime]) -> tuple[str]:
    alert, now = told
    answered = ", answered" if alert.answered else ""
    return (f"{alert.id} {sydney(alert.since, now)} {alert.title}{answered}",)


def _unanswered(seen: OverviewOut) -> list[str]:
    if not seen.unanswered:
        return []
    parts = ", ".join(each.part for each in seen.unanswered)
    return ["", *fitted(f"Not answered in time: {parts}.")]


# -- lines -------------------------------------------------------------------------------


def _labelled(label: str, text: str) -> list[str]:
    """`Worth     A$12.00`; what goes on stands under the text."""
    gap = " " * _LABEL
    lines = fitted(text, gap, "")
    head = label if columns(label) >= _LABEL else f"{label:<{_LABEL}}"
    return [head + lines[0][_LABEL:], *lines[1:]] if lines else [label]


def _section(
    title: str, items: Sequence[_T] | None, line: Callable[[_T], Sequence[str]]
) -> list[str]:
    """What goes on of an item is indented further."""
    if items is None:
        return _labelled(title, NOT_KNOWN)
    if not items:
        return _labelled(title, "none")
    lines = [title]
    for item in items[:_SHOWN]:
        first, *more = line(item)
        lines += fitted(first, "  ")
        for each in more:
            lines += fitted(each, "    ")
    if len(items) > _SHOWN:
        lines += fitted(f"and {len(items) - _SHOWN} more", "  ")
    return lines


def silent_page(seen: SilentOut) -> list[str]:
    """The first block alone, where Kelpie does not answer."""
    head = "NOT RUNNING " if seen.level == "NOT_RUNNING" else _LEVELS[seen.level]
    return first_lines(
        seen.mode,
        seen.asked_at,
        f"{head}{seen.sentence}",
        seen.stands,
        seen.if_nothing,
        seen.to_do,
    )

"""The message of each morning, and the note that the outside watcher keeps of us.

Pure. The morning message is the one proof that the way to the owner works on a day on which nothing
happens; the note is what the owner reads when nothing comes any more: what stands without us.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from domain.alert_letters import local
from domain.alerting import SYDNEY, Incident, Level
from domain.calendar import ExchangeCalendar
from domain.equity_curve import ALL, EquityPoint, Why
from domain.guard import Colour
from domain.maintenance import Schedule
from domain.views import DeskView, PositionView

_NAMED = 8
"""So many of a kind are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class MorningFacts:
    """What is known at that moment; None where nobody answered in time."""

    now: datetime
    base_currency: str
    desk: DeskView | None
    equity: Sequence[EquityPoint] | None
    backup: datetime | None
    incidents: Sequence[Incident]
    """Those that are open."""
    noted: Sequence[Incident]
    """What was only to be noted since the last of these messages."""
    digits: str = ""
    """Of a test that nobody has confirmed yet."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)


def morning_title(now: datetime) -> str:
    """As the phone shows it."""
    return f"the morning of {_day(now)}"


def morning_body(facts: MorningFacts) -> str:
    """The message, a line for each subject."""
    lines = [
        _needs_you(facts),
        _money(facts),
        _holdings(facts.desk),
        _today(facts),
        _backup(facts),
        _noted(facts.noted),
        _unproven(facts.digits),
    ]
    return "\n".join(filter(None, lines))


def note_of(mode: str, desk: DeskView | None, incidents: Sequence[Incident], now: datetime) -> str:
    """What stands without Kelpie, for whoever reads it when Kelpie is silent."""
    stands = "What is held is not known: Kelpie's trading part did not answer."
    if desk is not None:
        stands = f"{_holdings(desk)} {_orders(desk)}"
    lines = [
        f"Kelpie {mode}, {local(now)} (Sydney).",
        stands,
        "Stops at IB stand without Kelpie. Plans, exits by price or age, and new positions do not.",
        _needs(incidents),
    ]
    return "\n".join(filter(None, lines))


def _needs_you(facts: MorningFacts) -> str:
    return _needs(facts.incidents) or "All is well."


def _needs(incidents: Sequence[Incident]) -> str:
    open_ones = [each for each in incidents if each.level is not Level.FYI]
    if not open_ones:
        return ""
    return f"Needs you: {_titles(open_ones)}. `kelpie alerts` says what to do."


def _titles(incidents: Sequence[Incident]) -> str:
    counts = Counter(each.rule.title for each in incidents)
    named = [f"{title} ×{n}" if n > 1 else title for title, n in counts.most_common(_NAMED)]
    rest = len(counts) - len(named)
    return "; ".join(named) + (f"; and {rest} more" if rest else "")


def _money(facts: MorningFacts) -> str:
    desk = facts.desk
    worth = None if desk is None else desk.equity.equity
    said = "Worth: not known" if worth is None else f"Worth {_amount(worth, facts.base_currency)}"
    made = yesterdays_result(facts.equity or (), facts.now)
    if made is None:
        return f"{said}; yesterday's result is not known."
    return f"{said}; yesterday {_amount(made, facts.base_currency, signed=True)}."


def yesterdays_result(points: Sequence[EquityPoint], now: datetime) -> Decimal | None:
    """What yesterday brought, after commissions; None where a part of it is not known."""
    yesterday = now.astimezone(SYDNEY).date() - timedelta(days=1)
    ends = [p for p in points if p.venue == ALL and p.why is Why.DAY and p.profit is not None]
    at_end = next((p.profit for p in ends if p.day == yesterday), None)
    before = max((p for p in ends if p.day < yesterday), key=lambda p: p.day, default=None)
    if at_end is None or before is None or before.profit is None:
        return None
    return at_end - before.profit


def _holdings(desk: DeskView | None) -> str:
    if desk is None:
        return "What is held is not known: nobody answered."
    held = [each for each in desk.positions if each.held or each.managed]
    if not held:
        return "Nothing is held."
    named = "; ".join(_holding(each) for each in held[:_NAMED])
    rest = f"; and {len(held) - _NAMED} more" if held[_NAMED:] else ""
    return f"Held: {named}{rest}."


def _holding(position: PositionView) -> str:
    quantity = position.held or position.managed
    said = f"{quantity.normalize():f} {position.symbol}"
    guard = position.guard
    if not position.managed:
        return f"{said} (yours, not Kelpie's)"
    if guard is None:
        return f"{said} (how it is protected is not known)"
    match guard.colour:
        case Colour.GREEN:
            return f"{said} (stop at IB over {guard.protected.normalize():f})"
        case Colour.AMBER:
            return f"{said} (its stop at IB is being changed)"
        case Colour.RED:
            return f"{said} (NOT protected)"


def _orders(desk: DeskView) -> str:
    working = desk.working_orders
    if not working:
        return "No order works at IB."
    return f"{working} order{'s' if working > 1 else ''} of Kelpie's may work at IB."


def _today(facts: MorningFacts) -> str:
    day = facts.now.astimezone(SYDNEY).date()
    coming = []
    for name, calendar in facts.calendars.items():
        session = calendar.continuous(day) if calendar.covers(day) else None
        if session is None:
            coming.append(f"{name} is closed")
        else:
            opens, closes = (each.astimezone(SYDNEY) for each in session)
            coming.append(f"{name} {opens:%H:%M} to {closes:%H:%M}")
    for window in facts.schedule.ahead(facts.now, timedelta(hours=24)):
        starts = window.starts.astimezone(SYDNEY)
        coming.append(f"{starts:%H:%M} {window.reason.partition(':')[0]}")
    return f"Today: {'; '.join(coming)}." if coming else ""


def _backup(facts: MorningFacts) -> str:
    if facts.backup is None:
        return "Back-up: none yet."
    return f"Back-up: {local(facts.backup)}."


def _noted(noted: Sequence[Incident]) -> str:
    if not noted:
        return ""
    newest = noted[-1]
    more = f" The newest: {newest.sentence[:160]}" if len(noted) > 1 or newest.sentence else ""
    return f"Noted: {_titles(noted)}.{more}"


def _unproven(digits: str) -> str:
    if not digits:
        return ""
    return f"Not proven yet: enter `kelpie alerts confirm {digits}` on the box."


def _amount(amount: Decimal, currency: str, *, signed: bool = False) -> str:
    sign = "-" if amount < 0 else "+" if signed else ""
    name = {"AUD": "A$", "USD": "US$"}.get(currency, f"{currency} ")
    return f"{sign}{name}{abs(amount):,.2f}"


def _day(now: datetime) -> str:
    at = now.astimezone(SYDNEY)
    return f"{at:%a} {at.day} {at:%b}"

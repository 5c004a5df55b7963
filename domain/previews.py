"""When the venue is asked beforehand what an order would cost (whatIf), and what its answer means.

Pure. Exits never wait for an answer; an entry that gets none in time is refused.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.admission import Admission, Refusal
from domain.figures import RISK_REDUCING
from domain.symbols import Symbol
from domain.venue import OrderPreview


@dataclass(frozen=True, slots=True)
class PreviewKey:
    """One preview a day serves for all entries that share it."""

    day: date
    """In the market's own zone."""
    symbol: Symbol
    size_class: int
    """How many digits the value has before the point, in the base currency; 0: not known."""


def preview_key(admission: Admission, zone_name: str, now: datetime) -> PreviewKey:
    """Under which an entry falls."""
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    day = now.astimezone(zone).date()
    digits = len(str(int(admission.value))) if admission.value is not None else 0
    return PreviewKey(day, admission.request.symbol, digits)


def wants_preview(
    admission: Admission, key: PreviewKey, seen: Set[PreviewKey], large: Decimal
) -> bool:
    """The first entry of its kind today, or one worth more than `large` (base currency)."""
    if admission.request.purpose in RISK_REDUCING:
        return False
    return key not in seen or admission.value is None or admission.value > large


def judge_preview(client_order_id: str, preview: OrderPreview) -> Refusal | None:
    """Refuse an entry that the account could not carry, with the venue's own figures."""
    if not preview.exceeds_margin:
        return None
    return Refusal(
        client_order_id,
        "PREVIEW_MARGIN",
        f"After it the equity of the account would be {preview.equity_with_loan_after}, below "
        f"the initial margin of {preview.initial_margin_after} (both as the venue reckons).",
        "Make the order smaller, or put money into the account.",
    )

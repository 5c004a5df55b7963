"""What the owner reads on one narrow page: pure, from the hook's JSON to lines of text.

At most 46 columns, in words for the owner, amounts with their currency, times in Sydney with the
day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

WIDTH = 46
_SYDNEY = ZoneInfo("Australia/Sydney")
_MONEY_SIGNS = {"AUD": "A$", "USD": "US$", "NZD": "NZ$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_VENUE_NAMES = {"ib": "IB", "gemini": "Gemini"}
_SHOWN = 5

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """The hook's answers that make the page; None where that one gave none."""

    ready: Json
    account: Json | None
    venues: Json | None
    positions: Json | None
    orders: Json | None
    """Those that are not final."""
    fills: Json | None


def status_page(facts: Facts) -> list[str]:
    """The page, line by line."""
    return [
        *_head(facts),
        "",
        *_venues(facts),
        *_section("Holdings", facts.positions, _holding, "none"),
        *_section("Working orders", facts.orders, _order, "none"),
        *_section("Last fills", facts.fills, _fill, "none yet"),
    ]


def needs_you(facts: Facts) -> bool:
    """Something waits for a person: what is not known, on hold, or in doubt."""
    if facts.account is None or facts.orders is None or not facts.ready["ready"]:
        return True
    venues = facts.venues["items"] if facts.venues is not None else ()
    in_doubt = any(v["mismatches"] or v["in_doubt"] or v["alerts"] for v in venues)
    return in_doubt or any(order["state"] == "UNKNOWN" for order in facts.orders["items"])


def money(amount: str | None, currency: str) -> str:
    """`A$12,345.67`; `not known` where nobody said."""
    if amount is None:
        return "not known"
    value = Decimal(amount)
    sign = _MONEY_SIGNS.get(currency, f"{currency} ")
    return f"{'-' if value < 0 else ''}{sign}{abs(value):,.2f}"


def sydney(text: str | None) -> str:
    """`Mon 11:06`, in Sydney."""
    if text is None:
        return "a time not known"
    return f"{datetime.fromisoformat(text).astimezone(_SYDNEY):%a %H:%M}"


def fitted(text: str, indent: str = "") -> list[str]:
    """Lines of at most 46 columns; what goes on is indented."""
    return wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )


# -- the parts ---------------------------------------------------------------------------


def _head(facts: Facts) -> list[str]:
    ready, account = facts.ready, facts.account
    running = sydney(ready["started_at"])
    lines = fitted(f"Kelpie  {ready['mode'].upper()}  running since {running}")
    if account is None:
        return [*lines, *fitted("Worth     not known: the desk does not answer")]
    for row in account["items"]:
        worth = money(row["net_liquidation"], row["base_currency"])
        lines += fitted(f"Worth     {worth} at {_venue_name(row['venue'])}")
    if account["paused"]:
        lines += fitted(f"PAUSED    no new entries: {account['paused_reason']}")
    else:
        lines += fitted("Trading   not paused")
    return lines


def _venues(facts: Facts) -> list[str]:
    rows = facts.venues["items"] if facts.venues is not None else facts.ready["venues"]
    if not rows:
        return fitted(f"Not ready: {facts.ready['reason']}")
    lines: list[str] = []
    for row in rows:
        lines += _venue(row)
    return lines


def _venue(row: Json) -> list[str]:
    name = _venue_name(row["venue"])
    if row["tradable"]:
        lines = fitted(f"{name} is ready since {sydney(row['since'])}")
    else:
        until = f" until {sydney(row['next_try'])}" if row["next_try"] else ""
        lines = fitted(f"{name} is on hold{until}, because {row['reason'] or 'it says no reason'}")
        lines += fitted(f"since {sydney(row['since'])}", "  ")
        if row["expected_until"]:
            lines += fitted(f"Expected, until {sydney(row['expected_until'])}", "  ")
    if row.get("on_hold"):
        lines += fitted(f"New positions are {row['on_hold']}", "  ")
    for alert in row.get("alerts", ()):
        lines += fitted(f"ALERT     {alert['sentence']} {alert['cure']}", "  ")
    for mismatch in row.get("mismatches", ()):
        lines += fitted(f"Mismatch with {name}: {mismatch['symbol']}, {mismatch['reason']}", "  ")
    in_doubt = row.get("in_doubt", ())
    if in_doubt:
        lines += fitted(f"In doubt: {', '.join(in_doubt)}", "  ")
    return lines


def _section(
    title: str, answer: Json | None, line: Callable[[Json], str], nothing: str
) -> list[str]:
    if answer is None:
        return ["", *fitted(f"{title}: not known")]
    items: Sequence[Json] = answer["items"]
    if not items:
        return ["", *fitted(f"{title}: {nothing}")]
    lines = ["", title]
    for item in items[:_SHOWN]:
        lines += fitted(line(item), "  ")
    if len(items) > _SHOWN:
        lines += fitted(f"and {len(items) - _SHOWN} more", "  ")
    return lines


def _holding(row: Json) -> str:
    text = f"{row['symbol']}  {_number(row['held'])}"
    if Decimal(row["external"]):
        text += f" ({_number(row['managed'])} by Kelpie)"
    if row["average_price"] is not None:
        text += f" at {_price(row['average_price'])}"
    if row["unrealised_pnl"] is not None:
        gain = money(row["unrealised_pnl"], row["currency"])
        text += f", {gain if gain.startswith('-') else '+' + gain}"
    return text


def _order(row: Json) -> str:
    price = row["limit_price"] or row["stop_price"]
    at = f" at {_price(price)}" if price else " at market"
    state = "fate not known" if row["state"] == "UNKNOWN" else row["state"].lower()
    if row["pending_change"]:
        state += f", {row['pending_change'].lower()} asked"
    return f"{row['side']} {_number(row['remaining'])} {row['symbol']}{at}: {state}"


def _fill(row: Json) -> str:
    price = f"{_number(row['quantity'])} {row['symbol']} at {_price(row['price'])}"
    return f"{sydney(row['time'])} {row['side']} {price}"


def _number(text: str) -> str:
    """A quantity, without idle zeros."""
    shown = f"{Decimal(text):,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _price(text: str) -> str:
    """A price with two to five places; an average has more than anybody reads."""
    whole, _, places = f"{Decimal(text):,.5f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def _venue_name(venue: str) -> str:
    return _VENUE_NAMES.get(venue, venue)


# -- the actors --------------------------------------------------------------------------


def actors_table(items: Iterable[Json]) -> list[str]:
    """One line for each actor: who, which incarnation, what waits, how long handlers take."""
    lines = [f"{'ACTOR':<22} {'INC':>4} {'WAIT':>5} {'P99 MS':>7}  NOW"]
    for item in items:
        handling = item["handling"]
        now = "" if handling is None else f"{handling['message']} {handling['seconds']:.1f} s"
        if not item["answers"]:
            now = f"HANGS in {now}"
        waiting = sum(item["mailbox"].values())
        p99 = item["handle_seconds_p99"] * 1000
        lines.append(
            f"{item['name']:<22} {item['incarnation']:>4} {waiting:>5} {p99:>7.2f}  {now}".rstrip()
        )
    return lines


def actor_page(actor: Json) -> list[str]:
    """One actor, with all that it says of itself."""
    lines = actors_table([actor])
    if actor["uptime_seconds"] is not None:
        up = timedelta(seconds=int(actor["uptime_seconds"]))
        lines.append(f"up {up}, restarts {actor['restarts']}, handled {actor['handled']}")
    lines += [f"waiting {lane}: {depth}" for lane, depth in actor["mailbox"].items() if depth]
    if actor["state"] is not None:
        age = "now" if actor["answered"] else f"{actor['state_age_seconds']:.1f} s ago"
        lines.append(f"it says ({age}):")
        lines += [f"  {name}: {value}" for name, value in actor["state"].items()]
    lines += [f"handled {kind}: {count}" for kind, count in actor["counts"].items()]
    if actor["last_exit"] is not None:
        last = actor["last_exit"]
        lines.append(f"last ended: {last['kind']} {last['sentence']}".rstrip())
    if actor["last_error"]:
        lines += ["last error:", *actor["last_error"].rstrip().splitlines()]
    return lines

"""What is told of a test order: beforehand, step by step, and what stands of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_STEPS = ("admission", "intent", "state", "fill")


@dataclass(slots=True)
class Outcome:
    """How it went. `proven`: it worked at the venue, and is cancelled there."""

    order: dict[str, Any]
    proven: bool = False
    outcome: str = ""
    """`PROVEN`, the code of a refusal, or `NOT_WORKING`, `NOT_CANCELLED`, `FILLED`, `INTERRUPTED`.
    """
    detail: str = ""
    left: list[str] = field(default_factory=list)
    """What still stands of it."""
    steps: list[dict[str, Any]] = field(default_factory=list)


def still_open(order: dict[str, Any]) -> str:
    """An order that has not ended, on one line."""
    pending = ", its cancel is asked for" if order["pending_change"] == "CANCEL" else ""
    what = f"{order['side']} {order['remaining']} {order['symbol']} {order['type']}"
    return f"{order['client_order_id']}: {what} is {order['state']}{pending}"


def bought_of(order: dict[str, Any], standing: Iterable[dict[str, Any]]) -> str:
    """What a fill against all expectation has left; `standing` are the orders that work yet."""
    symbol = order["symbol"]
    stop = next((each for each in standing if each["type"].startswith("STOP")), None)
    guard = f"guarded by {stop['client_order_id']}" if stop else "no stop of it stands now"
    return f"{order['filled']} {symbol} were bought, {guard}: `kelpie flatten {symbol}` leaves them"


def steps_of(story: dict[str, Any]) -> list[dict[str, Any]]:
    """What happened, with milliseconds since it was admitted; the venue's numbers masked."""
    told = [each for each in story["steps"] if each["what"] in _STEPS]
    if not told:
        return []
    began = datetime.fromisoformat(told[0]["at"])
    return [
        {
            "ms": round((datetime.fromisoformat(each["at"]) - began).total_seconds() * 1000, 1),
            "text": _masked(each["text"], each["facts"].get("venue_order_id")),
        }
        for each in told
    ]


def _masked(text: str, venue_id: str | None) -> str:
    return text if not venue_id else text.replace(venue_id, f"…{venue_id[-3:]}")


def shown(order: dict[str, Any]) -> list[str]:
    """What it would do, before anything is done."""
    lines = [
        f"In {order['mode']} this would be placed, seen to work, and cancelled:",
        f"  {_order(order)}, below the bid of {order['bid']}",
    ]
    if order["shut"]:
        lines.append("It would be refused now:")
        lines += [f"  {each['gate']}: {each['detail']}" for each in order["shut"]]
    return lines


def _order(order: dict[str, Any]) -> str:
    what = f"{order['side']} {order['quantity']} {order['symbol']}"
    return f"{what} {order['type']} at {order['limit_price']}"


def page(outcome: Outcome) -> list[str]:
    """How it went, line by line."""
    lines = [f"{_order(outcome.order)} ({outcome.order['client_order_id']})"]
    lines += [f"{each['ms']:>9.1f} ms  {each['text']}" for each in outcome.steps]
    word = "Proven" if outcome.proven else f"NOT PROVEN [{outcome.outcome}]"
    lines.append(f"{word}: {outcome.detail}")
    if outcome.left:
        lines.append("What stands:")
        lines += [f"  {each}" for each in outcome.left]
    else:
        lines.append("Nothing of it is left.")
    return lines

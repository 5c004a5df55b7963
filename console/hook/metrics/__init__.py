"""Metrics for Prometheus, read from the seats at each scrape; nothing is counted twice.

Names begin with `kelpie_` and end in their unit (`_seconds`, `_bytes`), in `_total` where they only
ever grow, in `_timestamp_seconds` for moments; money has its currency as a label. Labels are names
of seats, lanes, venues, codes and allowed symbols: a bounded set, never an order or a text.
What is not known at the moment of the scrape is left out, for zero would be a lie.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from actors import names
from actors.messages import GetRisk
from actors.messages.alerts import AlertsView
from console.hook.alerts import alerts_view
from console.hook.asking import Asking
from console.hook.metrics.alerts import Alerts
from console.hook.metrics.house import House
from console.hook.metrics.seats import Seats
from console.hook.metrics.trading import Asked, Trading
from console.hook.problems import Refused
from domain.orders import OrderState

_UNKNOWN_LIMIT = 1000
T = TypeVar("T")


async def scrape(asking: Asking) -> str:
    """Ask what must be asked, all at once, and write all metrics as text."""
    desk, unknown, risk, alerts, *quotes = await asyncio.gather(
        _or_none(asking.desk()),
        _or_none(asking.orders(_UNKNOWN_LIMIT, None, OrderState.UNKNOWN)),
        _or_none(asking.ask(asking.options.desk, GetRisk())),
        _alerts(asking),
        *(_or_none(asking.quotes(venue)) for venue in asking.options.venues),
    )
    asked = Asked(
        desk=desk,
        unknown_orders=None if unknown is None else len(unknown),
        risk=risk,
        quotes=tuple(quote for rows in quotes for quote, _ in rows or ()),
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Seats(asking))
    registry.register(House(asking))
    registry.register(Trading(asked, asking.clock.monotonic()))
    registry.register(Alerts(alerts))
    ProcessCollector(namespace="kelpie", registry=registry)
    return generate_latest(registry).decode()


async def _alerts(asking: Asking) -> AlertsView | None:
    if asking.system.find(names.ALERTS) is None:
        return None
    view: AlertsView | None = await _or_none(alerts_view(asking))
    return view


async def _or_none(question: Any) -> Any:
    try:
        return await question
    except Refused:
        return None

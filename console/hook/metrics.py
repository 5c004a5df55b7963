"""Metrics for Prometheus, read from the seats at each scrape; nothing is counted twice.

Labels are names of seats, lanes and venues: a bounded set, never an order or a text.
What is not known at the moment of the scrape is left out, for zero would be a lie.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from console.hook.asking import Asking
from console.hook.problems import Refused
from domain.orders import OrderState
from domain.views import DeskView

_UNKNOWN_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What had to be asked for; None where nobody answered in time."""

    desk: DeskView | None
    unknown_orders: int | None


async def scrape(asking: Asking) -> str:
    """Ask what must be asked, and write all metrics as text."""
    desk, unknown = await asyncio.gather(_desk(asking), _unknown_orders(asking))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Seats(asking, _Asked(desk, unknown)))
    return generate_latest(registry).decode()


async def _desk(asking: Asking) -> DeskView | None:
    try:
        return await asking.desk()
    except Refused:
        return None


async def _unknown_orders(asking: Asking) -> int | None:
    try:
        return len(await asking.orders(_UNKNOWN_LIMIT, None, OrderState.UNKNOWN))
    except Refused:
        return None


class _Seats(Collector):
    """One scrape."""

    def __init__(self, asking: Asking, asked: _Asked) -> None:
        self._asking = asking
        self._asked = asked

    def collect(self) -> Iterable[Metric]:
        """All families."""
        yield self._build()
        yield from self._mailboxes()
        yield from self._handlers()
        yield self._loop_lag()
        yield self._dead_letters()
        yield from self._trading()

    def _build(self) -> Metric:
        options = self._asking.options
        info = InfoMetricFamily("kelpie_build", "Which Kelpie this is, and in which mode.")
        info.add_metric([], {"version": options.version, "mode": options.mode})
        return info

    def _mailboxes(self) -> Iterable[Metric]:
        now = self._asking.clock.monotonic()
        waiting = GaugeMetricFamily(
            "kelpie_mailbox_messages", "Messages that wait.", labels=["actor", "lane"]
        )
        oldest = GaugeMetricFamily(
            "kelpie_mailbox_oldest_seconds",
            "How long the oldest of them has waited; 0 when none waits.",
            labels=["actor"],
        )
        conflated = CounterMetricFamily(
            "kelpie_quotes_conflated",
            "Quotes that were replaced by newer ones before anybody read them.",
            labels=["actor"],
        )
        for seat in self._asking.system.seats():
            for lane, depth in seat.mailbox.depths().items():
                waiting.add_metric([seat.name, lane], depth)
            put_at = seat.mailbox.oldest()
            oldest.add_metric([seat.name], 0.0 if put_at is None else max(0.0, now - put_at))
            conflated.add_metric([seat.name], seat.mailbox.conflated)
        return waiting, oldest, conflated

    def _handlers(self) -> Iterable[Metric]:
        restarts = CounterMetricFamily(
            "kelpie_actor_restarts", "Starts after the first one.", labels=["actor"]
        )
        handled = CounterMetricFamily(
            "kelpie_actor_messages_handled", "Messages handled.", labels=["actor"]
        )
        seconds = GaugeMetricFamily(
            "kelpie_actor_handle_seconds",
            "How long handlers took, of the last 512 messages.",
            labels=["actor", "quantile"],
        )
        for seat in self._asking.system.seats():
            restarts.add_metric([seat.name], seat.restarts)
            handled.add_metric([seat.name], sum(seat.handled.copy().values()))
            for quantile, value in zip(("0.5", "0.99"), seat.percentiles(), strict=True):
                seconds.add_metric([seat.name, quantile], value)
        return restarts, handled, seconds

    def _loop_lag(self) -> Metric:
        lag = GaugeMetricFamily(
            "kelpie_loop_lag_seconds",
            "How late an actor's event loop came to what was due, at worst in about a minute.",
            labels=["actor"],
        )
        for seat in self._asking.system.seats():
            published = seat.published
            worst = published.state.get("loop_lag_worst_seconds") if published else None
            if worst is not None:
                lag.add_metric([seat.name], worst)
        return lag

    def _dead_letters(self) -> Metric:
        letters = CounterMetricFamily(
            "kelpie_dead_letters",
            "Messages that reached nobody or crashed their handler.",
            labels=["lane"],
        )
        for lane, count in self._asking.system.dead_letters.counts().items():
            letters.add_metric([lane], count)
        return letters

    def _trading(self) -> Iterable[Metric]:
        desk, unknown = self._asked.desk, self._asked.unknown_orders
        if desk is not None:
            tradable = GaugeMetricFamily(
                "kelpie_venue_tradable", "1 when the venue is tradable.", labels=["venue"]
            )
            for venue in desk.venues:
                tradable.add_metric([venue.venue], float(venue.tradable))
            yield tradable
            yield GaugeMetricFamily(
                "kelpie_paused", "1 when there are no new entries.", float(desk.paused)
            )
            yield GaugeMetricFamily(
                "kelpie_orders_working", "Orders that are not final.", desk.working_orders
            )
        if unknown is not None:
            yield GaugeMetricFamily(
                "kelpie_orders_unknown", "Orders whose fate is not proven.", unknown
            )

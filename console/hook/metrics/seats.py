"""What every seat says of itself in numbers: its mailbox, its handlers, its ends."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from actors.watch import pulses
from console.hook.asking import Asking


class Seats(Collector):
    """One scrape."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._system = asking.system
        self._now = asking.clock.monotonic()

    def collect(self) -> Iterable[Metric]:
        """All families."""
        yield from self._process()
        yield from self._mailboxes()
        yield from self._handlers()
        yield self._loop_lag()
        yield self._dead_letters()

    def _process(self) -> Iterable[Metric]:
        options = self._asking.options
        info = InfoMetricFamily("kelpie_build", "Which Kelpie this is, and in which mode.")
        info.add_metric([], {"version": options.version, "mode": options.mode})
        started = GaugeMetricFamily(
            "kelpie_start_timestamp_seconds",
            "When this process began.",
            options.started_at.timestamp(),
        )
        live = GaugeMetricFamily(
            "kelpie_live",
            "1 when every permanent actor answers within its budget, as /health/live says.",
            float(all(each.answers for each in pulses(self._system, self._now))),
        )
        return info, started, live

    def _mailboxes(self) -> Iterable[Metric]:
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
        for seat in self._system.seats():
            for lane, depth in seat.mailbox.depths().items():
                waiting.add_metric([seat.name, lane], depth)
            put_at = seat.mailbox.oldest()
            oldest.add_metric([seat.name], 0.0 if put_at is None else max(0.0, self._now - put_at))
            conflated.add_metric([seat.name], seat.mailbox.conflated)
        return waiting, oldest, conflated

    def _handlers(self) -> Iterable[Metric]:
        restarts = CounterMetricFamily(
            "kelpie_actor_restarts", "Starts after the first one.", labels=["actor"]
        )
        exits = CounterMetricFamily(
            "kelpie_actor_exits", "Ends of incarnations, by their kind.", labels=["actor", "kind"]
        )
        seconds = HistogramMetricFamily(
            "kelpie_actor_handle_seconds", "How long handlers took.", labels=["actor"]
        )
        for seat in self._system.seats():
            restarts.add_metric([seat.name], seat.restarts)
            for kind, count in seat.exits.copy().items():
                exits.add_metric([seat.name, kind.replace(" ", "_")], count)
            told = seat.handle_histogram.plain()
            seconds.add_metric([seat.name], list(told["buckets"].items()), told["sum"])
        return restarts, exits, seconds

    def _loop_lag(self) -> Metric:
        lag = GaugeMetricFamily(
            "kelpie_loop_lag_seconds",
            "How late an actor's event loop came to what was due, at worst in about a minute.",
            labels=["actor"],
        )
        for seat in self._system.seats():
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
        for lane, count in self._system.dead_letters.counts().items():
            letters.add_metric([lane], count)
        return letters

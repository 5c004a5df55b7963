"""What the house stands on: the book and its disk, back-ups, the links, the hook itself.

From what the seats last published of themselves: nobody is asked, so it is told whatever hangs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from actors import names
from console.hook.asking import Asking


class House(Collector):
    """One scrape."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def collect(self) -> Iterable[Metric]:
        """All families of which something is known."""
        yield from self._ledger()
        yield from self._files()
        yield from self._links()
        yield from self._orders()
        yield from self._hook()

    def _said(self, seat_name: str) -> Mapping[str, Any]:
        seat = self._asking.system.find(seat_name)
        return seat.published.state if seat is not None and seat.published is not None else {}

    def _ledger(self) -> Iterable[Metric]:
        said = self._said(self._asking.options.ledger)
        if told := said.get("commit_seconds"):
            yield _histogram(
                "kelpie_ledger_commit_seconds", "How long the disk took for a commit.", told
            )
        if "outage_since" in said:
            yield GaugeMetricFamily(
                "kelpie_ledger_outage",
                "1 while the book cannot be written.",
                float(said["outage_since"] is not None),
            )
        newest = self._said(names.BACKUPS).get("newest")
        if newest:
            yield GaugeMetricFamily(
                "kelpie_backup_last_timestamp_seconds",
                "When the newest back-up of the book was made.",
                datetime.fromisoformat(newest).timestamp(),
            )

    def _files(self) -> Iterable[Metric]:
        book = self._asking.options.book
        if book is None:
            return
        for name, path, sentence in (
            ("kelpie_ledger_bytes", book, "Size of the book."),
            ("kelpie_ledger_wal_bytes", Path(f"{book}-wal"), "Size of the book's write-ahead log."),
        ):
            try:
                yield GaugeMetricFamily(name, sentence, path.stat().st_size)
            except OSError:
                continue
        try:
            disk = os.statvfs(book.parent)
        except OSError:
            return
        yield GaugeMetricFamily(
            "kelpie_disk_free_bytes", "Room on the book's disk.", disk.f_bavail * disk.f_frsize
        )
        yield GaugeMetricFamily(
            "kelpie_disk_size_bytes", "Size of the book's disk.", disk.f_blocks * disk.f_frsize
        )

    def _links(self) -> Iterable[Metric]:
        for key, name, sentence in (
            (
                "clock_ahead_seconds",
                "kelpie_venue_clock_offset_seconds",
                "How far this machine's clock is ahead of the gateway's, about half a second off.",
            ),
            (
                "heartbeat_round_trip_seconds",
                "kelpie_venue_heartbeat_seconds",
                "How long the gateway took for the last heartbeat.",
            ),
        ):
            family = GaugeMetricFamily(name, sentence, labels=["venue"])
            for venue in self._asking.options.venues:
                value = self._said(names.connection(venue)).get(key)
                if value is not None:
                    family.add_metric([venue], value)
            if family.samples:
                yield family

    def _orders(self) -> Iterable[Metric]:
        if told := self._said(self._asking.options.telemetry).get("order_ack_seconds"):
            yield _histogram(
                "kelpie_order_ack_seconds",
                "From the bytes of an order on the wire to the venue's first word about it.",
                told,
            )

    def _hook(self) -> Iterable[Metric]:
        said = self._said(names.HOOK)
        if "requests" in said:
            yield CounterMetricFamily(
                "kelpie_hook_requests", "Requests since the hook began.", said["requests"]
            )
        refused = CounterMetricFamily(
            "kelpie_hook_refused", "Requests turned away at the door, by code.", labels=["code"]
        )
        for code, count in dict(said.get("refused", {})).items():
            refused.add_metric([code], count)
        yield refused


def _histogram(name: str, sentence: str, told: Mapping[str, Any]) -> Metric:
    return HistogramMetricFamily(name, sentence, list(told["buckets"].items()), told["sum"])

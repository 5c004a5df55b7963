"""What became of alerts: what stands, what was delivered, and whether that holds entries."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.messages.alerts import AlertsView
from domain.alerting import Level


class Alerts(Collector):
    """One scrape; nothing where nobody answered."""

    def __init__(self, view: AlertsView | None) -> None:
        self._view = view

    def collect(self) -> Iterable[Metric]:
        """All families."""
        alerts = self._view
        if alerts is None:
            return
        standing = GaugeMetricFamily(
            "kelpie_alerts_standing", "Alerts that are not over.", labels=["level"]
        )
        for level in Level:
            open_ones = [each for each in alerts.incidents if each.open and each.level is level]
            standing.add_metric([level], len(open_ones))
        unanswered = [
            each
            for each in alerts.incidents
            if each.open and each.level is Level.WAKE and each.answered_at is None
        ]
        yield standing
        yield GaugeMetricFamily(
            "kelpie_alerts_unanswered",
            "Alerts that are repeated until somebody answers.",
            len(unanswered),
        )
        yield CounterMetricFamily(
            "kelpie_alerts_delivered",
            "Messages to the owner that were delivered.",
            alerts.delivered,
        )
        yield CounterMetricFamily(
            "kelpie_alerts_delivery_failures", "Attempts that reached nobody.", alerts.failed
        )
        if alerts.delivered_at is not None:
            yield GaugeMetricFamily(
                "kelpie_alerts_last_delivery_timestamp_seconds",
                "When anything was delivered to the owner last.",
                alerts.delivered_at.timestamp(),
            )
        yield GaugeMetricFamily(
            "kelpie_alerts_hold_entries",
            "1 while new positions are held because nothing reaches the owner.",
            float(bool(alerts.holds)),
        )

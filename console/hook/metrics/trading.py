"""What the desk, the ledger and the quotes answered: venues, holds, orders, money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.guard import Colour
from domain.permits import Condition
from domain.quotes import Quote
from domain.risk_views import RiskView
from domain.views import DeskView

_CIRCUIT = ("closed", "half-open", "open")


@dataclass(frozen=True, slots=True)
class Asked:
    """What had to be asked for; None where nobody answered in time."""

    desk: DeskView | None
    unknown_orders: int | None
    risk: RiskView | None
    quotes: tuple[Quote, ...]


class Trading(Collector):
    """One scrape; `now` is monotonic."""

    def __init__(self, asked: Asked, now: float) -> None:
        self._asked = asked
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """All families of which something is known."""
        desk, risk = self._asked.desk, self._asked.risk
        if desk is not None:
            yield from _venues(desk)
            yield from _holds(desk)
            yield from _book(desk)
        if risk is not None:
            yield from _day(risk)
        if self._asked.unknown_orders is not None:
            yield GaugeMetricFamily(
                "kelpie_orders_unknown",
                "Orders whose fate is not proven.",
                self._asked.unknown_orders,
            )
        yield self._quotes()

    def _quotes(self) -> Metric:
        age = GaugeMetricFamily(
            "kelpie_quote_age_seconds", "Since the newest quote came.", labels=["symbol"]
        )
        for quote in self._asked.quotes:
            age.add_metric([str(quote.symbol)], max(0.0, self._now - quote.received))
        return age


def _venues(desk: DeskView) -> Iterable[Metric]:
    for name, sentence in (
        ("tradable", "1 when the venue is tradable."),
        ("connected", "1 when there is a link to the venue's gateway."),
        ("reconciled", "1 when ledger and venue agree, on this link."),
    ):
        family = GaugeMetricFamily(f"kelpie_venue_{name}", sentence, labels=["venue"])
        for venue in desk.venues:
            family.add_metric([venue.venue], float(getattr(venue, name)))
        yield family
    circuit = GaugeMetricFamily(
        "kelpie_circuit_state",
        "1 for the state that the venue's circuit is in.",
        labels=["venue", "state"],
    )
    differences = GaugeMetricFamily(
        "kelpie_reconciliation_differences",
        "Symbols in which ledger and venue differ.",
        labels=["venue"],
    )
    doubts = GaugeMetricFamily(
        "kelpie_reconciliation_doubts",
        "What could not be settled by the last lists.",
        labels=["venue"],
    )
    for venue in desk.venues:
        for state in _CIRCUIT:
            circuit.add_metric([venue.venue, state], float(venue.circuit == state))
        differences.add_metric([venue.venue], len(venue.mismatches))
        doubts.add_metric([venue.venue], len(venue.in_doubt))
    yield from (circuit, differences, doubts)


def _holds(desk: DeskView) -> Iterable[Metric]:
    yield GaugeMetricFamily("kelpie_paused", "1 when there are no new entries.", float(desk.paused))
    held = GaugeMetricFamily(
        "kelpie_entries_held", "1 for each state that keeps all entries back.", labels=["condition"]
    )
    holding = {hold.condition for hold in desk.holds}
    for condition in Condition:
        held.add_metric([condition.value], float(condition in holding))
    yield held


def _book(desk: DeskView) -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "kelpie_orders_working", "Orders that are not final.", desk.working_orders
    )
    ours = [each for each in desk.positions if each.managed]
    yield GaugeMetricFamily("kelpie_positions", "Symbols of which we hold some.", len(ours))
    guarded = GaugeMetricFamily(
        "kelpie_positions_guarded",
        "Those, by the colour of their protection; UNKNOWN where nobody has said.",
        labels=["colour"],
    )
    colours = Counter(each.guard.colour.value if each.guard else "UNKNOWN" for each in ours)
    for colour in (*(each.value for each in Colour), "UNKNOWN"):
        guarded.add_metric([colour], colours[colour])
    yield guarded
    money = (
        ("kelpie_equity", "What everything is worth, as the venues say.", desk.equity.equity),
        ("kelpie_cash", "Cash, as the venues say.", desk.equity.cash),
    )
    for name, sentence, value in money:
        yield from _money(name, sentence, value, desk.equity.base_currency)


def _day(risk: RiskView) -> Iterable[Metric]:
    for name, sentence, value in (
        ("kelpie_day_result", "What today has brought so far.", risk.result_today),
        ("kelpie_day_fees", "Fees of today.", risk.fees_today),
        ("kelpie_drawdown", "How far equity is below its peak.", risk.below_peak),
        ("kelpie_exposure", "What is held and may yet be bought.", risk.exposure),
    ):
        yield from _money(name, sentence, value, risk.base_currency)


def _money(name: str, sentence: str, value: Decimal | None, currency: str) -> Iterable[Metric]:
    if value is not None:
        family = GaugeMetricFamily(name, sentence, labels=["currency"])
        family.add_metric([currency], float(value))
        yield family

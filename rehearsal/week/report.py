"""What the week came to, for people and for programs: each number beside the broker's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from domain.cost_report import CostTotal
from rehearsal.week.accounts import Figure

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class WeekReport:
    """All that is told; money in A$ unless its unit says otherwise."""

    seed: int
    evenings: Sequence[tuple[date, Sequence[Figure]]]
    """After the close of each day: cash, commissions, holdings, orders and fills until then."""
    results: Sequence[tuple[date, Figure]]
    """What each day brought, commissions off."""
    costs: CostTotal
    """Commissions as the orders were admitted, and as they were charged."""
    exposure: Figure
    """The most that was held at the full hours, at the market's prices."""
    at_stake: Decimal
    """The most that the gates counted, working orders at their worst."""
    refusals: Mapping[str, int]
    """By code."""
    orders: int
    """That the broker was sent."""
    restarts: int
    """Of the gateway, at night."""

    def compared(self) -> Iterable[tuple[date | None, Figure]]:
        """All that must not differ."""
        for day, figures in self.evenings:
            yield from ((day, each) for each in figures)
        yield from self.results
        yield None, self.exposure

    def differences(self) -> list[str]:
        """What does not add up; empty for a week as it should be."""
        return [
            f"{day or 'week'}: {each.name} {each.unit}: ours {each.ours}, theirs {each.theirs}"
            for day, each in self.compared()
            if each.difference
        ]

    def facts(self) -> dict[str, Any]:
        """Everything as plain values; amounts as text, exact."""
        return {
            "seed": self.seed,
            "evenings": {
                day.isoformat(): [_facts(each) for each in figures]
                for day, figures in self.evenings
            },
            "results": {day.isoformat(): _facts(each) for day, each in self.results},
            "commissions": {
                "orders": self.costs.orders,
                "charged": str(self.costs.charged),
                "compared": self.costs.compared,
                "estimated": str(self.costs.estimated),
                "difference": str(self.costs.difference),
            },
            "held_at_most": _facts(self.exposure),
            "at_stake_at_most": str(self.at_stake),
            "refusals": dict(self.refusals),
            "orders": self.orders,
            "restarts_of_the_gateway": self.restarts,
            "differences": self.differences(),
        }

    def as_json(self) -> bytes:
        """For programs."""
        return orjson.dumps(self.facts(), option=orjson.OPT_INDENT_2)

    def as_text(self) -> str:
        """For people."""
        traded = self.evenings[-1][1][-2:]
        real = self.costs.estimated + self.costs.difference
        lines = [
            f"{len(self.evenings)} trading days with the rule as strategist, seed {self.seed}: "
            f"{self.orders} orders, {traded[1].ours} fills, {self.restarts} restarts of the "
            "gateway at night",
            "",
            _row("What each day brought", "", "Kelpie", "broker", "difference"),
            *(_line(f"{day:%a %Y-%m-%d}", each) for day, each in self.results),
            _line("in all", _sum(self.results)),
        ]
        for day, figures in self.evenings:
            lines += ["", _row(f"{day:%a} evening", "", "Kelpie", "broker", "difference")]
            lines += [_line(each.name, each) for each in figures]
        lines += [
            "",
            _row("Commissions", "", "estimated", "real", "difference"),
            _line(
                f"of {self.costs.compared} orders",
                Figure("", self.costs.currency, self.costs.estimated, real),
            ),
            f"Another {self.costs.orders - self.costs.compared} left without a price to reckon "
            f"with, and cost {self.costs.charged - real:.2f} {self.costs.currency}.",
            "",
            _row("Exposure at most", "", "Kelpie", "broker", "difference"),
            _line("held", self.exposure),
            f"With working orders at their worst the gates counted at most {self.at_stake:.2f}.",
            "",
            "Refused, by code:",
            *(f"  {count:6}  {code}" for code, count in self.refusals.items()),
            "",
            f"Differences: {len(self.differences())}",
            *(f"  {each}" for each in self.differences()),
        ]
        return "\n".join(line.rstrip() for line in lines) + "\n"


def _facts(figure: Figure) -> dict[str, str]:
    return {
        "name": figure.name,
        "unit": figure.unit,
        "kelpie": f"{figure.ours:f}",
        "broker": f"{figure.theirs:f}",
        "difference": f"{figure.difference:f}",
    }


def _line(name: str, figure: Figure) -> str:
    amounts = (figure.ours, figure.theirs, figure.difference)
    if figure.unit.isupper() and "/" not in figure.unit:
        return _row(name, figure.unit, *(f"{each.quantize(_CENT):,}" for each in amounts))
    return _row(name, figure.unit, *(f"{each:f}" for each in amounts))


def _row(name: str, unit: str, *figures: str) -> str:
    return f"{name:<24}{unit:<9}" + "".join(f"{figure:>14}" for figure in figures)


def _sum(results: Sequence[tuple[date, Figure]]) -> Figure:
    figures = [each for _, each in results]
    return Figure(
        "in all",
        figures[0].unit,
        sum((each.ours for each in figures), Decimal(0)),
        sum((each.theirs for each in figures), Decimal(0)),
    )

"""What a rehearsal of kills found, as text for people and as JSON for programs."""

from __future__ import annotations

import platform
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from rehearsal.crash.checker import Fault
from rehearsal.crash.house import Outcome

_DUPLICATES = (Fault.DUPLICATE, Fault.TWICE, Fault.INVENTED)
_LOSSES = (Fault.LOST, Fault.NO_INTENT)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds, over so many measurements."""

    count: int
    median: float
    p99: float
    most: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Times | None:
        """None where nothing was measured."""
        if not samples:
            return None
        ordered = sorted(samples)
        p99 = ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]
        return cls(len(ordered), statistics.median(ordered), p99, ordered[-1])

    def __str__(self) -> str:
        words = f"median {self.median:.2f} s, p99 {self.p99:.2f} s, max {self.most:.2f} s"
        return f"{words} ({self.count})"


class Report:
    """All houses of one run together."""

    def __init__(
        self, seed: int, planned: int, outcomes: Sequence[Outcome], seconds: float
    ) -> None:
        self._seed = seed
        self._planned = planned
        self._outcomes = sorted(outcomes, key=lambda outcome: outcome.number)
        self._seconds = seconds
        self.kills: Counter[str] = Counter()
        answers: Counter[str] = Counter()
        for outcome in self._outcomes:
            self.kills.update(outcome.kills)
            answers.update(outcome.answers)
        self._answers = answers
        self.violations = [
            (outcome.number, violation)
            for outcome in self._outcomes
            for violation in outcome.violations
        ]

    @property
    def clean(self) -> bool:
        """Nothing was wrong."""
        return not self.violations

    def count(self, *faults: Fault) -> int:
        """How many violations are of these kinds."""
        return sum(violation.fault in faults for _, violation in self.violations)

    def figures(self) -> dict[str, Any]:
        """Everything, for a program."""
        return {
            "seed": self._seed,
            "kills": sum(self.kills.values()),
            "kills_by_point": dict(sorted(self.kills.items())),
            "houses": len(self._outcomes),
            "orders": sum(outcome.orders for outcome in self._outcomes),
            "fills": sum(outcome.fills for outcome in self._outcomes),
            "proven_not_sent": sum(outcome.not_sent for outcome in self._outcomes),
            "duplicates": self.count(*_DUPLICATES),
            "lost": self.count(*_LOSSES),
            "violations": [
                {
                    "house": house,
                    "fault": violation.fault,
                    "subject": violation.subject,
                    "sentence": violation.sentence,
                }
                for house, violation in self.violations
            ],
            "ready_after_kill_seconds": self._samples("ready_after_kill"),
            "ready_after_gateway_loss_seconds": self._samples("ready_after_gateway"),
            "bare_library_seconds": self._samples("bare"),
            "answers": dict(sorted(self._answers.items())),
            "seconds": round(self._seconds, 1),
            "python": platform.python_version(),
            "replay": self._replay(),
        }

    def text(self) -> str:
        """The same for a person."""
        figures = self.figures()
        lines = [
            f"{figures['kills']} kills of real processes, seed {self._seed}: "
            f"{figures['houses']} books, {self._seconds:.0f} s",
            "",
            f"  orders at the broker or proven not sent  {figures['orders']}"
            f" (of these not sent {figures['proven_not_sent']})",
            f"  fills                                    {figures['fills']}",
            f"  duplicates                               {figures['duplicates']}",
            f"  lost                                     {figures['lost']}",
            f"  violations of any kind                   {len(self.violations)}",
            "",
            "  time to ready",
        ]
        for name, key in (
            ("after a kill, from the start of the process", "ready_after_kill"),
            ("after the gateway was killed, from its return", "ready_after_gateway"),
            ("ib_insync's connectAsync, from the interpreter's start", "bare"),
        ):
            lines.append(f"    {name:<56} {Times.of(self._samples(key)) or 'not measured'}")
        lines += ["", "  kills by point"]
        lines += [f"    {name:<44} {count:>5}" for name, count in sorted(self.kills.items())]
        lines.append("")
        if self.violations:
            lines += [f"  house {house}: {violation}" for house, violation in self.violations]
        else:
            lines.append("  The broker's own file and Kelpie's book agree in every house.")
        lines += ["", f"  again: {figures['replay']}", ""]
        return "\n".join(lines)

    def write(self, folder: Path, *also: Path) -> None:
        """Into `folder` as `report.json` and `report.txt`, and the text to further places."""
        folder.mkdir(parents=True, exist_ok=True)
        figures = orjson.dumps(self.figures(), option=orjson.OPT_INDENT_2)
        (folder / "report.json").write_bytes(figures)
        for path in (folder / "report.txt", *also):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text(), encoding="utf-8")

    def _samples(self, key: str) -> list[float]:
        return [round(each, 3) for outcome in self._outcomes for each in getattr(outcome, key)]

    def _replay(self) -> str:
        command = f"make crash KILLS={self._planned} SEED={self._seed}"
        wrong = sorted({house for house, _ in self.violations})
        if wrong:
            command += f' ARGS="{" ".join(f"--only {house}" for house in wrong)}"'
        return command

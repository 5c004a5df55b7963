"""What many simulated days came to: totals, figures, and whether they were enough."""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from typing import Any

import orjson

from rehearsal.faults import FAULTS
from rehearsal.seasons import CHANGES

#: What each day must have had for it to count, and each kind of fault over a whole run.
LEAST_FRAMES, LEAST_ORDERS, LEAST_FAULTS, LEAST_OF_A_KIND = 2_000, 20, 5, 10
#: A run of fewer seeds is a look, not a proof: kinds of faults are not counted then.
SEEDS_OF_A_PROOF = 300


class Report:
    """Takes the outcomes one by one, in the order of their seeds."""

    def __init__(self, *, days: int, first: int) -> None:
        self.days = days
        self.first = first
        self.seeds = 0
        self.wall_seconds = 0.0
        self.violated: dict[int, list[str]] = {}
        self.short: dict[int, str] = {}
        self.faults: Counter[str] = Counter(dict.fromkeys((*FAULTS, *CHANGES), 0))
        self._totals: Counter[str] = Counter()
        self._ready: list[float] = []
        self._cpu: list[float] = []
        self._digest = hashlib.sha256()

    def add(self, outcome: dict[str, Any]) -> None:
        """One seed's outcome."""
        self.seeds += 1
        seed = outcome["seed"]
        if outcome["violations"]:
            self.violated[seed] = outcome["violations"]
        for what, least in (
            ("frames", LEAST_FRAMES), ("orders", LEAST_ORDERS),
        ):  # fmt: skip
            if outcome[what] < least * self.days and not outcome["violations"]:
                self.short[seed] = f"{outcome[what]} {what}"
        fired = sum(outcome["faults"].values())
        if fired < LEAST_FAULTS * self.days and not outcome["violations"]:
            self.short[seed] = f"{fired} faults"
        self.faults.update(outcome["faults"])
        for what in ("frames", "orders", "executions", "steps", "starts"):
            self._totals[what] += outcome[what]
        self._ready += outcome["ready_after"]
        self._cpu.append(outcome["cpu_seconds"])
        self._digest.update(f"{seed} {outcome['trace']}\n".encode())

    def shortfalls(self) -> list[str]:
        """Why this run is no proof; empty when it is one."""
        found = [f"seed {seed}: {'; '.join(why)}" for seed, why in self.violated.items()]
        found += [f"seed {seed}: only {why}" for seed, why in self.short.items()]
        if self.seeds * self.days >= SEEDS_OF_A_PROOF:
            found += [
                f"{name} fired only {count} times"
                for name, count in self.faults.items()
                if count < LEAST_OF_A_KIND
            ]
        return found

    def line(self, outcome: dict[str, Any]) -> str:
        """A line about one seed, with the command that replays it where it failed."""
        seed = outcome["seed"]
        if not outcome["violations"]:
            return f"{self.seeds} seeds, {len(self.violated)} with a violation"
        days = f" DAYS={self.days}" if self.days != 1 else ""
        words = "; ".join(outcome["violations"])
        return f"seed {seed} VIOLATED: {words}\n    replay it: make simulate SEED={seed}{days}"

    def facts(self) -> dict[str, Any]:
        """Everything, as plain values."""
        per_minute = 60 * self.seeds / self.wall_seconds if self.wall_seconds else 0.0
        return {
            "seeds": self.seeds,
            "first_seed": self.first,
            "simulated_days": self.seeds * self.days,
            **self._totals,
            "faults": dict(self.faults),
            "violations": sum(map(len, self.violated.values())),
            "violated_seeds": list(self.violated),
            "shortfalls": self.shortfalls(),
            "ready_after_virtual_seconds": _spread(self._ready),
            "cpu_seconds_of_a_seed": _spread(self._cpu),
            "wall_seconds": round(self.wall_seconds, 1),
            "seeds_per_minute": round(per_minute, 1),
            "trace_hash": self._digest.hexdigest(),
        }

    def as_json(self) -> bytes:
        """For programs."""
        return orjson.dumps(self.facts(), option=orjson.OPT_INDENT_2)

    def as_text(self) -> str:
        """For people."""
        facts = self.facts()
        ready, cpu = facts["ready_after_virtual_seconds"], facts["cpu_seconds_of_a_seed"]
        lines = [
            f"Simulated days: {facts['simulated_days']} of {facts['seeds']} seeds from "
            f"{facts['first_seed']} on, {facts['wall_seconds']} s, "
            f"{facts['seeds_per_minute']} seeds a minute",
            f"Messages from the gateway {facts['frames']}, orders {facts['orders']}, executions "
            f"{facts['executions']}, starts {facts['starts']}, steps {facts['steps']}",
            f"Ready after a fault was healed: median {ready['median']} s, p99 {ready['p99']} s, "
            f"at most {ready['most']} s (virtual)",
            f"CPU of a seed: median {cpu['median']} s, p99 {cpu['p99']} s",
            "Faults that fired:",
            *(f"  {count:6}  {name}" for name, count in facts["faults"].items()),
            f"Violations: {facts['violations']}",
            *(f"  {each}" for each in facts["shortfalls"]),
            f"Hash of all traces: {facts['trace_hash']}",
        ]
        return "\n".join(lines) + "\n"


def _spread(figures: list[float]) -> dict[str, float]:
    if not figures:
        return {"median": 0.0, "p99": 0.0, "most": 0.0}
    ordered = sorted(figures)
    return {
        "median": round(statistics.median(ordered), 3),
        "p99": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 3),
        "most": round(ordered[-1], 3),
    }

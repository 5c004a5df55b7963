"""One simulated day: a market, a gateway, Kelpie, its owner, and what befalls them.

Everything is drawn from the seed: first the plan (when the owner does what, what goes wrong and
when), then, step by step, the interleaving. A world is used once. What must never be is looked at
between the steps (`rehearsal.invariants`); what was promised for quiet times, at quiet times.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVarTuple

from actors import names
from actors.messages import ReconcileNow
from rehearsal.faults import FAULTS, Fault
from rehearsal.faults.fault import READY_WITHIN
from rehearsal.gateway import Gateway
from rehearsal.habits import drawn_for, terms_for
from rehearsal.invariants import PREFIX, Invariants, Violation
from rehearsal.kelpie import Kelpie
from rehearsal.owner import Owner
from rehearsal.seasons import BEFORE, beginning
from runtime.virtual_loop import Host, Lane, VirtualLoop
from runtime.virtual_network import Network
from simulators.scenarios.rules import UNSCRIPTED

_Ts = TypeVarTuple("_Ts")

PORT = 4002
#: Shares trade from about 10:00 to 16:00; the day of the rehearsal is a little longer.
DAY_SECONDS = 6.5 * 3600
#: Nothing goes wrong any more so long before the end: then all must have come right.
CALM_SECONDS = 1800.0
_QUIET_BEAT, _BRISK_BEAT, _LIVELY_BEAT = 30.0, 20.0, 0.5
_QUIET_MARKET, _LIVELY_MARKET = 40.0, 12.0
_LIVELY_SECONDS = 12.0
#: So long before the owner acts the quotes begin to be fresh.
_LIVELY_BEFORE = 5.0
_OTHER_TRIES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is to happen in one day, and of what kind."""

    orders: int = 32
    """How often the owner acts: mostly an order."""
    at_least: int = 20
    """Orders of ours at the broker at the end of each day."""
    faults: int = 7
    only: tuple[str, ...] = ()
    """Faults by name; all of them where this is empty."""
    asx_hours: bool = True
    brisk: bool = False
    """Quotes and account are told more often in quiet hours, too: dearer to compute."""
    seconds: float = DAY_SECONDS
    """Of one day; nothing begins in the first 25 minutes nor in the last 30."""


@dataclass(slots=True)
class Outcome:
    """What a day came to."""

    seed: int
    trace: str
    virtual_seconds: float
    steps: int
    orders: int
    executions: int
    frames: int
    faults: dict[str, int]
    violations: list[str]
    starts: int
    story: list[str] = field(default_factory=list)
    """What happened, line by line, in virtual seconds."""
    ready_after: list[float] = field(default_factory=list)
    """Virtual seconds from each healed fault to ready again."""


class World:
    """Built from a seed and a folder that is its disk."""

    def __init__(self, seed: int, folder: Path, plan: Plan | None = None, days: int = 1) -> None:
        self.seed = seed
        self.plan = plan or Plan()
        self.days = days
        self.chance = random.Random(f"world {seed}")
        self.loop = VirtualLoop(seed)
        asyncio.set_event_loop(self.loop)
        self.network = Network(self.loop, seed)
        begins = beginning(seed, self.chance)
        self.epoch = begins.at
        self.story: list[str] = []
        self.fired: Counter[str] = Counter()
        self.ready_after: list[float] = []
        self._lively_until = 0.0
        self._last_strike = 0.0
        self._at_work = 0
        """Faults that are not healed."""
        self.gateway = Gateway(
            self.loop,
            self.network,
            folder / "gateway",
            self.epoch,
            seed=seed,
            port=PORT,
            asx_hours=self.plan.asx_hours and not begins.change,
            habits=drawn_for(seed),
            scenario=UNSCRIPTED,
            beat_seconds=self._beat_seconds,
            brisk=self.plan.brisk,
        )
        self.kelpie = Kelpie(self.loop, self.network, folder / "kelpie", self.epoch, PORT, seed)
        self.kelpie.given.update(terms_for(seed))
        self.lane = Lane(self.loop, Host("fate"), "fate")
        self.context = self.lane.context()
        self.owner = Owner(self, random.Random(f"owner {seed}"))
        self.invariants = Invariants(self)
        self.network.on_bytes = self.invariants.on_bytes
        self.network.on_arrival = self.invariants.on_arrival
        self.kelpie.on_put, self.kelpie.on_lost = self.invariants.on_put, self.invariants.on_lost
        self.loop.between_steps = self.invariants.between_steps
        if begins.change:
            self.at(BEFORE.total_seconds(), self._change_time, begins.change)

    # -- the course of things --------------------------------------------------------------

    def run(self) -> Outcome:
        """Live through it; what was violated is in the outcome, nothing is raised."""
        violations: list[str] = []
        try:
            self.gateway.boot()
            self.kelpie.boot()
            for day in range(self.days):
                self._plan_day(day * 86_400.0)
                self.loop.run_until(day * 86_400.0 + self.plan.seconds)
                self.invariants.at_rest()
        except Violation as found:
            violations.append(str(found))
            self.story.append(f"VIOLATION {found}")
        violations += self.invariants.complaints()
        outcome = self._outcome(violations)
        self._end()
        return outcome

    def tell(self, line: str) -> None:
        """Write a line of the story, and make it part of the trace."""
        self.loop.note(line.encode())
        self.story.append(f"{self.loop.time():12.6f}  {line}")

    def at(self, when: float, call: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Have something happen at a moment, by nobody's hand."""
        self.loop.call_at(when, call, *args, context=self.context)

    def in_(self, seconds: float, call: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Have something happen so much later."""
        self.at(self.loop.time() + seconds, call, *args)

    def reconcile(self) -> None:
        """The owner asks for a comparison now."""
        self.kelpie.tell(names.resync(names.IB), ReconcileNow("the owner"))

    def be_lively(self, seconds: float = _LIVELY_SECONDS) -> None:
        """For a while the market and its quotes are as quick as they really are."""
        self._lively_until = max(self._lively_until, self.loop.time() + seconds)
        self.gateway.broker.exchange.slow_down(_LIVELY_MARKET)
        self.gateway.hurry()

    # -- inside ----------------------------------------------------------------------------

    def _beat_seconds(self) -> float:
        if self.loop.time() < self._lively_until:
            return _LIVELY_BEAT
        self.gateway.broker.exchange.slow_down(_QUIET_MARKET)
        return _BRISK_BEAT if self.plan.brisk else _QUIET_BEAT

    def _plan_day(self, start: float) -> None:
        first, last = start + 1500.0, start + self.plan.seconds - CALM_SECONDS
        self._last_strike = last
        times = sorted(self.chance.uniform(first, last) for _ in range(self.plan.orders))
        for when in times:
            self.at(when - _LIVELY_BEFORE, self.be_lively)
            self.at(when, self.owner.act)
        self.at(last + READY_WITHIN, self._top_up, self.orders_placed() + self.plan.at_least)
        for _ in range(self.plan.faults):
            # Half of them fall on an order that is just under way.
            near = self.chance.random() < 0.5
            moment = self.chance.choice(times) + self.chance.uniform(-0.5, 2.0) if near else None
            when = moment if moment is not None else self.chance.uniform(first, last)
            self.at(when, self._strike, self._draw())

    def _draw(self) -> Fault:
        known = [FAULTS[name] for name in self.plan.only] or list(FAULTS.values())
        return self.chance.choices(known, [fault.weight for fault in known])[0]

    def _top_up(self, wanted: int) -> None:
        """A day on which much was refused gets its orders all the same, while all is well."""
        if self.orders_placed() < wanted:
            self.be_lively()
            self.in_(_LIVELY_BEFORE, self.owner.order)
            self.in_(2 * _LIVELY_BEFORE, self._top_up, wanted)

    def orders_placed(self) -> int:
        """How many orders of ours the broker has in its file."""
        orders = self.gateway.broker.orders()
        return sum(order.request.order_ref.startswith(PREFIX) for order in orders)

    def _change_time(self, name: str) -> None:
        self.tell(name)
        self.fired[name] += 1

    def _strike(self, fault: Fault) -> None:
        heal = fault.strike(self)
        for _ in range(_OTHER_TRIES):
            if heal is not None:
                break
            # There was nothing to hit: something else goes wrong instead.
            fault = self._draw()
            heal = fault.strike(self)
        if heal is None:
            return
        self._at_work += 1
        self.invariants.struck(fault)
        self.be_lively()
        seconds, mend = heal
        self.tell(f"fault {fault.name} for {seconds:.3f} s")
        self.in_(seconds, self._mend, fault, mend)

    def _mend(self, fault: Fault, mend: Callable[[], object]) -> None:
        came_to_something = mend() is not False
        if came_to_something:
            self.fired[fault.name] += 1
        self.be_lively()
        self.tell(f"healed {fault.name}")
        self._at_work -= 1
        if not came_to_something and self.loop.time() < self._last_strike:
            self._strike(self._draw())
        if not self._at_work:
            self.invariants.healed(fault)

    def _outcome(self, violations: list[str]) -> Outcome:
        broker = self.gateway.broker
        return Outcome(
            seed=self.seed,
            trace=self.loop.trace,
            virtual_seconds=self.loop.time(),
            steps=self.loop.steps,
            orders=self.orders_placed(),
            executions=len(broker.executions()),
            frames=self.invariants.frames,
            faults=dict(self.fired),
            violations=violations,
            starts=self.kelpie.starts,
            story=self.story,
            ready_after=self.ready_after,
        )

    def _end(self) -> None:
        self.loop.between_steps = None
        self.network.on_bytes = self.network.on_arrival = None
        self.invariants.close()
        self.kelpie.close()
        self.gateway.close()
        self.loop.close()

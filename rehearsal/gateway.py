"""The simulated gateway as a process of the virtual world, with the broker that never forgets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from domain.symbols import Symbol
from runtime.virtual import VirtualClock
from runtime.virtual_loop import Host, Lane, VirtualLoop
from runtime.virtual_network import Network
from simulators.broker import SimulatedBroker, open_broker
from simulators.habits import Habits
from simulators.listings import LISTINGS
from simulators.scenarios.rules import UNSCRIPTED, Scenario
from simulators.scenarios.stage import Stage
from simulators.tws.data_habits import DataHabits
from simulators.tws.server import GatewayServer
from simulators.tws.wire_log import WireLog

#: What is listed: a market costs time to compute, whether or not anybody trades there.
LISTED = (Symbol("BHP", "AUD"), Symbol("VAS", "AUD"), Symbol("AUD", "USD"))
T = TypeVar("T")

#: Eighty figures every three minutes would be a third of all messages.
_DATA = DataHabits(account_update_seconds=1800.0)


class Gateway:
    """One gateway on one port. The broker behind it lives on when the gateway is stopped."""

    def __init__(
        self,
        loop: VirtualLoop,
        network: Network,
        folder: Path,
        epoch: datetime,
        *,
        seed: int,
        port: int,
        asx_hours: bool,
        habits: Habits | None = None,
        scenario: Scenario = UNSCRIPTED,
        beat_seconds: Callable[[], float] = lambda: 5.0,
        brisk: bool = False,
        listed: Collection[Symbol] = LISTED,
    ) -> None:
        self.clock = VirtualClock(loop, epoch)
        """The wall clock of its machine; the exchange and IB's servers have one of their own."""
        self.port = port
        self.starts = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.log = WireLog(folder / "wire.jsonl", self.clock)
        self.broker: SimulatedBroker = open_broker(
            folder,
            VirtualClock(loop, epoch),
            seed=seed,
            asx_hours=asx_hours,
            habits=habits,
            listings=[each for each in LISTINGS if each.instrument.symbol in listed],
        )
        self.host = Host("gateway 0")
        self.host.alive = False
        self._loop = loop
        self._network = network
        self._scenario = scenario
        self._beat_seconds = beat_seconds
        self._brisk = brisk

    @property
    def alive(self) -> bool:
        """It runs, and listens."""
        return self.host.alive

    def boot(self) -> None:
        """Start it; it listens a moment later."""
        self.starts += 1
        self.host = Host(f"gateway {self.starts}")
        self.server = GatewayServer(
            self.broker,
            self.clock,
            self.log,
            scenario=self._scenario,
            data_habits=DataHabits() if self._brisk else _DATA,
            beat_seconds=self._beat_seconds,
        )
        self._lane = Lane(self._loop, self.host, self.host.name)
        self._loop.create_task(self.server.start(port=self.port), context=self._lane.context())

    def inside(self, call: Callable[..., T], *args: Any) -> T:
        """Have it do something itself: the timers that this arms end with its process."""
        return self._lane.context().run(call, *args)

    def hurry(self) -> None:
        """What `beat_seconds` says now counts from now on."""
        if self.alive:
            self.inside(self.server.hurry)

    @property
    def stage(self) -> Stage:
        """Where it is told what to do wrong; another one after each start."""
        return self.server.played

    def kill(self) -> None:
        """It is gone from one moment to the next; its broker works on."""
        if self.alive:
            self.host.alive = False
            self._network.kill(self.host)
            self.log.note(0, None, "killed")

    def close(self) -> None:
        """The end of the world: the books are closed."""
        self.kill()
        self.broker.close()
        self.log.close()

"""The supervisor of a venue: when its link is lost the chain starts anew, by the circuit's rule."""

from __future__ import annotations

from typing import Any

from actors import names
from actors.base import on
from actors.child import Child, ChildRecord, Intensity, Strategy
from actors.lanes import Exit, ExitKind, State
from actors.messages import (
    Alert,
    CircuitChanged,
    DataFlows,
    DataTrouble,
    Introduce,
    LinkDown,
    NotReconciled,
    Reconciled,
    ReconcileNow,
    RenewLink,
    VenueExposed,
)
from actors.outlook import Outlook
from actors.seat import Seat
from actors.supervision import Supervisor
from actors.system import ActorSystem
from domain.backoff import Backoff
from domain.circuit import Circuit, CircuitState
from domain.maintenance import Schedule
from domain.outage import NEEDS_PERSON

LINK_BACKOFF = Backoff(first=1.0, ceiling=60.0, reset_after=30.0, floor=0.1)
EXPOSED_CEILING = 15.0
RESTART_CEILING = 5.0
PERSON_SECONDS = 60.0
DATA_RENEWAL_REST = 3600.0
"""Seconds between two links that are made anew because instruments were silent."""
_SILENCES = ("DATA_SILENT", "BARS_SILENT")
_RENEW_WITHIN = 30.0
_LOOK_EVERY = 10.0


class VenueSupervisor(Supervisor):
    """rest_for_one: what depends on the link restarts with the link.

    A lost link is no crash: it never counts towards intensity and never escalates. The wait is
    full jitter from 1 s to 60 s, at most 15 s while anything is open or working there, at most
    5 s while the gateway restarts as announced, and a steady minute where only a person can mend
    it. The circuit never delays a reconnect; it only tells the desk.
    """

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        children: tuple[Child, ...],
        backoff: Backoff = LINK_BACKOFF,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(
            system,
            seat,
            strategy=Strategy.REST_FOR_ONE,
            children=children,
            intensity=Intensity(crashes=5, seconds=60.0),
        )
        self.venue = venue
        self._link_backoff = backoff
        self._losses = 0
        self._exposed = False
        self._ready_since: float | None = None
        self._circuit = Circuit()
        self._down: LinkDown | None = None
        self._outlook = Outlook(venue, schedule or Schedule(), self._alert)
        self._renewed_for_data: float | None = None
        """When the link was last made anew because instruments were silent, monotonic."""
        self._alerts: dict[str, Alert] = {}
        """Those that stand, as last said."""

    def on_start(self) -> None:
        """Begin anew: whatever the circuit was before, the desk is told what it is now."""
        super().on_start()
        self.tell(names.DESK, CircuitChanged(self.venue, self._circuit.state.value, ""))
        self._outlook.down("NOT_CONNECTED", "It is not connected yet.", self.clock.now())
        self.after(_LOOK_EVERY, "outlook")

    def describe(self) -> State:
        """The children, the link's failures in a row, and the circuit."""
        circuit = self._circuit.at(self.clock.monotonic())
        state: dict[str, Any] = dict(super().describe())
        state["link_failures_in_a_row"] = self._losses
        state["exposed"] = self._exposed
        state["circuit"] = {
            "state": circuit.state.value,
            "failures": circuit.failures,
            "cause": circuit.cause,
        }
        state["health"] = self._outlook.health(self.clock.now()).value
        state["alerts"] = list(self._outlook.standing())
        return state

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        if self._is_over(message.epoch):
            return
        now = self.clock.monotonic()
        self._down = None
        if self._ready_since is None:
            self._ready_since = now
        self._tell_circuit(self._circuit.at(now).succeeded(now))
        self._outlook.up(self.clock.now())

    @on(NotReconciled)
    def _not_reconciled(self, message: NotReconciled) -> None:
        """The link stands; the desk knows that nothing may be sent."""
        if self._is_over(message.epoch):
            return
        self._ready_since = None
        self._outlook.down(message.cause, message.sentence, self.clock.now())

    def _is_over(self, epoch: int) -> bool:
        """That link is lost: the end of a child overtakes what was said before it."""
        return self._down is not None and epoch <= self._down.epoch

    @on(VenueExposed)
    def _exposure(self, message: VenueExposed) -> None:
        self._exposed = message.exposed

    def delay_for(self, record: ChildRecord, exit: Exit) -> float:
        """The link's own rule for a lost link, the child's for a crash."""
        if exit.kind is not ExitKind.LINK_LOST:
            return super().delay_for(record, exit)
        if exit.cause in NEEDS_PERSON:
            return PERSON_SECONDS
        ceiling = EXPOSED_CEILING if self._exposed else None
        if self._outlook.restarting(self.clock.now()):
            ceiling = RESTART_CEILING
        return self._link_backoff.delay(self._losses, self.runtime.chance.random(), ceiling)

    def child_ended(self, child: str, exit: Exit) -> None:
        """Before the wait is reckoned: a streak ends after a healthy stretch of *ready*."""
        if exit.kind is not ExitKind.LINK_LOST:
            return
        now = self.clock.monotonic()
        ready, self._ready_since = self._ready_since, None
        if ready is not None and now - ready >= self._link_backoff.reset_after:
            self._losses = 0
        self._losses += 1
        # A restart that was announced is no failure of the venue.
        if ready is None and not self._outlook.restarting(self.clock.now()):
            self._tell_circuit(self._circuit.at(now).failed(now, exit.cause))

    def noticed(self, child: str, exit: Exit, delay: float | None) -> None:
        """Tell the desk that there is no link, why, and when it is tried again."""
        if child != names.connection(self.venue):
            return
        again = f"next try in {delay:.1f} s" if delay is not None else "no further try"
        sentence = exit.sentence or exit.cause
        sentence = self._outlook.down(exit.cause, sentence, self.clock.now())
        self.log.info("No link to {}: {} ({}; {}).", self.venue, sentence, exit.cause, again)
        epoch = self.system.seat(child).incarnation
        self._down = LinkDown(self.venue, epoch, exit.cause, sentence, delay)
        for name in (names.DESK, names.NARRATOR):
            self.tell(name, self._down)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        if self._down is not None:
            self.tell(message.seat, self._down)
        state = self._circuit.at(self.clock.monotonic()).state.value
        self.tell(message.seat, CircuitChanged(self.venue, state, self._circuit.cause))
        for alert in self._alerts.values():
            self.tell(message.seat, alert)

    @on(DataTrouble)
    def _data_trouble(self, message: DataTrouble) -> None:
        """Silent in spite of asking: first the link is made anew, then a person hears of it."""
        now = self.clock.monotonic()
        before = self._renewed_for_data
        if message.code in _SILENCES and (before is None or now - before >= DATA_RENEWAL_REST):
            self._renewed_for_data = now
            renew = RenewLink(now + _RENEW_WITHIN, message.epoch, message.code, message.sentence)
            self.tell(names.connection(self.venue), renew)
            return
        wall = self.clock.now()
        self._outlook.trouble(message.code, message.symbol, message.sentence, message.cure, wall)

    @on(DataFlows)
    def _data_flows(self, message: DataFlows) -> None:
        self._outlook.flows(message.symbol)

    def _alert(self, alert: Alert) -> None:
        if alert.stands:
            self._alerts[alert.code] = alert
        else:
            self._alerts.pop(alert.code, None)
        level = alert.level.upper()
        self.log.bind(event="alert").log(
            level, "{} {} [{}]", alert.sentence, alert.cure, alert.code
        )
        for name in (names.DESK, names.NARRATOR):
            self.tell(name, alert)

    def on_timer(self, name: str) -> None:
        """The circuit's wait is over, or one of the children's."""
        if name == "outlook":
            self._outlook.look(self.clock.now())
            self.after(_LOOK_EVERY, "outlook")
        elif name == "circuit":
            self._tell_circuit(self._circuit.at(self.clock.monotonic()))
        else:
            super().on_timer(name)

    def _tell_circuit(self, circuit: Circuit) -> None:
        before, self._circuit = self._circuit, circuit
        if circuit.state is CircuitState.OPEN:
            self.after(circuit.open_until - self.clock.monotonic(), "circuit")
        if circuit.state is before.state:
            return
        if circuit.state is CircuitState.HALF_OPEN:
            # The probe: one complete read of all lists. Without a link its opening is the probe.
            self.tell(names.resync(self.venue), ReconcileNow("the circuit"))
        sentence = f"{circuit.failures} failures in a row, last {circuit.cause}"
        if circuit.state is CircuitState.CLOSED:
            sentence = "the link is sound again"
        self.log.info("The circuit of {} is {}: {}.", self.venue, circuit.state.value, sentence)
        self.tell(names.DESK, CircuitChanged(self.venue, circuit.state.value, sentence))

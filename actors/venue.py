"""The supervisor of a venue: when its link is lost the chain starts anew, by the circuit's rule."""

from __future__ import annotations

from typing import Any

from actors import names
from actors.base import on
from actors.child import Child, ChildRecord, Intensity, Strategy
from actors.circuit import NO_REASON, CircuitKeeper, setting_of
from actors.lanes import Exit, ExitKind, State
from actors.messages import (
    Alert,
    AlertsBegin,
    BookLoaded,
    CircuitChanged,
    DataFlows,
    DataTrouble,
    ForceCircuit,
    Introduce,
    LinkDown,
    LoadBook,
    NotReconciled,
    Reconciled,
    ReconcileNow,
    RecordSetting,
    RenewLink,
    VenueExposed,
)
from actors.outlook import Outlook
from actors.seat import Seat
from actors.supervision import Supervisor
from actors.system import ActorSystem
from domain.backoff import Backoff
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
        self._was_ready = False
        """This link has been reconciled, and nothing was said against it since."""
        self._circuit = CircuitKeeper(
            venue,
            say=self._tell_circuit,
            probe=lambda: self._ask_resync("the circuit"),
            arm=lambda seconds: self.after(seconds, "circuit"),
            anew=seat.incarnation > 1,
        )
        self._down: LinkDown | None = None
        self._outlook = Outlook(venue, schedule or Schedule(), self._alert)
        self._renewed_for_data: float | None = None
        """When the link was last made anew because instruments were silent, monotonic."""
        self._alerts: dict[str, Alert] = {}
        """Those that stand, as last said."""

    def on_start(self) -> None:
        """Begin anew: what was said before is void, and the book knows what a person wants."""
        super().on_start()
        self.tell(names.DESK, AlertsBegin(self.venue))
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        self._outlook.down("NOT_CONNECTED", "It is not connected yet.", self.clock.now())
        self.after(_LOOK_EVERY, "outlook")

    def describe(self) -> State:
        """The children, the link's failures in a row, and the circuit."""
        state: dict[str, Any] = dict(super().describe())
        state["link_failures_in_a_row"] = self._losses
        state["exposed"] = self._exposed
        state["circuit"] = self._circuit.describe(self.clock.monotonic())
        state["health"] = self._outlook.health(self.clock.now()).value
        state["alerts"] = list(self._outlook.standing())
        return state

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        if self._is_over(message.epoch):
            return
        now = self.clock.monotonic()
        self._down = None
        self._was_ready = True
        if self._ready_since is None:
            self._ready_since = now
        self._circuit.succeeded(now)
        self._outlook.up(self.clock.now())

    @on(NotReconciled)
    def _not_reconciled(self, message: NotReconciled) -> None:
        """The link stands; the desk knows that nothing may be sent."""
        if self._is_over(message.epoch):
            return
        self._ready_since, self._was_ready = None, False
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
        now = self.clock.monotonic()
        ready, self._ready_since = self._ready_since, None
        if exit.kind is not ExitKind.LINK_LOST:
            return
        if ready is not None and now - ready >= self._link_backoff.reset_after:
            self._losses = 0
        self._losses += 1
        was_ready, self._was_ready = self._was_ready, False
        # A restart that was announced is no failure of the venue.
        if not was_ready and not self._outlook.restarting(self.clock.now()):
            self._circuit.failed(now, exit.cause)

    def well_since(self, record: ChildRecord) -> float | None:
        """Alive is not well: only while the venue was reconciled."""
        since, ready = super().well_since(record), self._ready_since
        return None if since is None or ready is None else max(since, ready)

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
        for name in (names.DESK, names.NARRATOR, names.STARTS, names.LIVE_GATE):
            self.tell(name, self._down)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        if self._down is not None:
            self.tell(message.seat, self._down)
        circuit = self._circuit.changed(self.clock.monotonic())
        if circuit is not None:
            self.tell(message.seat, circuit)
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
        for name in names.HEAR_ALERTS:
            self.tell(name, alert)

    def on_timer(self, name: str) -> None:
        """The circuit's wait is over, or one of the children's."""
        if name == "outlook":
            self._outlook.look(self.clock.now())
            self.after(_LOOK_EVERY, "outlook")
        elif name == "circuit":
            self._circuit.look(self.clock.monotonic())
        else:
            super().on_timer(name)

    # -- the circuit ---------------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        forced = dict(message.settings).get(setting_of(self.venue), "")
        self._circuit.book_says(forced, self.clock.monotonic())

    @on(ForceCircuit)
    def _force_circuit(self, message: ForceCircuit) -> None:
        now, reason = self.clock.monotonic(), message.reason or NO_REASON
        if message.open:
            self._circuit.force(reason, now)
        else:
            self._circuit.release(now)
        kept = reason if message.open else ""
        self.tell(names.LEDGER, RecordSetting(setting_of(self.venue), kept, message.who, reason))

    def _ask_resync(self, who: str) -> None:
        self.tell(names.resync(self.venue), ReconcileNow(who))

    def _tell_circuit(self, changed: CircuitChanged) -> None:
        self.log.info("The circuit of {} is {}: {}.", self.venue, changed.state, changed.sentence)
        self.tell(names.DESK, changed)

"""The supervisor of those who trade: what keeps crashing is parked, and a person hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from actors import names
from actors.child import Child, Strategy
from actors.messages import Alert, RecordSetting, SetPaused
from actors.seat import Seat
from actors.supervision import Supervisor
from actors.system import ActorSystem

_CODE = "SEATS_PARKED"
_CURE = "The log says why. Mend it, then `POST /actors/NAME/restart` starts it again."
_PAUSED_CURE = "No position is opened until then: `kelpie resume`, once it runs again."


class TradingSupervisor(Supervisor):
    """one_for_one. A rule that keeps crashing must never take the desk with it.

    Without the plan monitor nobody ends a position by its plan, so none is opened: while it is
    parked new entries are paused, durably; stops at the venue stand. A person ends both.
    """

    def __init__(
        self, system: ActorSystem, seat: Seat, *, children: tuple[Child, ...], venues: Sequence[str]
    ) -> None:
        super().__init__(system, seat, strategy=Strategy.ONE_FOR_ONE, children=children)
        self._venues = tuple(venues)
        self._since = self.clock.now()
        self._told = 0

    def child_started(self, child: str) -> None:
        """A desk that begins anew has missed what stands."""
        if child == names.DESK and self._parked():
            self._tell((names.DESK,), stands=True)

    def child_parked(self, child: str, cause: str) -> None:
        """Say it once; for the plan monitor hold entries as well."""
        if cause and child == names.PLAN_MONITOR:
            self._pause(f"{child} is parked: {cause}")
        if cause and not self._told:
            self._since = self.clock.now()
        stands = bool(self._parked())
        self._told = self._told + 1 if stands else 0
        self._tell(names.HEAR_ALERTS, stands=stands)

    def _parked(self) -> list[str]:
        return [f"{name} ({r.seat.parked})" for name, r in self._records.items() if r.seat.parked]

    def _pause(self, reason: str) -> None:
        # To both: the desk may be between two incarnations, and reads the book when it begins.
        who = self.seat.name
        self.tell(names.LEDGER, RecordSetting("paused", reason, who, reason))
        self.tell(names.DESK, SetPaused(True, who, reason))

    def _tell(self, readers: Sequence[str], *, stands: bool) -> None:
        monitor = self._records.get(names.PLAN_MONITOR)
        grave = monitor is not None and bool(monitor.seat.parked)
        sentence = f"Parked after too many crashes: {'; '.join(self._parked())}."
        cure = f"{_CURE} {_PAUSED_CURE}" if grave else _CURE
        level = "error" if grave else "warning"
        if not stands:
            sentence, cure, level = "No seat of trading is parked any more.", "", "info"
        self.log.bind(event="alert").log(level.upper(), "{} {} [{}]", sentence, cure, _CODE)
        for venue in self._venues:
            alert = Alert(
                venue,
                level,
                _CODE,
                sentence,
                cure,
                self._since,
                told=max(self._told, 1),
                stands=stands,
                by=self.seat.name,
            )
            for name in readers:
                self.tell(name, alert)

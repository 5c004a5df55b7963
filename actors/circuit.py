"""The circuit of a venue, kept by its supervisor: who is told of it, and when it is looked at."""

from __future__ import annotations

from collections.abc import Callable

from actors.lanes import State
from actors.messages import CircuitChanged
from domain.circuit import Circuit, CircuitState

NO_REASON = "no reason given"


def setting_of(venue: str) -> str:
    """The ledger's switch by which a person holds it open over restarts: why, or empty."""
    return f"circuit.{venue}"


class CircuitKeeper:
    """Tells each change, once it knows from the book whether a person holds the circuit open.

    Times are monotonic seconds. `say` tells of it, `probe` has the venue read, `arm` has `look`
    called after so many seconds.
    """

    def __init__(
        self,
        venue: str,
        *,
        say: Callable[[CircuitChanged], None],
        probe: Callable[[], None],
        arm: Callable[[float], None],
        anew: bool,
    ) -> None:
        self.venue = venue
        self._say = say
        self._probe = probe
        self._arm = arm
        # Whoever begins anew does not know what it was: it takes a read to close it.
        self._circuit = Circuit(CircuitState.HALF_OPEN if anew else CircuitState.CLOSED)
        self._told: CircuitState | None = None
        self._book_read = False

    def failed(self, now: float, cause: str) -> None:
        """The link failed."""
        self._become(self._circuit.at(now).failed(now, cause), now)

    def succeeded(self, now: float) -> None:
        """The venue's lists were read to their ends, and compared."""
        self._become(self._circuit.succeeded(), now)

    def look(self, now: float) -> None:
        """Its time may be over."""
        self._become(self._circuit.at(now), now)

    def book_says(self, forced: str, now: float) -> None:
        """What the ledger keeps of a person's word; from now on others are told."""
        if not self._book_read:
            self._book_read = True
            self._become(self._circuit.force(forced) if forced else self._circuit, now)

    def force(self, why: str, now: float) -> None:
        """A person holds it open."""
        self._book_read = True
        self._become(self._circuit.at(now).force(why or NO_REASON), now)

    def release(self, now: float) -> None:
        """A person lets go of it."""
        self._book_read = True
        self._become(self._circuit.at(now).release(), now)

    def changed(self, now: float) -> CircuitChanged | None:
        """How it stands, for somebody new; None while the book has not been read."""
        circuit = self._circuit.at(now)
        if not self._book_read:
            return None
        return CircuitChanged(self.venue, circuit.shown.value, self._sentence(circuit))

    def describe(self, now: float) -> State:
        """The state, its cause, and when it is tried."""
        circuit = self._circuit.at(now)
        is_open = circuit.state is CircuitState.OPEN
        return {
            "state": circuit.shown.value,
            "beneath": circuit.state.value,
            "failures": circuit.failures,
            "cause": circuit.cause,
            "forced": circuit.forced,
            "next_probe_in_seconds": round(circuit.open_until - now, 1) if is_open else None,
        }

    def _become(self, circuit: Circuit, now: float) -> None:
        before, self._circuit = self._circuit, circuit
        if circuit.state is CircuitState.OPEN:
            self._arm(circuit.open_until - now)
        if circuit.state is CircuitState.HALF_OPEN and before.state is not CircuitState.HALF_OPEN:
            # The probe: one complete read of all lists. Without a link its opening is the probe.
            self._probe()
        if not self._book_read or circuit.shown is self._told:
            return
        self._told = circuit.shown
        self._say(CircuitChanged(self.venue, circuit.shown.value, self._sentence(circuit)))

    @staticmethod
    def _sentence(circuit: Circuit) -> str:
        if circuit.forced:
            return f"held open by a person: {circuit.forced}"
        if circuit.state is CircuitState.CLOSED:
            return "the link is sound"
        if not circuit.cause:
            return "its supervisor began anew; the next complete read closes it"
        return f"{circuit.failures} failures in a row, last {circuit.cause}"

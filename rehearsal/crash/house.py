"""One book and one gateway, through all their kills, and what the two say at the end.

The broker's own file judges, and the gateway's record of the wire: after each kill while Kelpie
is dead, after each start once it is ready, and at the end when nothing is on its way any more.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from adapters.book import BookError
from adapters.store.backup import backups_of
from adapters.store.verification import verify
from rehearsal.crash import plan
from rehearsal.crash.bare import connect_bare
from rehearsal.crash.checker import Fault, Violation, at_any_instant, at_rest, in_doubt, soon
from rehearsal.crash.load import Load, Owner
from rehearsal.crash.old_book import NEW_SCHEMA, OLD_SCHEMA, lay_down_an_old_book, schema_of
from rehearsal.crash.plan import Kill, Victim
from rehearsal.crash.processes import Life, Place, Process, wait_for
from rehearsal.crash.records import LedgerRecord, read_broker, read_ledger, wire_is_quiet
from runtime.crash_points import CrashPoint

#: What the circuit adds to a start after the gateway's return: three tries while it was gone
#: open it for so long. The waits between two tries, 15 s at most, lie within that.
_CIRCUIT_SECONDS = 30.0
#: One that is not ready after so long never will be.
_NEVER_SECONDS = 120.0
#: What was filled while Kelpie was dead must be in the book so soon after it is ready.
_SOON_SECONDS = 10.0
#: What is in doubt is proven by two rounds 10 s apart, begun 30 s after the send.
_REST_SECONDS = 90.0
_POINT_SECONDS = 60.0
_STOP_SECONDS = 12.0
#: A bare client connects instead of Kelpie once in so many kills, to be timed beside it.
_BARE_EVERY = 8
#: A gateway has read the last bytes of a dead client long before.
_QUIET_SECONDS = 2.0


@dataclass(slots=True)
class Outcome:
    """What one house went through."""

    number: int
    kills: Counter[str] = field(default_factory=Counter)
    ready_after_kill: list[float] = field(default_factory=list)
    """Seconds from the start of the process to its readiness."""
    ready_after_gateway: list[float] = field(default_factory=list)
    """Seconds from the gateway's return to readiness."""
    bare: list[float] = field(default_factory=list)
    """Seconds from the start of an interpreter to `connectAsync` of the library alone."""
    violations: list[Violation] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    fills: int = 0
    not_sent: int = 0
    """Orders that never came to the broker, provably."""
    seconds: float = 0.0


class Keeper:
    """Runs one house: every kill leaves the gateway running and Kelpie dead.

    `ready_seconds` is the longest that a start may take until it may trade. `over`, once set,
    ends the house after the kill in hand, and nothing is compared.
    """

    def __init__(
        self, house: plan.House, folder: Path, ready_seconds: float, over: threading.Event
    ) -> None:
        self._house = house
        self._ready_seconds = ready_seconds
        self._over = over
        self._place = Place(folder, house.seed % 1_000_000)
        self._owner = Owner(
            house.seed,
            f"http://127.0.0.1:{self._place.hook_port}",
            self._place.state / "hook.token",
        )
        self._load: Load | None = None
        self._owned = False
        """A start has come so far that the book is whole, with its owner in it."""
        self.outcome = Outcome(house.number)

    def run(self) -> Outcome:
        """All its kills, then rest, and the comparison of both sides.

        Raises:
            Failed: the rehearsal itself could not go on.
        """
        begun = time.monotonic()
        try:
            self._place.start_gateway()
            if any(plan.of_migration(kill.point) for kill in self._house.kills):
                lay_down_an_old_book(self._place.book)
            for index, kill in enumerate(self._house.kills):
                if self._over.is_set():
                    return self.outcome
                self._go_through(kill)
                if index % _BARE_EVERY == 0:
                    self.outcome.bare.append(connect_bare(self._place.ib_port, self._place.folder))
            self._come_to_rest()
        finally:
            self._place.close()
            self._end_load()
            self.outcome.answers = self._owner.answers
            self.outcome.seconds = time.monotonic() - begun
        return self.outcome

    # -- one kill ------------------------------------------------------------------------

    def _go_through(self, kill: Kill) -> None:
        armed = kill.point if kill.victim is Victim.KELPIE else None
        process = self._place.start_kelpie(armed, self._passing(kill))
        if plan.of_migration(kill.point):
            self._until_stopped(kill, process)
        elif kill.starting:
            time.sleep(kill.after)
        elif self._until_ready(kill, process):
            self._load = Load(self._owner)
            if kill.point is not None and kill.victim is Victim.KELPIE:
                self._until_stopped(kill, process)
            else:
                time.sleep(kill.after)
        if kill.victim is Victim.BACKUP:
            self._lose_backup(kill)
        elif kill.victim is not Victim.KELPIE:
            self._lose_gateway(kill, process)
        self._kill_kelpie()
        self.outcome.kills[kill.name] += 1
        wait_for(lambda: wire_is_quiet(self._place.sim), _QUIET_SECONDS)
        self._check_the_dead(kill)

    def _passing(self, kill: Kill) -> int:
        """What the lists of the start repeat is passed by: it is to be killed at news."""
        if kill.point not in plan.TOLD_AGAIN:
            return kill.passing
        known = read_broker(self._place.sim)
        return kill.passing + 2 * len(known.orders) + len(known.trades)

    def _until_ready(self, kill: Kill, process: Process) -> bool:
        """Whether it came to be ready; one that is armed may stop before."""
        ready = self._place.ready
        wait_for(lambda: process.life() is not Life.RUNNING or ready(), _NEVER_SECONDS)
        taken = time.monotonic() - process.started
        life = process.life()
        if life is Life.STOPPED:
            return False
        if life is Life.ENDED or taken > self._ready_seconds:
            said = f"{life} after {taken:.1f} s: {process.last_words()}"
            self._fault(Fault.NOT_READY, kill.name, said)
        if life is Life.ENDED or taken > _NEVER_SECONDS:
            return False
        if self.outcome.kills:
            self.outcome.ready_after_kill.append(taken)
        self._owned = True
        self._books_agree(process)
        return True

    def _until_stopped(self, kill: Kill, process: Process) -> None:
        def stopped() -> bool:
            return process.life() is not Life.RUNNING

        wait_for(stopped, _POINT_SECONDS, 0.005)
        life, reached = process.life(), self._place.reached()
        if (life, reached) != (Life.STOPPED, kill.point):
            said = f"{life}, not stopped there within {_POINT_SECONDS:g} s: {process.last_words()}"
            self._fault(Fault.ENDED, kill.name, said)

    def _lose_gateway(self, kill: Kill, process: Process) -> None:
        """Kill it, alone or with Kelpie, and see both come to terms again."""
        assert self._place.gateway is not None
        self._place.gateway.kill()
        if kill.victim is Victim.BOTH:
            self._kill_kelpie()
        else:
            wait_for(lambda: not self._place.ready(), 5.0)
        back = self._place.start_gateway()
        if kill.victim is Victim.BOTH:
            process = self._place.start_kelpie()
        wait_for(self._place.ready, _NEVER_SECONDS)
        taken = time.monotonic() - back
        self.outcome.ready_after_gateway.append(taken)
        if taken > self._ready_seconds + _CIRCUIT_SECONDS:
            self._fault(Fault.NOT_READY, kill.name, f"{taken:.1f} s after its return")
        self._books_agree(process)

    def _lose_backup(self, kill: Kill) -> None:
        """Kill the program that copies the book, beside a Kelpie that goes on."""
        assert kill.point is not None
        process = self._place.start_backup(kill.point, kill.passing)
        self._until_stopped(kill, process)
        process.kill()

    def _kill_kelpie(self) -> None:
        process = self._place.kelpie
        assert process is not None
        ended = process.life() is Life.ENDED
        status = process.kill()
        self._end_load()
        if ended:
            self._fault(Fault.ENDED, "kelpie", f"by itself, {status}: {process.last_words()}")

    # -- the comparison ------------------------------------------------------------------

    def _check_the_dead(self, kill: Kill) -> None:
        """What the kill left behind, before anything is started on it."""
        if plan.of_migration(kill.point):
            self._check_schema(kill)
        if self._owned:
            for path in (self._place.book, *backups_of(self._place.book).glob("ledger-*.db")):
                try:
                    verify(path)
                except BookError as error:
                    self._fault(Fault.DAMAGED, path.name, f"{error} [{error.code}]")
        self._check(at_any_instant(read_broker(self._place.sim), read_ledger(self._place.book)))

    def _check_schema(self, kill: Kill) -> None:
        """The old schema or the new one, never between."""
        wanted = NEW_SCHEMA if kill.point is CrashPoint.MIGRATION_COMMITTED else OLD_SCHEMA
        found = schema_of(self._place.book)
        if found != wanted:
            self._fault(Fault.STATE, kill.name, f"the book has schema {found}, not {wanted}")

    def _books_agree(self, process: Process) -> None:
        """All that the broker had on file when it came up is in the book soon."""
        broker = read_broker(self._place.sim)
        left: list[Violation] = []

        def agree() -> bool:
            left[:] = soon(broker, read_ledger(self._place.book))
            return not left or process.life() is not Life.RUNNING

        if not wait_for(agree, _SOON_SECONDS):
            self._check(left)

    def _come_to_rest(self) -> None:
        """Nothing is asked for any more; what is open stays open, what is in doubt is proven."""
        process = self._place.start_kelpie()
        if self._until_ready(Kill(), process):
            self._owner.ask_again()
        left: list[Violation] = []

        def rest() -> bool:
            left[:] = self._compared()
            return not left

        wait_for(rest, _REST_SECONDS, 1.0)
        self._check(left)
        status = process.terminate(_STOP_SECONDS)
        if status != 0:
            self._fault(Fault.ENDED, "kelpie", f"asked to stop, it ended with {status}")
        ledger = read_ledger(self._place.book)
        self._check(at_any_instant(read_broker(self._place.sim), ledger))
        self._count(ledger)

    def _compared(self) -> list[Violation]:
        """Both sides as they are now; what moved between the two reads agrees the next time."""
        ledger = read_ledger(self._place.book)
        doubts = in_doubt(ledger)
        if doubts:
            return [Violation(Fault.UNKNOWN, name, "its fate is not proven") for name in doubts]
        return at_rest(read_broker(self._place.sim), ledger)

    def _count(self, ledger: LedgerRecord) -> None:
        self.outcome.orders = len(ledger.orders)
        self.outcome.fills = len(ledger.trades)
        states = Counter(order.state for order in ledger.orders.values())
        self.outcome.not_sent = states["NOT_SENT"]

    def _check(self, violations: list[Violation]) -> None:
        known = set(self.outcome.violations)
        self.outcome.violations.extend(each for each in violations if each not in known)

    def _fault(self, fault: Fault, subject: str, sentence: str) -> None:
        self._check([Violation(fault, subject, sentence)])

    def _end_load(self) -> None:
        if self._load is not None:
            load, self._load = self._load, None
            load.stop()

"""Every wait and every limit of supervision to the millisecond, on virtual time.

A step of the virtual world takes a microsecond: what is due at a time is done within the
millisecond after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.base import Actor, on
from actors.child import Child, Intensity, OnStreak, Strategy
from actors.lanes import Exit, ExitKind
from actors.messages import (
    BookLoaded,
    CircuitChanged,
    LoadBook,
    Reconciled,
    VenueExposed,
)
from actors.seat import Seat
from actors.starts import Starts
from actors.supervision import RootSupervisor
from actors.system import ActorSystem
from actors.venue import VenueSupervisor
from adapters.starts import StartsFile
from domain.backoff import Backoff
from runtime.virtual import VirtualClock, VirtualRuntime
from runtime.virtual_loop import Host, VirtualLoop
from tests.actors.conftest import Crash, End, FullChance

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
CRASH = Crash(ValueError("a bug"))
LOST = End(Exit(ExitKind.LINK_LOST, "GONE", "the link is gone"))
PATIENT = Intensity(crashes=1000, seconds=60.0)


class World:
    """One tree on virtual time, and when each of its actors started and stopped."""

    def __init__(self) -> None:
        self.loop = VirtualLoop(7)
        clock = VirtualClock(self.loop, EPOCH)
        self.runtime = VirtualRuntime(self.loop, Host("a machine"), clock, 7)
        self.runtime.chance = FullChance()
        self.system = ActorSystem(self.runtime)
        self.story: list[tuple[float, str]] = []

    def note(self, what: str) -> None:
        self.story.append((round(self.loop.time(), 3), what))

    def times(self, what: str) -> list[float]:
        return [at for at, each in self.story if each == what]

    def plant(self, *children: Child, **how: Any) -> None:
        how.setdefault("strategy", Strategy.ONE_FOR_ONE)
        how.setdefault("intensity", PATIENT)
        self.system.fill(
            self.system.seat("root"),
            lambda system, seat: RootSupervisor(system, seat, children=children, **how),
        )
        self.run_until(0.0)

    def run_until(self, when: float) -> None:
        self.loop.run_until(when)

    def tell(self, name: str, message: Any) -> None:
        self.system.tell(name, message)

    def tell_at(self, when: float, name: str, message: Any) -> None:
        self.run_until(when)
        self.tell(name, message)

    @property
    def ended(self) -> int | None:
        return self.system.wait_for_end(0.0)


class Noted(Actor):
    """Notes its starts and stops, and crashes so many seconds after each start, if told to."""

    def __init__(
        self, system: ActorSystem, seat: Seat, world: World, crash_after: float | None
    ) -> None:
        super().__init__(system, seat)
        self._world = world
        self._crash_after = crash_after

    def on_start(self) -> None:
        self._world.note(f"{self.seat.name} starts")
        if self._crash_after is not None:
            self.after(self._crash_after, "crash")

    def on_stop(self) -> None:
        self._world.note(f"{self.seat.name} stops")

    def on_timer(self, name: str) -> None:
        raise ValueError("as it was told")

    @on(Crash)
    def _crash_asked(self, message: Crash) -> None:
        raise message.error

    @on(End)
    def _end_asked(self, message: End) -> None:
        self.end(message.exit)


@pytest.fixture
def world() -> Iterator[World]:
    built = World()
    yield built
    built.loop.close()


def noted(world: World, name: str, crash_after: float | None = None, **spec: Any) -> Child:
    return Child(name, lambda system, seat: Noted(system, seat, world, crash_after), **spec)


def sums(waits: Sequence[float], each: float = 0.0) -> list[float]:
    """When it starts: at once, and so long after each of its lives."""
    at = [0.0]
    for wait in waits:
        at.append(round(at[-1] + each + wait, 3))
    return at


# -- waits, rates and streaks --------------------------------------------------------------


def test_the_usual_waits_double_from_a_fifth_of_a_second_to_half_a_minute(world: World) -> None:
    world.plant(noted(world, "a", crash_after=1.0, longest_streak=None))
    world.run_until(200.0)
    waits = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    assert world.times("a starts")[:11] == sums(waits, each=1.0)


@pytest.mark.parametrize(("lives", "wait_after_the_second"), [(29.999, 0.4), (30.0, 0.2)])
def test_half_a_minute_well_ends_the_row(
    world: World, lives: float, wait_after_the_second: float
) -> None:
    world.plant(noted(world, "a", crash_after=lives))
    world.run_until(100.0)
    assert world.times("a starts")[:3] == sums([0.2, wait_after_the_second], each=lives)


@pytest.mark.parametrize(("sixth", "code"), [(60.0, 70), (60.001, None)])
def test_more_than_five_crashes_in_sixty_seconds_are_not_borne(
    world: World, sixth: float, code: int | None
) -> None:
    quick = Backoff(first=0.1, ceiling=0.1, reset_after=5.0)
    world.plant(noted(world, "a", backoff=quick), intensity=Intensity())
    for at in (0.0, 12.0, 24.0, 36.0, 48.0, sixth):
        assert world.ended is None
        world.tell_at(at, "a", CRASH)
    world.run_until(sixth + 1.0)
    assert world.ended == code


def test_more_than_ten_in_a_row_are_not_borne_however_slow(world: World) -> None:
    slow = Backoff(first=30.0, ceiling=30.0, reset_after=30.0)
    world.plant(noted(world, "a", crash_after=29.0, backoff=slow), intensity=Intensity())
    starts = sums([30.0] * 10, each=29.0)
    world.run_until(starts[-1] + 28.999)
    assert (world.times("a starts"), world.ended) == (starts, None)
    world.run_until(starts[-1] + 29.001)
    assert world.ended == 70


def test_what_would_be_parked_is_parked_at_the_eleventh_and_never_tried_again(
    world: World,
) -> None:
    slow = Backoff(first=30.0, ceiling=30.0, reset_after=30.0)
    rule = noted(world, "rule", crash_after=29.0, backoff=slow, on_streak=OnStreak.PARK)
    world.plant(rule, noted(world, "a"), intensity=Intensity())
    world.run_until(86_400.0)
    assert len(world.times("rule starts")) == 11
    assert (world.times("a starts"), world.times("a stops"), world.ended) == ([0.0], [], None)
    assert "more than 10 times in a row" in world.system.seat("rule").parked


def test_the_root_bears_three_crashes_in_ten_minutes(world: World) -> None:
    """As `supervisor.root` has it."""
    world.plant(noted(world, "a"), intensity=Intensity(crashes=3, seconds=600.0))
    for at in (0.0, 200.0, 400.0, 600.001):
        world.tell_at(at, "a", CRASH)
    world.run_until(700.0)
    assert world.ended is None
    world.tell_at(799.0, "a", CRASH)
    world.run_until(800.0)
    assert world.ended == 70


# -- groups --------------------------------------------------------------------------------


def test_one_for_all_stops_at_once_and_starts_together_after_the_wait(world: World) -> None:
    slow = Backoff(first=7.0, ceiling=7.0, reset_after=30.0)
    children = (noted(world, "a"), noted(world, "b", backoff=slow), noted(world, "c"))
    world.plant(*children, strategy=Strategy.ONE_FOR_ALL)
    world.tell_at(10.0, "b", CRASH)
    world.run_until(100.0)
    assert world.story == [
        *((0.0, f"{name} starts") for name in "abc"),
        *((10.0, f"{name} stops") for name in "bca"),
        *((17.0, f"{name} starts") for name in "abc"),
    ]


def test_one_that_does_not_stop_is_left_behind_after_its_five_seconds(world: World) -> None:
    children = (noted(world, "a"), noted(world, "b"), noted(world, "c"))
    world.plant(*children, strategy=Strategy.ONE_FOR_ALL)
    world.run_until(10.0)
    world.runtime.seats["b#1"].stall()
    world.tell("a", CRASH)
    world.run_until(100.0)
    assert world.story[3:] == [
        (10.0, "a stops"),
        (10.0, "c stops"),
        *((15.0, f"{name} starts") for name in "abc"),
    ]


def test_a_start_that_is_not_acknowledged_is_given_up_after_ten_seconds(world: World) -> None:
    class Hangs(Noted):
        """Its first incarnation never says that it is there."""

        def acknowledge_start(self) -> None:
            if self.incarnation > 1:
                super().acknowledge_start()

    world.plant(Child("a", lambda system, seat: Hangs(system, seat, world, None)))
    world.run_until(60.0)
    assert world.times("a starts") == [0.0, 10.2]


# -- a venue -------------------------------------------------------------------------------


class Desk(Noted):
    """Notes what the venue says of its link and its circuit."""

    def on_receive(self, message: Any) -> Any:
        """Alerts and the like are not looked at here."""
        if isinstance(message, CircuitChanged):
            self._world.note(f"circuit {message.state}")


class Ledger(Noted):
    """An empty book."""

    @on(LoadBook)
    def _load(self, message: LoadBook) -> None:
        self.tell(message.reply_to, BookLoaded((), (), ()))


CONNECTION, RESYNC = names.connection(names.IB), names.resync(names.IB)


def venue(world: World, *more: Child) -> None:
    """A venue with its connection; the other seats only note."""
    link = noted(world, CONNECTION)

    def build(system: ActorSystem, seat: Seat) -> Actor:
        return VenueSupervisor(system, seat, venue=names.IB, children=(link, *more))

    def seated(kind: type[Noted], name: str) -> Child:
        return Child(name, lambda system, seat: kind(system, seat, world, None))

    world.system.seat(RESYNC).mailbox.close()
    world.system.seat(names.NARRATOR).mailbox.close()
    world.plant(seated(Ledger, names.LEDGER), seated(Desk, names.DESK), Child(names.IB, build))


def reconciled(world: World) -> Reconciled:
    epoch = world.system.seat(CONNECTION).incarnation
    return Reconciled(names.IB, epoch, EPOCH, (), (), (), 0)


def lose_at_once(world: World, until: float) -> None:
    """Whenever there is a link it is lost, from now on."""
    while world.loop.time() < until:
        starts = len(world.times(f"{CONNECTION} starts"))
        world.tell(CONNECTION, LOST)
        world.loop.run_until(
            until,
            lambda n=starts: len(world.times(f"{CONNECTION} starts")) > n,  # type: ignore[misc]
        )


@pytest.mark.parametrize(
    ("exposed", "waits"),
    [
        (False, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]),
        (True, [1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0]),
    ],
)
def test_a_lost_link_is_tried_again_after_one_second_up_to_a_minute(
    world: World, exposed: bool, waits: list[float]
) -> None:
    venue(world)
    world.tell(names.IB, VenueExposed(names.IB, exposed))
    world.run_until(0.0)
    lose_at_once(world, sum(waits) + 0.5)
    assert world.times(f"{CONNECTION} starts")[: len(waits) + 1] == sums(waits)
    assert world.ended is None


def test_the_circuit_opens_at_the_third_failure_for_thirty_seconds_and_doubles_to_ten_minutes(
    world: World,
) -> None:
    venue(world)
    lose_at_once(world, 4000.0)
    story = [(at, what) for at, what in world.story if what.startswith("circuit")][1:]
    opened = [at for at, what in story if what == "circuit open"]
    halved = [at for at, what in story if what == "circuit half-open"]
    assert opened[0] == 3.0, "lost at 0, at 1 and at 3"
    lasted = [round(end - begin, 3) for begin, end in zip(opened, halved, strict=False)]
    assert lasted[:7] == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]


@pytest.mark.parametrize(("ready", "gives_up"), [(True, False), (False, True)])
def test_alive_is_not_well_only_a_reconciled_venue_ends_a_streak(
    world: World, ready: bool, gives_up: bool
) -> None:
    orders = noted(world, names.orders(names.IB), crash_after=40.0)
    venue(world, orders)
    while world.loop.time() < 1000.0:
        world.run_until(world.loop.time() + 2.0)
        if ready:
            world.tell(names.IB, reconciled(world))
    gave_up = world.system.seat(names.IB).last_exit
    assert (gave_up is not None and gave_up.kind is ExitKind.GAVE_UP) is gives_up


@pytest.mark.parametrize("reconciled_after", [0.0, 10.0, 29.999])
def test_a_link_reconciled_while_it_is_open_closes_it_there_and_then(
    world: World, reconciled_after: float
) -> None:
    venue(world)
    lose_at_once(world, 3.0)
    world.tell(CONNECTION, LOST)
    world.run_until(7.001)  # the fourth link stands
    assert world.times("circuit open") == [3.0]
    if reconciled_after > 4.0:
        world.run_until(3.0 + reconciled_after)
    world.tell(names.IB, reconciled(world))
    world.run_until(600.0)
    assert world.times("circuit closed")[1:] == pytest.approx([max(7.001, 3.0 + reconciled_after)])
    assert world.times("circuit half-open") == []


# -- the start that lived ------------------------------------------------------------------


def test_a_start_has_lived_sixty_seconds_after_it_was_reconciled(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "starts.json"

    def starts(system: ActorSystem, seat: Seat) -> Actor:
        return Starts(
            system,
            seat,
            file=StartsFile(path),
            start_id="1",
            venues=(names.IB,),
            safe_mode_after=5,
            readers=(),
        )

    for name in (RESYNC, names.NARRATOR):
        world.system.seat(name).mailbox.close()
    world.plant(Child(names.STARTS, starts))

    def lived() -> bool:
        return bool(json.loads(path.read_text())["starts"][0]["lived"])

    world.tell_at(100.0, names.STARTS, Reconciled(names.IB, 1, EPOCH, (), (), (), 0))
    world.tell_at(130.0, names.STARTS, Reconciled(names.IB, 1, EPOCH, (), (), (), 0))
    world.run_until(159.999)
    assert not lived()
    world.run_until(160.001)
    assert lived()

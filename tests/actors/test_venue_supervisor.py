"""The supervisor of a venue: a lost link, its waits, and the circuit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors import names
from actors.base import on
from actors.child import Child, Strategy
from actors.lanes import Exit, ExitKind, Stop
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
    Reconciled,
    ReconcileNow,
    RecordSetting,
    RenewLink,
    VenueExposed,
)
from actors.outlook import Outlook
from actors.supervision import RootSupervisor
from actors.system import ActorSystem
from actors.venue import VenueSupervisor
from domain.maintenance import Recurrence, Schedule, WindowKind
from domain.outage import NEEDS_PERSON
from domain.symbols import Symbol
from runtime.clocks import WarpClock
from runtime.threads import ThreadRuntime
from tests.actors.conftest import (
    LIMIT,
    PATIENT,
    SHORT,
    Crash,
    Diary,
    End,
    FullChance,
    Recorder,
    recorder,
)
from tests.actors.rest import settle

LOST = End(Exit(ExitKind.LINK_LOST, "GONE", "the link is gone"))
CONNECTION, ORDERS = names.connection(names.IB), names.orders(names.IB)
RECONCILED = Reconciled(
    venue=names.IB,
    epoch=1,
    at=datetime(2026, 1, 5, tzinfo=UTC),
    held=(),
    mismatches=(),
    in_doubt=(),
    foreign_orders=0,
)


class Desk(Recorder):
    """Hears what the venue says."""

    alerts: list[Alert]

    @on(LinkDown)
    def _down(self, message: LinkDown) -> None:
        self.diary.add("desk", f"{message.cause} {message.next_try_seconds}")

    @on(Alert)
    def _alert(self, message: Alert) -> None:
        self.alerts.append(message)
        told = message.told if message.stands else "over"
        self.diary.add("desk", f"alert {message.code} {told}")

    @on(AlertsBegin)
    def _alerts_begin(self, message: AlertsBegin) -> None:
        self.diary.add("desk", "alerts begin")

    @on(CircuitChanged)
    def _circuit(self, message: CircuitChanged) -> None:
        self.diary.add("desk", f"circuit {message.state}")


class Ledger(Recorder):
    """Says what the book keeps of a person's switches."""

    settings: dict[str, str]

    @on(LoadBook)
    def _load(self, message: LoadBook) -> None:
        self.tell(message.reply_to, BookLoaded((), (), tuple(self.settings.items())))

    @on(RecordSetting)
    def _setting(self, message: RecordSetting) -> None:
        self.settings[message.key] = message.value
        self.diary.add("ledger", f"{message.key} = {message.value!r} by {message.who}")


class Link(Recorder):
    """Hears that it is to be made anew."""

    @on(RenewLink)
    def _renew(self, message: RenewLink) -> None:
        self.diary.add(self.seat.name, f"renew {message.cause}")


class Venue:
    """A venue with a connection and orders, and the desk that hears of it."""

    def __init__(
        self,
        schedule: Schedule | None = None,
        clock: WarpClock | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.diary, self.clock = Diary(), clock or WarpClock()
        self.runtime = ThreadRuntime(self.clock)
        self.runtime.chance = FullChance()
        self.system = ActorSystem(self.runtime)
        self.losses = 0
        self.alerts: list[Alert] = []
        kind = type("Desk", (Desk,), {"alerts": self.alerts})
        children = (recorder(self.diary, CONNECTION, Link), recorder(self.diary, ORDERS))
        self.settings = settings if settings is not None else {}
        book = type("Ledger", (Ledger,), {"settings": self.settings})
        self.system.fill(
            self.system.seat(names.LEDGER), lambda system, seat: book(system, seat, self.diary)
        )
        self.system.fill(
            self.system.seat(names.DESK), lambda system, seat: kind(system, seat, self.diary)
        )
        self.system.seat(names.NARRATOR).mailbox.close()
        child = Child(
            names.IB,
            lambda system, seat: VenueSupervisor(
                system, seat, venue=names.IB, children=children, schedule=schedule
            ),
            backoff=SHORT,
        )
        self.system.fill(
            self.system.seat(names.ROOT),
            lambda system, seat: RootSupervisor(
                system, seat, strategy=Strategy.ONE_FOR_ONE, children=(child,), intensity=PATIENT
            ),
        )
        circuit = "forced-open" if self.settings else "closed"
        self.diary.wait_for("desk", f"circuit {circuit}")

    def tell(self, message: Any) -> None:
        if message is RECONCILED:
            message = replace(message, epoch=self.system.seat(CONNECTION).incarnation)
        self.system.tell(names.IB, message)
        self.system.inspect(names.IB).get(timeout=LIMIT)

    def state(self) -> dict[str, Any]:
        state = self.system.inspect(names.IB).get(timeout=LIMIT)
        assert isinstance(state, dict)
        return state

    def lose(self, wait: float) -> None:
        """Lose the link; the next try must be after so many seconds, and is made then."""
        self.losses += 1
        self.diary.wait_for(ORDERS, "start", times=self.losses)
        before = self.diary.entries.count(("desk", f"GONE {wait}"))
        self.system.tell(CONNECTION, LOST)
        self.diary.wait_for("desk", f"GONE {wait}", times=before + 1)
        self.leap(wait)
        self.diary.wait_for(ORDERS, "start", times=self.losses + 1)

    def leap(self, seconds: float) -> None:
        """Let so much time go by once all have come to rest, and have all handled what is due."""
        settle(self.system)
        self.clock.leap(seconds)
        settle(self.system)

    def circuits(self) -> list[str]:
        heard = [what for who, what in self.diary.entries if who == "desk"]
        states = [what.removeprefix("circuit ") for what in heard if what.startswith("circuit")]
        return states[1:]  # the first is what it tells at its start

    def close(self) -> None:
        self.tell_stop()
        for thread in self.runtime.threads():
            thread.join(LIMIT)
        self.runtime.close()

    def tell_stop(self) -> None:
        for name in (names.ROOT, names.DESK, names.LEDGER):
            self.system.tell(name, Stop())


@pytest.fixture
def venue() -> Iterator[Venue]:
    built = Venue()
    yield built
    built.close()


def test_waits_grow_to_a_minute_and_the_link_never_escalates(venue: Venue) -> None:
    for wait in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0):
        venue.lose(wait)
    state = venue.state()
    assert state["crashes_in_window"] == 0
    assert state["link_failures_in_a_row"] == 9
    assert venue.diary.of("start").count(ORDERS) == 10, "what depends on the link restarts with it"


def test_waits_are_a_quarter_of_a_minute_at_most_while_something_is_open(venue: Venue) -> None:
    venue.tell(VenueExposed(names.IB, True))
    for wait in (1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
        venue.lose(wait)
    venue.tell(VenueExposed(names.IB, False))
    venue.lose(60.0)


def test_a_healthy_stretch_of_ready_ends_the_streak_and_a_short_one_does_not(
    venue: Venue,
) -> None:
    venue.lose(1.0)
    venue.lose(2.0)
    venue.tell(RECONCILED)
    venue.leap(20.0)
    venue.lose(4.0)
    venue.leap(3600.0)  # connected all that time, and never ready
    venue.lose(8.0)
    venue.tell(RECONCILED)
    venue.leap(30.1)
    venue.lose(1.0)
    venue.lose(2.0)


def test_the_third_failure_in_a_row_opens_the_circuit_and_a_reconciliation_closes_it(
    venue: Venue,
) -> None:
    venue.lose(1.0)
    venue.lose(2.0)
    venue.state()
    assert venue.circuits() == []
    venue.lose(4.0)
    venue.diary.wait_for("desk", "circuit open")
    venue.leap(31.0)
    venue.diary.wait_for("desk", "circuit half-open")
    venue.tell(RECONCILED)
    venue.diary.wait_for("desk", "circuit closed", times=2)
    assert venue.circuits() == ["open", "half-open", "closed"]


def test_a_link_that_stands_reconciled_closes_the_circuit_at_once(venue: Venue) -> None:
    for wait in (1.0, 2.0, 4.0):
        venue.lose(wait)
    venue.diary.wait_for("desk", "circuit open")
    venue.tell(RECONCILED)
    venue.diary.wait_for("desk", "circuit closed", times=2)
    venue.leap(31.0)
    assert venue.state()["circuit"]["state"] == "closed"
    assert venue.circuits() == ["open", "closed"]


# -- held open by a person -----------------------------------------------------------------


def hold(open: bool, reason: str = "a trial") -> ForceCircuit:
    return ForceCircuit(open, "me", reason)


def test_a_person_holds_it_open_and_it_is_written_down(venue: Venue) -> None:
    venue.tell(hold(True))
    venue.diary.wait_for("desk", "circuit forced-open")
    venue.diary.wait_for("ledger", "circuit.ib = 'a trial' by me")
    venue.tell(RECONCILED)
    assert venue.state()["circuit"]["state"] == "forced-open", "no read closes it"
    venue.leap(86_400.0)
    assert venue.state()["circuit"]["state"] == "forced-open", "nor does time"
    venue.tell(hold(False))
    venue.diary.wait_for("desk", "circuit closed", times=2)
    venue.diary.wait_for("ledger", "circuit.ib = '' by me")
    assert venue.circuits() == ["forced-open", "closed"]


def test_released_it_is_what_the_venue_has_made_of_it_meanwhile(venue: Venue) -> None:
    venue.tell(hold(True))
    for wait in (1.0, 2.0, 4.0):
        venue.lose(wait)
    assert venue.circuits() == ["forced-open"]
    venue.diary.wait_for(ORDERS, "start", times=4)
    assert venue.state()["circuit"]["beneath"] == "open"
    venue.tell(hold(False))
    venue.diary.wait_for("desk", "circuit open")


def test_it_never_delays_a_reconnect(venue: Venue) -> None:
    venue.tell(hold(True))
    venue.diary.wait_for("desk", "circuit forced-open")
    for wait in (1.0, 2.0, 4.0):
        venue.lose(wait)


def test_it_is_kept_over_restarts_of_the_process() -> None:
    venue = Venue(settings={"circuit.ib": "since yesterday"})
    try:
        venue.diary.wait_for("desk", "circuit forced-open")
        venue.tell(RECONCILED)
        assert venue.state()["circuit"]["forced"] == "since yesterday"
        assert ("desk", "circuit closed") not in venue.diary.entries
    finally:
        venue.close()


def restart_the_supervisor(venue: Venue) -> None:
    """Its handler crashes, and its own supervisor starts it again."""
    starts = venue.diary.of("start").count(ORDERS)
    venue.system.tell(names.IB, Crash(ValueError("a bug")))
    venue.diary.wait_for("desk", "alerts begin", times=2)
    venue.diary.wait_for(ORDERS, "start", times=starts + 1)


def test_a_supervisor_that_begins_anew_keeps_it_held_open(venue: Venue) -> None:
    venue.tell(hold(True))
    venue.diary.wait_for("ledger", "circuit.ib = 'a trial' by me")
    restart_the_supervisor(venue)
    venue.diary.wait_for("desk", "circuit forced-open", times=2)
    venue.tell(RECONCILED)
    state = venue.state()["circuit"]
    assert (state["state"], state["beneath"]) == ("forced-open", "closed")
    assert venue.circuits() == ["forced-open", "forced-open"], "never closed in between"


def test_a_supervisor_that_begins_anew_needs_a_read_to_close_it(venue: Venue) -> None:
    for wait in (1.0, 2.0, 4.0):
        venue.lose(wait)
    venue.diary.wait_for("desk", "circuit open")
    restart_the_supervisor(venue)
    venue.diary.wait_for("desk", "circuit half-open")
    assert venue.circuits() == ["open", "half-open"], "never closed in between"
    venue.tell(RECONCILED)
    venue.diary.wait_for("desk", "circuit closed", times=2)


class Resync(Recorder):
    """Hears when it is to compare."""

    @on(ReconcileNow)
    def _now(self, message: ReconcileNow) -> None:
        self.diary.add("resync", message.who)


def test_a_half_open_circuit_asks_for_its_probe(venue: Venue) -> None:
    name = names.resync(names.IB)
    venue.system.fill(
        venue.system.seat(name), lambda system, seat: Resync(system, seat, venue.diary)
    )
    for wait in (1.0, 2.0, 4.0):
        venue.lose(wait)
    venue.diary.wait_for("desk", "circuit open")
    assert ("resync", "the circuit") not in venue.diary.entries
    venue.leap(31.0)
    venue.diary.wait_for("resync", "the circuit")
    venue.system.tell(name, Stop())


def test_a_failed_probe_opens_the_circuit_for_longer(venue: Venue) -> None:
    for wait in (1.0, 2.0, 4.0):
        venue.lose(wait)
    venue.leap(31.0)
    venue.diary.wait_for("desk", "circuit half-open")
    venue.lose(8.0)
    venue.diary.wait_for("desk", "circuit open", times=2)
    venue.leap(45.0)
    assert venue.state()["circuit"]["state"] == "open"
    venue.leap(10.0)
    venue.diary.wait_for("desk", "circuit half-open", times=2)


def test_a_link_that_was_ready_before_it_was_lost_is_no_failure_of_the_venue(
    venue: Venue,
) -> None:
    for wait in (1.0, 2.0, 4.0, 8.0):
        venue.tell(RECONCILED)
        venue.lose(wait)
    for wait in (16.0, 32.0):  # with the one before, which does not count, it would be three
        venue.lose(wait)
    assert venue.state()["circuit"]["state"] == "closed"
    assert venue.circuits() == []
    venue.lose(60.0)
    venue.diary.wait_for("desk", "circuit open")


def test_a_crash_is_no_lost_link(venue: Venue) -> None:
    venue.diary.wait_for(ORDERS, "start")
    venue.system.tell(CONNECTION, Crash(ValueError("a bug")))
    venue.diary.wait_for(ORDERS, "start", times=2)
    state = venue.state()
    assert (state["crashes_in_window"], state["link_failures_in_a_row"]) == (1, 0)


def test_what_was_said_of_a_lost_link_does_not_make_the_venue_well(venue: Venue) -> None:
    venue.lose(1.0)
    venue.diary.wait_for(ORDERS, "start", times=2)
    venue.system.tell(CONNECTION, LOST)
    venue.diary.wait_for("desk", "GONE 2.0")
    lost = replace(RECONCILED, epoch=venue.system.seat(CONNECTION).incarnation)
    venue.system.tell(names.IB, lost)
    venue.leap(1.0)
    state = venue.state()
    assert state["health"] == "amber", "the link is down"
    venue.tell(Introduce(names.DESK))
    venue.diary.wait_for("desk", "GONE 2.0", times=2)


def test_a_seat_that_starts_late_is_told_how_things_stand(venue: Venue) -> None:
    venue.lose(1.0)
    venue.tell(Introduce(names.DESK))
    venue.diary.wait_for("desk", "GONE 1.0", times=2)
    venue.diary.wait_for("desk", "circuit closed")
    venue.tell(RECONCILED)
    venue.tell(Introduce(names.DESK))
    venue.diary.wait_for("desk", "circuit closed", times=2)
    assert venue.diary.entries.count(("desk", "GONE 1.0")) == 2, "the link is up again"


# -- announced windows, outages that last, instruments without data -------------------------


def around(clock: WarpClock, kind: WindowKind, begins: timedelta, lasts: timedelta) -> Schedule:
    """A schedule with one window a day, by the clock's own time."""
    at = (clock.now() + begins).replace(microsecond=0)
    return Schedule((Recurrence(kind, at.time(), (at + lasts).time(), UTC),), UTC)


@pytest.fixture
def restarting() -> Iterator[Venue]:
    """Its gateway restarts, as announced, from a minute ago on for an hour."""
    clock = WarpClock()
    schedule = around(clock, WindowKind.RESTART, -timedelta(minutes=1), timedelta(hours=1))
    built = Venue(schedule, clock)
    yield built
    built.close()


def alerts(venue: Venue, code: str = "VENUE_DOWN") -> list[str]:
    heard = [what for who, what in venue.diary.entries if who == "desk"]
    return [w.removeprefix(f"alert {code} ") for w in heard if w.startswith(f"alert {code} ")]


def test_in_an_announced_restart_the_waits_are_short_and_the_circuit_stays_closed(
    restarting: Venue,
) -> None:
    for wait in (1.0, 2.0, 4.0, 5.0, 5.0, 5.0):
        restarting.lose(wait)
    assert restarting.circuits() == []
    assert restarting.state()["health"] == "amber"
    assert alerts(restarting) == []


def test_pain_19_after_the_window_the_outage_is_red_with_its_cause_and_since(
    restarting: Venue,
) -> None:
    restarting.lose(1.0)
    restarting.leap(1800.0)
    assert restarting.state()["health"] == "amber", "as announced"
    restarting.leap(1800.0)
    restarting.diary.wait_for("desk", "alert VENUE_DOWN 1")
    assert restarting.state()["health"] == "red"
    alert = restarting.alerts[-1]
    assert alert.level == "error" and alert.stands
    assert "(60 min): the link is gone" in alert.sentence, alert.sentence


def test_pain_19_an_outage_of_26_hours_is_told_and_told_again_and_nothing_gives_up(
    venue: Venue,
) -> None:
    venue.lose(1.0)
    # Red after a minute; then after 15 min, an hour, and every four hours.
    waits = [60.0, 900.0, 3600.0, *[4 * 3600.0] * 6]
    for number, wait in enumerate(waits, start=1):
        venue.leap(wait / 2)
        assert len(alerts(venue)) == number - 1
        venue.leap(wait / 2)
        venue.diary.wait_for("desk", f"alert VENUE_DOWN {number}")
    venue.leap(26 * 3600.0 - sum(waits))
    assert alerts(venue) == [str(n) for n in range(1, 10)]
    assert "(1 min)" in venue.alerts[0].sentence
    assert venue.state()["crashes_in_window"] == 0
    venue.tell(RECONCILED)
    venue.diary.wait_for("desk", "alert VENUE_DOWN over")
    assert "26 h" in venue.alerts[-1].sentence
    assert venue.state()["alerts"] == []


@pytest.mark.parametrize("cause", sorted(NEEDS_PERSON))
def test_what_only_a_person_can_mend_is_tried_slowly_and_told_at_once(
    venue: Venue, cause: str
) -> None:
    venue.diary.wait_for(ORDERS, "start")
    venue.system.tell(CONNECTION, End(Exit(ExitKind.LINK_LOST, cause, "not this account")))
    venue.diary.wait_for("desk", f"{cause} 60.0")
    venue.diary.wait_for("desk", "alert VENUE_DOWN 1")
    assert venue.state()["health"] == "red"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(WindowKind.LOGIN, "LOGIN_ENDS"), (WindowKind.RESTART, "ANNOUNCED_WINDOW")],
)
def test_a_window_is_announced_ten_minutes_before_it_begins(kind: WindowKind, code: str) -> None:
    clock = WarpClock()
    schedule = around(clock, kind, timedelta(minutes=12), timedelta(minutes=15))
    venue = Venue(schedule, clock)
    try:
        venue.lose(1.0)
        assert alerts(venue, code) == []
        for _ in range(5):
            venue.leap(60.0)
        venue.diary.wait_for("desk", f"alert {code} over")
        told = [each for each in venue.alerts if each.code == code]
        assert len(told) == 1
        assert ("IB Key" in told[0].sentence) is (kind is WindowKind.LOGIN)
    finally:
        venue.close()


def trouble(symbol: str = "BHP/AUD", code: str = "DATA_SILENT") -> DataTrouble:
    return DataTrouble(names.IB, 1, code, Symbol.parse(symbol), f"{symbol} is silent.", "Look.")


def test_pain_3_for_a_silent_instrument_the_link_is_made_anew_once_then_a_person_hears(
    venue: Venue,
) -> None:
    venue.diary.wait_for(ORDERS, "start")
    venue.tell(trouble())
    venue.diary.wait_for(CONNECTION, "renew DATA_SILENT")
    assert alerts(venue, "DATA_SILENT") == []
    venue.leap(600.0)
    venue.tell(trouble())
    venue.tell(trouble("VAS/AUD"))
    venue.diary.wait_for("desk", "alert DATA_SILENT 1")
    assert venue.diary.entries.count((CONNECTION, "renew DATA_SILENT")) == 1
    for symbol in ("BHP/AUD", "VAS/AUD"):
        assert alerts(venue, "DATA_SILENT") == ["1"], "one alert, until both bring quotes"
        venue.tell(DataFlows(names.IB, Symbol.parse(symbol)))
    venue.diary.wait_for("desk", "alert DATA_SILENT over")
    venue.leap(3600.0)
    venue.tell(trouble())
    venue.diary.wait_for(CONNECTION, "renew DATA_SILENT", times=2)


def test_a_refusal_of_data_is_no_reason_to_renew_the_link(venue: Venue) -> None:
    venue.diary.wait_for(ORDERS, "start")
    for symbol in ("BHP/AUD", "VAS/AUD", "AUD/USD"):
        venue.tell(trouble(symbol, "IB10197"))
    venue.diary.wait_for("desk", "alert IB10197 1")
    assert alerts(venue, "IB10197") == ["1"], "one alert for all of them"
    assert (CONNECTION, "renew DATA_SILENT") not in venue.diary.entries


def test_a_login_after_which_the_link_stood_is_blamed_for_nothing() -> None:
    clock = WarpClock()
    schedule = around(clock, WindowKind.LOGIN, timedelta(minutes=-90), timedelta(minutes=60))
    now, said = clock.now(), Outlook("ib", schedule, lambda alert: None)
    assert "IB Key" in said.down("NOT_CONNECTED", "Not yet.", now)
    said.up(now)
    assert "IB Key" not in said.down("PEER_CLOSED", "It closed.", now)

"""The disk is full, locked or gone: facts wait in their order, exits and cancels go, it heals."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from actors import names
from actors.lanes import Command, FactsPileUp, Message
from actors.messages import (
    Alert,
    BookHealth,
    BookLoaded,
    CancelDurable,
    FillRecorded,
    GetOrder,
    GetOrderDetail,
    GetOrders,
    GetSwitch,
    IntentDurable,
    IntentRefused,
    LoadBook,
    OrderRecorded,
    RecordCancel,
    RecordSetting,
    RecordState,
)
from actors.watch import HARD_MARK, SOFT_MARK, Watch
from adapters.book import AuditRow, OrderDetail
from domain.orders import Order, OrderState, Purpose, Side
from tests.actors.company import Company
from tests.actors.conftest import LIMIT
from tests.actors.disk_world import (
    LARGE,
    LEDGER,
    ORDERS,
    READER,
    Disk,
    admitted,
    disk,
    fill,
    filled,
    keeping,
    leaving,
    wanted,
)
from tests.store.material import intent
from tests.tree.waiting import until

__all__ = ["disk"]


def told_of_trouble(company: Company) -> None:
    company.heard.wait_for(BookHealth, lambda health: bool(health.trouble), seat=names.DESK)


def healed(company: Company) -> None:
    told_of_trouble(company)
    company.heard.wait_for(Alert, lambda alert: not alert.stands, seat=names.NARRATOR)


def tried(company: Company, times: int = 1) -> None:
    """Wait until writing has failed so often."""
    limit = time.monotonic() + LIMIT
    while company.state(LEDGER)["tries"] < times:
        assert time.monotonic() < limit, "it is not tried again"


def alerts(company: Company) -> list[tuple[str, bool]]:
    company.drain(names.NARRATOR)
    return [(each.code, each.stands) for each in company.heard.of(Alert, names.NARRATOR)]


def ask(company: Company, message: Message) -> object:
    return company.system.ask(LEDGER, message).get(timeout=LIMIT)


def test_on_a_full_disk_facts_wait_in_their_order_and_it_heals_by_itself(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE, fill("a"), wanted("K-2"), fill("b")) as company:
        told_of_trouble(company)
        # It is tried again and again, and nothing gets in between.
        company.put(LEDGER, fill("c"))
        tried(company, 3)
        assert filled(company) == []
        assert company.heard.of(IntentDurable) == []
        assert ask(company, GetOrders(10)), "reads go on"
        disk.free()
        healed(company)
        assert filled(company) == ["a", "b", "c"]
        company.drain(ORDERS)
        assert len(company.heard.of(IntentDurable)) == 1
        assert company.heard.of(IntentRefused) == [], "it was not written twice"
        assert list(company.system.dead_letters.items()) == []
        assert company.system.seat(LEDGER).incarnation == 1, "no crash, no restart"
        assert alerts(company) == [("BOOK_NOT_WRITABLE", True), ("BOOK_NOT_WRITABLE", False)]
        assert disk.rows("SELECT what FROM audit ORDER BY id") == [
            ("something large",),
            ("outage",),
        ]
        assert [each.trouble for each in company.heard.of(BookHealth)][-1] == ""


def test_a_disk_that_is_full_at_the_start_is_waited_out(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE, LoadBook(ORDERS, 7)) as company:
        told_of_trouble(company)
        # What is on it can be read all the same.
        assert company.heard.wait_for(BookLoaded, seat=ORDERS).ticket == 7
        disk.free()
        healed(company)


def test_a_lock_of_a_moment_is_nobodys_business(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.outage._PATIENCE", LIMIT)
    with keeping(disk) as company:
        company.drain(READER)
        company.state(LEDGER)
        with disk.locked():
            company.put(LEDGER, wanted("K-2"))
            tried(company, 2)
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        assert alerts(company) == []
        assert not any(each.trouble for each in company.heard.of(BookHealth))


def test_a_lock_that_lasts_is_told_and_lets_exits_go(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.outage._PATIENCE", LIMIT)
    with keeping(disk) as company:
        with disk.locked():
            company.put(LEDGER, fill("a"), wanted("K-2"), leaving("X-1"))
            tried(company)
            assert company.heard.of(IntentDurable) == []
            company.leap(LIMIT)
            told_of_trouble(company)
            durable = company.heard.wait_for(IntentDurable, seat=ORDERS)
            assert (durable.order.client_order_id, durable.emergency) == ("X-1", True)
        healed(company)
        durable = company.heard.wait_for(IntentDurable, seat=ORDERS, times=2)
        assert (durable.order.client_order_id, durable.emergency) == ("K-2", False)
        assert filled(company) == ["a"]


def test_with_the_disk_dead_an_exit_leaves_on_the_emergency_file_and_is_booked_once(
    disk: Disk,
) -> None:
    disk.full = True
    with keeping(disk, LARGE, fill("a")) as company:
        told_of_trouble(company)
        # What is tried again meanwhile might find room enough for the exit.
        with disk.locked():
            company.system.tell(LEDGER, leaving("X-1"), correlation="X-1")
            durable = company.heard.wait_for(IntentDurable, seat=ORDERS)
            assert (durable.order.client_order_id, durable.emergency) == ("X-1", True)
            assert company.heard.wait_for(OrderRecorded, seat=READER).order == durable.order
            # The same once more, and one that is in the book already.
            company.put(LEDGER, leaving("X-1"), leaving("K-1"))
            refused = company.heard.wait_for(IntentRefused, seat=names.DESK, times=2)
            assert refused.code == "ORDER_ID_TAKEN"
            sent = RecordState("X-1", OrderState.SENT, venue_order_id="77")
            company.put(LEDGER, sent)
            shown = ask(company, GetOrder("X-1"))
            assert isinstance(shown, Order)
            assert (shown.state, shown.venue_order_id) == (OrderState.SENT, "77")
            assert ask(company, GetOrderDetail("X-1")) is not None
            newest = ask(company, GetOrders(1))
            assert isinstance(newest, tuple)
            assert [each.client_order_id for each in newest] == ["X-1"]
            assert disk.rows("SELECT 1 FROM orders WHERE client_order_id = 'X-1'") == []
        disk.free()
        healed(company)
        assert disk.rows(
            "SELECT state, venue_order_id, correlation FROM orders WHERE client_order_id = 'X-1'"
        ) == [("SENT", "77", "X-1")]
        assert ("emergency",) in disk.rows("SELECT what FROM audit")
        assert disk.emergency is not None
        assert disk.emergency.records == ()
        company.drain(ORDERS)
        assert len(company.heard.of(IntentDurable)) == 1, "never told twice"


def test_an_exit_that_found_room_in_the_book_is_shown_with_the_state_that_did_not(
    disk: Disk,
) -> None:
    """What was told of it may not be taken back while the rest of the group waits."""
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.put(LEDGER, leaving("X-1"), RecordState("X-1", OrderState.SENT))
        booked = "SELECT state FROM orders WHERE client_order_id = 'X-1'"
        assert until(lambda: disk.rows(booked), "there was room for it") == [("INTENDED",)]
        shown = ask(company, GetOrder("X-1"))
        assert isinstance(shown, Order) and shown.state is OrderState.SENT
        detail = ask(company, GetOrderDetail("X-1"))
        assert isinstance(detail, OrderDetail) and detail.order.state is OrderState.SENT
        assert ask(company, GetOrders(1)) == (shown,)
        disk.free()
        healed(company)
        assert disk.rows(booked) == [("SENT",)]


def test_an_exit_that_comes_too_late_is_refused_so_that_another_can_be_proposed(
    disk: Disk,
) -> None:
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.put(LEDGER, leaving("X-1", deadline=company.clock.monotonic() - 1))
        assert company.heard.wait_for(IntentRefused).code == "ORDER_EXPIRED_UNSENT"
        disk.free()
        healed(company)
        assert disk.count("orders") == 1


def test_cancels_go_at_once_and_are_written_down_later(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        deadline = company.clock.monotonic() + 1e6
        company.put(LEDGER, RecordCancel("K-1", "a person", deadline, names.IB))
        assert company.heard.wait_for(CancelDurable, seat=ORDERS).client_order_id == "K-1"
        tried(company, 3)
        disk.free()
        healed(company)
        pending = disk.rows("SELECT pending_change FROM orders WHERE client_order_id = 'K-1'")
        assert pending == [("CANCEL",)]
        assert ("cancel",) in disk.rows("SELECT what FROM audit")
        company.drain(ORDERS)
        assert len(company.heard.of(CancelDurable)) == 1


def test_with_the_emergency_file_dead_too_exits_are_refused_and_cancels_go(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        disk.fill_up_for_emergencies()
        company.put(LEDGER, leaving("X-1"), leaving("X-2"))
        refused = company.heard.wait_for(IntentRefused, seat=names.DESK, times=2)
        assert refused.code == "BOOK_NOT_WRITABLE"
        assert "stops at the venue stand" in refused.cure
        company.heard.wait_for(BookHealth, lambda health: not health.exits, seat=names.DESK)
        company.put(LEDGER, RecordCancel("K-1", "a person", 1e12, names.IB))
        company.heard.wait_for(CancelDurable, seat=ORDERS)
        # Whenever writing is tried again, the file cannot be made ready anew.
        first, second, *more = [code for code, _ in alerts(company)]
        assert (first, second) == ("BOOK_NOT_WRITABLE", "EMERGENCY_NOT_WRITTEN")
        assert set(more) <= {"EMERGENCY_NOT_READY"}
        company.drain(ORDERS)
        assert company.heard.of(IntentDurable) == []
        assert disk.emergency is not None
        os.dup2(disk.good, disk.emergency._descriptor)
        disk.free()
        healed(company)
        assert disk.count("orders") == 1
        assert company.state(LEDGER)["emergency_ready"] is True, "made ready anew"


def test_an_exit_that_was_known_before_is_told_to_have_ended_and_once(disk: Disk) -> None:
    with keeping(disk, leaving("X-0")) as company:
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        disk.fill_up()
        company.put(LEDGER, LARGE, RecordState("X-0", OrderState.CANCELLED, reason="taken back"))
        told_of_trouble(company)
        company.heard.wait_for(OrderRecorded, lambda told: told.order.state.is_final, seat=READER)
        # Nor is it told again whenever writing is tried again.
        tried(company, company.state(LEDGER)["tries"] + 2)
        company.drain(READER)
        ended = [o for o in company.heard.of(OrderRecorded, READER) if o.order.state.is_final]
        assert len(ended) == 1
        disk.free()
        healed(company)
        assert disk.rows("SELECT state FROM orders WHERE client_order_id = 'X-0'") == [
            ("CANCELLED",)
        ]


def test_under_a_lock_an_end_is_written_once_however_often_it_is_tried(disk: Disk) -> None:
    with keeping(disk, leaving("X-0")) as company:
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        with disk.locked():
            company.put(LEDGER, RecordState("X-0", OrderState.CANCELLED, reason="taken back"))
            tried(company)
            company.leap(1.0)
            company.heard.wait_for(
                OrderRecorded, lambda told: told.order.state.is_final, seat=READER
            )
            tried(company, company.state(LEDGER)["tries"] + 3)
            assert disk.emergency is not None
            assert len(disk.emergency.records) == 1
            company.drain(READER)
            ended = [o for o in company.heard.of(OrderRecorded, READER) if o.order.state.is_final]
            assert len(ended) == 1
        healed(company)
        assert disk.emergency.records == ()


def test_three_starts_with_the_disk_dead_and_the_exit_is_known_at_each(disk: Disk) -> None:
    with disk.locked(), keeping(disk) as company:
        company.put(LEDGER, leaving("X-1"))
        tried(company)
        company.leap(1.0)
        company.heard.wait_for(IntentDurable, seat=ORDERS)
    for ticket in (1, 2, 3):
        with disk.locked(), keeping(disk, LoadBook(ORDERS, ticket)) as company:
            tried(company)
            company.leap(1.0)
            loaded = company.heard.wait_for(BookLoaded, seat=ORDERS)
            assert loaded.ticket == ticket
            names_of_open = [each.client_order_id for each in loaded.open_orders]
            assert names_of_open == ["K-1", "X-1"]
            assert company.heard.of(IntentDurable) == [], "what may have been sent is never again"
    with keeping(disk, LoadBook(ORDERS, 4)) as company:
        loaded = company.heard.wait_for(BookLoaded, seat=ORDERS)
        assert [each.client_order_id for each in loaded.open_orders] == ["K-1", "X-1"]
        assert disk.count("orders") == 2
        assert disk.emergency is not None
        assert disk.emergency.records == ()
        assert company.heard.of(IntentDurable) == []


def test_killed_between_the_book_and_the_emergency_file_nothing_is_booked_twice(
    disk: Disk,
) -> None:
    with disk.locked(), keeping(disk, leaving("X-1")) as company:
        tried(company)
        company.leap(1.0)
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        company.put(LEDGER, RecordState("X-1", OrderState.CANCELLED))
        company.heard.wait_for(OrderRecorded, lambda told: told.order.state.is_final)
    file = disk.folder / "emergency.intents"
    before = file.read_bytes()
    for _ in range(2):
        file.write_bytes(before)  # as if it had not been cleared
        with keeping(disk, LoadBook(ORDERS, 1)) as company:
            loaded = company.heard.wait_for(BookLoaded, seat=ORDERS)
            assert [each.client_order_id for each in loaded.open_orders] == ["K-1"]
            assert disk.count("orders") == 2
            assert disk.rows("SELECT count(*) FROM journal WHERE kind = 'intent'") == [(2,)]
            assert disk.rows("SELECT count(*) FROM audit WHERE what = 'emergency'") == [(1,)]


def test_whoever_begins_anew_in_an_outage_gets_the_states_that_wait(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        working = RecordState("K-1", OrderState.WORKING, venue_order_id="77")
        company.put(LEDGER, working, LoadBook(ORDERS, 1))
        [order] = company.heard.wait_for(BookLoaded, seat=ORDERS).open_orders
        assert (order.state, order.venue_order_id) == (OrderState.WORKING, "77")
        company.put(LEDGER, RecordState("K-1", OrderState.CANCELLED), LoadBook(names.DESK, 2))
        loaded = company.heard.wait_for(BookLoaded, seat=names.DESK)
        assert (loaded.open_orders, len(loaded.ended)) == ((), 1)
        # A desk that begins anew knows at once that nothing is written.
        company.state(LEDGER)  # it tells so right after the book
        company.drain(names.DESK)
        health = company.heard.of(BookHealth, names.DESK)
        assert [bool(each.trouble) for each in health][-2:] == [True, True]
        disk.free()
        healed(company)


def test_an_exit_that_ended_unfilled_is_told_in_an_outage_and_one_that_traded_is_not(
    disk: Disk,
) -> None:
    disk.full = True
    with keeping(disk, LARGE, leaving("X-1"), leaving("X-2")) as company:
        company.heard.wait_for(IntentDurable, seat=ORDERS, times=2)
        company.put(
            LEDGER,
            RecordState("X-1", OrderState.CANCELLED, reason="taken back"),
            fill("x", "40", order="X-2"),
            RecordState("X-2", OrderState.CANCELLED),
        )
        company.state(LEDGER)
        ask(company, GetOrder("X-1"))
        company.drain(READER)
        ended = [o.order for o in company.heard.of(OrderRecorded, READER) if o.order.state.is_final]
        assert [(o.client_order_id, o.reason) for o in ended] == [("X-1", "taken back")]
    # Killed now, the word stands: it was on the emergency file.
    disk.full = False
    with keeping(disk, LoadBook(ORDERS, 1)) as company:
        loaded = company.heard.wait_for(BookLoaded, seat=ORDERS)
        assert [each.client_order_id for each in loaded.ended] == ["X-1"]
        assert [each.client_order_id for each in loaded.open_orders] == ["K-1", "X-2"]


def test_the_end_of_a_stop_and_of_an_entry_is_told_in_an_outage(disk: Disk) -> None:
    """A flatten lets go of the stop and waits for its end: untold, the position stays bare."""
    order = intent("S-1", side=Side.SELL)
    stop = replace(order, request=replace(order.request, purpose=Purpose.PROTECTION))
    with keeping(disk, admitted(stop)) as company:
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        disk.fill_up()
        company.put(LEDGER, LARGE)
        told_of_trouble(company)
        company.put(LEDGER, *(RecordState(each, OrderState.CANCELLED) for each in ("S-1", "K-1")))
        ask(company, GetOrder("S-1"))
        company.drain(READER)
        ended = [o.order for o in company.heard.of(OrderRecorded, READER) if o.order.state.is_final]
        assert [each.client_order_id for each in ended] == ["S-1", "K-1"]


def test_a_cancel_that_was_taken_in_an_outage_outlives_a_kill(disk: Disk) -> None:
    """The link may be down, too: untold, the order would work on after the next start."""
    wish = RecordCancel("K-1", "a person", 1e12, names.IB)
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.put(LEDGER, wish)
        company.heard.wait_for(CancelDurable, seat=ORDERS)
        company.put(LEDGER, LoadBook(ORDERS, 1))
        [order] = company.heard.wait_for(BookLoaded, seat=ORDERS).open_orders
        assert order.pending_change == "CANCEL"
    disk.full = False
    with keeping(disk, LoadBook(ORDERS, 2)) as company:
        [order] = company.heard.wait_for(BookLoaded, seat=ORDERS).open_orders
        assert order.pending_change == "CANCEL"
        assert disk.rows("SELECT what FROM audit") == [("cancel",)]
        company.drain(ORDERS)
        assert company.heard.of(CancelDurable) == [], "`orders` asks again on its link"


def test_the_cancel_of_an_entry_that_waits_comes_behind_its_intent(disk: Disk) -> None:
    """Ahead of it nobody knows the order, and the entry would be sent and work on."""
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.put(LEDGER, wanted("K-2"), RecordCancel("K-2", "a person", 1e12, names.IB))
        tried(company, 3)
        disk.free()
        healed(company)
        company.drain(ORDERS)
        heard = [type(each) for each in company.heard.of(Command, ORDERS)]
        assert heard == [IntentDurable, CancelDurable]


def test_a_pause_and_a_flatten_in_an_outage_outlive_a_kill_and_never_come_back(
    disk: Disk,
) -> None:
    """Whoever asked was told that it holds. The wall clock is set back between the starts."""
    on, off = (RecordSetting("flatten", each, "a person", "a test") for each in ("BHP", ""))
    paused = RecordSetting("paused", "lunch", "a person", "lunch")
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.leap(3600.0)
        company.put(LEDGER, leaving("X-1"), paused, on, LoadBook(names.DESK))
        settings = dict(company.heard.wait_for(BookLoaded, seat=names.DESK).settings)
        assert settings == {"paused": "lunch", "flatten": "BHP"}
    file = disk.folder / "emergency.intents"
    before = file.read_bytes()
    disk.full = False
    with keeping(disk, LoadBook(names.DESK)) as company:
        settings = dict(company.heard.wait_for(BookLoaded, seat=names.DESK).settings)
        assert settings == {"paused": "lunch", "flatten": "BHP"}
        audited = [what for (what,) in disk.rows("SELECT what FROM audit")]
        assert audited == ["emergency", "setting", "setting"]
        company.put(LEDGER, off)
        ask(company, GetOrder("K-1"))
    file.write_bytes(before)  # as if it had not been cleared
    with keeping(disk, LoadBook(names.DESK)) as company:
        settings = dict(company.heard.wait_for(BookLoaded, seat=names.DESK).settings)
        assert settings == {"paused": "lunch", "flatten": ""}, "it does not come back"


def test_who_threw_a_switch_in_an_outage_is_told_though_the_book_does_not_know(disk: Disk) -> None:
    """A page undoes by one tap whatever it takes for the owner's own pause."""
    with keeping(disk, RecordSetting("paused", "by a tap", "Ann", "by a tap")) as company:
        first = ask(company, GetSwitch("paused"))
        assert isinstance(first, AuditRow) and first.who == "Ann"
        disk.fill_up()
        company.put(LEDGER, LARGE)
        told_of_trouble(company)
        company.leap(60.0)
        company.put(LEDGER, RecordSetting("paused", "by a tap", "Bob", "by a tap"))
        told = ask(company, GetSwitch("paused"))
        assert isinstance(told, AuditRow)
        assert (told.who, told.detail) == ("Bob", "paused = by a tap: by a tap")
        assert told.at > first.at
        disk.free()
        healed(company)
        assert ask(company, GetSwitch("paused")) == told, "and the same once it is in the book"


def test_an_order_that_was_told_to_have_ended_and_lives_is_told_once_each_time(disk: Disk) -> None:
    """Else what it may still sell would be sold a second time."""
    with keeping(disk, leaving("X-1")) as company:
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        disk.fill_up()
        company.put(LEDGER, LARGE)
        told_of_trouble(company)
        company.drain(READER)
        begun = len(company.heard.of(OrderRecorded, READER))
        states = [OrderState.REJECTED, OrderState.UNKNOWN, OrderState.WORKING, OrderState.CANCELLED]
        company.put(LEDGER, *(RecordState("X-1", state) for state in states))
        ask(company, GetOrder("X-1"))
        tried(company, company.state(LEDGER)["tries"] + 2)
        company.drain(READER)
        told = [each.order.state for each in company.heard.of(OrderRecorded, READER)][begun:]
        assert told == [OrderState.REJECTED, OrderState.UNKNOWN, OrderState.CANCELLED]
        disk.free()
        healed(company)
        rows = disk.rows("SELECT state FROM orders WHERE client_order_id = 'X-1'")
        assert rows == [("CANCELLED",)]


def test_after_a_failure_of_the_disk_the_book_is_opened_anew(disk: Disk) -> None:
    with keeping(disk) as company:
        company.state(LEDGER)
        assert disk.book is not None
        connection = disk.book.connection
        connection.rows("PRAGMA query_only = 1")  # it takes no write any more, as a dead disk
        company.put(LEDGER, fill("a"), wanted("K-2"))
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        healed(company)
        assert filled(company) == ["a"]
        assert disk.opened == 3, "the fixture's, the first, and a new one after the failure"
        assert disk.book.connection is not connection
        assert company.system.seat(LEDGER).incarnation == 1


def test_facts_are_bounded_with_the_disk_dead(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.system.of_money = frozenset({LEDGER})
        company.system.on_pressure = (names.DESK,)
        watch = Watch(company.system)

        def told(waiting: int, *, cut: bool) -> bool:
            """One that is tried anew just now does not wait: it is looked at again."""
            watch.look()
            company.drain(names.DESK)
            return company.heard.of(FactsPileUp)[-1:] == [FactsPileUp(LEDGER, waiting, cut)]

        company.put(LEDGER, *(fill(f"f{n}") for n in range(SOFT_MARK)))
        ask(company, GetOrder("K-1"))
        until(lambda: told(SOFT_MARK + 1, cut=False), "facts pile up to the soft mark")
        company.put(LEDGER, *(fill(f"g{n}") for n in range(HARD_MARK - SOFT_MARK)))
        ask(company, GetOrder("K-1"))
        until(lambda: told(HARD_MARK + 1, cut=True), "facts pile up to the hard mark")
        disk.free()
        company.heard.wait_for(FillRecorded, lambda told: told.fill.execution_key == "f0")


def test_a_start_without_room_for_the_emergency_file_is_told_and_goes_on(disk: Disk) -> None:
    (disk.folder / "emergency.intents").mkdir()
    with keeping(disk, wanted("K-2")) as company:
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        assert alerts(company) == [("EMERGENCY_NOT_READY", True)]
        assert company.state(LEDGER)["emergency_ready"] is False
        # With an outage of the book that has healed, it is tried again.
        (disk.folder / "emergency.intents").rmdir()
        disk.fill_up()
        company.put(LEDGER, LARGE, leaving("X-1"))
        refused = company.heard.wait_for(IntentRefused)
        assert refused.code == "BOOK_NOT_WRITABLE"
        disk.free()
        company.heard.wait_for(Alert, lambda alert: not alert.stands)
        assert company.state(LEDGER)["emergency_ready"] is True


def test_a_crash_in_an_outage_loses_nothing_that_waits(disk: Disk) -> None:
    disk.full = True
    with keeping(disk, LARGE, fill("a"), fill("b")) as company:
        told_of_trouble(company)
        company.restart(LEDGER)
        company.heard.wait_for(BookHealth, lambda health: bool(health.trouble), times=2)
        disk.free()
        company.heard.wait_for(FillRecorded, times=2)
        assert filled(company) == ["a", "b"]
        assert disk.count("audit") >= 2

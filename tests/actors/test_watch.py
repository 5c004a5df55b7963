"""The watch: who really hangs, and whose facts pile up. Here it looks when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from actors import names
from actors.lanes import FactsPileUp
from actors.watch import HARD_MARK, SOFT_MARK, Watch
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT, Diary, Fact, Hang, Recorder

WORKER, ORDERS = "worker", names.orders(names.IB)


@contextmanager
def working() -> Iterator[tuple[Company, Watch, threading.Event]]:
    """A worker in the middle of a handler, whose budget is 5 s; the event lets it go on."""
    diary, go_on = Diary(), threading.Event()
    with gathered({WORKER: lambda s, seat: Recorder(s, seat, diary)}) as company:
        watch = Watch(company.system)
        hang = Hang(until=go_on, begun=threading.Event())
        company.put(WORKER, hang)
        assert hang.begun.wait(LIMIT)
        try:
            yield company, watch, go_on
        finally:
            go_on.set()


def test_a_process_that_stood_still_has_nobody_who_hangs() -> None:
    with working() as (company, watch, go_on):
        watch.look()
        company.clock.leap(60.0)
        watch.look()
        assert company.state("root")["crashes_in_window"] == 0
        for _ in range(3):  # 1.5 s: within the budget that began anew
            company.clock.leap(0.5)
            watch.look()
        assert company.state("root")["crashes_in_window"] == 0
        go_on.set()
        company.tell(WORKER, Fact("goes on"))
        assert company.system.seat(WORKER).incarnation == 1


def test_one_that_hangs_on_after_the_process_stood_still_is_replaced() -> None:
    with working() as (company, watch, _):
        watch.look()
        company.clock.leap(60.0)
        for _ in range(12):
            watch.look()
            company.clock.leap(0.5)
        watch.look()
        assert company.state("root")["crashes_in_window"] == 1
        company.tell(WORKER, Fact("the next one answers"))
        assert company.system.seat(WORKER).incarnation == 2


def test_facts_that_pile_up_are_told_and_so_is_their_end() -> None:
    with gathered({}, names.DESK) as company:
        system = company.system
        system.of_money, system.on_pressure = frozenset({ORDERS}), (names.DESK,)
        watch, orders = Watch(system), system.seat(ORDERS)
        system.seat("of no money")

        def pile_up(seat: str, count: int) -> None:
            company.put(seat, *[Fact("one more")] * count)
            watch.look()

        pile_up("of no money", SOFT_MARK + 1)
        pile_up(ORDERS, SOFT_MARK)
        pile_up(ORDERS, 1)
        pile_up(ORDERS, HARD_MARK - SOFT_MARK)
        orders.mailbox.close()
        for _ in range(2):
            watch.look()
        company.system.inspect(names.DESK)
        company.drain(names.DESK)
        assert company.heard.of(FactsPileUp) == [
            FactsPileUp(ORDERS, SOFT_MARK + 1, False),
            FactsPileUp(ORDERS, HARD_MARK + 1, True),
            FactsPileUp(ORDERS, 0, False),
        ]

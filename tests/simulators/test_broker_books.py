import os
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side, Tif
from simulators.books import FILE_NAME, UPGRADES, read_books
from simulators.broker import open_broker
from simulators.broker_store import BrokerStoreError
from tests.simulators.broker_world import AUDUSD, BHP, NOON, BrokerWorld, HandClock, fills, statuses

BUY, SELL = Side.BUY, Side.SELL


def test_a_broker_opened_again_knows_everything(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    ask, there = first.ask(), int(first.broker.top(BHP).ask_size)
    first.place(BUY, there + 100, ask)
    first.trade(ask, 40)
    first.place(SELL, 50000, con_id=AUDUSD)
    first.place(BUY, 10, "30", tif=Tif.GTC)
    first.place(SELL, 10, stop="20")
    first.broker.cancel(1, 3)
    known = (
        first.broker.orders(),
        first.broker.executions(),
        first.broker.positions(),
        first.broker.cash(),
        first.broker.next_order_id(1),
        first.broker.top(BHP).volume,
        first.broker.top(BHP).last,
    )
    books = read_books(tmp_path)
    assert list(books.orders) == known[0]
    assert [(e, books.commissions[e.execution_id]) for e in books.executions] == known[1]
    assert books.cash == known[3] and books.account == "DU9000001"
    first.broker.close()

    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert known == (
            second.broker.orders(),
            second.broker.executions(),
            second.broker.positions(),
            second.broker.cash(),
            second.broker.next_order_id(1),
            second.broker.top(BHP).volume,
            second.broker.top(BHP).last,
        )
        assert second.bid() == ask  # the remainder rests where it was
        assert [f.quantity for f in fills(second.trade(ask, 100))] == [60]
        second.place(BUY, 10)
        assert len({order.perm_id for order in second.broker.orders()}) == 5
        ids = [execution.execution_id for execution, _ in second.broker.executions()]
        assert len(set(ids)) == len(ids) == 5
    finally:
        second.broker.close()


def test_a_stop_triggered_before_the_restart_stays_triggered(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    ask = first.ask()
    first.place(BUY, 10, limit=ask - 1, stop=ask + Decimal("0.10"))
    first.trade(ask + Decimal("0.10"), 10**6)
    assert first.order(1).status == "Submitted"
    first.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=5))
    try:
        assert second.order(1).why_held == ""
        assert [f.price for f in fills(second.fair(str(ask - 2)))] == [ask - 1]
    finally:
        second.broker.close()


def test_books_of_an_older_version_are_taken_over(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    first.place(BUY, 10)
    first.place(BUY, 10, "30", tif=Tif.GTC)
    known = first.broker.orders()
    first.broker.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    for statement in reversed(UPGRADES["1"].strip().split(";\n")):
        _, _, table, _, _, column, *_ = statement.split()
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.execute("DROP TABLE payments")
    connection.execute("UPDATE meta SET value = '1' WHERE key = 'version'")
    connection.commit()
    connection.close()
    for _ in range(2):
        second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
        assert second.broker.orders() == known
        second.broker.close()


def test_orders_work_on_while_the_gateway_is_down(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path, market="lively")
    first.place(BUY, 10, first.ask() + 8, stop=first.ask() + 6, tif=Tif.GTC)
    first.place(BUY, 10, first.bid() - 5)
    first.broker.close()
    second = BrokerWorld(tmp_path, market="lively", now=NOON + timedelta(days=2))
    try:
        assert second.order(1).is_open
        assert second.order(2).status == "Cancelled"  # its day is over
        completed = second.order(2).completed_at
        assert completed is not None and completed < NOON + timedelta(hours=2)
    finally:
        second.broker.close()


_PLACE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from domain.orders import Side
from tests.simulators.broker_world import BrokerWorld
world = BrokerWorld(Path(sys.argv[1]))
world.place(Side.BUY, 10, world.bid())
world.place(Side.BUY, 25)
print("answered", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _PLACE_AND_DIE, str(tmp_path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == "answered\n" and done.returncode == -signal.SIGKILL
    world = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=2))
    try:
        assert [(o.status, o.filled) for o in world.broker.orders()] == [
            ("Submitted", Decimal(0)),
            ("Filled", Decimal(25)),
        ]
        assert world.broker.positions()[0].quantity == 25
        assert world.broker.next_order_id(1) == 3
        assert statuses(world.broker.cancel(1, 1)) == ["PendingCancel", "Cancelled"]
    finally:
        world.broker.close()


_PLACE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from domain.orders import Side
from tests.simulators.broker_world import BrokerWorld
world = BrokerWorld(Path(sys.argv[1]), market="lively")
for number in itertools.count(1):
    world.place(Side.BUY, 10, world.ask() if number % 2 else world.bid())
    print(number, flush=True)
    world.after(0.2)
"""


def test_a_kill_in_the_middle_of_the_work_loses_no_answer_and_no_cent(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _PLACE_FOR_EVER, str(tmp_path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        answered = [int(process.stdout.readline()) for _ in range(40)]
        process.kill()
        answered += [int(line) for line in process.stdout]
    books = read_books(tmp_path)
    assert {order.request.order_id for order in books.orders} >= set(answered)
    spent = sum(execution.quantity * execution.price for execution in books.executions)
    fees = sum(commission.amount for commission in books.commissions.values())
    assert len(books.commissions) == len(books.executions) > 0
    assert books.cash["AUD"] == 1_000_000 - spent - fees
    assert books.positions[BHP].quantity == sum(order.filled for order in books.orders)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path)
    try:
        for fresh in (False, True):
            with pytest.raises(BrokerStoreError, match="Another process has the broker's books"):
                open_broker(tmp_path, HandClock(), fresh=fresh)
    finally:
        world.broker.close()
    BrokerWorld(tmp_path).broker.close()


def test_damaged_books_are_refused_with_a_sentence_and_fresh_helps(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, not even nearly" * 200)
    with pytest.raises(BrokerStoreError, match=r"cannot be read .*--fresh"):
        open_broker(tmp_path, HandClock())
    BrokerWorld(tmp_path, fresh=True).broker.close()


def test_a_row_that_makes_no_sense_is_refused_with_a_sentence(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path)
    world.place(BUY, 10)
    world.broker.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE orders SET quantity = 'ten'")
    connection.commit()
    connection.close()
    for _ in range(2):  # nor is the lock kept
        with pytest.raises(BrokerStoreError, match=r"cannot be read .*--fresh"):
            open_broker(tmp_path, HandClock())


def test_a_folder_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BrokerStoreError, match="cannot be used for the broker's books"):
        open_broker(tmp_path / "file", HandClock())
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(BrokerStoreError, match="cannot be read"):
        open_broker(tmp_path, HandClock())


def test_books_of_another_version_are_refused(tmp_path: Path) -> None:
    BrokerWorld(tmp_path).broker.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE meta SET value = '999' WHERE key = 'version'")
    connection.commit()
    connection.close()
    with pytest.raises(BrokerStoreError, match="version 999"):
        open_broker(tmp_path, HandClock())


def test_fresh_forgets_all_but_never_gives_an_id_twice(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    first.place(BUY, 10)
    old = first.broker.executions()[0][0]
    first.broker.close()
    second = BrokerWorld(tmp_path, fresh=True)
    try:
        assert list(second.broker.orders()) == [] and list(second.broker.positions()) == []
        assert second.broker.cash() == {"AUD": 1_000_000} and second.broker.next_order_id(1) == 1
        second.place(BUY, 10)
        new = second.broker.executions()[0][0]
        assert new.execution_id != old.execution_id and new.order.perm_id != old.order.perm_id
    finally:
        second.broker.close()


def test_there_are_two_kinds_of_market(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'lively' or 'still'"):
        open_broker(tmp_path, HandClock(), market="dead")

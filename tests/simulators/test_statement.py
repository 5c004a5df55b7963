"""The simulated broker's statement says what its own books say, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from adapters.flex import read_statements
from domain.cash_types import CashType
from domain.orders import Side
from domain.statement import Section, Statement
from simulators.books import read_books
from simulators.statement import write_statement
from simulators.tws.program import main as ib_sim
from tests.simulators.broker_world import AUDUSD, BHP, BrokerWorld


def told(world: BrokerWorld, folder: Path) -> Statement:
    world.broker.close()
    file = folder / "statement.xml"
    write_statement(folder, file, world.clock.now())
    [statement] = read_statements(file)
    return statement


def test_trades_cash_and_positions_are_those_of_the_books(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path)
    world.place(Side.BUY, 100, world.ask())
    world.place(Side.BUY, 5_000, con_id=AUDUSD)
    world.after(1)
    world.place(Side.SELL, 40, world.bid())
    world.after(1)
    office = world.broker.back_office
    office.pay("Dividends", "AUD", Decimal("70.00"), BHP, date(2026, 11, 3), "BHP dividend")
    office.pay("Other Fees", "AUD", Decimal("-10.00"))
    statement = told(world, tmp_path)
    books = read_books(tmp_path)

    assert statement.sections == set(Section)
    assert [(t.execution_id, t.order) for t in statement.trades] == [
        (e.execution_id.rpartition(".")[0], e.order.request.order_ref) for e in books.executions
    ]
    assert len(statement.trades) >= 3
    assert [t.commission for t in statement.trades] == [
        books.commissions[e.execution_id].amount for e in books.executions
    ]
    assert {b.currency: b.ending for b in statement.balances} == books.cash, "to the last digit"
    assert [(str(p.symbol), p.quantity) for p in statement.positions] == [
        ("BHP/AUD", books.positions[BHP].quantity)
    ]
    opening, dividend, fee = statement.cash
    assert (opening.type, opening.amount) == (CashType.DEPOSIT, Decimal(1_000_000))
    assert (dividend.type, str(dividend.symbol), dividend.ex_date) == (
        CashType.DIVIDEND,
        "BHP/AUD",
        date(2026, 11, 3),
    )
    assert (fee.type, fee.amount) == (CashType.FEE, Decimal("-10.00"))
    assert {rate.currency for rate in statement.rates} >= {"USD"}


def test_a_correction_takes_the_place_of_what_it_corrects_and_a_bust_is_gone(
    tmp_path: Path,
) -> None:
    world = BrokerWorld(tmp_path)
    world.place(Side.BUY, 100, world.ask())
    world.after(1)
    [execution] = [e for e, _ in world.broker.executions()]
    world.broker.back_office.correct(execution.execution_id, price=Decimal("40"))
    world.place(Side.BUY, 10, world.ask())
    world.after(1)
    world.broker.back_office.bust(world.broker.executions()[-1][0].execution_id)
    statement = told(world, tmp_path)
    [trade] = statement.trades
    assert (trade.quantity, trade.price) == (Decimal(100), Decimal("40"))


def test_a_span_begins_with_the_cash_that_was_there(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path)
    world.place(Side.BUY, 100, world.ask())
    world.clock.time += timedelta(days=3)
    world.broker.back_office.pay("Deposits/Withdrawals", "AUD", Decimal("-500"))
    statement = told(world, tmp_path)
    [balance] = statement.balances
    assert balance.starting == 0
    assert statement.first == date(2026, 11, 23) and statement.last == date(2026, 11, 26)


def test_the_program_writes_it_and_ends(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path)
    world.broker.close()
    file = tmp_path / "s.xml"
    assert ib_sim(["--state-dir", str(tmp_path), "--statement", str(file)]) == 0
    assert len(read_statements(file)) == 1
    assert ib_sim(["--state-dir", str(tmp_path / "none"), "--statement", str(file)]) == 64

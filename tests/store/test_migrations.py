"""A book of an older schema is brought forward with all that is in it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from adapters.store import book_path, open_book
from adapters.store.columns import micros
from adapters.store.connection import Connection
from adapters.store.migrations import MIGRATIONS, migrate
from domain.orders import OrderState
from domain.terms import Amendment, AmendmentState, Terms
from tests.store.material import ACCOUNT, NOON, StandingClock, commission, execution, intent

_ORDER = """
INSERT INTO orders (client_order_id, venue, symbol, side, quantity, type, limit_price, tif,
purpose, state, created_us, filled, filled_value, venue_order_id, correlation) VALUES
('K-1', 'ib', 'BHP/AUD', 'BUY', '100', 'LIMIT', '45.10', 'DAY', 'ENTRY', 'FILLED', ?, '100',
'4510.00', '9001', 'c')
"""
_FILL = """
INSERT INTO fills (execution_key, revision, execution_id, client_order_id, venue_order_id, venue,
symbol, side, quantity, price, time_us, exchange, liquidity, after_quantity, after_cost,
after_realised, after_opened_us) VALUES ('0001.01', 1, '0001.01.01', 'K-1', '9001', 'ib',
'BHP/AUD', 'BUY', '100', '45.10', ?, 'ASX', 'added', '100', '4510', '0', ?)
"""
_POSITION = """
INSERT INTO positions (venue, symbol, quantity, cost, realised_pnl, opened_us)
VALUES ('ib', 'BHP/AUD', '100', '4510', '0', ?)
"""
_CHARGED = "INSERT INTO position_commissions VALUES ('ib', 'BHP/AUD', 'AUD', '6.6')"
_COMMISSIONS = """
INSERT INTO commissions VALUES ('0001.01', 1, '0001.01.01', '6.60', 'AUD', NULL, ?),
('other.01', 1, 'other.01.01', '7', 'AUD', NULL, ?)
"""
_FOREIGN = """
INSERT INTO foreign_executions VALUES ('other.01', 1, 'other.01.01', NULL, '77', 'BHP/AUD',
'SELL', '5', '45', ?, 'ASX', 'unknown')
"""


def first_book(folder: Path) -> None:
    """A book of schema 1 with an order, its fill and commission, and a trade of another's."""
    path = book_path(folder, "demo", ACCOUNT)
    path.parent.mkdir()
    connection = Connection(path)
    migrate(connection, NOON, MIGRATIONS[:1])
    at = micros(NOON)
    with connection.write():
        connection.execute(_ORDER, (at,))
        connection.execute(_FILL, (at, at))
        connection.execute(_POSITION, (at,))
        connection.execute(_CHARGED)
        connection.execute(_COMMISSIONS, (at, at))
        connection.execute(_FOREIGN, (at,))
    connection.close()


def test_a_book_of_the_first_schema_keeps_all_that_was_traded(tmp_path: Path) -> None:
    first_book(tmp_path)
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    try:
        [fill] = book.fills()
        assert (fill.venue, fill.execution_id, fill.client_order_id) == ("ib", "0001.01.01", "K-1")
        assert (fill.quantity, fill.commission) == (Decimal(100), Decimal("6.60"))
        assert fill.commission_final
        [foreign] = book.foreign_fills()
        assert (foreign.venue, foreign.execution_id) == ("ib", "other.01.01")
        assert foreign.commission == Decimal(7)
        assert [word.quantity for word in book.execution_words("ib", "0001.01")] == [Decimal(100)]
        assert [word.amount for word in book.commission_words("ib", "other.01")] == [Decimal(7)]

        # What is said again is known, what is corrected replaces, as in a book of today.
        book.book_fill("ib", execution(), NOON)
        book.book_commission("ib", commission(), NOON)
        book.book_fill("ib", execution(revision=2, quantity="90"), NOON)
        [position] = book.positions()
        assert (position.quantity, position.commissions) == (
            Decimal(90),
            (("AUD", Decimal("6.6")),),
        )
        order = book.order("K-1")
        assert order is not None
        assert (order.filled, order.state) == (Decimal(90), OrderState.FILLED)
    finally:
        book.close()


def test_every_index_and_guard_of_the_tables_is_there_again(tmp_path: Path) -> None:
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()
    connection = Connection(book_path(tmp_path, "demo", ACCOUNT))
    found = connection.rows("SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')")
    names = {row[0] for row in found}
    assert {"fills_time", "fills_symbol", "fills_order", "foreign_time"} <= names
    for table in ("execution_words", "commission_words"):
        assert {f"{table}_no_update", f"{table}_no_delete"} <= names
    assert connection.rows("PRAGMA foreign_key_check") == []
    connection.close()


def test_an_intent_of_today_can_be_written_into_a_book_of_yesterday(tmp_path: Path) -> None:
    first_book(tmp_path)
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_intent(intent("K-2"), "c")
    assert [order.client_order_id for order in book.open_orders()] == ["K-2"]
    book.close()


def test_an_order_of_yesterday_can_be_amended_today(tmp_path: Path) -> None:
    first_book(tmp_path)
    connection = Connection(book_path(tmp_path, "demo", ACCOUNT))
    with connection.write():
        connection.execute("UPDATE orders SET state = 'WORKING', quantity = '150'")
    connection.close()
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    [order] = book.open_orders()
    assert (order.request.parent, order.request.oca_group, order.amending) == (None, None, None)
    terms = Terms(Decimal(180), Decimal("45.20"))
    was = order.request.terms
    amendment = Amendment("A-1", "K-1", was, terms, AmendmentState.INTENDED, NOON)
    book.record_amendment(amendment, "c")
    after = book.record_amended("K-1", "A-1", AmendmentState.CONFIRMED, NOON)
    assert (after.request.terms, after.remaining) == (terms, Decimal(80))
    book.close()

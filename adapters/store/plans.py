"""Plans on the disk: every version a row, and what the orders of a plan have traded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from adapters.store.average_cost import average
from adapters.store.columns import (
    decimal_text,
    micros,
    moment,
    optional_decimal,
    optional_decimal_text,
    optional_micros,
    optional_moment,
)
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from domain.exact import EXACT, plain
from domain.orders import OrderState, Side
from domain.plan_lots import Flow
from domain.plan_terms import Overnight, PlanTerms, Trail
from domain.plans import Plan, PlanState
from domain.symbols import Symbol

_NAMES = (
    *("plan_id", "version", "symbol", "venue", "side", "wanted", "terms_stop", "terms_target"),
    *("break_even_after", "trail_distance", "latest_age_us", "overnight", "stop", "target"),
    *("created_us", "reason", "state", "lot", "entry_price", "opened_us", "best", "moved_us"),
    "day_stop",
)
_COLUMNS = ", ".join(_NAMES)
_INSERT = f"""
INSERT INTO plans ({_COLUMNS}, at_us, newest) VALUES ({", ".join("?" * len(_NAMES))}, ?, 1)
"""
_PASSED = "UPDATE plans SET newest = 0 WHERE plan_id = ? AND newest = 1"
_SELECT = f"SELECT {_COLUMNS} FROM plans"
_ONE = f"{_SELECT} WHERE plan_id = ? AND newest = 1"
_VERSIONS = f"{_SELECT} WHERE plan_id = ? ORDER BY version"
_OPEN = f"{_SELECT} WHERE newest = 1 AND state != 'CLOSED'"
_OLDEST_FIRST = "ORDER BY created_us, plan_id"
_GROUPS = """
SELECT DISTINCT o.oca_group FROM orders o JOIN plans p ON p.plan_id = o.plan
WHERE p.newest = 1 AND p.state != 'CLOSED' AND o.oca_group IS NOT NULL ORDER BY o.oca_group
"""
_FLOW = """
SELECT client_order_id, side, filled, filled_value, quantity, state FROM orders WHERE plan = ?
"""


class Plans:
    """The table of plans (`adapters.plan_book`)."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def record(self, plan: Plan, at: datetime, correlation: str) -> None:
        """Write a version; the one before it is the newest no longer."""
        row = plan_row(plan)
        with self._connection.write():
            self._connection.execute(_PASSED, (plan.plan_id,))
            self._connection.execute(_INSERT, (*row.values(), micros(at)))
            self._journal.append(at, "plan", plan.plan_id, row, correlation)

    def one(self, plan_id: str) -> Plan | None:
        """The newest version of it."""
        row = self._connection.row(_ONE, (plan_id,))
        return None if row is None else _plan_of(row)

    def versions(self, plan_id: str) -> Sequence[Plan]:
        """All of it, oldest first."""
        return [_plan_of(row) for row in self._connection.rows(_VERSIONS, (plan_id,))]

    def open(self) -> Sequence[Plan]:
        """All that are not closed, oldest first."""
        return [_plan_of(row) for row in self._connection.rows(f"{_OPEN} {_OLDEST_FIRST}")]

    def open_in(self, venue: str, symbol: Symbol) -> Sequence[Plan]:
        """Those of a symbol that are not closed, oldest first."""
        sql = f"{_OPEN} AND symbol = ? AND venue = ? {_OLDEST_FIRST}"
        return [_plan_of(row) for row in self._connection.rows(sql, (str(symbol), venue))]

    def newest(self, limit: int, symbol: Symbol | None, state: PlanState | None) -> Sequence[Plan]:
        """The last `limit` plans, newest first."""
        wanted = {"symbol": symbol and str(symbol), "state": state and state.value}
        given = {column: value for column, value in wanted.items() if value is not None}
        where = "".join(f" AND {column} = ?" for column in given)
        sql = f"{_SELECT} WHERE newest = 1{where} ORDER BY created_us DESC, plan_id DESC LIMIT ?"
        return [_plan_of(row) for row in self._connection.rows(sql, (*given.values(), limit))]

    def groups(self) -> Sequence[str]:
        """The groups that orders of the plans which are not closed have had."""
        return [row[0] for row in self._connection.rows(_GROUPS)]

    def flow(self, plan: Plan) -> Flow:
        """What its orders have traded; without an entry of its own it entered what was wanted."""
        entered, price, left, may_enter = plan.wanted, plan.entry_price, Decimal(0), False
        for row in self._connection.rows(_FLOW, (plan.plan_id,)):
            name, side, filled, value, quantity, state = row
            if name == plan.plan_id:
                entered = Decimal(filled)
                price = average(Decimal(value), entered)
                # Told to be filled, it may be ahead of its executions.
                missing = state == OrderState.FILLED and entered < Decimal(quantity)
                may_enter = missing or not OrderState(state).is_final
            elif Side(side) is plan.leaving_side:
                with localcontext(EXACT):
                    left = plain(left + Decimal(filled))
        return Flow(entered, price, left, may_enter)


def plan_row(plan: Plan) -> dict[str, Any]:
    """A version as it lies in its columns, and as the journal tells it."""
    terms = plan.terms
    trail, age = terms.trail, terms.latest_age
    values = (
        plan.plan_id,
        plan.version,
        str(plan.symbol),
        plan.venue,
        plan.side.value,
        decimal_text(plan.wanted),
        decimal_text(terms.stop),
        optional_decimal_text(terms.target),
        None if trail is None else decimal_text(trail.break_even_after),
        None if trail is None else decimal_text(trail.distance),
        None if age is None else age // timedelta(microseconds=1),
        terms.overnight.value,
        decimal_text(plan.stop),
        optional_decimal_text(plan.target),
        micros(plan.created_at),
        plan.reason,
        plan.state.value,
        decimal_text(plan.lot),
        optional_decimal_text(plan.entry_price),
        optional_micros(plan.opened_at),
        optional_decimal_text(plan.best),
        optional_micros(plan.moved_at),
        optional_decimal_text(plan.day_stop),
    )
    return dict(zip(_NAMES, values, strict=True))


def _plan_of(row: Row) -> Plan:
    cell = dict(zip(_NAMES, row, strict=True))
    trail, age = None, cell["latest_age_us"]
    if cell["break_even_after"] is not None:
        trail = Trail(Decimal(cell["break_even_after"]), Decimal(cell["trail_distance"]))
    terms = PlanTerms(
        stop=Decimal(cell["terms_stop"]),
        target=optional_decimal(cell["terms_target"]),
        trail=trail,
        latest_age=None if age is None else timedelta(microseconds=age),
        overnight=Overnight(cell["overnight"]),
    )
    return Plan(
        plan_id=cell["plan_id"],
        version=cell["version"],
        symbol=Symbol.parse(cell["symbol"]),
        venue=cell["venue"],
        side=Side(cell["side"]),
        wanted=Decimal(cell["wanted"]),
        terms=terms,
        stop=Decimal(cell["stop"]),
        target=optional_decimal(cell["target"]),
        created_at=moment(cell["created_us"]),
        reason=cell["reason"],
        state=PlanState(cell["state"]),
        lot=Decimal(cell["lot"]),
        entry_price=optional_decimal(cell["entry_price"]),
        opened_at=optional_moment(cell["opened_us"]),
        best=optional_decimal(cell["best"]),
        moved_at=optional_moment(cell["moved_us"]),
        day_stop=optional_decimal(cell["day_stop"]),
    )

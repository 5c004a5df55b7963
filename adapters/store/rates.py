"""The rate that each amount was converted by, beside the amount; what had none gets it later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.store.columns import decimal_text, micros, moment
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from domain.symbols import Symbol
from domain.used_rates import FILLED_IN_WITHIN, RateBook, UsedRate

_FILLS = (
    "SELECT venue, execution_key, symbol, time_us FROM fills WHERE rate IS NULL AND time_us > ?"
)
_COMMISSIONS = """
SELECT venue, execution_key, currency, booked_us FROM commissions
WHERE rate IS NULL AND booked_us > ?
"""
_SET = """
UPDATE {} SET rate = ?, rate_source = ?, rate_us = ? WHERE venue = ? AND execution_key = ?
"""
_SET_IN = {table: _SET.format(table) for table in ("fills", "commissions")}


def rate_columns(rate: UsedRate | None) -> dict[str, object]:
    """As it is stored and journalled: `rate`, `rate_source`, `rate_us` (when it was told)."""
    if rate is None:
        return {"rate": None, "rate_source": None, "rate_us": None}
    return {
        "rate": decimal_text(rate.value),
        "rate_source": rate.source,
        "rate_us": micros(rate.at),
    }


def used_rate(row: Sequence[object]) -> UsedRate | None:
    """What `rate_columns` made."""
    value, source, at_us = row
    if value is None:
        return None
    assert isinstance(value, str) and isinstance(source, str) and isinstance(at_us, int)
    return UsedRate(Decimal(value), source, moment(at_us))


def fill_in(connection: Connection, journal: Journal, rates: RateBook, at: datetime) -> int:
    """Give its rate to what was booked without, where one is known now; how many had none.

    Each is restated by a row of the journal: that the rate came later stays to be seen.
    """
    since = micros(at - FILLED_IN_WITHIN)
    done = 0
    for venue, key, symbol, time_us in connection.rows(_FILLS, (since,)):
        place = (venue, key, Symbol.parse(symbol).currency, time_us)
        done += _restate(connection, journal, rates, at, "fills", place)
    for place in connection.rows(_COMMISSIONS, (since,)):
        done += _restate(connection, journal, rates, at, "commissions", place)
    return done


def _restate(
    connection: Connection, journal: Journal, rates: RateBook, at: datetime, table: str, place: Row
) -> bool:
    venue, key, currency, time_us = place
    rate = rates.of(currency, moment(time_us))
    if rate is None:
        return False
    columns = rate_columns(rate)
    connection.execute(_SET_IN[table], (*columns.values(), venue, key))
    journal.append(at, "rate", key, {"venue": venue, "table": table, **columns})
    return True

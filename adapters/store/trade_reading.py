"""Orders that have traded, newest first, a page at a time: read by their newest fills."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import Decimal, localcontext

from adapters.store.columns import moment
from adapters.store.cost_reading import order_costs
from domain.exact import EXACT
from domain.orders import OrderState, Purpose
from domain.trades import Trade

# An order stands where its newest fill does; the index on the time of fills gives them in order.
_PAGE = """
SELECT f.client_order_id, f.time_us, o.updated_us, o.state, o.purpose FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id
WHERE (f.time_us, f.execution_key) < (?, ?) AND NOT EXISTS (
SELECT 1 FROM fills AS later WHERE later.client_order_id = f.client_order_id
AND (later.time_us, later.execution_key) > (f.time_us, f.execution_key))
ORDER BY f.time_us DESC, f.execution_key DESC LIMIT ?
"""
_PLACE = """
SELECT time_us, execution_key FROM fills WHERE client_order_id = ?
ORDER BY time_us DESC, execution_key DESC LIMIT 1
"""
_OF_ORDER = """
SELECT venue, symbol, time_us, execution_key, after_realised FROM fills
WHERE client_order_id = ?
"""
_CONVERTS = """EXISTS (
SELECT 1 FROM orders AS o WHERE o.client_order_id = b.client_order_id AND o.purpose = 'CONVERT'
)"""
_BEFORE = f"""
SELECT * FROM (SELECT time_us, execution_key, after_realised FROM fills AS b
WHERE symbol = ?1 AND venue = ?2 AND (time_us, execution_key) < (?3, ?4) AND NOT {_CONVERTS}
ORDER BY time_us DESC, execution_key DESC LIMIT 1)
UNION ALL SELECT * FROM (SELECT time_us, adoption_id, after_realised FROM adoptions
WHERE symbol = ?1 AND venue = ?2 AND (time_us, adoption_id) < (?3, ?4)
ORDER BY time_us DESC, adoption_id DESC LIMIT 1)
UNION ALL SELECT * FROM (SELECT time_us, split_id, after_realised FROM splits
WHERE symbol = ?1 AND venue = ?2 AND (time_us, split_id) < (?3, ?4)
ORDER BY time_us DESC, split_id DESC LIMIT 1)
ORDER BY 1 DESC, 2 DESC LIMIT 1
"""
_LATEST = (2**62, "")


def trades(link: sqlite3.Connection, limit: int, before: str | None) -> Sequence[Trade]:
    """Orders that have traded, by their newest fill, newest first.

    Those that come after the order `before`; none where that one has never traded.
    """
    place = _LATEST if before is None else link.execute(_PLACE, (before,)).fetchone()
    if place is None:
        return []
    rows = link.execute(_PAGE, (*place, limit)).fetchall()
    costs = {each.client_order_id: each for each in order_costs(link, [row[0] for row in rows])}
    return [
        Trade(
            cost=costs[name],
            last=moment(time_us),
            known=moment(updated_us),
            state=OrderState(state),
            purpose=Purpose(purpose),
            realised=Decimal(0) if purpose == Purpose.CONVERT else _realised(link, name),
        )
        for name, time_us, updated_us, state, purpose in rows
    ]


def _realised(link: sqlite3.Connection, client_order_id: str) -> Decimal:
    made = Decimal(0)
    with localcontext(EXACT):
        for venue, symbol, time_us, key, after in link.execute(_OF_ORDER, (client_order_id,)):
            before = link.execute(_BEFORE, (symbol, venue, time_us, key)).fetchone()
            made += Decimal(after) - (Decimal(before[2]) if before is not None else 0)
    return made

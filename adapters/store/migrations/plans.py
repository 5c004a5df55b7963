"""Schema 7: plans with all their versions, and to which plan an order belongs.

One row a version; `newest` marks the last of each, so that what is open is found by an index.
"""

_ORDERS = (
    "ALTER TABLE orders ADD COLUMN plan TEXT",
    "CREATE INDEX orders_plan ON orders (plan) WHERE plan IS NOT NULL",
)

_PLANS = """
CREATE TABLE plans (
    plan_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    side TEXT NOT NULL,
    wanted TEXT NOT NULL,
    terms_stop TEXT NOT NULL,
    terms_target TEXT,
    break_even_after TEXT,
    trail_distance TEXT,
    latest_age_us INTEGER,
    overnight TEXT NOT NULL,
    stop TEXT NOT NULL,
    target TEXT,
    created_us INTEGER NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    lot TEXT NOT NULL,
    entry_price TEXT,
    opened_us INTEGER,
    best TEXT,
    moved_us INTEGER,
    day_stop TEXT,
    at_us INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    PRIMARY KEY (plan_id, version)
)
"""

PLANS = (
    *_ORDERS,
    _PLANS,
    "CREATE INDEX plans_open ON plans (symbol, venue) WHERE newest = 1 AND state != 'CLOSED'",
    "CREATE INDEX plans_newest ON plans (created_us, plan_id) WHERE newest = 1",
)

"""Schema 2: orders that are amended, that leave as one piece, and what the venue foretold.

Columns ending in `_us` are microseconds since 1970 UTC; amounts are text (see `columns`).
"""

_ORDERS = (
    "ALTER TABLE orders ADD COLUMN parent TEXT",
    "ALTER TABLE orders ADD COLUMN oca_group TEXT",
    "ALTER TABLE orders ADD COLUMN market_tif TEXT",
    # The amendment that is not settled yet; at most one at a time.
    "ALTER TABLE orders ADD COLUMN amending TEXT",
    "CREATE INDEX orders_parent ON orders (parent) WHERE parent IS NOT NULL",
    "CREATE INDEX orders_oca_group ON orders (oca_group) WHERE oca_group IS NOT NULL",
)

_AMENDMENTS = """
CREATE TABLE amendments (
    id INTEGER PRIMARY KEY,
    amendment_id TEXT NOT NULL,
    client_order_id TEXT NOT NULL REFERENCES orders (client_order_id),
    was_quantity TEXT NOT NULL,
    was_limit_price TEXT,
    was_stop_price TEXT,
    quantity TEXT NOT NULL,
    limit_price TEXT,
    stop_price TEXT,
    state TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    sent_us INTEGER,
    settled_us INTEGER,
    reason TEXT,
    UNIQUE (client_order_id, amendment_id)
)
"""

# What the venue said beforehand that an order would cost; NULL is *not told*.
_PREVIEWS = """
CREATE TABLE previews (
    client_order_id TEXT PRIMARY KEY REFERENCES orders (client_order_id),
    commission TEXT,
    minimum TEXT,
    maximum TEXT,
    currency TEXT NOT NULL,
    initial_margin_change TEXT,
    maintenance_margin_change TEXT,
    equity_with_loan_change TEXT,
    initial_margin_after TEXT,
    equity_with_loan_after TEXT,
    warning TEXT NOT NULL
)
"""

ORDER_CHANGES = (*_ORDERS, _AMENDMENTS, _PREVIEWS)

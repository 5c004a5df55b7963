"""Schema 1: identity, orders, fills, commissions, foreign executions, positions, journal.

Columns ending in `_us` are microseconds since 1970 UTC; amounts are text (see `columns`).
"""

_IDENTITY = """
CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL,
    account_hash TEXT NOT NULL,
    account_masked TEXT NOT NULL,
    created_us INTEGER NOT NULL
)
"""

# Append-only: every change of every other table, in the order in which it was made.
# `seq` has no gaps, so that a later schema can chain the rows by hashes.
_JOURNAL = """
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    correlation TEXT NOT NULL,
    detail TEXT NOT NULL
)
"""

_JOURNAL_KEPT = tuple(
    f"""
CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END
"""
    for verb in ("UPDATE", "DELETE")
)

_ORDERS = """
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    client_order_id TEXT NOT NULL UNIQUE,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    type TEXT NOT NULL,
    limit_price TEXT,
    stop_price TEXT,
    tif TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    filled TEXT NOT NULL,
    filled_value TEXT NOT NULL,
    venue_order_id TEXT,
    pending_change TEXT,
    reason TEXT,
    sent_us INTEGER,
    updated_us INTEGER,
    correlation TEXT NOT NULL
)
"""

# One row per execution, at its highest revision. The `after_` columns are the managed position
# of the symbol at the venue once this fill is counted, so that a late or corrected one
# recomputes from its place on and not from the beginning.
_FILLS = """
CREATE TABLE fills (
    execution_key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    client_order_id TEXT NOT NULL REFERENCES orders (client_order_id),
    venue_order_id TEXT,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    liquidity TEXT NOT NULL,
    after_quantity TEXT NOT NULL,
    after_cost TEXT NOT NULL,
    after_realised TEXT NOT NULL,
    after_opened_us INTEGER NOT NULL
)
"""

# Apart from fills, since a commission may come before its execution, or for a foreign one.
_COMMISSIONS = """
CREATE TABLE commissions (
    execution_key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    realised_pnl TEXT,
    booked_us INTEGER NOT NULL
)
"""

_FOREIGN = """
CREATE TABLE foreign_executions (
    execution_key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    client_order_id TEXT,
    venue_order_id TEXT,
    symbol TEXT,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    liquidity TEXT NOT NULL
)
"""

_POSITIONS = """
CREATE TABLE positions (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,
    realised_pnl TEXT NOT NULL,
    opened_us INTEGER NOT NULL,
    PRIMARY KEY (venue, symbol)
)
"""

_POSITION_COMMISSIONS = """
CREATE TABLE position_commissions (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (venue, symbol, currency)
)
"""

_SETTINGS = """
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    changed_us INTEGER NOT NULL
)
"""

_AUDIT = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
)
"""

_INDEXES = (
    "CREATE INDEX orders_symbol ON orders (symbol, id)",
    "CREATE INDEX orders_state ON orders (state, id)",
    "CREATE INDEX orders_venue_id ON orders (venue_order_id) WHERE venue_order_id IS NOT NULL",
    "CREATE INDEX fills_time ON fills (time_us, execution_key)",
    "CREATE INDEX fills_symbol ON fills (symbol, time_us, execution_key)",
    "CREATE INDEX fills_order ON fills (client_order_id, time_us, execution_key)",
)

FIRST_BOOK = (
    _IDENTITY,
    _JOURNAL,
    *_JOURNAL_KEPT,
    _ORDERS,
    _FILLS,
    _COMMISSIONS,
    _FOREIGN,
    _POSITIONS,
    _POSITION_COMMISSIONS,
    _SETTINGS,
    _AUDIT,
    *_INDEXES,
)

"""Schema 3: executions and commissions by venue, and every word that a venue said of them.

Until here a book had one venue, `ib`; whatever names none is its.
"""

_FILLS = """
CREATE TABLE fills_by_venue (
    venue TEXT NOT NULL,
    execution_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    client_order_id TEXT NOT NULL REFERENCES orders (client_order_id),
    venue_order_id TEXT,
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
    after_opened_us INTEGER NOT NULL,
    PRIMARY KEY (venue, execution_key)
)
"""
_FILL_COLUMNS = """
venue, execution_key, revision, execution_id, client_order_id, venue_order_id, symbol, side,
quantity, price, time_us, exchange, liquidity, after_quantity, after_cost, after_realised,
after_opened_us
"""

_COMMISSIONS = """
CREATE TABLE commissions_by_venue (
    venue TEXT NOT NULL,
    execution_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    realised_pnl TEXT,
    booked_us INTEGER NOT NULL,
    PRIMARY KEY (venue, execution_key)
)
"""

_FOREIGN = """
CREATE TABLE foreign_by_venue (
    venue TEXT NOT NULL,
    execution_key TEXT NOT NULL,
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
    liquidity TEXT NOT NULL,
    PRIMARY KEY (venue, execution_key)
)
"""

# What a venue ever said of an execution, ours or another's: one row for each revision, and for
# each other amount of a commission. `fills`, `foreign_executions` and `commissions` show what
# stands; here nothing is replaced.
_EXECUTION_WORDS = """
CREATE TABLE execution_words (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    execution_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    booked_us INTEGER NOT NULL,
    UNIQUE (venue, execution_key, revision)
)
"""
_COMMISSION_WORDS = """
CREATE TABLE commission_words (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    execution_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    realised_pnl TEXT,
    booked_us INTEGER NOT NULL
)
"""
_WORDS_KEPT = tuple(
    f"""
CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
BEGIN SELECT raise(ABORT, 'what a venue said is append-only'); END
"""
    for table in ("execution_words", "commission_words")
    for verb in ("UPDATE", "DELETE")
)

# When a word came was not kept before: the time of the trade stands in for it.
_WORDS_SO_FAR = tuple(
    f"""
INSERT INTO execution_words (venue, execution_key, revision, execution_id, side, quantity,
price, time_us, booked_us) SELECT venue, execution_key, revision, execution_id, side, quantity,
price, time_us, time_us FROM {table}
"""
    for table in ("fills", "foreign_executions")
)

EXECUTIONS_BY_VENUE = (
    _FILLS,
    f"INSERT INTO fills_by_venue ({_FILL_COLUMNS}) SELECT {_FILL_COLUMNS} FROM fills",
    _COMMISSIONS,
    """
INSERT INTO commissions_by_venue SELECT coalesce(f.venue, 'ib'), c.execution_key, c.revision,
c.execution_id, c.amount, c.currency, c.realised_pnl, c.booked_us FROM commissions AS c
LEFT JOIN fills AS f ON f.execution_key = c.execution_key
""",
    _FOREIGN,
    """
INSERT INTO foreign_by_venue SELECT 'ib', execution_key, revision, execution_id,
client_order_id, venue_order_id, symbol, side, quantity, price, time_us, exchange, liquidity
FROM foreign_executions
""",
    "DROP TABLE fills",
    "DROP TABLE commissions",
    "DROP TABLE foreign_executions",
    "ALTER TABLE fills_by_venue RENAME TO fills",
    "ALTER TABLE commissions_by_venue RENAME TO commissions",
    "ALTER TABLE foreign_by_venue RENAME TO foreign_executions",
    "CREATE INDEX fills_time ON fills (time_us, execution_key)",
    "CREATE INDEX fills_symbol ON fills (symbol, time_us, execution_key)",
    "CREATE INDEX fills_order ON fills (client_order_id, time_us, execution_key)",
    "CREATE INDEX foreign_time ON foreign_executions (time_us, execution_key)",
    _EXECUTION_WORDS,
    _COMMISSION_WORDS,
    *_WORDS_SO_FAR,
    """
INSERT INTO commission_words (venue, execution_key, revision, execution_id, amount, currency,
realised_pnl, booked_us) SELECT * FROM commissions ORDER BY booked_us
""",
    "CREATE INDEX commission_words_key ON commission_words (venue, execution_key, id)",
    *_WORDS_KEPT,
)

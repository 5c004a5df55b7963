"""Schema 14: splits that a person has confirmed.

A split, like a fill, carries what it left of the position, at its place in the order of time.
"""

_SPLITS = """
CREATE TABLE splits (
    split_id TEXT PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    new TEXT NOT NULL,
    old TEXT NOT NULL,
    was TEXT NOT NULL,
    who TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    after_quantity TEXT NOT NULL,
    after_cost TEXT NOT NULL,
    after_realised TEXT NOT NULL,
    after_opened_us INTEGER NOT NULL
)
"""

_PLACE = "CREATE INDEX splits_symbol ON splits (symbol, venue, time_us, split_id)"

SPLITS = (_SPLITS, _PLACE)

"""Schema 5: holdings that a person gave into our management, or took out of it.

`positions` is what fills and adoptions leave in the order of their times; an adoption, like a
fill, carries what it left. A price of NULL is *at what it cost*.
"""

_ADOPTIONS = """
CREATE TABLE adoptions (
    adoption_id TEXT PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT,
    was TEXT NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    after_quantity TEXT NOT NULL,
    after_cost TEXT NOT NULL,
    after_realised TEXT NOT NULL,
    after_opened_us INTEGER NOT NULL
)
"""

_PLACE = "CREATE INDEX adoptions_symbol ON adoptions (symbol, venue, time_us, adoption_id)"

ADOPTIONS = (_ADOPTIONS, _PLACE)

"""Schema 6: what each order was reckoned to cost before it was admitted.

Amounts are text in `currency`, in which the venue charges. `rate` is base currency for one of it,
NULL where none was fresh. The `terms_` columns are those by which a part of the order is reckoned
afterwards, NULL where the table of commissions had no rule.
"""

_ESTIMATES = """
CREATE TABLE estimates (
    client_order_id TEXT PRIMARY KEY REFERENCES orders (client_order_id),
    quantity TEXT NOT NULL,
    commission TEXT NOT NULL,
    gst TEXT NOT NULL,
    currency TEXT NOT NULL,
    spread TEXT NOT NULL,
    rate TEXT,
    base_currency TEXT NOT NULL,
    source TEXT NOT NULL,
    rule TEXT NOT NULL,
    terms_currency TEXT,
    terms_rate TEXT,
    terms_per_unit TEXT,
    terms_minimum TEXT,
    terms_cap TEXT,
    terms_of_value TEXT,
    terms_gst_share TEXT
)
"""

COSTS = (_ESTIMATES,)

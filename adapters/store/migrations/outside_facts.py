"""Schema 9: what statements, files and persons tell that no venue's wire does.

`detail` is a JSON object of texts, its keys sorted; `day` is a day in ISO form.
"""

_OUTSIDE_FACTS = """
CREATE TABLE outside_facts (
    fact_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    symbol TEXT,
    day TEXT NOT NULL,
    detail TEXT NOT NULL,
    source TEXT NOT NULL,
    who TEXT NOT NULL,
    time_us INTEGER NOT NULL
)
"""

OUTSIDE_FACTS = (
    _OUTSIDE_FACTS,
    "CREATE INDEX outside_facts_kind ON outside_facts (kind, day, fact_id)",
)

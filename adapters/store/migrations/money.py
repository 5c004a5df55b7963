"""Schema 8: the ledger of money.

A posting moves an amount of one currency from the account credited to the account debited, so
that half of an entry cannot be written. Postings are only ever added. `balances` is what they add
up to. Rates stand beside what was converted by them; NULL is *nobody told one*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from adapters.store.connection import Connection
from adapters.store.journal import Journal
from adapters.store.postings import Postings, Source
from domain.orders import Side
from domain.postings import (
    Account,
    Change,
    Event,
    Line,
    Trade,
    charged,
    filled,
    foreign,
    passed_on,
)
from domain.symbols import Symbol

_POSTINGS = """
CREATE TABLE postings (
    id INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    venue TEXT NOT NULL,
    subject TEXT NOT NULL,
    symbol TEXT,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    amount TEXT NOT NULL CHECK (amount GLOB '[0-9]*' AND amount GLOB '*[1-9]*'),
    time_us INTEGER NOT NULL,
    booked_us INTEGER NOT NULL,
    CHECK (debit <> credit)
)
"""
_POSTINGS_KEPT = tuple(
    f"""
CREATE TRIGGER postings_no_{verb.lower()} BEFORE {verb} ON postings
BEGIN SELECT raise(ABORT, 'what was posted is never rewritten: reverse it'); END
"""
    for verb in ("UPDATE", "DELETE")
)
_BALANCES = """
CREATE TABLE balances (
    venue TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (venue, account, currency)
) WITHOUT ROWID
"""
# `decimal_sum` is of whoever writes postings (`adapters.store.postings`): nobody else can.
_BALANCED = """
CREATE TRIGGER postings_balanced AFTER INSERT ON postings BEGIN
INSERT INTO balances VALUES (NEW.venue, NEW.debit, NEW.currency, NEW.amount)
ON CONFLICT DO UPDATE SET amount = decimal_sum(amount, excluded.amount);
INSERT INTO balances VALUES (NEW.venue, NEW.credit, NEW.currency, '-' || NEW.amount)
ON CONFLICT DO UPDATE SET amount = decimal_sum(amount, excluded.amount);
END
"""

# When the venue showed other cash than the book explains: what it showed, and what we had.
_DIFFERENCES = """
CREATE TABLE cash_differences (
    difference_id TEXT PRIMARY KEY,
    venue TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    theirs TEXT NOT NULL,
    ours TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    type TEXT,
    typed_us INTEGER,
    who TEXT,
    note TEXT
)
"""

_EQUITY = """
CREATE TABLE equity (
    time_us INTEGER NOT NULL,
    venue TEXT NOT NULL,
    why TEXT NOT NULL,
    day TEXT NOT NULL,
    currency TEXT NOT NULL,
    equity TEXT,
    cash TEXT,
    holdings TEXT,
    realised TEXT,
    unrealised TEXT,
    commissions TEXT,
    profit TEXT,
    peak TEXT,
    drawdown TEXT,
    stale INTEGER NOT NULL,
    PRIMARY KEY (time_us, venue)
)
"""
_MARKS = """
CREATE TABLE equity_marks (
    time_us INTEGER NOT NULL,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    held TEXT NOT NULL,
    managed TEXT NOT NULL,
    average_price TEXT,
    price TEXT,
    price_age_us INTEGER,
    stale INTEGER NOT NULL,
    unrealised TEXT,
    PRIMARY KEY (time_us, venue, symbol)
)
"""
_EQUITY_RATES = """
CREATE TABLE equity_rates (
    time_us INTEGER NOT NULL,
    currency TEXT NOT NULL,
    rate TEXT,
    rate_source TEXT,
    rate_us INTEGER,
    PRIMARY KEY (time_us, currency)
)
"""
_RATES = tuple(
    f"ALTER TABLE {table} ADD COLUMN {column}"
    for table in ("fills", "commissions")
    for column in ("rate TEXT", "rate_source TEXT", "rate_us INTEGER")
)
_INDEXES = (
    "CREATE INDEX postings_accruals ON postings (venue, subject) "
    "WHERE event IN ('accrual', 'release')",
    "CREATE INDEX cash_differences_open ON cash_differences (time_us) WHERE type IS NULL",
    "CREATE INDEX fills_unrated ON fills (time_us) WHERE rate IS NULL",
    "CREATE INDEX commissions_unrated ON commissions (booked_us) WHERE rate IS NULL",
    "CREATE INDEX equity_venue ON equity (venue, time_us)",
)

_FOREIGN = """
SELECT venue, symbol, side, quantity, price, 0 FROM foreign_executions WHERE symbol IS NOT NULL
"""
_FILLS = """
SELECT f.venue, f.symbol, f.side, f.quantity, f.price, o.purpose = 'CONVERT' FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id
"""
_HELD = "SELECT venue, symbol, cost, realised_pnl FROM positions"
_CHARGED = """
SELECT c.venue, c.currency, c.amount, f.execution_key IS NOT NULL FROM commissions AS c
LEFT JOIN foreign_executions AS f ON f.venue = c.venue AND f.execution_key = c.execution_key
"""

_NOTHING = Change(Decimal(0), Decimal(0))
_Place = tuple[str, str]
_Sums = dict[_Place, list[Line]]


def _bring_forward(connection: Connection, at: datetime) -> None:
    """Enter once, by venue and symbol, what an older book had traded."""
    sums: _Sums = defaultdict(list)
    for venue, name, side, quantity, price, converts in (
        *connection.rows(_FOREIGN),
        *connection.rows(_FILLS),
    ):
        amounts = (Side(side), Decimal(quantity), Decimal(price))
        trade = Trade(Symbol.parse(name), *amounts, bool(converts))
        # Our own as if others' first: what is ours of it then moves from there to the position.
        sums[venue, name] += filled(trade, _NOTHING) if converts else foreign(trade)
    for venue, name, cost, realised in connection.rows(_HELD):
        currency, external = Symbol.parse(name).currency, Account.EXTERNAL
        sums[venue, name] += (
            *passed_on(currency, Decimal(cost), giver=external, taker=Account.POSITION),
            *passed_on(currency, Decimal(realised), giver=Account.REALISED, taker=external),
        )
    for venue, currency, amount, is_foreign in connection.rows(_CHARGED):
        account = Account.EXTERNAL if is_foreign else Account.COMMISSION
        sums[venue, ""] += charged(currency, Decimal(amount), account)
    if not sums:
        return
    journal = Journal(connection)
    written: list[list[object]] = []
    postings = Postings(connection)
    for (venue, symbol), lines in sorted(sums.items()):
        source = Source(venue, symbol or "commissions", symbol or None, at, at)
        written += postings.write(Event.BROUGHT_FORWARD, _netted(lines), source)
    journal.append(at, "postings", "book", {"postings": written})


def _netted(lines: Iterable[Line]) -> list[Line]:
    sums: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        place = (line.account, line.currency)
        sums[place] = sums.get(place, Decimal(0)) + line.amount
    return [Line(account, currency, amount) for (account, currency), amount in sums.items()]


MONEY: tuple[str | Callable[[Connection, datetime], None], ...] = (
    _POSTINGS,
    *_POSTINGS_KEPT,
    _BALANCES,
    _BALANCED,
    _DIFFERENCES,
    _EQUITY,
    _MARKS,
    _EQUITY_RATES,
    *_RATES,
    *_INDEXES,
    _bring_forward,
)

"""Kelpie's account of itself, and beside each number the simulated broker's own.

Ours is read from the book's file, by what `kelpie report` reads; theirs from the broker's file
alone. What is open counts on both sides at the prices that stand in the book's curve of equity.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from adapters.store.columns import moment
from adapters.store.cost_reading import order_costs
from adapters.store.profit import charged, marks, realised
from adapters.store.refusals import refusals_path
from domain.cost_report import CostTotal, totals
from domain.equity_curve import sydney_day
from domain.postings import Account
from domain.profit import Period, profit_rows
from domain.symbols import Symbol
from simulators.account import Holding
from simulators.books import Books
from simulators.listings import LISTINGS
from simulators.model import Execution

BASE = "AUD"
_ZERO = Decimal(0)
_SYMBOLS = {each.instrument.con_id: each.instrument.symbol for each in LISTINGS}
_POSTED = "SELECT symbol, debit, credit, currency, amount FROM postings"
_HELD = "SELECT symbol, quantity FROM positions"
_FILLED = "SELECT count(*), count(DISTINCT client_order_id) FROM fills"
_PRICES = "SELECT time_us, symbol, managed, price FROM equity_marks ORDER BY time_us, symbol"
_LAST = "SELECT day, max(time_us) FROM equity WHERE venue = '*' GROUP BY day ORDER BY day"
_BY_CODE = "SELECT json_extract(content, '$.code') FROM refusals"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of both accounts; `unit` is a currency, or what is counted."""

    name: str
    unit: str
    ours: Decimal
    theirs: Decimal

    @property
    def difference(self) -> Decimal:
        """Zero, or something does not add up."""
        return self.ours - self.theirs


def standing(link: sqlite3.Connection, books: Books) -> list[Figure]:
    """Cash, commissions, holdings, and what went into each and has not come back, as of now."""
    posted, costs = _posted(link), _commissions(books)
    figures = [
        Figure("cash", currency, posted["", Account.CASH, currency], amount)
        for currency, amount in sorted(books.cash.items())
    ]
    figures += [
        Figure("commissions", currency, posted["", Account.COMMISSION, currency], amount)
        for currency, amount in sorted(_sums(costs.values()).items())
    ]
    figures += [
        Figure("unexplained", currency, posted["", Account.UNEXPLAINED, currency], _ZERO)
        for currency in sorted(books.cash)
    ]
    held = {Symbol.parse(name): Decimal(quantity) for name, quantity in link.execute(_HELD)}
    for symbol, holding in _holdings(books):
        name = str(symbol)
        figures.append(Figure("held", name, held.get(symbol, _ZERO), holding.quantity))
        accounts = (Account.POSITION, Account.REALISED, Account.COMMISSION)
        ours = sum((posted[name, each, symbol.currency] for each in accounts), _ZERO)
        # The broker counts commissions into what a share cost.
        theirs = holding.cost - holding.realised_pnl
        figures.append(Figure(f"put into {name}", symbol.currency, ours, theirs))
    fills, orders = link.execute(_FILLED).fetchone()
    traded = {each.order.perm_id for each in books.executions}
    figures.append(Figure("orders that traded", "orders", Decimal(orders), Decimal(len(traded))))
    figures.append(Figure("fills", "fills", Decimal(fills), Decimal(len(books.executions))))
    return figures


def results(link: sqlite3.Connection, books: Books) -> list[tuple[date, Figure]]:
    """What each day brought: realised and unrealised, commissions off, in the base currency."""
    rows = profit_rows(Period.DAY, realised(link, BASE), charged(link, BASE), marks(link, BASE))
    ours: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        assert row.net.base is not None, f"a rate or a price is missing: {row}"
        ours[date.fromisoformat(row.period)] += row.net.base
    costs = _commissions(books)
    prices = _prices(link)
    found, before = [], _ZERO
    for day, at in link.execute(_LAST):
        until = [e for e in books.executions if sydney_day(e.time) <= date.fromisoformat(day)]
        earned = _worth(until, prices[at]) + sum((_cash_of(each) for each in until), _ZERO)
        earned -= sum((costs[each.execution_id][1] for each in until), _ZERO)
        of = date.fromisoformat(day)
        found.append((of, Figure("result", BASE, ours[of], earned - before)))
        before = earned
    return found


def exposures(link: sqlite3.Connection, books: Books) -> list[tuple[datetime, Figure]]:
    """What was held at each moment of the curve of equity, in the base currency."""
    ours: dict[int, Decimal] = defaultdict(Decimal)
    for at, _, managed, price in link.execute(_PRICES):
        if Decimal(managed):
            ours[at] += abs(Decimal(managed)) * Decimal(price)
    found = []
    for at, prices in _prices(link).items():
        until = [each for each in books.executions if each.time <= moment(at)]
        worth = Figure("at stake", BASE, ours[at], _worth(until, prices))
        found.append((moment(at), worth))
    return found


def costs(link: sqlite3.Connection) -> CostTotal:
    """What the orders that traded were reckoned to cost, and did, in the base currency."""
    [total] = totals(order_costs(link), by_month=False)
    assert total.currency == BASE
    return total


def refusals(book: Path) -> Mapping[str, int]:
    """How often each code refused, by the file of the desk's decisions."""
    with closing(sqlite3.connect(f"{refusals_path(book).as_uri()}?mode=ro", uri=True)) as link:
        counted = Counter(code for (code,) in link.execute(_BY_CODE))
    return dict(sorted(counted.items()))


def _posted(link: sqlite3.Connection) -> dict[tuple[str, str, str], Decimal]:
    """By symbol (empty: of all), account and currency."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for symbol, debit, credit, currency, text in link.execute(_POSTED):
        for account, amount in ((debit, Decimal(text)), (credit, -Decimal(text))):
            sums["", account, currency] += amount
            if symbol:
                sums[symbol, account, currency] += amount
    return sums


def _prices(link: sqlite3.Connection) -> Mapping[int, Mapping[Symbol, Decimal]]:
    """Of what was marked, by the moment in microseconds."""
    found: dict[int, dict[Symbol, Decimal]] = {at: {} for _, at in link.execute(_LAST)}
    for at, name, _, price in link.execute(_PRICES):
        if price is not None:
            found.setdefault(at, {})[Symbol.parse(name)] = Decimal(price)
    return dict(sorted(found.items()))


def _worth(executions: Sequence[Execution], prices: Mapping[Symbol, Decimal]) -> Decimal:
    """Of the shares that these executions leave."""
    held: dict[Symbol, Decimal] = defaultdict(Decimal)
    for each in executions:
        request = each.order.request
        held[_SYMBOLS[request.con_id]] += request.side.sign * each.quantity
    shares = {symbol: left for symbol, left in held.items() if not symbol.is_currency_pair}
    return sum((left * prices[symbol] for symbol, left in shares.items() if left), _ZERO)


def _cash_of(execution: Execution) -> Decimal:
    """What an execution in shares brought; the conversion of cash earns nothing."""
    request = execution.order.request
    if _SYMBOLS[request.con_id].is_currency_pair:
        return _ZERO
    return -request.side.sign * execution.quantity * execution.price


def _commissions(books: Books) -> Mapping[str, tuple[str, Decimal]]:
    """Currency and amount by execution."""
    return {id: (each.currency, each.amount) for id, each in books.commissions.items()}


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        sums[currency] += amount
    return sums


def _holdings(books: Books) -> list[tuple[Symbol, Holding]]:
    """Of shares: what TWS shows of a pair is cash, which is compared as such."""
    named = ((_SYMBOLS[con_id], holding) for con_id, holding in books.positions.items())
    return sorted(
        ((s, h) for s, h in named if not s.is_currency_pair), key=lambda each: str(each[0])
    )
